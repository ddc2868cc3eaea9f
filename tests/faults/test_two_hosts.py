"""A cloud with two hosts of which one hangs, or is not the active one, from any request of a command on.

Not one command is sent twice, whether the host that hangs has carried it out or not.
"""

from itertools import product
from pathlib import Path

import pytest

from tests.faults.alarm import Alarm
from tests.faults.test_matrix import Row, hold, prepared, steps

pytestmark = pytest.mark.sampled

WAYS = {
    "first hangs": {"first_hangs": True},
    "first hangs and carries out": {"first_hangs": True, "hangs_after": True},
    "second hangs": {"second_hangs": True},
    "first is passive": {"first_passive": True},
    "second is passive": {"second_passive": True},
    "both are passive": {"first_passive": True, "second_passive": True},
    "both hang and carry out": {"first_hangs": True, "second_hangs": True, "hangs_after": True},
}


def set_hosts(alarm: Alarm, way: str, *, bad: bool) -> None:
    for name in WAYS[way]:
        setattr(alarm.world.face.options, name, bad)


@pytest.mark.parametrize(("way", "what"), list(product(WAYS, ("arm", "disarm", "poll"))))
def test_whatever_a_host_does_from_whatever_request_on(tmp_path: Path, way: str, what: str) -> None:
    row = Row(lambda alarm, _: set_hosts(alarm, way, bad=True), lambda alarm: set_hosts(alarm, way, bad=False))
    for step in range(steps(tmp_path / "calm", "mypages", what)):
        alarm = prepared(tmp_path / str(step), "mypages", what)
        hold(alarm, row, what, step)
        alarm.journal.close()


@pytest.mark.parametrize("way", ["first hangs", "first hangs and carries out"])
def test_a_first_host_that_hangs_from_the_start_costs_no_command(tmp_path: Path, way: str) -> None:
    alarm = prepared(tmp_path, "mypages", "arm")
    set_hosts(alarm, way, bad=True)
    for name, on in (("total", True), ("total", False), ("night", True)):
        alarm.end(alarm.turn(name, on))
        assert alarm.witness.taken() == 1
        assert alarm.panel.axes.has(alarm.switches[name].mode) is on
    assert alarm.witness.wrong == []
    alarm.journal.close()
