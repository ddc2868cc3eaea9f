"""Subscriptions to the events of switches, kept in the journal so that they outlive a restart."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from ipaddress import IPv4Address

from emulator.store.journal import Journal

NOTE = "wemo subscriptions"
"""One note for all of them: they are written together, and seldom."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A subscription as it outlives a restart: `left_s` is what is left of it, `seq` the number of its next event.

    The events are those of a `service` of the switch with that `key`. `peer` has subscribed at `local`, an address of
    ours, and gets them at an http URL, which is a secret of the peer and must not be logged.
    """

    sid: str
    key: str
    service: str
    peer: str
    local: str
    host: str
    port: int
    path: str
    left_s: float
    seq: int


class Subscriptions:
    """The subscriptions as last written. If the clock was set back, none lasts longer than it had left then."""

    def __init__(self, journal: Journal, now: Callable[[], float] = time.time) -> None:
        self._journal = journal
        self._now = now

    def load(self) -> list[Kept]:
        """Return those that have not expired meanwhile; none if the note cannot be parsed."""
        try:
            at, rows = json.loads(self._journal.recall(NOTE) or "[0, []]")
            passed_s = max(0.0, self._now() - float(at))
            found = [_kept(row, passed_s) for row in rows]
        except (ValueError, TypeError):  # written by a newer program
            return []
        return [one for one in found if one.left_s > 0]

    def save(self, kept: Sequence[Kept]) -> None:
        """Replace the note; EmulatorError when it cannot be written."""
        self._journal.note(NOTE, json.dumps([self._now(), [astuple(one) for one in kept]]) if kept else None)


def _kept(row: Sequence[object], passed_s: float) -> Kept:
    *texts, host, port, path, left_s, seq = row
    sid, key, service, peer, local = map(str, texts)
    host, left = str(IPv4Address(str(host))), float(str(left_s)) - passed_s
    return Kept(sid, key, service, peer, local, host, int(str(port)), str(path), left, int(str(seq)))
