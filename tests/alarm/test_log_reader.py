"""The activity log of one alarm: when it is read, what people hear of it, and how long the alarm is said to ring."""

import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from emulator.alarm.installation import Installation
from emulator.alarm.log_reader import MOST_TOLD, POLLS
from emulator.clouds import logged
from emulator.errors import EmulatorError, LoginRefused
from emulator.model import Arm, ArmMode, Command, Disarm, Interior, Notice, Origin, Result
from emulator.model.activity import AlarmEvent, EventKind, Means
from emulator.simulator.faults import InjectedFault
from emulator.simulator.panel.actions import Move
from emulator.store import activity, history
from emulator.store.journal import Journal
from emulator.views.movers import movers
from tests.faults.alarm import ACTIVITY_S, CLOUDS, POLL_S, REREAD_S
from tests.support.fakes import SimulatedCloud
from tests.support.fakes_owa import SimulatedOwa

NIGHT = Arm(ArmMode(Interior.NIGHT))
LOG = {"wsdo": "ACT_V2", "owa": "ActV2Timeline"}


class Home:
    """An alarm behind a cloud, step by step."""

    def __init__(self, folder: Path, cloud: str) -> None:
        self.cloud, self.folder = cloud, folder
        self.world = SimulatedCloud() if cloud == "wsdo" else SimulatedOwa()
        self.panel, self.backend, self.clock = self.world.panel, self.world.backend, self.world.clock
        self.told: list[tuple[Notice, str]] = []
        self.journal = Journal(folder)
        self.start()

    def start(self) -> None:
        self.alarm = Installation(
            "home",
            self.world.new_client,
            self.journal,
            self.clock,
            poll_every_s=POLL_S[self.cloud],
            reread_after_s=REREAD_S[self.cloud],
            activity_s=ACTIVITY_S[self.cloud],
            on_notice=lambda notice, text: self.told.append((notice, text)),
        )

    def restart(self) -> None:
        self.alarm.close()
        self.journal.close()
        self.journal = Journal(self.folder)
        self.start()

    def poll(self, times: int = 1) -> None:
        """Let the time of so many polls pass."""
        for _ in range(times):
            self.clock.now = max(self.clock.now, self.alarm._polling.due_at)
            self.alarm.step()

    def settle(self) -> None:
        """Let so much time pass that the log is read, whatever changes or not."""
        self.poll(POLLS + 1)

    def run(self, command: Command) -> Result:
        ticket = self.alarm.submit(command)
        while not ticket.done.done():
            self.alarm.step()
        return ticket.done.result().result

    def arm(self) -> None:
        assert self.run(Command(NIGHT, Origin("wemo", "10.0.0.9", "night"))) is Result.CONFIRMED

    def log(self) -> list[activity.LoggedEvent]:
        rows = activity.events(self.journal, "home", 99)
        return [one for one in rows if one.kind is not EventKind.CHECK]

    def reads(self) -> int:
        return int(self.backend.requests[LOG[self.cloud]])

    def fault(self, kind: str, times: int | None = None) -> None:
        self.backend.faults.add(InjectedFault(kind, LOG[self.cloud], times))

    @property
    def notices(self) -> list[Notice]:
        return [notice for notice, _ in self.told]


@pytest.fixture(params=[cloud for cloud in CLOUDS if ACTIVITY_S[cloud] is not None])
def home(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Home]:
    made = Home(tmp_path, request.param)
    yield made
    made.journal.close()


@pytest.fixture
def owa(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path, "owa")
    yield made
    made.journal.close()


# -- what is kept -------------------------------------------------------------------------------------------------


def test_persons_are_written_down_once_over_restarts_too(home: Home) -> None:
    home.poll()
    home.panel.keypad(NIGHT, "Ana")
    home.settle()
    home.restart()
    home.settle()
    [row] = home.log()
    assert (row.kind, row.means, row.user, row.command) == (EventKind.ARMED, Means.KEYPAD, "Ana", None)


def test_a_change_by_hand_is_read_with_the_poll_that_shows_it(home: Home) -> None:
    home.settle()
    home.panel.keypad(NIGHT, "Ana")
    home.poll()
    assert home.log()[0].user == "Ana"
    spans = history.spans(home.journal, "home", 0)
    assert [one.user for one in movers(spans, home.log()).values()] == ["Ana"]


