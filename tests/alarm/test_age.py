"""The age of commands, as a table of what was asked, when, and what the panel said since."""

import pytest

from emulator.alarm.age import ARM_WITHIN_S, DISARM_WITHIN_S, Age
from emulator.clock import Moment
from emulator.model import DISARMED, Arm, ArmMode, Axes, Command, Disarm, Interior, Origin

NIGHT = ArmMode(Interior.NIGHT)
ARMED = DISARMED.after(Arm(NIGHT))
ON, OFF = Command(Arm(NIGHT), Origin("test")), Command(Disarm(), Origin("test"), only_if=NIGHT)
WHOLE = Command(Disarm(), Origin("test"))


def at(seconds: float) -> Moment:
    return Moment(seconds, seconds)


@pytest.mark.parametrize(
    ("command", "age_s", "stood_still", "seen", "why"),
    [
        (ON, ARM_WITHIN_S - 1, True, [], ""),
        (ON, ARM_WITHIN_S, False, [], "it came too late, 1 min"),
        (OFF, DISARM_WITHIN_S - 1, False, [], ""),
        (OFF, DISARM_WITHIN_S, False, [], "it came too late, 30 s"),
        (OFF, 1, True, [], "stood still"),
        (OFF, 9, False, [(1, DISARMED)], ""),  # nothing to do, which is no harm
        (OFF, 9, False, [(1, DISARMED), (2, ARMED)], "disarmed and armed again"),
        (WHOLE, 9, False, [(1, DISARMED), (2, ARMED)], "disarmed and armed again"),
        (ON, 9, False, [(1, DISARMED), (2, ARMED)], ""),
        (OFF, 9, False, [(-1, DISARMED), (2, ARMED)], ""),  # before it was asked for
        (OFF, 9, False, [(1, Axes()), (2, ARMED)], ""),
        (OFF, 9, False, [(1, DISARMED), (2, Axes())], "disarmed and armed again"),  # in doubt it stays armed
    ],
)
def test_why_a_command_is_too_late(
    command: Command, age_s: float, stood_still: bool, seen: list[tuple[float, Axes]], why: str
) -> None:
    age = Age(ARM_WITHIN_S, lambda _: stood_still)
    for when, axes in seen:
        age.saw(axes, 100 + when)
    late = age.lateness(command, at(100), at(100 + age_s))
    assert (why in str(late)) if why else late is None


def test_what_the_panel_said_is_kept_for_as_long_as_a_disarm_may_wait() -> None:
    age = Age(ARM_WITHIN_S, lambda _: False)
    for second in range(1000):
        age.saw(DISARMED, second)
    assert len(age.readings) == DISARM_WITHIN_S
