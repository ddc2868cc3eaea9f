"""Every fault at every step of an arm, a disarm and a poll, on all clouds: what must hold whatever happens.

`make test` takes each fault of each cloud with one of the three, in turn; `make test-long` takes the rest.

At most one submission for a command, no disarm that nobody asked for, nothing reported that the panel was not, every
command that was taken ends in the journal, and afterwards everything works again by itself.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from emulator.alarm.queue import Ticket
from emulator.errors import EmulatorError
from emulator.model import Arm, ArmMode, Interior, Result
from emulator.store.journal_file import FILE
from tests.faults.alarm import CLOUDS, SUBMITS, Alarm, Killed

pytestmark = pytest.mark.sampled

NIGHT = ArmMode(Interior.NIGHT)
OUTCOMES = ("ARMNIGHT2", "DARM2", "ArmStatus", "DisarmStatus", "pollArmState")
AGED_S = 3000.0
"""After which sessions, tokens and capabilities have ended, so that they are steps of the command too."""
GOES_ON_S = 400.0
"""For which a fault lasts after the command has ended."""
HOUR_S = 3600.0
LAG_S = 15.0
"""Shorter than a client waits for an answer, and long for a command of several requests."""

Strike = Callable[[Alarm, str], None]


@dataclass(frozen=True, slots=True)
class Row:
    """A fault: what happens before (or after) a request, and how it ends."""

    begin: Strike
    end: Callable[[Alarm], None] = lambda _alarm: None
    after: bool = False


def cloud(kind: str, *, once: bool = False) -> Row:
    """A fault of the simulated cloud, for one request or until it is healed."""
    return Row(
        lambda alarm, request: alarm.fault(kind, request if once else "", 1 if once else None),
        lambda alarm: alarm.backend.faults.clear(),
    )


def lag(alarm: Alarm, _request: str) -> None:
    alarm.lag_s = LAG_S


def no_lag(alarm: Alarm) -> None:
    alarm.lag_s = 0.0


def step_clock(seconds: float) -> Strike:
    def strike(alarm: Alarm, _request: str) -> None:
        alarm.clock.step += seconds

    return strike


def fill_disk(alarm: Alarm, _request: str) -> None:
    pages = alarm.journal._db.execute("PRAGMA page_count").fetchone()[0]
    alarm.journal._db.execute(f"PRAGMA max_page_count = {pages}")
    try:
        for number in count():
            alarm.journal.note(f"filler {number}", "x" * 1000)
    except EmulatorError:
        return


def clean_disk(alarm: Alarm) -> None:
    alarm.journal._db.execute("PRAGMA max_page_count = 1000000")
    with closing(sqlite3.connect(alarm.folder / FILE)) as other, other:
        other.execute("DELETE FROM notes WHERE name LIKE 'filler %'")


def lock_database(alarm: Alarm, _request: str) -> None:
    alarm.journal._db.execute("PRAGMA busy_timeout = 0")
    alarm.other = sqlite3.connect(alarm.folder / FILE, isolation_level=None)
    alarm.other.execute("BEGIN IMMEDIATE")


def unlock_database(alarm: Alarm) -> None:
    alarm.other.execute("ROLLBACK")
    alarm.other.close()


def die(_alarm: Alarm, _request: str) -> None:
    raise Killed


FAULTS = {
    "cloud slow": Row(lag, no_lag),
    "503": cloud("unavailable"),
    "trouble": cloud("trouble"),
    "HTML": cloud("html"),
    "page of the firewall": cloud("ban_page"),
    "connection closed": cloud("down"),
    "connection closed once": cloud("down", once=True),
    "answer lost once": cloud("lost", once=True),
    "all answers lost": cloud("lost"),
    "WAIT for ever": cloud("wait"),
    "session killed": Row(lambda alarm, _request: alarm.kill_sessions()),
    "sessions killed for ever": cloud("expire"),
    "DNS gone": Row(lambda alarm, _request: alarm.cut(off=True), lambda alarm: alarm.cut(off=False)),
    "clock an hour forward": Row(step_clock(HOUR_S)),
    "clock an hour back": Row(step_clock(-HOUR_S)),
    "disk full": Row(fill_disk, clean_disk),
    "database locked": Row(lock_database, unlock_database),
    "SIGTERM": Row(lambda alarm, _request: alarm.terminate()),
    "SIGKILL before the request": Row(die),
    "SIGKILL after the answer": Row(die, after=True),
}
WHAT = ("arm", "disarm", "poll")
CASES = [(cloud_name, what, fault) for cloud_name in CLOUDS for what in WHAT for fault in FAULTS]


def prepared(folder: Path, cloud_name: str, what: str, kind: type[Alarm] = Alarm) -> Alarm:
    """A program that has read its panel some time ago, and whose session is over."""
    alarm = kind(folder, cloud_name)
    if what != "arm":
        alarm.keypad(Arm(NIGHT))
    alarm.live(1)
    alarm.clock.now += AGED_S
    alarm.installation._polling.due_at = alarm.clock.now + (0 if what == "poll" else AGED_S)
    alarm.witness.taken()
    return alarm


def act(alarm: Alarm, what: str) -> Ticket | None:
    """A command to its end, or a poll."""
    if what == "poll":
        alarm.installation.step()
        return None
    ticket = alarm.turn("night", what == "arm")
    alarm.end(ticket)
    return ticket


def requests(folder: Path, cloud_name: str, what: str, kind: type[Alarm] = Alarm) -> list[str]:
    """The requests that it takes where nothing goes wrong."""
    alarm, seen = prepared(folder, cloud_name, what, kind), list[str]()
    alarm.before = seen.append
    act(alarm, what)
    alarm.journal.close()
    return seen


def steps(folder: Path, cloud_name: str, what: str, kind: type[Alarm] = Alarm) -> int:
    """How many those are."""
    return len(requests(folder, cloud_name, what, kind))


def strike_at(alarm: Alarm, row: Row, step: int) -> None:
    """Let the fault begin with the request of this number."""
    left = count()

    def meet(request: str) -> None:
        if next(left) == step:
            row.begin(alarm, request)

    if row.after:
        alarm.after = meet
    else:
        alarm.before = meet


@pytest.mark.parametrize(("cloud_name", "what", "fault"), CASES)
def test_whatever_happens_at_whatever_step(tmp_path: Path, cloud_name: str, what: str, fault: str) -> None:
    for step in range(steps(tmp_path / "calm", cloud_name, what)):
        alarm = prepared(tmp_path / str(step), cloud_name, what)
        hold(alarm, FAULTS[fault], what, step)
        alarm.journal.close()


def hold(alarm: Alarm, row: Row, what: str, step: int) -> None:
    """The invariants, during the fault and after it."""
    strike_at(alarm, row, step)
    ticket = None
    try:
        ticket = act(alarm, what)
    except Killed:
        alarm.restart()
    if alarm.clock.stopped:
        alarm.installation._run()
        alarm.restart()
    taken = alarm.witness.taken()
    assert taken <= (what != "poll"), step
    if ticket and ticket.done.result().result is Result.CONFIRMED:
        assert alarm.panel.axes.has(NIGHT) is (what == "arm"), step
    if ticket and ticket.done.result().result in (Result.REJECTED, Result.FAILED, Result.IGNORED):
        assert taken == 0, step

    alarm.live(GOES_ON_S)
    row.end(alarm)
    alarm.before = alarm.after = lambda _request: None
    alarm.live(alarm.beyond_s)
    assert alarm.witness.taken() == 0, step
    assert alarm.installation.view.axes == alarm.panel.axes, step
    assert alarm.installation.view.target is None, step

    entries = alarm.journal.commands(9)
    assert all(entry.result for entry in entries), (step, entries)
    assert all(entry.settled for entry in entries if entry.result == Result.UNCONFIRMED), (step, entries)
    assert alarm.works(), step
    assert alarm.witness.wrong == [], step


def test_the_steps_of_a_command_are_all_there(tmp_path: Path) -> None:
    """Or the matrix would have holes: session, submission and polls are among the requests that are struck."""
    for cloud_name in CLOUDS:
        for what in ("arm", "disarm"):
            alarm, seen = prepared(tmp_path / cloud_name / what, cloud_name, what), list[str]()
            alarm.before = seen.append
            act(alarm, what)
            assert SUBMITS[cloud_name] & {*seen}
            assert {"LOGIN", "RefreshLogin", "auth/token"} & {*seen}
            assert sum(request in OUTCOMES for request in seen) >= 2
            alarm.journal.close()
