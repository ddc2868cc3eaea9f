import pytest

from emulator.simulator.faults import MOST_FAULTS, Faults, InjectedFault
from emulator.simulator.server import FACES


def test_a_fault_strikes_its_request_as_often_as_told() -> None:
    faults = Faults()
    faults.add(InjectedFault("lost", "ARM1", times=2))
    assert faults.strike("lost", "ARM2") is None
    assert faults.strike("late", "ARM1") is None
    assert [faults.strike("lost", "ARM1") is not None for _ in range(3)] == [True, True, False]
    assert faults.active == []
    assert faults.hits == {"lost": 2}


def test_a_fault_for_any_request_lasts_until_cleared() -> None:
    faults = Faults()
    faults.add(InjectedFault("down"))
    assert all(faults.strike("down", name) for name in ("ARM1", "LOGIN", "unknown"))
    faults.clear("down")
    assert faults.strike("down", "ARM1") is None
    assert faults.hits == {"down": 3}


def test_the_same_fault_for_the_same_request_is_replaced() -> None:
    faults = Faults()
    faults.add(InjectedFault("late", "ARM1", times=1))
    faults.add(InjectedFault("late", "PERI1", times=1))
    faults.add(InjectedFault("late", "ARM1", times=5, seconds=2))
    assert [(fault.request, fault.times) for fault in faults.active] == [("PERI1", 1), ("ARM1", 5)]


def test_faults_are_cleared_one_a_kind_or_all() -> None:
    faults = Faults()
    for kind, request in (("late", "ARM1"), ("late", "PERI1"), ("lost", "ARM1"), ("lost", "")):
        faults.add(InjectedFault(kind, request))
    faults.clear("late", "ARM1")
    assert len(faults.active) == 3
    faults.clear("lost")
    assert [fault.request for fault in faults.active] == ["PERI1"]
    faults.add(InjectedFault("lost"))
    faults.clear()
    assert faults.active == []


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: Faults().add(InjectedFault("fire")), "no fault 'fire'; use one of down, unavailable"),
        (lambda: InjectedFault("lost", times=0), "times is 0; use 1 or more"),
        (lambda: InjectedFault("late", seconds=-1), "seconds is -1; use 0 to 300"),
        (lambda: InjectedFault("late", seconds=float("nan")), "seconds is nan"),
    ],
)
def test_a_fault_that_makes_no_sense(build: object, says: str) -> None:
    assert callable(build)
    with pytest.raises(ValueError, match=says):
        build()


def test_faults_are_bounded() -> None:
    faults = Faults()
    for at in range(MOST_FAULTS):
        faults.add(InjectedFault("lost", str(at)))
    with pytest.raises(ValueError, match="clear some"):
        faults.add(InjectedFault("lost", "one more"))
    faults.add(InjectedFault("lost", "0"))
    assert len(faults.active) == MOST_FAULTS


def test_every_kind_tells_what_it_does() -> None:
    assert all(told for row in FACES.values() for told in row.faults.values())
