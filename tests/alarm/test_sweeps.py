"""Commands for single switches, and "turn everything off"."""

import pytest

from emulator.alarm.sweeps import OFTEN, OFTEN_S, REPEATED_S, SWEEP_S, Sweeps

ECHO, OTHER = "192.168.7.9", "192.168.7.10"


@pytest.mark.parametrize("on", [True, False])
def test_three_switches_in_a_row_are_a_sweep(on: bool) -> None:
    sweeps = Sweeps(4)
    assert not sweeps.add(ECHO, on, {"a"}, 0.0)[0].swept
    assert not sweeps.add(ECHO, on, {"b"}, 1.0)[0].swept
    run = sweeps.add(ECHO, on, {"c"}, 2.0)[0]
    assert run.swept
    assert run.ends == 2.0 + SWEEP_S


def test_the_first_learn_of_the_sweep_that_they_are_part_of() -> None:
    sweeps = Sweeps(4)
    runs = [sweeps.add(ECHO, False, {switch}, 0.1 * at)[0] for at, switch in enumerate("abc")]
    assert runs[0] is runs[1] is runs[2]


def test_the_same_switch_three_times_is_no_sweep_but_each_time_may_be_the_first_of_one() -> None:
    sweeps = Sweeps(4)
    assert [sweeps.add(ECHO, False, {"a"}, now)[0].ends for now in (0.0, 0.5, 1.9)] == [2.0, 2.5, 3.9]
    assert not sweeps.add(ECHO, False, {"a"}, 1.99)[0].swept


def test_peers_and_directions_are_told_apart_for_ons() -> None:
    sweeps = Sweeps(4)
    runs = [
        sweeps.add(peer, on, {switch}, 0.0)
        for switch, (peer, on) in zip("abc", ((ECHO, True), (ECHO, False), (OTHER, True)), strict=True)
    ]
    assert [len(each) for each in runs] == [1, 2, 1]
    assert not any(run.swept for each in runs for run in each)


def test_offs_of_all_peers_count_together() -> None:
    sweeps = Sweeps(4)
    runs = [sweeps.add(peer, False, {switch}, 0.0) for peer, switch in ((ECHO, "a"), (OTHER, "b"), (ECHO, "c"))]
    assert [run.swept for run in runs[-1]] == [False, True]
    assert runs[0][1] is runs[1][1] is runs[2][1]


def test_a_run_is_over_when_no_switch_came_for_long_enough() -> None:
    sweeps = Sweeps(4)
    sweeps.add(ECHO, False, {"a"}, 0.0)
    sweeps.add(ECHO, False, {"b"}, 1.5)
    assert not any(run.swept for run in sweeps.add(ECHO, False, {"c"}, 1.5 + SWEEP_S))


def test_a_sweep_of_a_peer_goes_on_as_long_as_it_repeats_it() -> None:
    sweeps = Sweeps(4)
    sweeps.add(ECHO, False, {"a", "b", "c"}, 0.0)
    assert [sweeps.add(ECHO, False, {"a"}, now)[0].swept for now in (1.9, 3.8, 5.7, 7.6)] == [True] * 4
    assert not sweeps.add(ECHO, False, {"a"}, 7.6 + SWEEP_S)[0].swept


def test_a_sweep_of_several_peers_ends_however_often_it_is_repeated() -> None:
    sweeps = Sweeps(4)
    for peer, switch in ((ECHO, "a"), (OTHER, "b"), (ECHO, "c")):
        sweeps.add(peer, False, {switch}, 0.0)
    swept = [any(run.swept for run in sweeps.add(OTHER, False, {"b"}, 1.9 * number)) for number in range(1, 6)]
    assert swept == [True, True, True, False, False]
    assert 1.9 * 3 < REPEATED_S < 1.9 * 4


def test_offs_that_come_again_and_again_count_against_those_of_others_only_so_often() -> None:
    sweeps = Sweeps(4)
    for number in range(OFTEN + 2):
        at = 10.0 * number
        sweeps.add(OTHER, False, {"a"}, at)
        sweeps.add(OTHER, False, {"b"}, at)
        swept = any(run.swept for run in sweeps.add(f"192.168.7.{number}", False, {"c"}, at))
        assert swept is (number < OFTEN)
    sweeps.add(OTHER, False, {"a", "b"}, OFTEN_S + 100.0)
    assert any(run.swept for run in sweeps.add(ECHO, False, {"c"}, OFTEN_S + 100.0))
    assert len(sweeps._counted) <= 3  # what is over is forgotten


@pytest.mark.parametrize(
    ("switches", "possible"), [(1, (False, False)), (2, (False, True)), (3, (True, True)), (49, (True, True))]
)
def test_a_sweep_needs_switches(switches: int, possible: tuple[bool, bool]) -> None:
    assert (Sweeps(switches).possible(True), Sweeps(switches).possible(False)) == possible


def test_all_at_once_is_a_sweep_of_however_few() -> None:
    assert Sweeps(1).add(ECHO, False, {"a"}, 0.0, at_once=True)[0].swept
