"""Hold back commands that may be part of a sweep, and show meanwhile what they lead to. Memory only, no callbacks."""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import NamedTuple

from emulator.alarm.queue import Ticket
from emulator.alarm.sweeps import Run, Sweeps
from emulator.alarm.switch import Switch
from emulator.clock import Moment
from emulator.errors import EmulatorError
from emulator.model import Command, Origin
from emulator.words.text import Text

SWEEP = {
    False: Text(
        "that is like “turn everything off”, which changes nothing. "
        "Ask for this one alone; docs/on-and-off.md tells of allow_sweep"
    ),
    True: Text(
        "that is like “turn everything on”, which changes nothing. "
        "Ask for this one alone; docs/on-and-off.md tells of allow_sweep"
    ),
}
"""On or off → the reason why a command that was part of a sweep is not sent."""


class Asked(NamedTuple):
    """The moment when something was asked for; `number` tells earlier from later within this process."""

    number: int
    at: Moment


@dataclass(eq=False, slots=True)
class Press:
    """A switch that is turned on or off, once.

    While it is held back it has the runs that it may be part of, and an `entry`, which is where it stands in the
    journal once that is written. `why_not` is its door's own reason for which it changes nothing, if there is one.
    """

    switch: Switch
    on: bool
    origin: Origin
    asked: Asked
    why_not: str = ""
    ticket: Ticket = field(default_factory=Ticket)
    runs: tuple[Run, ...] = ()
    entry: Future[int] | None = None

    @property
    def key(self) -> str:
        """The key of its switch."""
        return self.switch.identity.key

    @property
    def command(self) -> Command:
        """The command that it comes to."""
        return self.switch.command(self.on, self.origin)

    @property
    def ends(self) -> float:
        """The moment when all runs have ended without a sweep, in monotonic seconds."""
        return max(run.ends for run in self.runs)

    def unwritten(self) -> EmulatorError | None:
        """Return why it could not be written down, for its client; wait until that is known."""
        error = self.entry.exception() if self.entry else None
        if error is None or isinstance(error, EmulatorError):
            return error
        raise error


class Came(NamedTuple):
    """The fate of a press: part of a sweep with others that are held no more, the same as one, held, or neither."""

    swept: tuple[Press, ...] = ()
    twin: Press | None = None
    held: bool = False


class _Shown(NamedTuple):
    """A swept switch shows `on` until then (monotonic seconds), as long as the panel still says `known` of it."""

    on: bool
    until: float
    known: bool