def test_who_disarmed_a_part_is_not_who_armed_the_sum(home: Home) -> None:
    home.settle()
    home.panel.keypad(Arm(ArmMode(Interior.NIGHT, perimeter=True)), "Ana")
    home.poll()
    home.clock.now += 300
    home.panel.keypad(Move(perimeter=False), "Leo")
    home.poll()
    spans = history.spans(home.journal, "home", 0)
    assert [one.user for one in movers(spans, home.log()).values()] == ["Ana", "Leo"]


def test_our_own_commands_are_matched_to_their_rows(home: Home) -> None:
    home.poll()
    home.arm()
    assert home.run(Command(Disarm(), Origin("wemo"), only_if=NIGHT.mode)) is Result.CONFIRMED
    home.settle()
    entries = {entry.id: entry.action for entry in home.journal.commands(9)}
    assert [entries[one.command or 0] for one in home.log()] == ["disarm", "arm night"]


def test_a_sum_has_a_row_for_each_part(home: Home) -> None:
    home.poll()
    total = Arm(ArmMode(Interior.TOTAL, perimeter=True))
    assert home.run(Command(total, Origin("cli"))) is Result.CONFIRMED
    home.settle()
    assert {one.command for one in home.log()} == {home.journal.commands(1)[0].id}


def test_the_same_deed_by_another_person_is_not_ours(home: Home) -> None:
    home.poll()
    home.arm()
    home.panel.keypad(Disarm(), "Ana")
    home.panel.keypad(NIGHT, "Ana")
    home.settle()
    assert sorted(bool(one.command) for one in home.log()) == [False, False, True]
    assert {one.user for one in home.log() if not one.command} == {"Ana"}


@pytest.mark.sampled
@pytest.mark.parametrize("off_s", [-400.0, 400.0, 3600.0, -3600.0, 7100.0])
def test_a_wrong_clock_of_the_cloud_harms_no_match(home: Home, off_s: float) -> None:
    home.world.face.options.log_clock = off_s
    home.poll()
    home.arm()
    home.settle()
    [row] = home.log()
    assert row.command == home.journal.commands(1)[0].id
    assert row.at <= row.seen_at


@pytest.mark.sampled
@pytest.mark.parametrize("fault", ["log_order", "log_gap", "log_unknown", "log_huge", "empty_log"])
def test_faults_of_the_log_double_nothing(home: Home, fault: str) -> None:
    home.poll()
    home.fault(fault, times=1)
    home.panel.keypad(NIGHT, "Ana")
    home.panel.incident("mains_back")
    home.settle()
    home.settle()
    assert len({(one.at, one.type) for one in home.log()}) == len(home.log()) <= 3
    assert not home.told


