"""What the lights of the Hue bridge are known by: over restarts, renames, removals, and when the small ids end."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from emulator.errors import EmulatorError
from emulator.store import light_ids
from emulator.store.identities import Identity
from emulator.store.journal import Journal
from emulator.store.light_ids import FITTING, HIGHEST, LAST_START, LOWEST, LightIdentity
from tests.store.rig import LARGE, MODES, given, known

BRIDGE_FULL = 49
"""Lights that an Echo takes of a bridge."""


def many(journal: Journal, count: int) -> list[Identity]:
    return known(journal, *(f"Night {number}" for number in range(count)), modes=("night",) * count)


def ids(lights: dict[str, LightIdentity]) -> list[int]:
    return [light.id for light in lights.values()]


def plugs(journal: Journal, switches: list[Identity]) -> dict[str, LightIdentity]:
    return light_ids.lights(journal, switches, "plug")[0]


def test_lights_outlive_restart_rename_and_reordering(open_journal: Callable[[], Journal]) -> None:
    first = open_journal()
    before = dict(zip(MODES, plugs(first, known(first)).values(), strict=True))
    first.close()
    again = open_journal()
    modes = tuple(reversed(MODES))
    switches = known(again, "a", "b", "c", "d", modes=modes)
    after, reshaped = light_ids.lights(again, switches, "plug")
    assert {mode: after[one.key] for mode, one in zip(modes, switches, strict=True)} == before
    assert not reshaped


def test_ids_begin_anywhere_apart_from_a_real_bridge_and_follow_each_other(tmp_path: Path) -> None:
    starts = set()
    for number in range(20):
        journal = Journal(tmp_path / str(number))
        first, *others = ids(plugs(journal, known(journal)))
        assert others == [first + 1, first + 2, first + 3]
        starts.add(first)
        journal.close()
    assert starts <= set(range(LOWEST, LAST_START + 1))
    assert len(starts) > 1


def test_all_that_an_echo_takes_fit_into_a_byte_from_the_last_start_too(journal: Journal) -> None:
    given(journal, (LAST_START - 1,))
    assert ids(plugs(journal, many(journal, BRIDGE_FULL))) == list(range(LAST_START, LAST_START + BRIDGE_FULL))
    assert LAST_START + BRIDGE_FULL - 1 <= HIGHEST


def test_unique_ids_are_unique_before_the_dash(journal: Journal) -> None:
    lights = plugs(journal, known(journal)).values()
    assert len({light.unique_id.partition("-")[0] for light in lights}) == len(MODES)


def test_two_bridges_differ(journal: Journal, tmp_path: Path) -> None:
    other = Journal(tmp_path / "other")
    mine, theirs = (plugs(one, known(one)).values() for one in (journal, other))
    assert not {light.unique_id for light in mine} & {light.unique_id for light in theirs}
    other.close()


def test_an_id_is_never_used_again(journal: Journal) -> None:
    gone = plugs(journal, known(journal, modes=("total",)))
    new = plugs(journal, known(journal, modes=("night",)))
    assert not set(ids(gone)) & set(ids(new))
    assert plugs(journal, known(journal, modes=("total",))) == gone


def test_after_the_highest_id_comes_the_lowest(journal: Journal) -> None:
    given(journal, range(90, HIGHEST))
    assert ids(plugs(journal, known(journal))) == [HIGHEST, LOWEST, LOWEST + 1, LOWEST + 2]


def test_where_every_small_id_was_given_larger_ones_follow_and_it_is_said(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    given(journal, FITTING[1:])
    with caplog.at_level(logging.WARNING):
        lights = plugs(journal, known(journal))
    assert ids(lights) == [LOWEST, HIGHEST + 1, HIGHEST + 2, HIGHEST + 3]
    assert len(caplog.messages) == 3
    assert f"every light id from {LOWEST} to {HIGHEST} was given before" in caplog.text
    assert plugs(journal, known(journal)) == lights
    assert len(caplog.messages) == 3


def test_another_shape_is_another_light_and_coming_back_the_first(journal: Journal) -> None:
    switches = known(journal)
    plugs, first = light_ids.lights(journal, switches, "plug")
    dimmers, second = light_ids.lights(journal, switches, "dimmable")
    again, third = light_ids.lights(journal, switches, "plug")
    assert (first, second, third) == (set(), {one.key for one in switches}, set())
    assert again == plugs
    every = [light.unique_id.partition("-")[0] for lights in (plugs, dimmers) for light in lights.values()]
    assert len(set(every)) == 2 * len(MODES)
    assert not set(ids(plugs)) & set(ids(dimmers))


# -- ids from before --------------------------------------------------------------------------------------------


@pytest.fixture
def old(journal: Journal) -> list[Identity]:
    """Switches whose lights have large ids, all but the last, which has none yet."""
    switches = known(journal)
    for number, one in enumerate(switches[:-1]):
        given(journal, (LARGE + number,), one.key)
    return switches


def test_a_light_keeps_its_large_id_and_a_new_one_gets_a_small_one(journal: Journal, old: list[Identity]) -> None:
    *kept, new = ids(plugs(journal, old))
    assert kept == [LARGE, LARGE + 1, LARGE + 2]
    assert new in range(LOWEST, LAST_START + 1)
    assert ids(plugs(journal, old)) == [*kept, new]


def test_the_order_of_lights_stays_so_that_no_light_gets_the_name_of_another(
    journal: Journal, old: list[Identity]
) -> None:
    """By it names that come out alike are numbered: by id in earlier versions, by the age of the switch since."""
    journal.rows("UPDATE hue_lights SET id = id + 7 WHERE key = ?", old[0].key)
    old_order = [old[1].key, old[2].key, old[0].key]
    *kept, new = plugs(journal, old[::-1])
    assert [*kept, new] == [*old_order, old[3].key]


def test_renumbering_gives_every_light_a_small_id_and_changes_nothing_else(
    journal: Journal, old: list[Identity]
) -> None:
    given(journal, (LARGE + 9,), old[0].key, "dimmable")
    before = plugs(journal, old)
    changed = light_ids.renumber(journal)
    after = plugs(journal, old)
    new = {one.old: one.new for one in changed}
    assert [(one.name, one.shape, one.old) for one in changed] == [
        ("total", "plug", LARGE),
        ("day", "plug", LARGE + 1),
        ("night", "plug", LARGE + 2),
        ("total", "dimmable", LARGE + 9),
    ]
    assert set(new.values()) <= set(FITTING)
    assert len({*new.values(), *ids(after)}) == len(MODES) + 1
    for key, light in before.items():
        assert after[key] == LightIdentity(new.get(light.id, light.id), light.shape, light.unique_id)
    assert light_ids.lights(journal, old[:1], "dimmable")[0][old[0].key].id == new[LARGE + 9]
    assert light_ids.renumber(journal) == []
    assert plugs(journal, old) == after


def test_renumbering_without_room_changes_nothing(journal: Journal) -> None:
    given(journal, (LARGE, LARGE + 1, LARGE + 2, *FITTING[2:]))
    before = journal.rows("SELECT * FROM hue_lights")
    with pytest.raises(EmulatorError, match="3 lights have ids above 255, but only 2 of the ids from 64 to 255"):
        light_ids.renumber(journal)
    assert journal.rows("SELECT * FROM hue_lights") == before


def test_a_light_whose_switch_the_journal_does_not_know_is_renumbered_too(journal: Journal) -> None:
    given(journal, (LARGE,))
    assert [one[:3] for one in light_ids.renumber(journal)] == [("", "plug", LARGE)]
