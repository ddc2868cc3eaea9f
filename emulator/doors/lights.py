"""The lights of the Hue bridge: states, and commands that wait until they cannot be part of a sweep (§4.8)."""

import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass

from emulator.errors import EmulatorError
from emulator.hub import LATER, Hub, Ticket
from emulator.model import LightIdentity, Origin, Switch
from emulator.policy import Run, Sweeps

REPLY_WITHIN = 0.8  # seconds for a set; an Echo shows a spinner after 1, and gives up after 5 (lan-emulation.md §4.3)
STALE = 3600.0  # seconds without news after which a light is shown as out of reach; apps grey it out (§3.5)
WAITING = 2  # peers for which one of a place's four threads may wait for the cloud: the others answer meanwhile
MAX_LIGHTS = 49  # with more an Echo finds none of them (§4.4)
FULL = 254  # the brightest of `bri`

SWEEP = "it came with all the other lights, as after “turn off all the lights”; see doors.hue.allow_sweep"
STOPPED = "the program stopped before this was sent"


@dataclass(frozen=True, slots=True)
class LightState:
    """What may be said of a light now; `bri` means something to shapes that have it."""

    on: bool
    reachable: bool
    bri: int


@dataclass(frozen=True, slots=True)
class Light:
    """A switch as the bridge shows it."""

    identity: LightIdentity
    name: str
    switch: Switch

    @property
    def id(self) -> int:
        """What clients call it."""
        return self.identity.id


@dataclass(eq=False, slots=True)
class Held:
    """A command that waits for its run to end, once it has an `entry`, which is where it stands in the journal."""

    light: Light
    on: bool
    peer: str
    run: Run
    asked: int
    entry: Future[int] | None = None


@dataclass(frozen=True, slots=True)
class Swept:
    """What a light shows after a sweep `until` (monotonic seconds), as long as the hub still says `known` of it."""

    on: bool
    until: float
    known: bool


