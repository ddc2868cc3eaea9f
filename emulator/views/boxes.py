"""The boxes of an alarm on the page: troubles that a person should see, for as long as they last. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal
from zlib import crc32

from emulator.alarm.hub import Offer
from emulator.model import Arm
from emulator.store.journal import Entry
from emulator.views import askers
from emulator.views.facts import AlarmFacts
from emulator.words import dates, spoken
from emulator.words.text import Text

TROUBLE_S = 3600.0
"""Longest display of a failed command, unless another one follows or its trouble is over before."""

SEEN_S = 300.0
"""Shortest display though the cloud answers again: a person may be on the way to the page."""

TROUBLES = ("rejected", "failed", "unconfirmed")

PAST = "/past"
"""Path of the form that arms past open windows."""

Kind = Literal["person", "failed", "unsure"]
"""Look of a box: a person has to act before anything works; a command was not done; the program does not know."""


@dataclass(frozen=True, slots=True)
class Deed:
    """A button in a box: the path of a form, its hidden fields, and its words.

    With `pin` it asks for the PIN, with `code` for the code of the alarm itself.
    """

    id: str
    path: str
    fields: tuple[tuple[str, str], ...]
    label: str
    pin: bool = False
    code: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A box with its sign. `id` is unique, so that a box that a person closed does not come back."""

    id: str
    kind: Kind
    title: str
    text: str
    asked_by: str = ""
    at: float | None = None
    deeds: tuple[Deed, ...] = ()


def boxes(
    one: AlarmFacts,
    now: float,
    unwritten: str = "",
    not_taken: str = "",
    named: Callable[[str], str] = str,
    *,
    force_pin: bool = False,
) -> list[Box]:
    """Return the boxes of an alarm; `unwritten` is why the journal refuses writes, `named` names doors and addresses.

    `not_taken` is why changed settings were not taken. With `force_pin`, arming past open windows needs the PIN.
    """
    found = []
    if unwritten:
        text = Text("{why}. No command is taken until that is mended.", why=unwritten)
        found.append(Box(_id("folder", one.name, unwritten), "person", Text("Nothing can be written down"), text))
    if one.view.triggered is not None:
        at = f"{one.view.triggered:.0f}"
        text = Text("It went off at {time}, by its log, and nobody has disarmed it since.", time=dates.clock(float(at)))
        found.append(Box(f"alarm-{one.name}-{at}", "person", Text("The alarm has gone off"), text))
    health = one.health
    news = f"{one.name}-{health.read_at or 0:.0f}"
    if health.blocked:
        found.append(Box(_id("login", news, health.blocked), "person", Text("The login needs you"), health.blocked))
    elif one.cloud == "down":
        text = Text("{why}. The last state is kept; the cloud is asked again by itself.", why=health.error)
        found.append(Box(f"silent-{news}", "unsure", Text("No news from the alarm"), text))
    if one.last and one.last.result in TROUBLES and not _is_over(one.last, one, now):
        found.append(replace(_command(one.last, named), deeds=_answers(one, one.last, pin=force_pin)))
    if not_taken:
        title = Text("The changed settings are not taken")
        found.append(Box(_id("settings", one.name, not_taken), "unsure", title, not_taken))
    return found


def _id(kind: str, name: str, text: str) -> str:
    return f"{kind}-{name}-{crc32(text.encode())}"


def _command(last: Entry, named: Callable[[str], str]) -> Box:
    text, settled = spoken.with_names(last.message or "", named), ""
    if last.settled:
        text = Text("{why}. Then the panel said: {state}", why=text, state=spoken.settled(last.settled))
        settled = "-settled"
    title = Text("{action}: {result}", action=askers.asked(last.action, last.past), result=askers.result(last.result))
    name = f"command-{last.id}-{last.times}{settled}"
    kind: Kind = "unsure" if last.result == "unconfirmed" else "failed"
    return Box(name, kind, title, text, spoken.who(last, named), last.ended_at or last.at)


def _answers(one: AlarmFacts, last: Entry, *, pin: bool) -> tuple[Deed, ...]:
    """Return the answers that a person may give to a refused arm."""
    action = spoken.parse_action(last.action)
    if last.result != "rejected" or not isinstance(action, Arm) or one.view.target is not None:
        return ()
    # Also where that is a repetition, which was answered from memory: the offer stands as long as nothing is sent.
    if one.offer and one.offer.arm.mode == action.mode:
        return answers(one.name, one.offer, PAST, pin=pin, code=one.asks_code)
    return (_again(one.name, action, code=one.asks_code),)


def answers(installation: str, offer: Offer, path: str, *, pin: bool, code: bool) -> tuple[Deed, ...]:
    """Return the two answers to a refusal for open windows; the form at `path` decides.

    The decision needs no `code`: the alarm has kept that of the refused command.
    """
    fields = (("installation", installation), ("refusal", str(offer.entry)))
    past = Deed(f"past-{installation}", path, fields, spoken.without(offer.arm.past), pin)
    return (_again(installation, offer.arm, code=code), past)


def _again(installation: str, action: Arm, *, code: bool) -> Deed:
    fields = (("installation", installation), ("mode", str(action.mode)))
    return Deed(f"again-{installation}", "/arm", fields, Text("Try again"), code=code)


def _is_over(last: Entry, one: AlarmFacts, now: float) -> bool:
    """Return whether the trouble is over: the panel has reached the wanted state, or the obstacle has gone."""
    ended = last.ended_at or last.at
    if now - ended > TROUBLE_S:
        return True
    action, state = spoken.parse_action(last.action), one.view.state
    if action and state and state.read_at > ended and state.axes.reached(action):
        return True
    if last.result != "failed" or one.health.blocked or one.cloud != "ok" or (one.health.read_at or 0) <= ended:
        return False
    return now - ended > SEEN_S or last.needs_login
