"""The lights of the Hue bridge: their state, commands to them, and how long a client waits for the cloud."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass

from emulator.alarm.hub import Guard, Hub, Switch, Ticket
from emulator.errors import EmulatorError
from emulator.lan import turns
from emulator.model import Origin
from emulator.store.light_ids import LightIdentity

REPLY_WITHIN_S = 0.8
"""For a set: an Echo shows a spinner after 1 s, and gives up after 5 s (lan-emulation.md §4.3)."""

STALE_S = 3600.0
"""Time without news after which a light is shown as out of reach; apps grey it out (§3.5)."""

WAITING = 2
"""Peers for which one of a place's four threads may wait for the cloud: the others answer meanwhile."""

MAX_LIGHTS = 49
"""With more, an Echo finds none of them (§4.4)."""

FULL = 254
"""The brightest of `bri`."""


@dataclass(frozen=True, slots=True)
class LightState:
    """The state of a light as clients read it; `bri` means something to shapes that have it."""

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
        """Return the number by which clients address it."""
        return self.identity.id


class Lights:
    """The lights that clients read and command; every method may be called from any thread but the hub's.

    People turn all their lamps on or off by one word, so the hub holds back both; see hub.Hub.
    """

    def __init__(
        self,
        hub: Hub,
        lights: Sequence[Light],
        *,
        reply_within_s: float = REPLY_WITHIN_S,
        allow_sweep: bool = False,
        stale_s: float = STALE_S,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.all = {light.id: light for light in lights}
        self._hub = hub
        self._reply_within_s = reply_within_s
        self._guard = Guard.NONE if allow_sweep else Guard.BOTH
        self._stale_s = stale_s
        self._now = now
        self._lock = threading.Lock()
        self._bri: dict[int, int] = {}
        self._stopped: Future[None] = Future()
        self._seated: set[str] = set()  # peers that wait for the cloud

    # -- reading --------------------------------------------------------------------------------------------

    def state(self, light: Light) -> LightState:
        """Return the state of a light, from memory."""
        bri, known = self._bri.get(light.id, FULL), self._hub.state(light.switch)
        if known.swept is not None:
            return LightState(known.swept, True, bri)
        if known.on is None:
            # A light has no third state, and nothing may claim that the house is disarmed. Out of reach, Home Assistant
            # shows it as unavailable and an Echo says that it does not respond (§3.5).
            return LightState(on=True, reachable=False, bri=bri)
        news = known.pending or known.panel is None or self._now() - known.panel.read_at < self._stale_s
        return LightState(known.on, news, bri)

    # -- commands -------------------------------------------------------------------------------------------

    def dim(self, light: Light, bri: int) -> None:
        """Keep a brightness: it reads back as it was set, and changes nothing."""
        self._bri[light.id] = bri

    def turn(self, light: Light, on: bool, peer: str) -> EmulatorError | None:
        """Turn one light; return why it was refused, as far as that is known in time."""
        ticket = self._hub.submit(light.switch, on, Origin("hue", peer, light.switch.name), self._guard)
        return self._accepted(ticket, peer, self._reply_within_s)

    def turn_all(self, on: bool, peer: str) -> EmulatorError | None:
        """Turn every light at once; return the first refusal."""
        switches = [light.switch for light in self.all.values()]
        tickets = self._hub.submit_all(switches, on, Origin("hue", peer), self._guard)
        ends = time.monotonic() + self._reply_within_s
        errors = [self._accepted(ticket, peer, max(0.0, ends - time.monotonic())) for ticket in tickets]
        return next(filter(None, errors), None)

    def refuse(self, light: Light, on: bool, peer: str, reason: str) -> None:
        """Journal a command that is not carried out, with the reason."""
        self._hub.ignore(light.switch, on, Origin("hue", peer, light.switch.name), reason)

    def resume(self) -> None:
        """Let clients wait for the cloud again, after a stop."""
        self._stopped = Future()

    def stop(self) -> None:
        """End every wait for the cloud: the program stops."""
        if not self._stopped.done():
            self._stopped.set_result(None)

    def _accepted(self, ticket: Ticket, peer: str, within_s: float) -> EmulatorError | None:
        """Return why a command was refused, if the cloud says so within that time and before the program stops.

        A command that waits behind another one is answered at once, as is one of a peer that waits already, or when
        too many peers do.
        """
        with self._lock:
            may_wait = (
                within_s > 0
                and not ticket.accepted.done()
                and not ticket.waits
                and peer not in self._seated
                and len(self._seated) < WAITING
            )
            if may_wait:
                self._seated.add(peer)
        if may_wait:
            try:
                with turns.WEB.pass_on():
                    wait([ticket.accepted, self._stopped], within_s, FIRST_COMPLETED)
            finally:
                with self._lock:
                    self._seated.remove(peer)
        error = ticket.accepted.exception() if ticket.accepted.done() else None
        return error if isinstance(error, EmulatorError) else None
