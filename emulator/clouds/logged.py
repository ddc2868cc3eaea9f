"""Rows of an activity log become events: the tables that the clouds share. Pure.

Facts: verisure-owa.md §8, verisure-wsdo.md §2.2.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from emulator.model.activity import NAME_CHARS, WORDS_CHARS, AlarmEvent, EventKind, Means

MOST_ROWS = 100
"""Newest rows of a log that are looked at: some days of a busy house."""

KINDS: Mapping[str, EventKind] = {
    code: kind
    for kind, codes in {
        EventKind.ARMED: "2 31 37 40 46 202 203 204 311 701 702 721 801 802 821 823 824 850",
        EventKind.DISARMED: "1 32 107 700 720 800 820 822",
        EventKind.ARMING_FAILED: "531 537 540 546 5802 5823 5824",
        EventKind.ALARM: "13 14 29",
        EventKind.RESOLVED: "331",
        EventKind.TAMPER: "24 241",
        EventKind.MAINS_LOST: "25",
        EventKind.MAINS_BACK: "26",
        EventKind.CHECK: "27",
    }.items()
    for code in codes.split()
}
"""Code of a row → its meaning; any other code is OTHER."""

PARTS: Mapping[str, str] = {
    code: part
    for part, codes in {
        "total": "2 31 801",
        "day": "202 311",
        "night": "46 203",
        "perimeter": "40 204 820 821",
        "annex": "107",
    }.items()
    for code in codes.split()
}
"""Code of a row → the only part that it arms or disarms, where that is known well enough."""

SOURCES = {
    "android": Means.APP,
    "ios": Means.APP,
    "iphone": Means.APP,
    "ipad": Means.APP,
    "web": Means.WEB,
    "routines": Means.ROUTINE,
}
"""Source of a row, in lower case → means."""

KEYPADS, KEYPAD_DEVICES = frozenset({"02", "03"}), frozenset({"VK"})
"""Interfaces, and types of devices, that are keypads."""

REMOTE_TYPES = frozenset({"41"})
"""Codes of what only a remote control or a tag does."""

BY_A_PERSON = frozenset({EventKind.ARMED, EventKind.DISARMED, EventKind.ARMING_FAILED})
"""Meanings of rows that somebody in the house has caused, where no source is named."""

FORMATS = ("%Y-%m-%d %H:%M:%S", "%y%m%d%H%M%S")
"""Times of today's API and of the one before it: local time of the house."""

AHEAD_S = 300.0
"""Time by which the cloud's clock may be ahead of ours, in the hour that comes twice when summer time ends."""


@dataclass(frozen=True, slots=True)
class LoggedRow:
    """Texts of one row, freed of secrets. `key` is signal, time, type and device, which together identify it."""

    key: tuple[str, ...]
    type: str
    time: str
    said: str = ""
    source: str = ""
    interface: str = ""
    device: str = ""
    zone: str = ""
    user: str = ""
    tag: str = ""


def event(row: LoggedRow, account_user: str, now: float, kinds: Mapping[str, EventKind] = KINDS) -> AlarmEvent:
    """Return the event of a row; `now` stands for a time that cannot be read.

    The name of the account is no person's: a login, in some countries the number of an identity card.
    """
    kind = kinds.get(row.type, EventKind.OTHER)
    is_own = row.user.casefold() == account_user.casefold()
    user = "" if is_own else row.user
    key = row.key[:3] if row.key[0] else row.key
    return AlarmEvent(
        key=hashlib.blake2b("\0".join(key).encode(errors="replace"), digest_size=12).hexdigest(),
        at=_moment(row.time, now),
        kind=kind,
        type=_clipped(row.type, NAME_CHARS),
        means=_means(row, kind),
        user=_clipped(user or row.tag, NAME_CHARS),
        zone=_clipped(row.zone, NAME_CHARS),
        said=_clipped(row.said, WORDS_CHARS),
        is_own=is_own,
        part=PARTS.get(row.type, ""),
    )


def newest(events: Iterable[AlarmEvent]) -> tuple[AlarmEvent, ...]:
    """Return events newest first, in whatever order the cloud had them; of one second, the first is the newest."""
    return tuple(sorted(events, key=lambda one: one.at, reverse=True)[:MOST_ROWS])


def _means(row: LoggedRow, kind: EventKind) -> Means:
    if row.source:
        return SOURCES.get(row.source.casefold(), Means.UNKNOWN)
    if kind not in BY_A_PERSON and row.type not in REMOTE_TYPES:
        return Means.UNKNOWN
    if row.interface in KEYPADS or row.device in KEYPAD_DEVICES:
        return Means.KEYPAD
    return Means.REMOTE if row.tag or row.type in REMOTE_TYPES else Means.PANEL


def _moment(text: str, now: float) -> float:
    """Return a local time as epoch seconds; of the two that it is where the clock was set back, the last until now."""
    for form in FORMATS:
        try:
            first = datetime.strptime(text, form).astimezone()
            last = first.replace(tzinfo=None, fold=1).timestamp()
            return last if last <= now + AHEAD_S else first.timestamp()
        except (ValueError, OverflowError, OSError):
            continue
    return now


def _clipped(text: str, most: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1]}…"
