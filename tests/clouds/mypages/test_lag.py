"""A cloud that is behind the panel: whatever it still has from before is no news, and proves nothing."""

from collections.abc import Callable, Mapping
from functools import partial

import pytest

from emulator.clouds.firewall import Answer
from emulator.clouds.mypages.lag import RecordLag
from emulator.clouds.mypages.provider import LAG_S
from emulator.errors import Unconfirmed
from emulator.model import Arm, ArmMode, Disarm, Interior
from tests.clouds.contract import quiet
from tests.support.fakes_mypages import SimulatedMyPages

OFF, HOME, AWAY = (("DISARMED", "0"), ("ARMED_HOME", "1"), ("ARMED_AWAY", "2"))


@pytest.fixture
def lag() -> RecordLag:
    made = RecordLag(0)
    assert not made.is_behind(OFF, 0)
    return made


def stop_the_records(world: SimulatedMyPages) -> None:
    """Let the cloud answer each look at the state as it answers the next one."""
    kept = list[Answer]()
    for host in world.hosts:
        host.request = partial(behind, host.request, kept)  # type: ignore[method-assign]


def behind(
    send: Callable[..., Answer],
    kept: list[Answer],
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes = b"",
) -> Answer:
    if b'"ArmState"' not in body:
        return send(method, path, headers, body)
    kept.append(send(method, path, headers, body))
    return kept[0]


def test_a_record_from_before_is_behind_until_the_new_one_comes_or_time_is_over(lag: RecordLag) -> None:
    lag.note("ARMED_HOME", 1)
    assert lag.is_behind(OFF, 2)
    assert not lag.is_behind(HOME, 3)
    lag.note("DISARMED", 10)
    assert lag.is_behind(HOME, 11)
    assert not lag.is_behind(HOME, 41)


def test_records_of_earlier_commands_may_come_one_after_another(lag: RecordLag) -> None:
    for at, told in enumerate(("ARMED_HOME", "DISARMED", "ARMED_AWAY")):
        lag.note(told, at)
    for record in (OFF, HOME, ("DISARMED", "1b"), ("DISARMED", "1b")):
        assert lag.is_behind(record, 4)
    assert not lag.is_behind(AWAY, 5)
    assert not lag.doubtful


def test_a_keypad_is_seen_at_once_but_in_doubt_until_the_command_is(lag: RecordLag) -> None:
    lag.note("DISARMED", 1)
    assert not lag.is_behind(AWAY, 2)
    assert lag.doubtful
    assert not lag.is_behind(("DISARMED", "3"), 3)
    assert not lag.is_behind(("ARMED_AWAY", "4"), 4)
    assert not lag.doubtful


def test_the_first_record_after_a_start_may_be_behind() -> None:
    lag = RecordLag(0)
    lag.note("DISARMED", 0)
    assert lag.is_behind(AWAY, 1)
    assert lag.is_behind(AWAY, 2)
    assert not lag.is_behind(AWAY, 31)


def test_a_program_that_has_just_begun_takes_no_record_for_proof() -> None:
    """Another one, as a command of the terminal is, may have sent a command a moment before."""
    lag = RecordLag(0)
    assert not lag.is_behind(AWAY, 29)
    assert not lag.proves(29)
    assert lag.proves(30)


def test_after_a_lost_command_the_record_before_it_is_no_news_and_proves_nothing(lag: RecordLag) -> None:
    lag.lost(60)
    assert lag.is_behind(OFF, 61)
    assert not lag.is_behind(AWAY, 62)
    assert not lag.proves(89)
    assert not lag.is_behind(AWAY, 90)
    assert lag.proves(90)


def test_what_is_armed_by_the_first_record_is_armed_once_more() -> None:
    world, away = SimulatedMyPages(), Arm(ArmMode(Interior.TOTAL))
    world.panel.keypad(away)
    assert world.cloud.execute(away, quiet).axes.reached(away)
    assert world.submissions() == 1


def test_an_old_record_is_no_proof_that_a_refused_arm_was_done() -> None:
    world, away = SimulatedMyPages(), Arm(ArmMode(Interior.TOTAL))
    world.panel.keypad(away)
    stop_the_records(world)
    world.new_client().read()
    world.panel.keypad(Disarm())
    world.fault("refuse", "armAway")
    with pytest.raises(Unconfirmed):
        world.cloud.execute(away, quiet)
    assert world.submissions() == 1


@pytest.mark.parametrize("unseen", ["command", "keypad"])
def test_an_old_record_is_no_reason_not_to_arm(unseen: str) -> None:
    """The cloud still has that the house was armed, which it was before it was disarmed."""
    world, away = SimulatedMyPages(), Arm(ArmMode(Interior.TOTAL))
    world.cloud.read()
    if unseen == "command":
        world.cloud.execute(away, quiet)
    else:
        world.panel.keypad(away)
    stop_the_records(world)
    world.new_client().read()
    world.cloud.execute(Disarm(), quiet)
    assert world.cloud.execute(away, quiet).axes.reached(away)
    assert world.panel.axes.reached(away)


def test_what_a_lost_disarm_may_have_done_is_armed_again() -> None:
    """The old record says that the house is armed, and for half a minute nothing else."""
    world, away = SimulatedMyPages(), Arm(ArmMode(Interior.TOTAL))
    world.cloud.read()
    world.cloud.execute(away, quiet)
    world.clock.sleep(LAG_S + 1)
    armed = world.cloud.read()
    stop_the_records(world)
    world.new_client().read()
    world.fault("lost", "disarm", 1)
    with pytest.raises(Unconfirmed):
        world.cloud.execute(Disarm(), quiet)
    assert world.cloud.read() is armed
    world.clock.sleep(1)
    assert world.cloud.execute(away, quiet).axes.reached(away)
    assert world.submissions() == 3
    assert world.panel.axes.reached(away)
