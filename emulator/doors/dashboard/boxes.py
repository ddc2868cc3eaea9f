"""The boxes of an alarm on the page: troubles that a person should see, for as long as they last. Pure."""

from dataclasses import dataclass
from zlib import crc32

from emulator.doors.dashboard import schema
from emulator.model import DISARMS, Action, Arm, ArmMode, Axes
from emulator.words.text import Text

TROUBLE_S = 3600.0
"""Longest display of a failed command, unless another one follows or its trouble is over before."""

SEEN_S = 300.0
"""Shortest display though the cloud answers again: a person may be on the way to the page."""

TROUBLES = ("rejected", "failed", "unconfirmed")


@dataclass(frozen=True, slots=True)
class Box:
    """A box with its sign. `id` is unique, so that a box that a person closed does not come back."""

    id: str
    sign: str
    title: str
    text: str
    note: str = ""
    at: float | None = None


def boxes(one: schema.InstallationView, axes: Axes, now: float, unwritten: str = "", not_taken: str = "") -> list[Box]:
    """Return the boxes of an alarm. `axes` is its last known state; `unwritten` is why the journal refuses writes.

    `not_taken` is why changed settings were not taken.
    """
    found = []
    if unwritten:
        text = f"{unwritten}. No command is taken until that is mended."
        found.append(Box(_id("folder", one.name, unwritten), "failed", "Nothing can be written down", text))
    health = one.health
    news = f"{one.name}-{health.read_at or 0:.0f}"
    if health.blocked:
        found.append(Box(_id("login", news, health.blocked), "failed", "The login needs you", health.blocked))
    elif health.cloud == "down":
        text = f"{health.error}. The last state is kept; the cloud is asked again by itself."
        found.append(Box(f"silent-{news}", "unsure", "No news from the alarm", text))
    last = one.last
    if last and last.result in TROUBLES and not _is_over(last, one, axes, now):
        found.append(_command(last))
    if not_taken:
        title = Text("The changed settings are not taken")
        found.append(Box(_id("settings", one.name, not_taken), "unsure", title, not_taken))
    return found


def _id(kind: str, name: str, text: str) -> str:
    return f"{kind}-{name}-{crc32(text.encode())}"


def _command(last: schema.EntryView) -> Box:
    sign = "unsure" if last.result == "unconfirmed" else "failed"
    text, settled = last.message or "", ""
    if last.settled:
        text, settled = f"{text}. Then the panel said: {last.settled}", "-settled"
    who = " ".join(filter(None, (last.door, last.peer, last.switch)))
    title = f"{last.action.capitalize()}: {last.result}"
    name = f"command-{last.id}-{last.times}{settled}"
    return Box(name, sign, title, text, f"asked for by {who}", last.ended_at or last.at)


def _is_over(last: schema.EntryView, one: schema.InstallationView, axes: Axes, now: float) -> bool:
    """Return whether the trouble is over: the panel has reached the wanted state, or the obstacle has gone."""
    ended = last.ended_at or last.at
    if now - ended > TROUBLE_S:
        return True
    action = _action(last.action)
    if action and one.panel and one.panel.read_at > ended and axes.reached(action):
        return True
    if last.result != "failed" or one.health.blocked or one.health.cloud != "ok" or (one.health.read_at or 0) <= ended:
        return False
    return now - ended > SEEN_S or last.needs_login


def _action(text: str) -> Action | None:
    """Parse the action of a journal entry; None if this version does not know it."""
    try:
        if text.startswith("arm "):
            return Arm(ArmMode.parse(text.removeprefix("arm ")))
    except ValueError:
        return None
    return {str(disarm): disarm for disarm in DISARMS.values()}.get(text)