class Lights:
    """What the bridge's clients read and command; every method may be called from any thread but the hub's.

    A command for one of several lights is answered at once and held back until its run has ended (policy.Sweeps): were
    the answer held back too, a client that sends one light after the other would never be recognised. Until then it is
    announced, so that every door shows what was asked for, as while a command is under way, and written down, so that
    it is not lost with the process. `release` has to be called at `next_at`. Under the lock only those methods of the
    hub are called that call nobody.
    """

    def __init__(
        self,
        hub: Hub,
        lights: Sequence[Light],
        *,
        reply_within_s: float = REPLY_WITHIN,
        allow_sweep: bool = False,
        show_target: bool = True,
        stale_s: float = STALE,
        wake: Callable[[], None] = lambda: None,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.all = {light.id: light for light in lights}
        self.wake = wake
        self._hub = hub
        self._reply_within_s = reply_within_s
        self._allow_sweep = allow_sweep
        self._show_target = show_target
        self._stale_s = stale_s
        self._monotonic = monotonic
        self._now = now
        self._lock = threading.Lock()
        self._sweeps = Sweeps(len(lights))
        self._held: list[Held] = []
        self._swept: dict[int, Swept] = {}
        self._bri: dict[int, int] = {}
        self._stopped: Future[None] = Future()
        self._seated: set[str] = set()  # peers that wait for the cloud

    # -- reading --------------------------------------------------------------------------------------------

    def state(self, light: Light) -> LightState:
        """What may be said of a light, from memory."""
        bri = self._bri.get(light.id, FULL)
        with self._lock:
            known, swept = self._hub.state(light.switch), self._swept.get(light.id)
        if self._show_target and swept and swept.known is known.on and self._monotonic() < swept.until:
            return LightState(swept.on, True, bri)
        if known.on is None:
            # A light has no third state and nothing may claim that the house is disarmed: on, and out of reach, which
            # makes Home Assistant show it as unavailable and an Echo say that it does not respond (§3.5).
            return LightState(on=True, reachable=False, bri=bri)
        news = known.pending or known.panel is None or self._now() - known.panel.read_at < self._stale_s
        return LightState(known.on, news, bri)

    # -- commands -------------------------------------------------------------------------------------------

    def dim(self, light: Light, bri: int) -> None:
        """Keep a brightness: it reads back as it was set, and means nothing."""
        self._bri[light.id] = bri

    def turn(self, light: Light, on: bool, peer: str) -> EmulatorError | None:
        """Ask for one light; what it was refused for, as far as that is known in time."""
        if self._allow_sweep:
            return self._submit(light, on, peer)
        held = Held(light, on, peer, Run(0.0), self._hub.ask())
        effective = not self._hub.why_not(light.switch, on, self._origin(light, peer))
        error = self._hub.known_obstacle(light.switch, on) if effective else None
        with self._lock:
            # Each light that is named counts, also one whose off would do nothing.
            held.run = self._sweeps.add(peer, on, {light.id}, self._monotonic())
            is_swept = held.run.swept  # as it is now: another thread may make a sweep of the run at any time
            hold = effective and self._sweeps.possible(on)
            entry: Future[int] | None = None
            error = error if hold and not is_swept else None
            swept = self._take(lambda other: other.run is held.run) if is_swept else []
            if is_swept:
                for each in (*swept, *([held] if effective else ())):
                    self._show_swept(each.light, on, held.run.shown)
            elif effective and error is None:
                self._swept.pop(light.id, None)
                entry = self._hold(held) if hold else None
            elif error:
                self._uncount(held)
        self._tell(held, *swept)
        if is_swept:
            self._ignore((*swept, held), SWEEP)
        elif error is not None:
            self._ignore((held,), str(error))
        elif entry:
            if entry is held.entry:
                self._write_down(held, entry)
            error = _refusal(entry)
            if error is None:
                self._forget_opposite(held)
            self.wake()
        else:
            if effective:
                self._forget_opposite(held)
            return self._submit(light, on, peer)
        return error

    def turn_all(self, on: bool, peer: str) -> EmulatorError | None:
        """Ask for every light at once: a sweep by its name."""
        if self._allow_sweep:
            tickets = [self._hub.submit(light.switch, on, self._origin(light, peer)) for light in self.all.values()]
            ends = self._monotonic() + self._reply_within_s
            errors = [self._accepted(ticket, peer, max(0.0, ends - self._monotonic())) for ticket in tickets]
            return next(filter(None, errors), None)
        with self._lock:
            run = self._sweeps.add(peer, on, self.all.keys(), self._monotonic(), all_at_once=True)
            swept = self._take(lambda held: held.run is run)
        self._tell(*swept)
        rest = set(self.all) - {held.light.id for held in swept}
        self._ignore([*swept, *(Held(self.all[each], on, peer, run, 0) for each in sorted(rest))], SWEEP)
        return None

    def refuse(self, light: Light, on: bool, peer: str, reason: str) -> None:
        """Write down a command that is not carried out, and why."""
        self._hub.ignore(light.switch, on, self._origin(light, peer), reason)

    # -- held commands --------------------------------------------------------------------------------------

    def next_at(self) -> float | None:
        """When `release` has something to do, in monotonic seconds; None when nothing waits."""
        with self._lock:
            return min((held.run.ends for held in self._held), default=None)

    def release(self) -> None:
        """Submit the commands whose run has ended."""
        while held := self._due():
            try:
                if held.entry and _refusal(held.entry) is None:
                    origin, entry = self._origin(held.light, held.peer), held.entry.result()
                    self._hub.submit(held.light.switch, held.on, origin, held.asked, entry)
            finally:
                # Not before: between the two the light would show the past.
                self._hub.withdraw(held.asked)
                self._tell(held)

    def resume(self) -> None:
        """The program starts, perhaps after a stop."""
        self._stopped = Future()

    def drop(self) -> None:
        """The program stops: what waits is not sent, now or later, and nobody waits for the cloud any more."""
        if not self._stopped.done():
            self._stopped.set_result(None)
        with self._lock:
            left = self._take(lambda _: True)
            self._swept.clear()
        self._tell(*left)
        self._ignore(left, STOPPED)

    def _due(self) -> Held | None:
        with self._lock:
            now = self._monotonic()
            held = next((held for held in self._held if held.run.ends <= now), None)
            if held:
                self._held.remove(held)
            return held

    def _hold(self, new: Held) -> Future[int]:
        """The entry of what is held from now on: of this, or of the same that is held already."""
        again = (new.light, new.on, new.peer)
        for held in self._held:
            if held.entry and (held.light, held.on, held.peer) == again:
                return held.entry
        new.entry = Future()
        self._held.append(new)
        self._hub.announce(new.light.switch, new.on, new.asked)
        return new.entry

    def _write_down(self, new: Held, entry: Future[int]) -> None:
        """Give what is held its entry, for which whoever takes it waits. What cannot have one is held no more."""
        try:
            entry.set_result(self._hub.hold(new.light.switch, new.on, self._origin(new.light, new.peer)))
        except Exception as error:  # whatever it was, nobody may wait for ever
            entry.set_exception(error)
            with self._lock:
                self._take(lambda held: held is new)
                self._uncount(new)
            self._tell(new)

    def _forget_opposite(self, new: Held) -> None:
        """What is held of the same light in the other direction came to nothing, now that this is certain to come."""
        with self._lock:
            late = self._take(lambda held: held.light is new.light and held.on is not new.on and held.asked < new.asked)
            for each in late:
                self._uncount(each)
        self._tell(*late)
        self._ignore(late, LATER)

    def _uncount(self, withdrawn: Held) -> None:
        """Of a light whose arm is withdrawn, the next is again new to the run. An off goes on counting: somebody may
        turn a light on again in the middle of a sweep."""
        if withdrawn.on:
            withdrawn.run.lights.discard(withdrawn.light.id)

    def _take(self, which: Callable[[Held], bool]) -> list[Held]:
        taken = [held for held in self._held if which(held)]
        for held in taken:
            self._held.remove(held)
            self._hub.withdraw(held.asked)
        return taken

    def _show_swept(self, light: Light, on: bool, until: float) -> None:
        known = self._hub.state(light.switch).on
        if known is not None:
            self._swept[light.id] = Swept(on, until, known)

    def _tell(self, *held: Held) -> None:
        """What is announced of these lights is another than before."""
        for installation in {each.light.switch.installation for each in held}:
            self._hub.changed(installation)

    def _ignore(self, commands: Collection[Held], reason: str) -> None:
        for each in commands:
            # Once for a run: a client that repeats itself for ever must not fill the journal.
            if each.entry or reason != SWEEP or each.light.id not in each.run.told:
                each.run.told.add(each.light.id)
                if each.entry and _refusal(each.entry):
                    continue
                origin, entry = self._origin(each.light, each.peer), each.entry.result() if each.entry else None
                self._hub.ignore(each.light.switch, each.on, origin, reason, entry)

    def _submit(self, light: Light, on: bool, peer: str) -> EmulatorError | None:
        ticket = self._hub.submit(light.switch, on, self._origin(light, peer))
        return self._accepted(ticket, peer, self._reply_within_s)

    def _accepted(self, ticket: Ticket, peer: str, within_s: float) -> EmulatorError | None:
        """What a command was refused for, as far as the cloud says within that time and the program goes on.

        Where this peer or too many wait already, it is answered as if that time were over.
        """
        with self._lock:
            may_wait = peer not in self._seated and len(self._seated) < WAITING
            if may_wait:
                self._seated.add(peer)
        if may_wait:
            try:
                wait([ticket.accepted, self._stopped], within_s, FIRST_COMPLETED)
            finally:
                with self._lock:
                    self._seated.remove(peer)
        error = ticket.accepted.exception() if ticket.accepted.done() else None
        return error if isinstance(error, EmulatorError) else None

    @staticmethod
    def _origin(light: Light, peer: str) -> Origin:
        return Origin("hue", peer, light.switch.name)


def _refusal(entry: Future[int]) -> EmulatorError | None:
    """Why a command could not be written down, as whoever asked for it is told; waits until that is known."""
    error = entry.exception()
    if error is None or isinstance(error, EmulatorError):
        return error
    raise error
