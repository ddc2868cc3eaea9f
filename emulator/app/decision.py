"""Decisions that a notice offers: the page behind it, and the words of its buttons."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from emulator import doors
from emulator.alarm.offers import Offer
from emulator.doors import Door
from emulator.words import dates, spoken
from emulator.words.language import Language
from emulator.words.text import Text


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision in the language of the house. `url` holds a token: it goes to the target, and is kept nowhere.

    `line` says where to decide, and until when. `decide` is on the button that does so `at_once` by a POST of JSON,
    where that is possible, and `look` on the one that opens the page.
    """

    url: str = field(repr=False)
    line: str = field(repr=False)
    decide: str
    look: str
    at_once: bool


def decision(entry: int, offers: Iterable[Offer], opened: Mapping[str, Door], language: Language) -> Decision | None:
    """Return the decision after the refusal `entry`, while it stands and nobody has taken it, and a page is served."""
    for offer in offers:
        if offer.entry != entry or offer.ticket:
            continue
        for name, door in opened.items():
            decide = doors.row(name).decide
            if decide and (page := decide(door, offer.token)):
                line = Text("Decide until {time}: {address}", time=dates.clock(offer.until), address=page.url)
                return Decision(
                    url=page.url,
                    line=language.say(line),
                    decide=language.say(spoken.without(offer.arm.past)),
                    look=language.say(Text("Look first")),
                    at_once=page.at_once,
                )
    return None