class Held:
    """The presses of all binary doors that are held back; every method may be called from any thread.

    A press is answered at once and held until its runs have ended: were the answer held back too, a client that sends
    one switch after the other would never be recognised. Until then, and until `withdraw`, it is announced.
    """

    def __init__(self, switches: Sequence[Switch], monotonic: Callable[[], float]) -> None:
        self.announced: tuple[Press, ...] = ()
        self._switches = switches
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._sweeps = Sweeps(len(switches))
        self._held: list[Press] = []
        self._shown: dict[str, _Shown] = {}

    def add(self, press: Press, *, may_hold: bool) -> Came:
        """Count a press, and hold it where it may be part of a sweep and `may_hold`.

        Each switch that is named counts, also one whose command does nothing.
        """
        with self._lock:
            press.runs = self._sweeps.add(press.origin.peer, press.on, {press.key}, self._monotonic())
            swept = [run for run in press.runs if run.swept]
            if swept:
                return Came(swept=(*self._take(lambda held: any(run in held.runs for run in swept)), press))
            self._shown.pop(press.key, None)
            if not (may_hold and self._sweeps.possible(press.on)):
                return Came()
            twin = next((held for held in self._held if (held.key, held.command) == (press.key, press.command)), None)
            if twin:
                twin.asked = press.asked  # nothing that came in between makes it pointless
                return Came(twin=twin)
            press.entry = Future()
            press.ticket.waits = True
            self._held.append(press)
            self.announced = (*self.announced, press)
            return Came(held=True)

    def sweep(self, presses: Sequence[Press]) -> tuple[Press, ...]:
        """Count presses of one peer in one direction that came by one word; return all that are swept by it."""
        with self._lock:
            first = presses[0]
            keys = {press.key for press in presses}
            runs = self._sweeps.add(first.origin.peer, first.on, keys, self._monotonic(), at_once=True)
            taken = self._take(lambda held: any(run in held.runs for run in runs))
            for press in presses:
                press.runs = runs
            known = {held.key for held in taken}
            return (*taken, *(press for press in presses if press.key not in known))

    def show(self, press: Press, known: bool | None) -> None:
        """Let a swept switch show for some moments what it was asked for; `known` is what the panel says of it."""
        with self._lock:
            if known is not None:
                self._shown[press.key] = _Shown(press.on, max(run.shown for run in press.runs), known)

    def shows(self, switch: Switch, known: bool | None) -> bool | None:
        """Return what a switch was asked for by a sweep just now, None where that is over or the panel has moved."""
        shown = self._shown.get(switch.identity.key)
        return shown.on if shown and shown.known is known and self._monotonic() < shown.until else None

    def why_swept(self, press: Press) -> str:
        """Say which other switches made a sweep of a press, and which peers."""
        with self._lock:
            asked = [item for run in press.runs if run.swept for item in run.peers.items()]
        keys = {key for key, _ in asked} - {press.key}
        names = tuple(one.name for one in self._switches if one.identity.key in keys) or Text("all others")
        peers = tuple(sorted(set().union(*(peers for _, peers in asked))))
        return Text(
            "it came with {switches}, asked for by {peers}: {why}", switches=names, peers=peers, why=SWEEP[press.on]
        )

    def opposite(self, press: Press) -> list[Press]:
        """Take out what is held of the same switch in the other direction and was asked for before."""
        with self._lock:
            later, on = press.asked.number, press.on
            late = self._take(lambda held: held.key == press.key and held.on is not on and held.asked.number < later)
            for each in late:
                self._uncount(each)
            return late

    def forget(self, press: Press) -> None:
        """Hold a press no more, and count it no more, as if it had not come."""
        with self._lock:
            self._take(lambda held: held is press)
            self._uncount(press)

    @property
    def is_over(self) -> bool:
        """True if nothing is held or announced, and no run goes on that what comes next may be part of."""
        with self._lock:
            return not self._held and not self.announced and self._sweeps.is_over(self._monotonic())

    def next_at(self) -> float | None:
        """Return when `due` has something, in monotonic seconds; None when nothing is held."""
        with self._lock:
            return min((held.ends for held in self._held), default=None)

    def due(self) -> Press | None:
        """Take out a press whose runs have ended; it is announced until `withdraw`."""
        with self._lock:
            now = self._monotonic()
            held = next((held for held in self._held if held.ends <= now), None)
            if held:
                self._held.remove(held)
            return held

    def withdraw(self, *presses: Press) -> None:
        """Announce these no more."""
        with self._lock:
            self._withdraw(presses)

    def drop(self) -> list[Press]:
        """Take out everything."""
        with self._lock:
            self._shown.clear()
            return self._take(lambda _: True)

    def _withdraw(self, presses: Iterable[Press]) -> None:
        gone = set(presses)
        self.announced = tuple(press for press in self.announced if press not in gone)

    def _take(self, which: Callable[[Press], bool]) -> list[Press]:
        taken = [held for held in self._held if which(held)]
        self._held = [held for held in self._held if held not in taken]
        self._withdraw(taken)
        return taken

    @staticmethod
    def _uncount(press: Press) -> None:
        """Make a switch whose arm is withdrawn new to its runs again.

        An off goes on counting: a switch may be turned on again in the middle of a sweep.
        """
        if press.on:
            for run in press.runs:
                run.peers.pop(press.key, None)
