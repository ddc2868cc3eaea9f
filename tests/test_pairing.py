"""What the Hue bridge remembers over restarts, renames and changes of order."""

from pathlib import Path

import pytest

from emulator import pairing
from emulator.errors import EmulatorError
from emulator.identities import Wanted, identities
from emulator.journal import Journal
from emulator.model import ArmMode, Identity
from emulator.pairing import (
    BUTTON_S,
    HIGHEST_LIGHT,
    MAX_ADOPTED,
    MAX_ADOPTED_BY_PEER,
    MAX_USERS,
    USED_EVERY_S,
    User,
    Users,
)

MODES = ("total", "day", "night", "perimeter")


def known(journal: Journal, *names: str, modes: tuple[str, ...] = MODES) -> list[Identity]:
    wanted = [Wanted("home", ArmMode.parse(mode), name or mode) for mode, name in zip(modes, names, strict=True)]
    return identities(journal, wanted, 49151)


def test_the_bridge_is_the_same_for_ever_and_no_switch(tmp_path: Path) -> None:
    first = Journal(tmp_path)
    bridge = pairing.identity(first)
    switches = known(first, *MODES)
    first.close()
    again = Journal(tmp_path)
    assert pairing.identity(again) == bridge
    again.close()
    assert bridge.mac not in {one.mac for one in switches}
    assert int(bridge.mac[:2], 16) & 0b11 == 0b10  # locally administered, for one receiver
    assert bridge.bridge_id == f"{bridge.mac[:6]}FFFE{bridge.mac[6:]}"


def test_lights_outlive_restart_rename_and_reordering(tmp_path: Path) -> None:
    first = Journal(tmp_path)
    before = dict(zip(MODES, (pairing.lights(first, known(first, *MODES), "plug")[0].values()), strict=True))
    first.close()
    again = Journal(tmp_path)
    modes = tuple(reversed(MODES))
    switches = known(again, "a", "b", "c", "d", modes=modes)
    after, reshaped = pairing.lights(again, switches, "plug")
    assert {mode: after[one.key] for mode, one in zip(modes, switches, strict=True)} == before
    assert not reshaped
    again.close()


def test_ids_are_decimal_small_enough_and_unique_before_the_dash(journal: Journal) -> None:
    lights = pairing.lights(journal, known(journal, *MODES), "plug")[0].values()
    assert len({light.id for light in lights}) == len(MODES)
    assert all(0 < light.id < HIGHEST_LIGHT for light in lights)
    assert len({light.unique_id.partition("-")[0] for light in lights}) == len(MODES)


def test_two_bridges_differ(journal: Journal, tmp_path: Path) -> None:
    other = Journal(tmp_path / "other")
    mine, theirs = (pairing.lights(one, known(one, *MODES), "plug")[0].values() for one in (journal, other))
    assert not {light.id for light in mine} & {light.id for light in theirs}
    assert not {light.unique_id for light in mine} & {light.unique_id for light in theirs}
    other.close()


def test_an_id_is_never_used_again(journal: Journal) -> None:
    gone = pairing.lights(journal, known(journal, "total", modes=("total",)), "plug")[0]
    new = pairing.lights(journal, known(journal, "night", modes=("night",)), "plug")[0]
    assert not {light.id for light in gone.values()} & {light.id for light in new.values()}
    back = pairing.lights(journal, known(journal, "total", modes=("total",)), "plug")[0]
    assert back == gone


def test_another_shape_is_another_light_and_coming_back_the_first(journal: Journal) -> None:
    switches = known(journal, *MODES)
    plugs, first = pairing.lights(journal, switches, "plug")
    dimmers, second = pairing.lights(journal, switches, "dimmable")
    again, third = pairing.lights(journal, switches, "plug")
    assert (first, second, third) == (set(), {one.key for one in switches}, set())
    assert again == plugs
    every = [light.unique_id.partition("-")[0] for lights in (plugs, dimmers) for light in lights.values()]
    assert len(set(every)) == 2 * len(MODES)
    assert not {light.id for light in plugs.values()} & {light.id for light in dimmers.values()}


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
    assert again.find("key", 1001.0) == user
    assert again.known_from("192.168.7.9", "app#phone") == user
    assert again.known_from("192.168.7.8", "app#phone") is None
    assert again.find("other", 1001.0) is None


def test_being_seen_is_written_down_now_and_then(journal: Journal) -> None:
    users = Users(journal)
    users.add("key", "", "", 0.0)
    for now, noted in ((USED_EVERY_S - 1, 0.0), (USED_EVERY_S, USED_EVERY_S)):
        users.find("key", now)
        assert journal.rows("SELECT used FROM hue_users") == [(noted,)]


def test_a_full_disk_locks_nobody_out(journal: Journal) -> None:
    users = Users(journal)
    users.add("key", "", "", 0.0)
    journal.close()
    assert users.find("key", USED_EVERY_S)


def test_there_is_room_for_a_hundred_and_the_silent_go_first(journal: Journal) -> None:
    users = Users(journal)
    for number in range(MAX_USERS):
        users.add(f"user{number}", "", "", float(number))
    users.find("user0", USED_EVERY_S)
    users.add("new", "", "", USED_EVERY_S)
    assert len(users) == MAX_USERS
    assert users.find("user0", USED_EVERY_S)
    assert users.find("user1", USED_EVERY_S) is None
    assert journal.rows("SELECT count(*) FROM hue_users") == [(MAX_USERS,)]


# -- users that clients bring along -----------------------------------------------------------------------------

ECHO, SCANNER = "192.168.7.9", "192.168.7.66"


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
        assert users.adopt(f"x{number}", SCANNER, 2.0 + number)
    left = {user.name for user in pairing.paired(journal).values()}
    assert left == {"app", "old", *(f"x{number}" for number in range(1000 - MAX_ADOPTED_BY_PEER, 1000))}
    assert len(users) == len(left)


def test_many_who_bring_names_push_out_nobody(journal: Journal) -> None:
    users = Users(journal)
    users.adopt("old", ECHO, 0.0)
    kept = [users.adopt(f"x{number}", f"192.168.7.{number}", 1.0) for number in range(100, 150)]
    assert kept == [True] * (MAX_ADOPTED - 1) + [False] * (50 - MAX_ADOPTED + 1)
    assert users.find("old", 2.0)


def test_where_all_room_is_taken_a_brought_name_is_not_kept(journal: Journal) -> None:
    users = Users(journal)
    for number in range(MAX_USERS):
        users.add(f"app{number}", ECHO, f"app#{number}", 0.0)
    assert not users.adopt("old", ECHO, 1.0)
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
