"""What changes nothing is counted, and washes nothing out that did."""

from collections.abc import Callable
from itertools import count

import pytest

from emulator.model import Arm, ArmMode, Command, Disarm, Interior, Origin, Outcome, Result
from emulator.store import noise
from emulator.store.journal import Journal
from emulator.store.noise import AGAIN_S, DAY_S, OTHERS, OTHERS_DONE, PEER_ROWS, WRITE_S

PEER = "192.168.1.7"
OFF = Command(Disarm(), Origin("wemo", PEER, "Night alarm"))
ON = Command(Arm(ArmMode(Interior.NIGHT)), Origin("wemo", PEER, "Night alarm"))
IGNORED = Outcome(Result.IGNORED, "this switch only arms")
DONE = Outcome(Result.CONFIRMED, "the panel is disarmed")


def disarmed(journal: Journal, at: float = 1.0) -> int:
    """A disarm that was carried out."""
    number = journal.begin("home", OFF, at)
    journal.end(number, DONE, at)
    return number


def rows(journal: Journal) -> list[tuple[str, int]]:
    return [(str(entry.result), entry.times) for entry in journal.commands(2 * noise.KEEP_COMMANDS)]


def in_the_file(journal: Journal) -> list[object]:
    return [times for (times,) in journal.rows("SELECT times FROM commands ORDER BY id DESC")]


def writes(journal: Journal) -> int:
    [(changes,)] = journal.rows("SELECT total_changes()")
    return int(str(changes))


def test_a_flood_is_one_row_with_its_count_and_its_last_time_and_hardly_writes(journal: Journal) -> None:
    mine = disarmed(journal)
    before = writes(journal)
    for number in range(22_000):
        journal.turn_away("home", OFF, IGNORED, 100.0 + number / 500)
    flood, kept = journal.commands(9)
    assert (flood.times, flood.at, flood.ended_at, flood.message) == (
        22_000,
        100.0,
        100.0 + 21_999 / 500,
        IGNORED.message,
    )
    assert (kept.id, kept.result, kept.times) == (mine, "confirmed", 1)
    assert writes(journal) - before < 10
    assert journal.counts(0.0)["home", "wemo", "ignored"] == 22_000


def test_a_peer_that_asks_for_ever_other_things_has_so_many_rows_a_day(journal: Journal) -> None:
    mine = disarmed(journal)
    for number in range(3 * PEER_ROWS):
        told = Command(Disarm(), Origin("wemo", PEER, f"switch {number}"))
        journal.turn_away("home", told, Outcome(Result.IGNORED, f"reason {number}"), 10.0)
        journal.refuse(Origin("dashboard", PEER), f"thing {number}", "no", 10.0)
    assert len(rows(journal)) == 1 + PEER_ROWS + 2  # what is more, of either door, has a row
    assert sum(times for result, times in rows(journal) if result != "confirmed") == 6 * PEER_ROWS
    assert [entry.action for entry in journal.commands(2)] == [OTHERS, OTHERS]
    assert journal.turn_away("home", Command(Disarm(), Origin("wemo", "another", "switch")), IGNORED, 10.0) > mine
    assert journal.commands(1)[0].peer == "another"
    journal.refuse(Origin("dashboard", PEER), "thing", "no", 11.0 + DAY_S)
    assert journal.commands(1)[0].action == "thing"


