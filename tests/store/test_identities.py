"""Who the switches are to their clients, over restarts and whatever the settings say."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import ConfigError
from emulator.model import ArmMode, Interior
from emulator.store.identities import Identity, Wanted, identities, udns
from emulator.store.journal import Journal

TOTAL, DAY, NIGHT = (ArmMode(interior) for interior in (Interior.TOTAL, Interior.DAY, Interior.NIGHT))
PERIMETER = ArmMode(perimeter=True)
A, B, C = Wanted("home", TOTAL, "Total"), Wanted("home", DAY, "Day"), Wanted("home", NIGHT, "Night")


def ask(journal: Journal, *wanted: Wanted, first_port: int = 49151) -> list[Identity]:
    return identities(journal, wanted, first_port)


def ports(found: list[Identity]) -> list[int]:
    return [identity.port for identity in found]


def test_new_identities(journal: Journal) -> None:
    found = ask(journal, A, B, C)
    assert ports(found) == [49151, 49152, 49153]
    assert len({identity.serial for identity in found}) == len({identity.key for identity in found}) == 3
    macs = [int(identity.mac, 16) for identity in found]
    assert [after - before for before, after in pairwise(macs)] == [4, 4]
    for identity in found:
        assert len(identity.mac) == 12
        first_octet = int(identity.mac[:2], 16)
        assert first_octet & 0b11 == 0b10, "locally administered, and no group"
        assert len(identity.serial) == 14
    assert udns(journal) == {identity.udn for identity in found}


def test_two_homes_differ(tmp_path: Path) -> None:
    found = []
    for name in ("one", "two"):
        journal = Journal(tmp_path / name)
        found += ask(journal, A)
        journal.close()
    assert found[0].mac != found[1].mac
    assert found[0].serial != found[1].serial


def test_the_same_after_a_restart(open_journal: Callable[[], Journal]) -> None:
    before = open_journal()
    found = ask(before, A, B, C)
    before.close()
    assert ask(open_journal(), A, B, C) == found


def test_the_same_for_two_processes(open_journal: Callable[[], Journal]) -> None:
    assert ask(open_journal(), A, B) == ask(open_journal(), A, B)


def test_the_same_after_a_rename_and_in_any_order(journal: Journal) -> None:
    a, b, c = ask(journal, A, B, C)
    renamed = Wanted("home", TOTAL, "Everything")
    assert ask(journal, C, renamed, B) == [c, a, b]


def test_a_switch_that_is_added_changes_no_other_and_one_that_returns_is_the_same(journal: Journal) -> None:
    a, b = ask(journal, A, B)
    assert ask(journal, C, B)[1] == b
    c = ask(journal, C)[0]
    assert ask(journal, A, B, C) == [a, b, c]
    assert c.port == 49153, "the port of a switch that is away stays its own"


def test_another_mode_or_installation_is_another_device(journal: Journal) -> None:
    [a] = ask(journal, A)
    same_name = [Wanted("home", NIGHT, "Total"), Wanted("shed", TOTAL, "Total"), Wanted("home", PERIMETER, "Total")]
    assert a.serial not in {identity.serial for identity in ask(journal, *same_name)}


def test_two_switches_of_one_mode_are_told_apart_by_name(journal: Journal) -> None:
    ours, theirs = Wanted("home", NIGHT, "Ours"), Wanted("home", NIGHT, "Theirs")
    a, b = ask(journal, ours, theirs)
    assert ask(journal, theirs, ours) == [b, a]
    assert ask(journal, theirs) == [b]
    assert ask(journal, Wanted("home", NIGHT, "Mine"), theirs) == [a, b]
    assert ask(journal, theirs, Wanted("home", NIGHT, "Mine")) == [b, a]


def test_a_port_of_the_settings_is_obeyed_and_kept_when_it_is_left_out_again(journal: Journal) -> None:
    a, b = ask(journal, A, B)
    moved = Wanted("home", TOTAL, "Total", port=50000)
    assert ports(ask(journal, moved, B)) == [50000, b.port]
    assert ports(ask(journal, A, B)) == [50000, b.port]
    assert ask(journal, A)[0].serial == a.serial


def test_a_switch_makes_way_for_the_port_that_another_was_given(journal: Journal) -> None:
    a, _ = ask(journal, A, B)
    wants_it = Wanted("home", DAY, "Day", port=a.port)
    assert ports(ask(journal, A, wants_it)) == [49153, a.port]
    assert ports(ask(journal, A, wants_it)) == [49153, a.port]


def test_a_switch_that_returns_does_not_share_the_port_that_went_to_another(journal: Journal) -> None:
    [a] = ask(journal, A)
    ask(journal, Wanted("home", DAY, "Day", port=a.port))
    found = ports(ask(journal, A, B))
    assert len(set(found)) == 2
    assert ports(ask(journal, A, B)) == found


def test_a_higher_first_port_moves_those_below_and_a_lower_one_moves_none(journal: Journal) -> None:
    ask(journal, A, B, C)
    assert ports(ask(journal, A, B, C, first_port=49152)) == [49154, 49152, 49153]
    assert ports(ask(journal, A, B, C, first_port=40000)) == [49154, 49152, 49153]


def test_ports_that_others_use_are_passed_over_but_a_port_once_given_stays(journal: Journal) -> None:
    busy = {49151, 49153}
    assert ports(identities(journal, [A, B], 49151, lambda port: port not in busy)) == [49152, 49154]
    assert ports(identities(journal, [A, B], 49151, lambda _: False)) == [49152, 49154]


def test_a_switch_makes_way_for_the_port_that_another_door_was_given(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    a, b = ask(journal, A, B)
    assert caplog.messages == []
    for _ in range(2):
        assert ports(identities(journal, [A, B], 49151, reserved={a.port, 49153})) == [49154, b.port]
    (message,) = caplog.messages
    assert message.startswith("'Total' moves from port 49151 to 49154; ")
    assert ports(ask(journal, A, B)) == [49154, b.port]


@pytest.mark.parametrize(("first_port", "usable"), [(65535, True), (65000, False)])
def test_no_port_left_says_what_to_set_and_keeps_what_was(journal: Journal, first_port: int, usable: bool) -> None:
    with pytest.raises(ConfigError) as caught:
        identities(journal, [A, B], first_port, lambda _: usable)
    [problem] = caught.value.problems
    assert str(problem).startswith(f"doors.wemo.first_port: no port from {first_port} to 65535 is free for ")
    assert udns(journal) == frozenset()


WANTED = st.lists(
    st.builds(
        Wanted,
        st.sampled_from(["home", "shed"]),
        st.sampled_from([TOTAL, NIGHT]),
        st.text("ab", min_size=1, max_size=2),
        st.sampled_from([0, 0, 0, 49151, 49152, 50000]),
    ),
    max_size=5,
    unique_by=(lambda want: want.name, lambda want: want.port or want.name),
)


@given(st.lists(WANTED, max_size=5))
def test_whatever_the_settings_were_before_identities_are_unique_and_stable(
    tmp_path_factory: pytest.TempPathFactory, history: list[list[Wanted]]
) -> None:
    journal = Journal(tmp_path_factory.mktemp("any"))
    for wanted in history:
        found = ask(journal, *wanted)
        assert len({identity.port for identity in found}) == len(wanted)
        assert len({identity.serial for identity in found}) == len({identity.mac for identity in found}) == len(wanted)
        assert all(identity.port == want.port for identity, want in zip(found, wanted, strict=True) if want.port)
        assert ask(journal, *wanted) == found
    journal.close()
