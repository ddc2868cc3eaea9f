"""Readiness of the program: clients reach at least one of its switches."""

from collections.abc import Sequence
from dataclasses import dataclass

from emulator.alarm.switch import Switch
from emulator.doors import Door


@dataclass(frozen=True, slots=True)
class Readiness:
    """Number of switches that clients can reach, of those that doors should show (`wanted`) and of all, and obstacles.

    `page` is True while the page is served; None where there is none.
    """

    reached: int
    wanted: int
    switches: int
    page: bool | None
    obstacles: tuple[str, ...]

    @property
    def is_ready(self) -> bool:
        """True if a client is served: a program without doors for its switches needs its page alone, if it has one."""
        return self.reached > 0 if self.wanted else self.page is not False

    def __str__(self) -> str:
        if not self.is_ready:
            what = f"0 of {self.wanted} switches can be reached" if self.wanted else "the page is not served"
            return f"Not ready: {what}: {'; '.join(self.obstacles) or 'the doors are not open yet'}"
        if not self.wanted:
            return f"Ready: {'the page alone; ' if self.page else ''}no switch is on a door of the LAN"
        return f"Ready: {self.reached} of {self.switches} switches"


def judge(switches: Sequence[Switch], doors: Sequence[Door], page: Sequence[str] | None) -> Readiness:
    """Ask the doors; `page` holds the addresses of the page, None where there is none."""
    return Readiness(
        reached=len({switch.identity.key for door in doors for switch, _ in door.urls()}),
        wanted=sum(bool(switch.doors) for switch in switches),
        switches=len(switches),
        page=None if page is None else bool(page),
        obstacles=tuple(dict.fromkeys(obstacle for door in doors for obstacle in door.obstacles())),
    )