def test_many_peers_push_out_each_other_but_nothing_that_was_done(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(noise, "KEEP_NOISE", 100)
    mine = disarmed(journal)
    for number in range(1000):
        journal.refuse(Origin("wemo", f"peer {number}"), "disarm", "not from there", 10.0, "home")
    assert 100 <= len(rows(journal)) - 1 < 100 + noise.FORGET_EVERY
    assert journal.commands(noise.KEEP_COMMANDS)[-1].id == mine
    # The first peer's row is gone: it begins anew.
    journal.refuse(Origin("wemo", "peer 0"), "disarm", "not from there", 11.0, "home")
    journal.note("x", "1")
    journal.refuse(Origin("wemo", "peer 0"), "disarm", "not from there", 12.0, "home")
    assert journal.commands(1)[0].peer == "peer 0"


@pytest.mark.parametrize(("pause_s", "times"), [(AGAIN_S - 1, [2]), (AGAIN_S + 1, [1, 1]), (-10.0, [1, 1])])
def test_the_same_an_hour_later_or_before_is_a_new_row(journal: Journal, pause_s: float, times: list[int]) -> None:
    for at in (DAY_S, DAY_S + pause_s):
        journal.turn_away("home", OFF, IGNORED, at)
    assert [count for _, count in rows(journal)] == times


def test_a_row_tells_of_one_day(journal: Journal) -> None:
    for hour in range(50):
        journal.turn_away("home", OFF, IGNORED, hour * AGAIN_S)
    assert [count for _, count in rows(journal)] == [25, 25]


def test_a_count_is_written_with_the_next_write_after_some_seconds_and_at_the_end(
    journal: Journal, open_journal: Callable[[], Journal]
) -> None:
    other = open_journal()
    for at in (0.0, 1.0):
        journal.turn_away("home", OFF, IGNORED, at)
    assert in_the_file(other) == [1]
    journal.note("x", "1")
    assert in_the_file(other) == [2]
    journal.turn_away("home", OFF, IGNORED, 1.0 + WRITE_S)
    assert in_the_file(other) == [3]
    journal.turn_away("home", OFF, IGNORED, 2.0 + WRITE_S)
    journal.close()
    assert in_the_file(other) == [4]


def test_what_was_begun_and_then_came_to_nothing_is_one_row_under_the_newest_number(journal: Journal) -> None:
    ticks = count()
    numbers = []
    for _ in range(50):
        numbers.append(journal.begin("home", OFF, float(next(ticks))))
        journal.end(numbers[-1], Outcome(Result.IGNORED, "a sweep"), float(next(ticks)))
    [entry] = journal.commands(99)
    assert (entry.id, entry.times, entry.at, entry.ended_at, entry.result) == (numbers[-1], 50, 0.0, 99.0, "ignored")
    assert len(set(numbers)) == 50
    journal.turn_away("home", OFF, Outcome(Result.IGNORED, "a sweep"), 100.0)
    assert rows(journal) == [("ignored", 51)]
    journal.turn_away("home", OFF, IGNORED, 101.0)
    assert rows(journal) == [("ignored", 1), ("ignored", 51)]


def test_what_failed_without_having_been_sent_is_counted_but_is_no_noise(journal: Journal) -> None:
    for at in range(3):
        journal.end(journal.begin("home", ON, float(at)), Outcome(Result.FAILED, "the cloud does not answer"), at + 0.5)
        journal.turn_away("home", ON, Outcome(Result.FAILED, "not sent again"), at + 0.7)
    assert rows(journal) == [("failed", 3), ("failed", 3)]
    assert [entry.message for entry in journal.commands(9, quiet=False)] == ["the cloud does not answer"]
    assert [entry.message for entry in journal.commands(9, quiet=True)] == ["not sent again"]


@pytest.mark.parametrize("result", [Result.CONFIRMED, Result.UNCONFIRMED, Result.REJECTED])
def test_what_the_cloud_was_asked_for_has_its_own_row_each_time(journal: Journal, result: Result) -> None:
    for at in range(3):
        journal.end(journal.begin("home", ON, float(at)), Outcome(result, "x"), float(at))
    assert [(entry.result, entry.times) for entry in journal.commands(9, quiet=False)] == [(result, 1)] * 3


def test_an_end_that_could_not_be_written_is_written_at_the_second_try(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = journal.begin("home", OFF, 1.0)
    with monkeypatch.context() as full:
        full.setattr(noise.Noise, "write", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            journal.end(number, IGNORED, 2.0)
    journal.end(number, IGNORED, 2.0)
    [entry] = journal.commands(9)
    assert (entry.id, entry.result) == (number, "ignored")


def test_what_was_done_for_a_peer_is_never_counted_as_something_that_changed_nothing(journal: Journal) -> None:
    hue = Origin("hue", PEER)
    for number in range(PEER_ROWS):
        journal.refuse(hue, f"light {number}", "no", 10.0)
    for number in range(3):
        journal.did(hue, f"unpair {number}", "app", 10.0)
    (row,) = (entry for entry in journal.commands(99) if entry.result == "confirmed")
    assert (row.action, row.times) == (OTHERS_DONE, 3)
