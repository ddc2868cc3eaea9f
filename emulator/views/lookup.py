"""Filters with which a person looks through the journal, and what they offer to choose from. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from emulator.store.journal import Entry
from emulator.views import askers
from emulator.words import spoken
from emulator.words.text import Text

OUTCOMES = {said.template.replace(" ", "-"): said for said in (*spoken.RESULTS.values(), spoken.UNDER_WAY)}
"""Word of the address → outcome. Results with the same word are one."""


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """The entries that a person looks for; empty is everything. `who` is a door's name or an address."""

    alarm: str = ""
    who: str = ""
    outcome: str = ""
    before: int | None = None

    def fits(self, entry: Entry) -> bool:
        """Return whether an entry is wanted."""
        return (
            self.alarm in ("", entry.installation)
            and self.who in ("", entry.door, entry.peer)
            and self.has_outcome(entry.result)
        )

    def has_outcome(self, result: str | None) -> bool:
        """Return whether entries with this result are wanted."""
        return self.outcome in ("", _word(result))


def people(entries: Iterable[Entry], chosen: str, named: Callable[[str], str]) -> dict[str, str]:
    """Return who asked lately, and who is chosen: door or address → name."""
    found = list(entries)
    asked_by = [entry.door for entry in found] + [entry.peer for entry in found] + [chosen]
    return {one: named(one) for one in asked_by if one}


def _word(result: str | None) -> str:
    said = askers.result(result)
    return said.template.replace(" ", "-") if isinstance(said, Text) else said
