"""Judge when a command comes too late to be sent. Pure: the owner brings the time, and locks."""

from collections.abc import Callable
from dataclasses import dataclass, field

from emulator.alarm.queue import nothing_left
from emulator.clock import Moment
from emulator.errors import TooLate
from emulator.model import Axes, Command, Disarm
from emulator.words import spoken
from emulator.words.text import Text

DISARM_WITHIN_S = 30.0
"""A disarm that could not be sent in this time is dropped: the house may have been armed anew since."""

ARM_WITHIN_S = 60.0
"""The same for an arm where the settings do not say otherwise."""


@dataclass(eq=False)
class Age:
    """Judges the age of commands, and whether the panel was disarmed and armed again since they were asked for.

    `arm_within_s` is how old an arm may be when it is sent. `stood_still` returns whether the process
    did since a moment.
    """

    arm_within_s: float
    stood_still: Callable[[Moment], bool]
    readings: list[tuple[float, Axes]] = field(default_factory=list)
    """Last states of the panel, with the monotonic seconds at which they were read."""

    def saw(self, axes: Axes, at: float) -> None:
        """Remember where the panel stands, in monotonic seconds."""
        self.readings = [each for each in self.readings if each[0] > at - DISARM_WITHIN_S] + [(at, axes)]

    def lateness(self, command: Command, asked: Moment, now: Moment) -> TooLate | None:
        """Return why a command must not be sent any more; None if it may be."""
        age_s = asked.age_s(now)
        disarms = isinstance(command.action, Disarm)
        if age_s >= (DISARM_WITHIN_S if disarms else self.arm_within_s):
            asked_s = spoken.length(age_s)
            return TooLate(Text("it came too late, {time} after it was asked for; ask again", time=asked_s))
        if disarms and self.stood_still(asked):
            return TooLate(Text("this program stood still after it was asked for, so it may come too late; ask again"))
        since = [nothing_left(command, axes) for at, axes in self.readings if at > asked.monotonic]
        if disarms and any(since) and not since[-1]:
            return TooLate(Text("the alarm was disarmed and armed again after it was asked for; ask again"))
        return None
