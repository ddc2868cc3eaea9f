"""What the Hue bridge remembers over restarts, renames and changes of order."""

from dataclasses import replace
from pathlib import Path

import pytest

from emulator.errors import EmulatorError
from emulator.store import pairing
from emulator.store.journal import Journal
from emulator.store.pairing import (
    BUTTON_S,
    MAX_ADOPTED,
    MAX_ADOPTED_BY_PEER,
    MAX_BY_PEER,
    MAX_USERS,
    NEW_BY_PEER,
    NEW_IN_ALL,
    NEW_WITHIN_S,
    SILENT_S,
    USED_EVERY_S,
    PairingRefused,
    User,
    Users,
)
from tests.store.rig import known

ECHO, SCANNER = "192.168.7.9", "192.168.7.66"


def test_the_bridge_is_the_same_for_ever_and_no_switch(tmp_path: Path) -> None:
    first = Journal(tmp_path)
    bridge = pairing.identity(first)
    switches = known(first)
    first.close()
    again = Journal(tmp_path)
    assert pairing.identity(again) == bridge
    again.close()
    assert bridge.mac not in {one.mac for one in switches}
    assert int(bridge.mac[:2], 16) & 0b11 == 0b10  # locally administered, for one receiver
    assert bridge.bridge_id == f"{bridge.mac[:6]}FFFE{bridge.mac[6:]}"


def test_the_button_is_pressed_for_half_a_minute(journal: Journal) -> None:
    users = Users(journal)
    assert not users.button_pressed(1000.0)
    pairing.press_button(journal, 1000.0)
    assert [users.button_pressed(1000.0 + age) for age in (-1, 0, BUTTON_S, BUTTON_S + 0.1)] == [
        False,
        True,
        True,
        False,
    ]


def test_users_outlive_a_restart(journal: Journal) -> None:
    user = Users(journal).add("key", "192.168.7.9", "app#phone", 1000.0)
    again = Users(journal)
    assert len(again) == 1
    assert again.known_from("192.168.7.9", "app#phone") == user
    assert again.find("key", 1001.0) == replace(user, used=1001.0)
    assert again.known_from("192.168.7.8", "app#phone") is None
    assert again.find("other", 1001.0) is None


def test_being_seen_is_written_down_the_first_time_and_then_now_and_then(journal: Journal) -> None:
    users = Users(journal)
    users.add("key", "", "app", 0.0)
    hour = USED_EVERY_S
    for now, noted in ((0.0, 0.0), (1.0, 1.0), (hour, 1.0), (hour + 1, hour + 1)):
        users.find("key", now)
        assert journal.rows("SELECT used FROM hue_users") == [(noted,)]


def test_a_full_disk_locks_nobody_out(journal: Journal) -> None:
    users = Users(journal)
    users.add("key", "", "", 0.0)
    journal.close()
    assert users.find("key", USED_EVERY_S)


def fill(users: Users) -> None:
    """As many as there is room for, each of another peer and in use, slowly."""
    for number in range(MAX_USERS):
        now = NEW_WITHIN_S * number
        users.add(f"user{number}", f"10.0.0.{number}", "app", now)
        users.find(f"user{number}", now + 1)


FULL_S = NEW_WITHIN_S * MAX_USERS


def test_a_flood_of_new_names_pairs_a_few_a_minute_and_writes_nothing_for_the_rest(journal: Journal) -> None:
    users = Users(journal)
    users.add("echo", ECHO, "Echo", 0.0)
    users.find("echo", 1.0)
    before = journal.rows("PRAGMA data_version"), journal.rows("SELECT total_changes()")
    for number in range(500):
        if number < NEW_BY_PEER:
            users.add(f"x{number}", SCANNER, f"app{number}", 2.0)
            before = journal.rows("PRAGMA data_version"), journal.rows("SELECT total_changes()")
        else:
            with pytest.raises(PairingRefused, match="wait a minute"):
                users.add(f"x{number}", SCANNER, f"app{number}", 2.0)
            assert not users.adopt(f"y{number}", SCANNER, 2.0)
    assert before == (journal.rows("PRAGMA data_version"), journal.rows("SELECT total_changes()"))
    assert len(users) == 1 + NEW_BY_PEER
    users.add("phone", "192.168.7.20", "app", 2.0)  # others are let in meanwhile
    users.add("later", SCANNER, "app", 2.0 + NEW_WITHIN_S)


def test_many_peers_at_once_are_bounded_too(journal: Journal) -> None:
    users = Users(journal)
    for number in range(NEW_IN_ALL):
        users.add(f"x{number}", f"10.0.0.{number}", "app", 1.0)
    with pytest.raises(PairingRefused, match="wait a minute"):
        users.add("more", "10.0.1.1", "app", 1.0)


def test_a_peer_that_pairs_for_days_pushes_out_its_own(journal: Journal) -> None:
    users = Users(journal)
    users.add("echo", ECHO, "Echo", 0.0)
    for number in range(3 * MAX_USERS):
        users.add(f"x{number}", SCANNER, f"app{number}", NEW_WITHIN_S * (1 + number))
    left = [user.name for user in pairing.paired(journal).values()]
    assert left == ["echo", *(f"x{number}" for number in range(3 * MAX_USERS - MAX_BY_PEER, 3 * MAX_USERS))]


def test_of_its_own_those_in_use_go_last(journal: Journal) -> None:
    users = Users(journal)
    for number in range(MAX_BY_PEER):
        users.add(f"x{number}", SCANNER, "app", NEW_WITHIN_S * number)
    users.find("x0", FULL_S)
    users.add("new", SCANNER, "app", FULL_S)
    assert users.find("x0", FULL_S)
    assert users.find("x1", FULL_S) is None


