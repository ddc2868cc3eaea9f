"""The kept activity log: bounds, matches and keys."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from emulator.model import Arm, ArmMode, Command, Disarm, Interior, Origin, Outcome, Result
from emulator.model.activity import AlarmEvent, EventKind, Means
from emulator.store import activity, keys
from emulator.store.activity import KEEP_EVENTS, LogMemory
from emulator.store.journal import Journal

NOW = 1_700_000_000.0


def event(key: str, at: float = NOW, kind: EventKind = EventKind.DISARMED, **more: object) -> AlarmEvent:
    return replace(AlarmEvent(key, at, kind, "32", Means.APP, is_own=True), **more)  # type: ignore[arg-type]


def command(journal: Journal, at: float, result: Result = Result.CONFIRMED, *, arm: bool = False) -> int:
    action = Arm(ArmMode(Interior.NIGHT)) if arm else Disarm()
    entry = journal.begin("home", Command(action, Origin("wemo")), at)
    journal.end(entry, Outcome(result, ""), at + 10)
    return entry


def matched(journal: Journal) -> dict[str, int | None]:
    return dict(journal.rows("SELECT key, command FROM events"))


def test_the_same_row_is_kept_once(journal: Journal) -> None:
    activity.keep(journal, "home", [event("a"), event("b")], NOW)
    activity.keep(journal, "home", [event("b"), event("c")], NOW)
    activity.keep(journal, "shop", [event("a")], NOW)
    assert len(activity.events(journal, "home", 9)) == 3
    assert len(activity.events(journal, None, 9)) == 4
    assert activity.known(journal, "home", ["a", "z"]) == {"a": NOW}


def test_old_rows_make_room(journal: Journal) -> None:
    activity.keep(journal, "shop", [event("first")], NOW)
    activity.keep(journal, "home", [event(str(n), NOW + n) for n in range(KEEP_EVENTS + 20)], NOW + KEEP_EVENTS + 20)
    found = activity.events(journal, "home", 2 * KEEP_EVENTS)
    assert len(found) == KEEP_EVENTS
    assert found[0].at == NOW + KEEP_EVENTS + 19
    assert len(activity.events(journal, "shop", 9)) == 1


def test_no_row_is_of_the_future(journal: Journal) -> None:
    activity.keep(journal, "home", [event("a", NOW + 9999)], NOW)
    assert activity.events(journal, "home", 1)[0].at == NOW


def test_each_row_has_the_nearest_command_and_each_command_one_row_of_a_type(journal: Journal) -> None:
    first, second = command(journal, NOW), command(journal, NOW + 600)
    rows = [event("a", NOW + 8), event("b", NOW + 605), event("c", NOW + 30), event("d", NOW + 8, type="107")]
    activity.keep(journal, "home", rows, NOW + 700)
    assert matched(journal) == {"a": first, "b": second, "c": None, "d": first}


@pytest.mark.parametrize(
    "other",
    [
        {"user": "Ana", "is_own": False},
        {"means": Means.KEYPAD},
        {"means": Means.PANEL},
        {"kind": EventKind.ARMED},
        {"kind": EventKind.ALARM},
        {"at": NOW - 3000},
    ],
    ids=str,
)
def test_what_others_did_is_not_ours(journal: Journal, other: dict[str, object]) -> None:
    command(journal, NOW)
    activity.keep(journal, "home", [replace(event("a"), **other)], NOW + 60)  # type: ignore[arg-type]
    assert matched(journal) == {"a": None}


def test_another_mode_is_not_ours(journal: Journal) -> None:
    entry = command(journal, NOW, arm=True)
    rows = [event(part, NOW + 10, EventKind.ARMED, type=part, part=part) for part in ("total", "night")]
    activity.keep(journal, "home", rows, NOW + 60)
    assert matched(journal) == {"total": None, "night": entry}


@pytest.mark.parametrize("at_once", [True, False])
def test_what_is_done_again_after_another_has_undone_it_is_not_ours(journal: Journal, *, at_once: bool) -> None:
    entry = command(journal, NOW, arm=True)
    rows = [
        event("ours", NOW + 10, EventKind.ARMED, type="46"),
        event("Ana", NOW + 100, user="Ana", is_own=False),
        event("phone", NOW + 200, EventKind.ARMED, type="850"),
    ]
    for some in [rows] if at_once else [[one] for one in rows]:
        activity.keep(journal, "home", some, NOW + 300)
    assert matched(journal) == {"ours": entry, "Ana": None, "phone": None}


@pytest.mark.parametrize(
    ("result", "kind", "arm"),
    [
        (Result.UNCONFIRMED, EventKind.DISARMED, False),
        (Result.REJECTED, EventKind.ARMING_FAILED, True),
        (Result.CONFIRMED, EventKind.ARMED, True),
    ],
)
def test_which_commands_leave_which_rows(journal: Journal, result: Result, kind: EventKind, arm: bool) -> None:
    entry = command(journal, NOW, result, arm=arm)
    activity.keep(journal, "home", [event("a", NOW + 10, kind)], NOW + 60)
    assert matched(journal) == {"a": entry}


def test_a_command_that_was_not_sent_left_no_row(journal: Journal) -> None:
    command(journal, NOW, Result.FAILED)
    activity.keep(journal, "home", [event("a", NOW + 10)], NOW + 60)
    assert matched(journal) == {"a": None}


def test_the_log_of_another_alarm_of_that_name_is_not_shown(journal: Journal) -> None:
    keys.bind(journal, {"home": keys.Key("owa", "host", "1", "me")})
    activity.keep(journal, "home", [event("a")], NOW)
    LogMemory(NOW, NOW).save(journal, "home")
    keys.bind(journal, {"home": keys.Key("owa", "host", "2", "me")})
    assert activity.events(journal, "home", 9) == []
    assert activity.events(journal, None, 9) == []
    assert LogMemory.load(journal, "home") == LogMemory()
    keys.bind(journal, {"casa": keys.Key("owa", "host", "1", "me")})
    assert [one.installation for one in activity.events(journal, "casa", 9)] == ["casa"]


def test_rows_go_with_the_number_that_is_learnt(journal: Journal) -> None:
    keys.bind(journal, {"home": keys.Key("owa", "host", "", "me")})
    activity.keep(journal, "home", [event("a")], NOW)
    keys.learn(journal, "home", "7")
    assert len(activity.events(journal, "home", 9)) == 1


@pytest.mark.parametrize("kept", ["", "{", "[1]", '{"read_at": 1, "another": 2}'])
def test_a_memory_that_cannot_be_read_is_a_first_start(journal: Journal, kept: str) -> None:
    journal.note(f"{activity.MEMORY}{journal.alarm('home')}", kept)
    assert LogMemory.load(journal, "home") == LogMemory()


def test_words_of_a_newer_program_are_other(journal: Journal) -> None:
    activity.keep(journal, "home", [event("a")], NOW)
    with journal.write() as db:
        db.execute("UPDATE events SET kind = 'flood', means = 'drone'")
    [row] = activity.events(journal, "home", 9)
    assert (row.kind, row.means) == (EventKind.OTHER, Means.UNKNOWN)


def test_they_outlive_the_program(tmp_path: Path) -> None:
    first = Journal(tmp_path)
    activity.keep(first, "home", [event("a", user="Ana", is_own=False)], NOW)
    LogMemory(NOW, NOW - 5).save(first, "home")
    first.close()
    again = Journal(tmp_path)
    assert activity.events(again, "home", 9)[0].user == "Ana"
    assert LogMemory.load(again, "home") == LogMemory(NOW, NOW - 5)
    again.close()


@pytest.mark.parametrize(
    "kept", ['{"read_at": "x"}', '{"lost_at": Infinity}', '{"alarm_at": NaN}', '{"alarm_at": [1]}', '{"x": 1}', "["]
)
def test_a_memory_that_cannot_be_read_is_none(tmp_path: Path, kept: str) -> None:
    with closing(Journal(tmp_path)) as journal:
        journal.note(f"{activity.MEMORY}{journal.alarm('home')}", kept)
        assert activity.LogMemory.load(journal, "home") == activity.LogMemory()
