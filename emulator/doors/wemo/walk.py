"""Recognise a client that sends a set from port to port until one takes it: our other switches sit there. Pure.

openHAB does so after 1,000 ms, a refused connection or any status but 2xx, over the ports 49151 to 49157; pyblinky
after any status but 2xx. A real WeMo is alone at its address, so that the next port can only be the same socket.
"""

from dataclasses import dataclass, field

from emulator.alarm.hub import Switch
from emulator.errors import EmulatorError

WALK_S = 3.0
"""From a set without success to the next port: openHAB goes on at once, and each port may cost it 1 s."""

WALK_MOST_S = 25.0
"""From the first set without success to the end of the longest walk: seven ports, each of which may take as long as the
first. A set after that is meant."""

SEEN = 512
"""Most trails kept: a peer has one for each direction, and they are over in seconds."""


class Walked(EmulatorError):
    """A set that is not meant for this switch. Answered with a fault: after 2xx the client would keep to this port
    from then on, and send it the commands for the other switch.
    """


@dataclass(slots=True)
class Trail:
    """The switches at which a peer's set had no success, and until when (monotonic seconds) the next is a walk.

    `ends` is the latest end to which each step may put it off.
    """

    until: float
    ends: float = 0.0
    switches: list[Switch] = field(default_factory=list)


class Walks:
    """Remembers sets without success, for all switches together. Not locked."""

    def __init__(self) -> None:
        self._trails: dict[tuple[str, bool], Trail] = {}

    def came_to_nothing(self, peer: str, on: bool, switch: Switch, now: float) -> None:
        """Note a set that the peer got no answer to, or a refusal."""
        trail = self._trails.pop((peer, on), None)
        if trail is None or trail.until < now:
            trail = Trail(now)
        elif switch in trail.switches:
            trail.switches.remove(switch)
        trail.until, trail.ends = now + WALK_S, now + WALK_MOST_S
        trail.switches.append(switch)
        while len(self._trails) >= SEEN:
            del self._trails[next(iter(self._trails))]
        self._trails[peer, on] = trail

    def start_of(self, peer: str, on: bool, switch: Switch, now: float) -> Switch | None:
        """Return the switch from which a peer has walked to this one with the same value; None when it has not.

        A walk goes on: each step of it may take as long as the first. At a switch of the trail, a set is repeated.
        """
        trail = self._trails.get((peer, on))
        if trail is None or trail.until < now or switch in trail.switches:
            return None
        trail.until = min(now + WALK_S, trail.ends)
        return trail.switches[-1]
