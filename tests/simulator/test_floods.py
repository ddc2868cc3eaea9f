from emulator.simulator.floods import MOST_ASKERS, Floods
from tests.simulator.conftest import Clock


def test_more_than_the_limit_within_the_window(clock: Clock) -> None:
    floods = Floods(clock)
    assert [floods.over("ana", 3, 2.0) for _ in range(5)] == [False, False, False, True, False]
    assert not floods.over("eva", 3, 2.0)
    clock.pass_by(2)
    assert [floods.over("ana", 3, 2.0) for _ in range(3)] == [False, False, False]


def test_a_ban_ends(clock: Clock) -> None:
    floods = Floods(clock)
    floods.ban("ana", 10)
    clock.pass_by(9.9)
    assert (floods.banned("ana"), floods.banned("eva")) == (True, False)
    clock.pass_by(0.1)
    assert not floods.banned("ana")
    floods.ban("ana", 10)
    floods.forgive()
    assert not floods.banned("ana")


def test_the_askers_are_bounded(clock: Clock) -> None:
    floods = Floods(clock)
    for at in range(MOST_ASKERS + 1):
        floods.ban(str(at), 10)
    floods.ban("1", 10)
    assert [floods.banned(str(at)) for at in (0, 1, MOST_ASKERS)] == [False, True, True]