def test_a_row_that_the_disk_refuses_is_written_later_and_told_once(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.panel.keypad(NIGHT)
    home.settle()
    with monkeypatch.context() as full:
        full.setattr(activity, "keep", full_disk)
        home.panel.incident("alarm")
        home.settle()
        assert len(home.log()) == 1
    home.poll()
    assert len(home.log()) == 2
    home.restart()
    home.settle()
    assert home.notices == [Notice.ALARM]


def full_disk(*_: object) -> None:
    raise EmulatorError("the disk is full")


# -- how often it is read -----------------------------------------------------------------------------------------


def test_it_is_read_rarely_while_nothing_changes(owa: Home) -> None:
    owa.poll()
    before = owa.reads()
    owa.poll(10 * POLLS)
    assert owa.reads() - before == 10


def test_the_older_api_brings_it_with_each_poll(tmp_path: Path) -> None:
    home = Home(tmp_path, "wsdo")
    home.poll(20)
    assert home.backend.requests["ACT_V2"] == 20
    home.journal.close()


def test_a_command_that_waits_goes_first(owa: Home) -> None:
    owa.poll()
    before = owa.reads()
    owa.poll(POLLS - 1)
    owa.clock.now = owa.alarm._polling.due_at
    ticket = owa.alarm.submit(Command(NIGHT, Origin("wemo")))
    owa.alarm.step()
    assert ticket.done.done()
    assert owa.reads() == before


def test_it_is_no_reason_for_a_login(owa: Home) -> None:
    """Neither where the session has ended, nor where the cloud does not accept it for this."""
    owa.poll()
    owa.backend.reset()
    owa.fault("expire")
    owa.settle()
    owa.backend.faults.clear()
    assert owa.reads() == 1
    assert owa.backend.requests["mkLoginToken"] == 0
    for refusal in ("unauthorized", "disowned", "challenge"):
        owa.fault(refusal)
    owa.poll(60)
    assert owa.backend.requests["mkLoginToken"] == 0
    assert not owa.alarm.health.is_faulty


@pytest.mark.long
def test_a_failure_is_no_failure_of_polling_and_is_backed_off(owa: Home, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    owa.poll()
    owa.fault("trouble")
    before = owa.reads()
    owa.poll(POLLS * 16)
    assert 3 <= owa.reads() - before <= 6
    assert not owa.alarm.health.is_faulty
    assert sum("activity log cannot be read" in one.getMessage() for one in caplog.records) == 1
    owa.backend.faults.clear()
    owa.panel.keypad(NIGHT, "Ana")
    owa.poll(POLLS * 20)
    assert owa.log()[0].user == "Ana"


def test_blocked_logins_keep_it_from_being_read(owa: Home) -> None:
    owa.poll()
    owa.alarm._guard.refusal = LoginRefused("locked")
    before = owa.reads()
    owa.poll(POLLS * 3)
    assert owa.reads() == before


# -- what people hear ---------------------------------------------------------------------------------------------


def test_nothing_old_is_told_at_the_first_start(home: Home) -> None:
    home.panel.keypad(NIGHT)
    for kind in ("alarm", "tamper", "mains_lost"):
        home.panel.incident(kind)
    home.settle()
    assert home.told == []
    assert home.alarm.view.triggered is None
    assert len(home.log()) == 4


@pytest.mark.parametrize("kind", ["trouble", "html"])
def test_nor_where_the_first_read_of_the_log_fails(home: Home, kind: str) -> None:
    home.panel.incident("alarm")
    home.clock.now += 6 * 3600
    home.backend.faults.add(InjectedFault(kind, LOG[home.cloud], 1))
    home.poll(30)
    assert home.told == []
    assert home.alarm.view.triggered is None


def test_an_alarm_is_told_once_with_its_time_and_place(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    home.panel.keypad(NIGHT, "Ana")
    home.poll()
    home.panel.incident("alarm", "Cocina")
    home.settle()
    home.restart()
    home.settle()
    [(notice, text)] = home.told
    assert notice is Notice.ALARM
    assert "Cocina" in text
    assert "the alarm went off at" in text
    said = " ".join(record.getMessage() for record in caplog.records)
    assert "Cocina" not in said
    assert "Ana" not in said


def test_what_happened_while_the_program_was_off_is_told_late(home: Home) -> None:
    home.poll()
    home.panel.incident("tamper")
    home.panel.incident("mains_lost")
    home.clock.now += 3 * 86_400
    home.restart()
    home.settle()
    kinds = {"wsdo": [Notice.ALARM, Notice.MAINS], "owa": [Notice.TAMPER, Notice.MAINS]}
    assert home.notices == kinds[home.cloud]
    assert "/" in home.told[-1][1].split("since ")[1]  # the date, too


def test_a_power_cut_that_is_over_is_told_as_such(home: Home) -> None:
    home.settle()
    home.panel.incident("mains_lost")
    home.clock.now += 30
    home.panel.incident("mains_back")
    home.settle()
    [(notice, text)] = home.told
    assert notice is Notice.MAINS
    assert text.startswith("the alarm has mains power again; it had none from ")


def test_the_return_of_the_power_is_told_once_to_those_who_heard_of_the_loss(home: Home) -> None:
    home.panel.incident("mains_lost")
    home.settle()
    home.panel.incident("mains_back")
    home.settle()
    assert home.told == []  # the loss was there before the first read
    home.panel.incident("mains_lost")
    home.settle()
    home.restart()
    home.clock.now += 60
    home.panel.incident("mains_back")
    home.panel.incident("mains_back")
    home.settle()
    assert ["again" in text for _, text in home.told] == [False, True]


def test_rows_that_are_old_news_are_not_told(home: Home) -> None:
    """As after a journal that was mended, or from a log that was hidden for a time."""
    home.panel.incident("alarm")
    home.poll()
    home.clock.now += 10 * 86_400
    home.settle()
    with home.journal.write() as db:
        db.execute("DELETE FROM events")
    home.restart()
    home.settle()
    assert home.told == []


def test_a_flood_of_alarms_is_a_few_notices(home: Home) -> None:
    home.poll()
    for _ in range(30):
        home.panel.incident("alarm")
    home.settle()
    assert home.notices == [Notice.ALARM] * MOST_TOLD


# -- triggered ----------------------------------------------------------------------------------------------------


def ring(home: Home) -> None:
    home.panel.keypad(NIGHT)
    home.settle()
    home.panel.incident("alarm")
    home.settle()
    assert home.alarm.view.triggered is not None


def test_it_rings_until_it_is_disarmed_over_restarts_too(home: Home) -> None:
    ring(home)
    home.restart()
    assert home.alarm.view.triggered is not None
    home.poll(3)
    assert home.alarm.view.triggered is not None
    home.panel.keypad(Disarm())
    home.poll()
    assert home.alarm.view.triggered is None
    home.restart()
    assert home.alarm.view.triggered is None


def test_it_rings_until_our_disarm(home: Home) -> None:
    ring(home)
    assert home.run(Command(Disarm(), Origin("cli"))) is Result.CONFIRMED
    assert home.alarm.view.triggered is None


def test_it_rings_until_the_log_says_that_it_is_over(home: Home) -> None:
    ring(home)
    home.clock.now += 60
    home.panel.incident("resolved")
    home.settle()
    assert home.alarm.view.triggered is None
    assert home.notices == [Notice.ALARM]


def test_a_disarm_between_two_polls_ends_it(home: Home) -> None:
    ring(home)
    home.clock.now += 1
    home.panel.keypad(Disarm())
    home.clock.now += 1
    home.panel.keypad(NIGHT)
    home.settle()
    assert home.alarm.view.triggered is None


def test_a_part_that_is_disarmed_ends_it_only_if_nothing_is_on_then(home: Home) -> None:
    home.panel.keypad(Arm(ArmMode(Interior.NIGHT, perimeter=True)))
    home.settle()
    home.panel.incident("alarm")
    home.settle()
    home.clock.now += 60
    home.panel.keypad(Move(perimeter=False))
    home.settle()
    assert home.alarm.view.triggered is not None
    home.panel.keypad(Move(Interior.OFF))
    home.settle()
    assert home.alarm.view.triggered is None


def test_an_alarm_of_a_house_that_is_disarmed_by_now_is_told_and_does_not_ring(home: Home) -> None:
    home.poll()
    home.panel.incident("alarm")
    home.settle()
    assert home.notices == [Notice.ALARM]
    assert home.alarm.view.triggered is None


def ring_with_a_late_status(owa: Home) -> None:
    """The alarm goes off a minute after it was armed, which the cloud shows in four minutes."""
    owa.settle()
    owa.poll(9)
    owa.world.face.options.status_lag = 300.0
    owa.panel.keypad(NIGHT, "Ana")
    owa.clock.now += 60
    owa.panel.incident("alarm")


def test_an_alarm_rings_although_the_cloud_shows_late_that_it_was_armed(owa: Home) -> None:
    ring_with_a_late_status(owa)
    seen = set()
    for _ in range(15):
        owa.poll()
        seen.add((owa.alarm.view.axes.armed, owa.alarm.view.triggered is not None))
    assert (False, True) in seen
    assert owa.alarm.view.triggered is not None
    owa.world.face.options.status_lag = 0.0
    owa.panel.keypad(Disarm(), "Ana")
    owa.poll()
    assert owa.alarm.view.triggered is None


@pytest.mark.parametrize("ours", [True, False])
def test_an_off_that_is_newer_ends_an_alarm_whose_arming_was_shown_late(owa: Home, *, ours: bool) -> None:
    """The disarm is in no row that is read."""
    ring_with_a_late_status(owa)
    owa.poll(3)
    assert owa.alarm.view.triggered is not None
    owa.fault("trouble")
    if ours:
        assert owa.run(Command(Disarm(), Origin("cli"))) is Result.CONFIRMED
    else:
        owa.panel.keypad(Disarm(), "Ana")
        owa.poll(8)
    assert owa.alarm.view.triggered is None


def test_tampering_and_a_power_cut_do_not_ring(owa: Home) -> None:
    owa.panel.keypad(NIGHT)
    owa.settle()
    owa.panel.incident("tamper")
    owa.panel.incident("mains_lost")
    owa.settle()
    assert owa.alarm.view.triggered is None
    assert owa.notices == [Notice.TAMPER, Notice.MAINS]


def test_without_a_log_nothing_rings(tmp_path: Path) -> None:
    home = Home(tmp_path, "owa")
    home.alarm._session.log.every_s = None
    home.panel.keypad(NIGHT)
    home.panel.incident("alarm")
    home.settle()
    assert home.reads() == 0
    assert home.alarm.view.triggered is None
    home.journal.close()


class OddLog:
    """A cloud whose log is of another kind than is known: but for some `times`, none can be read."""

    def __init__(self, home: Home) -> None:
        self.home, self.kinds = home, [EventKind.DISARMED]
        self.times: dict[EventKind, float] = {}

    def activity(self) -> tuple[AlarmEvent, ...]:
        now = self.home.clock.time()
        return logged.newest(AlarmEvent(kind, self.times.get(kind, now), kind) for kind in self.kinds)


def test_an_old_row_without_a_time_ends_no_alarm(owa: Home) -> None:
    owa.arm()
    log, reader = OddLog(owa), owa.alarm._session.log
    reader.read(log)  # type: ignore[arg-type]
    log.kinds = [EventKind.ALARM, EventKind.DISARMED]
    for _ in range(3):
        owa.clock.now += 60
        reader.read(log)  # type: ignore[arg-type]
        assert owa.alarm.view.triggered is not None
    log.kinds = [EventKind.RESOLVED, *log.kinds]
    owa.clock.now += 60
    reader.read(log)  # type: ignore[arg-type]
    assert owa.alarm.view.triggered is None


def test_an_old_row_without_a_time_is_older_than_an_alarm_that_has_one(owa: Home) -> None:
    owa.arm()
    log, reader = OddLog(owa), owa.alarm._session.log
    reader.read(log)  # type: ignore[arg-type]
    owa.clock.now += 60
    log.kinds, log.times = [EventKind.ALARM, EventKind.DISARMED], {EventKind.ALARM: owa.clock.time() - 30}
    reader.read(log)  # type: ignore[arg-type]
    assert owa.alarm.view.triggered == log.times[EventKind.ALARM]


def test_an_alarm_in_the_hour_that_comes_twice_rings(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M11.3.3/3")  # in the night after the clock of the fakes begins
    time.tzset()
    try:
        begin = datetime(2023, 11, 15, 0, tzinfo=UTC).timestamp()
        for minutes, deed in ((40, NIGHT), (50, Disarm()), (65, NIGHT)):
            home.clock.now = begin + 60 * minutes
            home.panel.keypad(deed, "Ana")
            home.poll()
        home.clock.now = alarm_at = begin + 60 * 80
        home.panel.incident("alarm")
        home.settle()
        assert home.alarm.view.triggered == alarm_at
    finally:
        monkeypatch.undo()
        time.tzset()


def test_no_alarm_is_of_the_future(home: Home) -> None:
    """As where this machine is on UTC, and the house ahead of it."""
    home.world.face.options.log_clock = 7200.0
    ring(home)
    assert (home.alarm.view.triggered or 0) <= home.clock.time()


def test_a_row_that_is_there_twice_is_told_once(owa: Home) -> None:
    owa.arm()
    log, reader = OddLog(owa), owa.alarm._session.log
    reader.read(log)  # type: ignore[arg-type]
    log.kinds = [EventKind.ALARM, EventKind.ALARM]
    reader.read(log)  # type: ignore[arg-type]
    assert owa.notices == [Notice.ALARM]
