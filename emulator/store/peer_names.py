"""Names that people give to addresses of the LAN: "Echo kitchen", "Ana's phone"."""

import json
import unicodedata
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_address

from emulator.errors import EmulatorError
from emulator.store.journal import Entry, Journal
from emulator.words.text import Text

NOTE = "names of addresses"

NAME_CHARS = 40
"""Characters of a name: it stands in a line with others."""

MOST_NAMES = 100
"""Names of a house; more than it has devices that ask for anything."""


class PeerNames:
    """The names, as they are kept in the journal; usable from every thread."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._names = self._load()

    def all(self) -> dict[str, str]:
        """Return address → name."""
        return dict(self._names)

    def named(self, peer: str) -> str:
        """Return what people call an address; itself where it has no name."""
        return self._names.get(peer, peer)

    def commands(self, limit: int, *, quiet: bool | None = None) -> list[Entry]:
        """Return the newest commands as Journal.commands does, with names in place of addresses."""
        return [replace(entry, peer=self.named(entry.peer)) for entry in self._journal.commands(limit, quiet=quiet)]

    def give(self, address: str, name: str) -> None:
        """Name an address from now on; an empty name takes it away. ValueError says what would be right."""
        try:
            peer = str(ip_address(address.strip()))
        except ValueError:
            raise ValueError(Text("use an address of the LAN, as it stands in the list")) from None
        plain = _plain(name)
        if len(plain) > NAME_CHARS:
            raise ValueError(Text("use a name of at most {n} characters", n=NAME_CHARS))
        names = {one: known for one, known in self._load().items() if one != peer}
        if plain and len(names) >= MOST_NAMES:
            raise ValueError(Text("there are {n} names already; take one away first", n=MOST_NAMES))
        self._keep(names | ({peer: plain} if plain else {}))

    def introduce(self, peer: str, name: str) -> None:
        """Name a person for whom a trusted server vouches; where there is no room or disk, the person has no name."""
        plain = _plain(name)[:NAME_CHARS]
        if plain and self._names.get(peer) != plain and (peer in self._names or len(self._names) < MOST_NAMES):
            with suppress(EmulatorError):
                self._keep(self._load() | {peer: plain})

    def _keep(self, names: dict[str, str]) -> None:
        self._journal.note(NOTE, json.dumps(names, ensure_ascii=False))
        self._names = names

    def _load(self) -> dict[str, str]:
        with suppress(EmulatorError, ValueError):
            found = json.loads(self._journal.recall(NOTE) or "{}")
            if isinstance(found, dict):
                return {str(peer): str(name)[:NAME_CHARS] for peer, name in list(found.items())[:MOST_NAMES]}
        return {}


def _plain(name: str) -> str:
    """Return the letters of a name: neither lines, nor marks that turn the direction of what follows.

    Nothing is left of one that reads as an address: it would pass for another device.
    """
    plain = " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())
    with suppress(ValueError):
        ip_address(unicodedata.normalize("NFKC", plain).replace(" ", ""))
        return ""
    return plain