def test_when_it_is_full_those_go_that_were_never_in_use(journal: Journal) -> None:
    users = Users(journal)
    fill(users)
    pairing.forget(journal, "51")
    users.follow()
    users.add("flood", SCANNER, "app", FULL_S)
    users.add("new", ECHO, "app", FULL_S + NEW_WITHIN_S)
    names = {user.name for user in pairing.paired(journal).values()}
    assert len(users) == MAX_USERS
    assert names == {f"user{number}" for number in range(MAX_USERS) if number != 50} | {"new"}


def test_a_hundred_in_use_go_for_nobody_but_their_own_peer(journal: Journal) -> None:
    users = Users(journal)
    fill(users)
    with pytest.raises(PairingRefused, match="the bridge is full; see `emulator pair --list`"):
        users.add("flood", SCANNER, "app", FULL_S)
    users.add("again", "10.0.0.7", "app", FULL_S)
    assert users.find("user7", FULL_S) is None
    assert len(users) == MAX_USERS


def test_who_was_silent_for_a_season_makes_room(journal: Journal) -> None:
    users = Users(journal)
    fill(users)
    users.find("user0", SILENT_S)
    users.add("new", ECHO, "app", SILENT_S + NEW_WITHIN_S + 1)
    assert users.find("user0", SILENT_S)
    assert users.find("user1", SILENT_S) is None


# -- users that clients bring along -----------------------------------------------------------------------------


def test_a_name_that_was_brought_along_is_kept(journal: Journal) -> None:
    assert Users(journal).adopt("old", ECHO, 5.0)
    user = Users(journal).find("old", 6.0)
    assert user == User("old", ECHO, "", 5.0, 5.0)
    assert user.adopted


def test_who_brings_many_names_pushes_out_nobody_but_itself(journal: Journal) -> None:
    users = Users(journal)
    users.add("app", ECHO, "app#phone", 0.0)
    users.adopt("old", ECHO, 1.0)
    for number in range(1000):
        assert users.adopt(f"x{number}", SCANNER, 2.0 + NEW_WITHIN_S * number)
    left = {user.name for user in pairing.paired(journal).values()}
    assert left == {"app", "old", *(f"x{number}" for number in range(1000 - MAX_ADOPTED_BY_PEER, 1000))}
    assert len(users) == len(left)


def test_many_who_bring_names_push_out_nobody(journal: Journal) -> None:
    users = Users(journal)
    users.adopt("old", ECHO, 0.0)
    kept = [users.adopt(f"x{number}", f"192.168.7.{number}", NEW_WITHIN_S * number) for number in range(100, 150)]
    assert kept == [True] * (MAX_ADOPTED - 1) + [False] * (50 - MAX_ADOPTED + 1)
    assert users.find("old", 2.0)


def test_where_all_room_is_taken_a_brought_name_is_not_kept(journal: Journal) -> None:
    users = Users(journal)
    fill(users)
    assert not users.adopt("old", ECHO, FULL_S)
    assert len(users) == MAX_USERS


# -- looking and forgetting -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "short"), [("0123456789" * 4, "012345…"), ("nouser", "n…"), ("x", "…"), ("a" * 23, "aaaaa…")]
)
def test_a_key_is_never_shown_in_full(name: str, short: str) -> None:
    assert User(name, "", "", 0.0, 0.0).short == short


def test_who_is_paired_is_numbered_for_good(journal: Journal) -> None:
    users = Users(journal)
    for name in ("one", "two", "three"):
        users.add(name * 8, ECHO, name, 0.0)
    assert [(number, user.devicetype) for number, user in pairing.paired(journal).items()] == [
        (1, "one"),
        (2, "two"),
        (3, "three"),
    ]
    assert pairing.forget(journal, "2").devicetype == "two"
    assert list(pairing.paired(journal)) == [1, 3]


@pytest.mark.parametrize("which", ["1", "abcdef…", "abcdef"])
def test_one_is_forgotten_by_its_number_or_its_short_name(journal: Journal, which: str) -> None:
    users = Users(journal)
    users.add("abcdef" + "0" * 34, ECHO, "app#phone", 0.0)
    users.add("fedcba" + "0" * 34, ECHO, "app#phone", 0.0)
    assert pairing.forget(journal, which).name.startswith("abc")
    assert users.find("abcdef" + "0" * 34, 1.0)
    users.follow()
    assert users.find("abcdef" + "0" * 34, 1.0) is None
    assert users.find("fedcba" + "0" * 34, 1.0)
    assert len(users) == 1


@pytest.mark.parametrize(("which", "why"), [("", "no paired"), ("7", "no paired"), ("abcde", "no"), ("abcdef", "2 ")])
def test_what_is_not_exactly_one_is_not_forgotten(journal: Journal, which: str, why: str) -> None:
    users = Users(journal)
    for number in range(2):
        users.add("abcdef" + str(number) * 34, ECHO, "app#phone", 0.0)
    users.add("x", ECHO, "", 0.0)
    with pytest.raises(EmulatorError, match=f"^{why}"):
        pairing.forget(journal, which)
    users.follow()
    assert len(users) == 3


def test_following_keeps_who_was_paired_meanwhile(journal: Journal) -> None:
    users = Users(journal)
    users.add("before", ECHO, "app", 0.0)
    read = journal.rows

    def slow(query: str, *values: object) -> list[tuple[object, ...]]:
        found = read(query, *values)
        users.add("meanwhile", ECHO, "app", 0.0)
        return found

    journal.rows = slow  # type: ignore[method-assign]
    users.follow()
    assert users.find("before", 0.0)
    assert users.find("meanwhile", 0.0)
