"""One alarm and its simulated cloud, step by step on one clock; the thread itself at the end."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from emulator import clouds
from emulator.alarm.cloud import Details, Phase, Reading, Report
from emulator.alarm.installation import Health, Installation
from emulator.alarm.pending import FAILURE_KEPT_S
from emulator.alarm.polling import ASKED_EVERY_S, BACKOFF_LIMIT_S
from emulator.alarm.queue import Ticket
from emulator.alarm.unfinished import SETTLE_LIMIT_S
from emulator.clouds.account import Account
from emulator.errors import EmulatorError, LoginNeeded, LoginRefused, Rejected, SettingNeeded, Unconfirmed, Unreachable
from emulator.model import DISARMED, Action, Arm, ArmMode, Axes, Command, Disarm, Interior, Origin, PanelState, Result
from emulator.model.activity import AlarmEvent
from emulator.simulator.faults import InjectedFault
from emulator.store import history, refused_logins
from emulator.store.journal import Journal
from tests.support.fakes import DEMO, EPOCH_S, FakeClock, ScriptTransport, SimulatedCloud, pet
from tests.support.patience import PATIENCE_S, until

POLL_S = 60.0
MODES = {name: ArmMode.parse(name) for name in ("total", "day", "night", "perimeter", "total+perimeter")}


class House(SimulatedCloud):
    """A simulated alarm, and our installation in front of it, driven step by step."""

    def __init__(self, folder: Path, account: Account = DEMO, *, annex: bool = False) -> None:
        super().__init__(account, annex=annex)
        self.folder = folder
        self.changes = 0
        self.journal = Journal(folder)
        self.alarm = self.installation()

    def installation(self, *, refusals: int = 0) -> Installation:
        return Installation(
            "home",
            self.new_client,
            self.journal,
            self.clock,
            poll_every_s=POLL_S,
            credentials=self.account.password,
            refusals=refusals,
            after_refusal=clouds.row("wsdo").after_refusal,
            on_change=self.changed,
        )

    def changed(self) -> None:
        self.changes += 1

    def on(self, name: str) -> Ticket:
        return self.alarm.submit(Command(Arm(MODES[name]), Origin("test", switch=name)))

    def off(self, name: str) -> Ticket:
        mode = MODES[name]
        return self.alarm.submit(Command(Disarm.of(mode), Origin("test", switch=name), only_if=mode))

    def while_flying(self, request: str, act: Callable[[], object]) -> None:
        """Do something while a command is under way: just before this request of it is sent."""
        send = self.transport.send

        def interrupted(method: str, params: Mapping[str, str], timeout_s: float | None = None) -> bytes:
            if params["request"] == request:
                self.transport.send = send  # type: ignore[method-assign]
                act()
            return send(method, params, timeout_s)

        self.transport.send = interrupted  # type: ignore[method-assign]

    def run(self, *tickets: Ticket) -> list[Result]:
        while not all(ticket.done.done() for ticket in tickets):
            self.alarm.step()
        return [ticket.done.result().result for ticket in tickets]

    def fault(self, kind: str, request: str = "", times: int | None = None) -> None:
        self.backend.faults.add(InjectedFault(kind, request, times))

    def heal(self) -> None:
        self.backend.faults.clear()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.journal.close()


def messages(caplog: pytest.LogCaptureFixture, level: int = logging.WARNING) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= level]


# -- commands -----------------------------------------------------------------------------------------------------


def test_a_command_is_written_down_before_it_is_sent_and_after_it_ended(house: House) -> None:
    ticket = house.on("night")
    (entry,) = house.journal.commands(9)
    assert (entry.action, entry.door, entry.switch, entry.result) == ("arm night", "test", "night", None)
    assert house.count("ARMNIGHT1") == 0
    assert house.run(ticket) == [Result.CONFIRMED]
    (entry,) = house.journal.commands(9)
    assert (entry.result, entry.message) == ("confirmed", "the panel is night")
    assert entry.ended_at == house.clock.now


def test_accepted_comes_before_done(house: House) -> None:
    order: list[str] = []
    ticket = house.on("night")
    ticket.accepted.add_done_callback(lambda _: order.append("accepted"))
    ticket.done.add_done_callback(lambda _: order.append("done"))
    house.run(ticket)
    assert order == ["accepted", "done"]


def test_four_presses_are_one_x1(house: House) -> None:
    tickets = [house.on("night") for _ in range(2)]
    house.while_flying("ARMNIGHT2", lambda: tickets.extend([house.on("night"), house.on("night")]))
    house.run(tickets[0])
    assert house.run(*tickets) == [Result.CONFIRMED] * 4
    assert house.count("ARMNIGHT1") == 1
    assert len(house.journal.commands(9)) == 1


def test_of_on_off_on_the_house_stays_armed(house: House) -> None:
    house.alarm.step()
    later: list[Ticket] = []
    house.while_flying("ARMNIGHT2", lambda: later.extend([house.off("night"), house.on("night")]))
    house.run(house.on("night"))
    assert house.run(*later) == [Result.SUPERSEDED, Result.CONFIRMED]
    x1 = [name for name in house.transport.requests() if name.endswith("1")]
    assert x1 == ["EST1", "ARMNIGHT1"]


def test_a_disarm_overtakes_queued_arms(house: House) -> None:
    house.run(house.on("night"))
    tickets: list[Ticket] = []
    house.while_flying("PERI2", lambda: tickets.extend([house.on("total"), house.off("night")]))
    house.run(house.on("perimeter"))
    assert tickets[0].done.result(0).result is Result.SUPERSEDED
    with pytest.raises(EmulatorError, match="a later disarm"):
        tickets[0].accepted.result(0)
    assert house.run(tickets[1]) == [Result.CONFIRMED]
    assert house.panel.axes == DISARMED
    assert house.count("ARM1") == 0


def test_off_of_a_switch_that_is_not_on_disarms_nothing(house: House) -> None:
    house.run(house.on("night"))
    assert house.run(house.off("total")) == [Result.IGNORED]
    assert house.panel.axes.interior is Interior.NIGHT
    assert house.count("DARM1") == 0


def test_off_of_a_switch_whose_arm_was_refused_does_not_disarm_the_mode_that_is_on(house: House) -> None:
    house.run(house.on("night"))
    off: list[Ticket] = []
    house.while_flying("ARM2", lambda: off.append(house.off("total")))
    assert house.run(house.on("total")) == [Result.REJECTED]
    assert house.run(*off) == [Result.IGNORED]
    assert house.panel.axes.interior is Interior.NIGHT


def test_off_looks_at_the_news_before_it_takes_a_switch_for_off(house: House) -> None:
    house.run(house.on("night"))
    house.run(house.off("night"))
    house.clock.now += 30
    house.panel.keypad(Arm(MODES["total"]))
    assert house.alarm.view.axes == DISARMED
    assert house.run(house.off("total")) == [Result.CONFIRMED]
    assert house.panel.axes == DISARMED


def test_an_off_before_anything_was_read_looks_first(house: House) -> None:
    house.panel.keypad(Arm(MODES["night"]))
    assert house.run(house.off("total")) == [Result.IGNORED]
    assert house.run(house.off("night")) == [Result.CONFIRMED]
    assert house.count("DARM1") == 1


def test_a_switch_that_looks_on_is_looked_at_before_it_is_turned_off(house: House) -> None:
    house.run(house.on("night"))
    house.panel.keypad(Disarm())
    house.panel.keypad(Arm(MODES["total"]))
    house.clock.now += POLL_S
    assert house.run(house.off("night")) == [Result.IGNORED]
    assert house.panel.axes.interior is Interior.TOTAL


def test_yesterdays_state_is_not_fresh_after_a_restart(house: House) -> None:
    house.run(house.on("night"))
    house.panel.keypad(Disarm())
    house.panel.keypad(Arm(MODES["total"]))
    house.alarm = house.installation()
    assert house.run(house.off("night")) == [Result.IGNORED]
    assert house.run(house.off("total")) == [Result.CONFIRMED]


def test_a_disarm_that_would_take_a_known_mode_with_an_unclear_one_is_ignored(house: House) -> None:
    house.face.options.letter_a = True
    house.run(house.on("total"))
    ticket = house.off("perimeter")
    assert house.run(ticket) == [Result.IGNORED]
    assert "does not say whether perimeter is on" in ticket.done.result().message
    assert house.panel.axes.interior is Interior.TOTAL


def test_off_without_news_fails_and_says_so(house: House) -> None:
    house.run(house.on("night"))
    house.clock.now += 30
    house.fault("down")
    ticket = house.off("total")
    assert house.run(ticket) == [Result.FAILED]
    assert "cannot tell whether disarm is right" in ticket.done.result().message
    assert house.panel.axes.interior is Interior.NIGHT


def test_a_rejection_is_remembered_for_a_moment(house: House) -> None:
    house.panel.window("Entrada", is_open=True)
    first, again = house.on("total"), None
    assert house.run(first) == [Result.REJECTED]
    again = house.on("total")
    assert again.done.result().result is Result.REJECTED
    assert again.done.result().message == first.done.result().message
    assert house.count("ARM1") == 1
    house.panel.window("Entrada", is_open=False)
    house.clock.now += FAILURE_KEPT_S
    assert house.run(house.on("total")) == [Result.CONFIRMED]


def test_while_a_rejection_is_remembered_no_other_program_takes_its_place(house: House) -> None:
    """It would send what the client repeats once more."""
    house.panel.window("Entrada", is_open=True)
    assert house.run(house.on("total")) == [Result.REJECTED]
    assert not house.alarm.pause()
    house.clock.now += FAILURE_KEPT_S
    assert house.alarm.pause()


def test_a_rejection_is_forgotten_when_something_else_was_done(house: House) -> None:
    house.run(house.on("night"))
    assert house.run(house.on("total")) == [Result.REJECTED]
    assert house.run(house.off("night")) == [Result.CONFIRMED]
    assert house.run(house.on("total")) == [Result.CONFIRMED]


def test_an_arm_that_never_left_is_failed_and_not_repeated(house: House) -> None:
    house.alarm.step()
    house.transport.refuse = True
    ticket = house.on("night")
    assert house.run(ticket) == [Result.FAILED]
    with pytest.raises(Unreachable):
        ticket.accepted.result()
    house.transport.refuse = False
    house.clock.now += BACKOFF_LIMIT_S
    house.alarm.step()
    assert house.count("ARMNIGHT1") == 0


def test_a_panel_in_an_unreadable_mode_is_not_armed_but_may_be_disarmed(house: House) -> None:
    class Blind(Undescribed):
        """A panel that was re-armed by the monitoring centre."""

        def read(self, how: Reading = Reading.POLL) -> PanelState:  # noqa: ARG002
            return PanelState(Axes(), house.clock.time(), "N", "EST2")

        def execute(self, action: Action, report: Report) -> PanelState:  # noqa: ARG002
            assert isinstance(action, Disarm)
            return PanelState(DISARMED, house.clock.time(), "0", "DARM2")

        def close(self) -> None: ...

    house.alarm = Installation("blind", Blind, house.journal, house.clock, poll_every_s=POLL_S)
    house.alarm.step()
    refused = house.on("total")
    assert house.run(refused) == [Result.REJECTED]
    assert "disarm it first" in refused.done.result().message
    assert house.run(house.off("total")) == [Result.CONFIRMED]


def test_a_defect_of_ours_is_unconfirmed_and_the_alarm_goes_on(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.alarm.step()
    send, house.transport.send = house.transport.send, None  # type: ignore[method-assign]
    ticket = house.on("night")
    assert house.run(ticket) == [Result.UNCONFIRMED]
    house.alarm.step()
    house.transport.send = send  # type: ignore[method-assign]
    house.clock.now += POLL_S
    house.alarm.step()
    assert house.journal.commands(1)[0].settled == "disarmed"
    assert any("defect" in message for message in messages(caplog))


# -- unconfirmed --------------------------------------------------------------------------------------------------


def test_unconfirmed_is_settled_by_asking_the_panel_and_never_sent_again(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.fault("wait", "ARMNIGHT2")
    assert house.run(house.on("night")) == [Result.UNCONFIRMED]
    house.alarm.step()
    (entry,) = house.journal.commands(9)
    assert (entry.result, entry.settled) == ("unconfirmed", "night")
    assert (house.count("ARMNIGHT1"), house.count("EST1"), house.count("DARM1")) == (1, 1, 0)
    assert house.alarm.view.axes.interior is Interior.NIGHT
    assert any("the panel says: night" in message for message in messages(caplog))


def test_an_unsettled_arm_is_settled_before_it_is_turned_off(house: House) -> None:
    house.alarm.step()
    house.fault("wait", "ARMNIGHT2")
    house.run(house.on("night"))
    assert house.run(house.off("night")) == [Result.CONFIRMED]
    assert house.panel.axes == DISARMED
    assert house.journal.commands(2)[1].settled == "night"


def test_an_unconfirmed_arm_that_was_refused_after_all_does_not_let_off_disarm_another_mode(house: House) -> None:
    house.run(house.on("night"))
    house.fault("lost", "ARM1")
    house.fault("wait", "ARM2")
    assert house.run(house.on("total")) == [Result.UNCONFIRMED]
    assert house.run(house.off("total")) == [Result.IGNORED]
    assert house.panel.axes.interior is Interior.NIGHT


def test_a_silent_panel_is_not_woken_again_and_again_but_the_log_is_read(house: House) -> None:
    house.alarm.step()
    house.fault("wait")
    house.run(house.on("night"))
    for _ in range(360):
        house.alarm.step()
        house.clock.now += POLL_S
    assert house.count("EST1") < 25
    assert house.alarm.view.axes.interior is Interior.NIGHT
    house.heal()
    house.clock.now += SETTLE_LIMIT_S
    house.alarm.step()
    assert house.journal.commands(1)[0].settled == "night"


def test_a_command_without_an_outcome_is_settled_after_a_restart_not_replayed(house: House) -> None:
    house.on("night")
    house.journal.recover(house.clock.time())
    house.alarm = house.installation()
    house.alarm.step()
    (entry,) = house.journal.commands(9)
    assert (entry.result, entry.settled) == ("unconfirmed", "disarmed")
    assert house.count("ARMNIGHT1") == 0


# -- state --------------------------------------------------------------------------------------------------------


def test_a_week_without_internet_is_no_end(house: House) -> None:
    house.alarm.step()
    house.transport.refuse = True
    for _ in range(1100):
        house.clock.now += BACKOFF_LIMIT_S
        house.alarm.step()
    house.transport.refuse = False
    house.clock.now += BACKOFF_LIMIT_S
    house.panel.keypad(Arm(MODES["night"]))
    house.alarm.step()
    assert house.alarm.view.axes.interior is not Interior.OFF


def test_an_arm_that_failed_is_not_repeated_for_a_client_that_repeats_itself(house: House) -> None:
    house.alarm.step()
    house.transport.refuse = True
    assert house.run(house.on("night"), house.on("night")) == [Result.FAILED] * 2
    house.transport.refuse = False
    again = house.on("night")
    assert again.done.result(0).result is Result.FAILED
    assert house.count("ARMNIGHT1") == 0


def test_an_unconfirmed_arm_is_not_repeated_for_a_client_that_repeats_itself(house: House) -> None:
    house.fault("wait", "ARMNIGHT2")
    assert house.run(house.on("night")) == [Result.UNCONFIRMED]
    again = house.on("night").done.result(0)
    assert (again.result, again.message[:15]) == (Result.FAILED, "not sent again:")
    assert house.count("ARMNIGHT1") == 1


def test_details_of_an_account_that_was_refused_are_not_asked_for_again(tmp_path: Path) -> None:
    house = House(tmp_path, replace(DEMO, password="wrong-one"))
    for _ in range(3):
        with pytest.raises(LoginRefused):
            house.alarm.describe()
    assert house.count("LOGIN") == 1
    house.account = DEMO
    assert house.installation().describe().number == DEMO.number
    house.journal.close()


def test_polls_when_idle_and_on_time(house: House) -> None:
    house.alarm.step()
    reads = house.count("ACT_V2")
    house.alarm.step()
    assert house.count("ACT_V2") == reads
    house.clock.now += POLL_S
    house.alarm.step()
    assert house.count("ACT_V2") == reads + 1


def test_a_change_at_the_keypad_is_seen_and_kept(house: House) -> None:
    house.alarm.step()
    house.panel.keypad(Arm(MODES["total+perimeter"]))
    house.clock.now += POLL_S
    before = house.changes
    house.alarm.step()
    assert house.changes > before
    assert str(house.alarm.view.axes) == "total + perimeter"
    assert house.installation().view.state == house.alarm.view.state


def test_the_target_shows_until_the_end(house: House) -> None:
    house.alarm.step()
    ticket = house.on("night")
    target = house.alarm.view.target
    assert target is not None
    assert target.interior is Interior.NIGHT
    assert house.alarm.view.axes == DISARMED
    house.run(ticket)
    assert house.alarm.view.target is None


def test_a_cloud_that_is_down_keeps_the_state_and_is_asked_less_and_less(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.run(house.on("night"))
    house.fault("down")
    polls = []
    for _ in range(10_000):
        house.clock.now += 1
        before = len(house.transport.sent)
        house.alarm.step()
        if len(house.transport.sent) > before:
            polls.append(house.clock.now)
    gaps = [after - before for before, after in pairwise(polls[1:])]
    assert gaps == sorted(gaps)
    assert gaps[0] >= POLL_S
    assert max(gaps) <= BACKOFF_LIMIT_S + 2
    assert len([message for message in messages(caplog) if "no news" in message]) == 1
    assert house.alarm.view.axes.interior is Interior.NIGHT
    house.heal()
    house.clock.now += BACKOFF_LIMIT_S
    with caplog.at_level(logging.INFO):
        house.alarm.step()
    assert any("answers again" in message for message in messages(caplog, logging.INFO))


# -- refused logins -----------------------------------------------------------------------------------------------


def test_a_refused_login_is_the_last_until_settings_change(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    house = House(tmp_path, replace(DEMO, password="wrong-one"))
    ticket = house.on("night")
    assert house.run(ticket) == [Result.FAILED]
    for _ in range(5):
        house.clock.now += POLL_S
        house.alarm.step()
    again = house.on("total")
    house.run(again)
    assert "VERISURE_PASSWORD" in again.done.result().message
    assert house.count("LOGIN") == 1
    restarted = house.installation()
    restarted.step()
    with pytest.raises(LoginRefused):
        restarted.read_now()
    assert house.count("LOGIN") == 1
    assert len([one for one in messages(caplog) if "so that it is not locked" in one]) == 1
    house.account = DEMO
    changed = house.installation()
    changed.step()
    assert changed.view.axes == DISARMED
    house.journal.close()


def test_no_login_is_tried_because_somebody_asks_for_the_state(tmp_path: Path) -> None:
    """A button is pressed again and again, and three refused logins lock an account."""
    house = House(tmp_path, replace(DEMO, password="wrong-one"))
    house.alarm.step()
    before = house.transport.requests()
    for _ in range(20):
        house.clock.now += ASKED_EVERY_S
        house.alarm.refresh()
        house.alarm.step()
    assert house.transport.requests() == before
    assert house.count("LOGIN") == 1
    assert house.alarm.health.blocked
    house.journal.close()


def test_who_asks_for_the_state_gets_it_in_the_cheapest_way(house: House) -> None:
    house.alarm.step()
    house.panel.keypad(Arm(MODES["night"]))
    before = len(house.transport.requests())
    house.clock.now += 1
    house.alarm.step()
    assert len(house.transport.requests()) == before
    house.alarm.refresh()
    for _ in range(3):
        house.alarm.step()
        house.alarm.refresh()
    assert house.alarm.view.axes.has(MODES["night"])
    assert house.transport.requests()[before:] == house.transport.requests()[before : before + 1]
    assert "EST1" not in house.transport.requests()[before:]


def test_a_refresh_wakes_the_thread(house: House) -> None:
    house.alarm.step()
    due_at = house.alarm.health.next_poll_at
    house.alarm.refresh()
    assert house.alarm.health.next_poll_at < due_at


def test_a_person_may_try_again_and_success_frees_the_program(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.fault("retired", "LOGIN")
    house.alarm.step()
    assert house.count("LOGIN") == 1
    with pytest.raises(EmulatorError, match="cloud: owa"):
        house.installation(refusals=1).read_now()
    assert house.count("LOGIN") == 2
    house.heal()
    house.clock.now += POLL_S
    house.alarm.step()
    with pytest.raises(EmulatorError, match="--retry-login"):
        house.installation(refusals=1).read_now()
    assert house.count("LOGIN") == 2
    assert house.installation(refusals=9).read_now().axes == DISARMED
    house.clock.now += POLL_S
    house.alarm.step()
    assert house.alarm.view.axes == DISARMED
    assert house.count("LOGIN") == 4
    house.journal.close()


# -- the journal fails ----------------------------------------------------------------------------------------------


def test_what_cannot_be_written_is_not_sent(house: House) -> None:
    house.alarm.step()
    house.journal.close()
    with pytest.raises(EmulatorError, match="journal cannot be written"):
        house.on("night")
    house.alarm.step()
    assert house.count("ARMNIGHT1") == 0


def test_a_journal_that_fails_at_the_end_does_not_stop_the_alarm(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    ticket = house.on("night")
    blocker = sqlite3.connect(house.folder / "journal.sqlite3")
    blocker.executescript("DROP TABLE commands; DROP TABLE last_states;")
    blocker.close()
    assert house.run(ticket) == [Result.CONFIRMED]
    assert any("cannot be written" in message for message in messages(caplog))


def test_an_end_that_could_not_be_written_is_written_as_soon_as_it_can(house: House) -> None:
    house.journal._db.execute("PRAGMA busy_timeout = 0")
    blocker = sqlite3.connect(house.folder / "journal.sqlite3", isolation_level=None)
    ticket = house.on("night")
    house.while_flying("ARMNIGHT2", lambda: blocker.execute("BEGIN IMMEDIATE"))
    assert house.run(ticket) == [Result.CONFIRMED]
    ended_at = house.clock.now
    assert house.journal.commands(1)[0].result is None
    house.alarm.step()
    blocker.execute("ROLLBACK")
    blocker.close()
    house.clock.now += 5
    house.alarm.step()
    [entry] = house.journal.commands(9)
    assert (entry.result, entry.ended_at) == ("confirmed", ended_at)


# -- the thread -----------------------------------------------------------------------------------------------------


class Undescribed:
    """The part of a cloud that no test here calls."""

    def activity(self) -> Sequence[AlarmEvent]:
        raise NotImplementedError

    def describe(self) -> Details:
        raise NotImplementedError


class Gate(Undescribed):
    """A cloud whose panel answers when the test says so, and knows when it was asked."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.asked, self.answer, self.polled = threading.Event(), threading.Event(), threading.Event()
        self.actions: list[Action] = []
        self.closed = False

    def read(self, how: Reading = Reading.POLL) -> PanelState:  # noqa: ARG002
        self.polled.set()
        return PanelState(DISARMED, self.clock.time(), "0", "EST2")

    def execute(self, action: Action, report: Report) -> PanelState:
        self.actions.append(action)
        report(Phase.ACCEPTED, "")
        self.asked.set()
        assert self.answer.wait(10)
        return PanelState(DISARMED.after(action), self.clock.time(), "1", "ARM2")

    def close(self) -> None:
        self.closed = True


def test_the_thread_polls_runs_commands_and_ends(tmp_path: Path) -> None:
    journal, clock = Journal(tmp_path), FakeClock()
    gate = Gate(clock)
    alarm = Installation("home", lambda: gate, journal, clock, poll_every_s=POLL_S)
    alarm.start()
    assert gate.polled.wait(10)
    flying = alarm.submit(Command(Arm(MODES["total"]), Origin("test")))
    flying.accepted.result(10)
    waiting = alarm.submit(Command(Arm(MODES["perimeter"]), Origin("test")))
    gate.answer.set()
    assert waiting.done.result(10).result is Result.CONFIRMED
    gate.answer.clear()
    gate.asked.clear()
    last = alarm.submit(Command(Arm(MODES["night"]), Origin("test")))
    assert gate.asked.wait(10)
    never = alarm.submit(Command(Disarm(), Origin("test")))
    stopper = threading.Thread(target=alarm.stop, args=(10,))
    stopper.start()
    while not alarm._commands.stopping:
        pass
    late = alarm.submit(Command(Arm(MODES["day"]), Origin("test")))
    gate.answer.set()
    stopper.join(10)
    assert last.done.result(0).result is Result.CONFIRMED
    assert never.done.result(0).message == "the program stopped before this was sent"
    assert late.done.result(0).message == "the program is stopping"
    assert gate.closed
    journal.close()


def test_a_paused_alarm_takes_in_what_it_sends_once_it_goes_on(tmp_path: Path) -> None:
    journal, clock = Journal(tmp_path), FakeClock()
    gate = Gate(clock)
    gate.answer.set()
    alarm = Installation("home", lambda: gate, journal, clock, poll_every_s=POLL_S)
    alarm.start()
    until(lambda: gate.polled.is_set() and alarm.is_at_rest)
    assert alarm.pause()
    gate.polled.clear()
    clock.now += POLL_S
    alarm.refresh()
    asked = alarm.submit(Command(Arm(MODES["total"]), Origin("test")))
    assert not alarm.is_at_rest
    assert not [one for one in (gate.asked, gate.polled) if one.is_set()]
    assert not asked.done.done()
    alarm.resume()
    assert asked.done.result(PATIENCE_S).result is Result.CONFIRMED
    until(lambda: alarm.is_at_rest)
    assert alarm.pause()
    alarm.stop(PATIENCE_S)  # a paused one ends like any other
    assert not alarm._thread.is_alive()
    journal.close()


def test_an_alarm_with_something_under_way_is_not_paused(tmp_path: Path) -> None:
    journal, clock = Journal(tmp_path), FakeClock()
    gate = Gate(clock)
    alarm = Installation("home", lambda: gate, journal, clock, poll_every_s=POLL_S)
    alarm.start()
    flying = alarm.submit(Command(Arm(MODES["total"]), Origin("test")))
    assert gate.asked.wait(PATIENCE_S)
    assert not alarm.pause()
    gate.answer.set()
    assert flying.done.result(PATIENCE_S).result is Result.CONFIRMED
    until(alarm.pause)
    alarm.stop(PATIENCE_S)
    journal.close()


def test_a_cloud_that_is_silent_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    journal, clock = Journal(tmp_path), FakeClock()
    gate = Gate(clock)
    alarm = Installation("home", lambda: gate, journal, clock, poll_every_s=POLL_S)
    alarm.start()
    flying = alarm.submit(Command(Arm(MODES["total"]), Origin("test")))
    assert gate.asked.wait(10)
    alarm.stop(0)
    assert flying.done.result(0).result is Result.UNCONFIRMED
    assert journal.commands(1)[0].result == "unconfirmed"
    gate.answer.set()
    alarm.stop(10)
    journal.close()


def test_what_waits_behind_a_silent_cloud_ends_with_the_stop_too(tmp_path: Path) -> None:
    journal, clock = Journal(tmp_path), FakeClock()
    gate = Gate(clock)
    alarm = Installation("home", lambda: gate, journal, clock, poll_every_s=POLL_S)
    alarm.start()
    alarm.submit(Command(Arm(MODES["total"]), Origin("test")))
    assert gate.asked.wait(10)
    waiting = alarm.submit(Command(Disarm(), Origin("test")))
    alarm.stop(0)
    assert waiting.done.result(0).message == "the program stopped before this was sent"
    assert [entry.result for entry in journal.commands(2)] == ["failed", "unconfirmed"]
    gate.answer.set()
    alarm.stop(10)
    journal.close()


def test_a_defect_between_commands_does_not_end_the_thread(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal, clock = Journal(tmp_path), FakeClock()
    gate, heard = Gate(clock), threading.Event()

    def change() -> None:
        if not heard.is_set():
            heard.set()
            raise ValueError("a door that is broken")

    alarm = Installation("home", lambda: gate, journal, clock, poll_every_s=POLL_S, on_change=change)
    alarm.start()
    assert heard.wait(10)
    gate.answer.set()
    assert alarm.submit(Command(Arm(MODES["total"]), Origin("test"))).done.result(10).result is Result.CONFIRMED
    alarm.stop(10)
    assert any("going on" in message for message in messages(caplog))
    journal.close()


def test_a_disk_that_is_full_is_no_defect_of_ours(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal, clock = Journal(tmp_path), FakeClock()
    gate = Gate(clock)

    def full(_how: Reading) -> PanelState:
        raise EmulatorError("the journal cannot be written")

    gate.read = full  # type: ignore[method-assign, assignment]
    Installation("home", lambda: gate, journal, clock, poll_every_s=POLL_S).step()
    journal.close()
    assert messages(caplog) == ["home: no news from the alarm, the last state is kept: the journal cannot be written"]


def test_a_stored_refusal_is_said_at_start(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal, clock = Journal(tmp_path), FakeClock()
    refused_logins.remember(journal, "home", "pw", "wrong password")
    gate = Gate(clock)
    alarm = Installation("home", lambda: gate, journal, clock, poll_every_s=POLL_S, credentials="pw")
    alarm.start()
    alarm.stop(10)
    assert any("wrong password" in message for message in messages(caplog))
    assert not gate.polled.is_set()
    journal.close()


def test_a_refused_login_and_an_unsettled_command_do_not_keep_the_thread_busy(house: House) -> None:
    house.alarm.step()
    house.fault("expire", "ARMNIGHT2", 1)
    house.fault("retired", "LOGIN")
    assert house.run(house.on("night")) == [Result.UNCONFIRMED]
    for _ in range(20):
        house.clock.now += POLL_S
        house.alarm.step()
        assert house.alarm._polling.due_at > house.clock.now
    assert house.count("LOGIN") == 2


@pytest.mark.parametrize("err", ["60067", "60022"])
def test_a_login_that_is_answered_as_if_its_session_had_ended_is_not_repeated(house: House, err: str) -> None:
    answer = pet("ERROR", f"<ERR>{err}</ERR><MSG>Hemos tenido problemas para identificarle</MSG>")
    script = ScriptTransport(LOGIN=[answer])
    house.transport.send = script.send  # type: ignore[method-assign]
    for _ in range(5):
        house.clock.now += POLL_S
        house.alarm.step()
    assert script.requests() == ["LOGIN"]
    assert "identificarle" in house.alarm.health.blocked


def test_stop_without_start(tmp_path: Path) -> None:
    journal, clock = Journal(tmp_path), FakeClock()
    Installation("home", lambda: Gate(clock), journal, clock, poll_every_s=POLL_S).stop(1)
    assert clock.now == EPOCH_S
    journal.close()
    assert Rejected("x").args == ("x",)


# -- a cloud whose news are rare and late -------------------------------------------------------------------------


class Late(Undescribed):
    """A cloud that returns what the test says; `news` is None where there is none since the last time."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.news: Axes | EmulatorError | None = DISARMED
        self.outcome: EmulatorError | None = None
        self.reads: list[tuple[float, Reading]] = []
        self.actions: list[Action] = []
        self._state = PanelState(DISARMED, clock.time(), "D", "Status")

    def read(self, how: Reading = Reading.POLL) -> PanelState:
        self.reads.append((self.clock.now, how))
        if isinstance(self.news, EmulatorError):
            raise self.news
        if self.news is not None:
            self._state = PanelState(self.news, self.clock.time(), "?", "Status")
        return self._state

    def execute(self, action: Action, report: Report) -> PanelState:  # noqa: ARG002
        self.actions.append(action)
        if self.outcome:
            raise self.outcome
        self._state = PanelState(self._state.axes.after(action), self.clock.time(), "?", "ArmStatus")
        return self._state

    def close(self) -> None: ...


class Owa:
    """An installation before such a cloud."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.cloud = Late(self.clock)
        self.journal = Journal(folder)
        self.alarm = Installation(
            "home", lambda: self.cloud, self.journal, self.clock, poll_every_s=120, reread_after_s=15
        )

    def run(self, action: Action, only_if: ArmMode | None = None) -> Result:
        ticket = self.alarm.submit(Command(action, Origin("test"), only_if))
        while not ticket.done.done():
            self.alarm.step()
        return ticket.done.result().result

    def live(self, seconds: float) -> None:
        """Let time pass as the thread does: a step whenever one is due."""
        for _ in range(int(seconds)):
            self.clock.now += 1
            self.alarm.step()


@pytest.fixture
def owa(tmp_path: Path) -> Iterator[Owa]:
    made = Owa(tmp_path)
    yield made
    made.journal.close()


NIGHT = ArmMode(Interior.NIGHT)


def test_one_more_read_soon_after_a_command_and_then_the_usual_pace(owa: Owa) -> None:
    owa.alarm.step()
    owa.live(30)
    assert owa.run(Arm(NIGHT)) is Result.CONFIRMED
    done = owa.clock.now
    owa.cloud.news = None
    owa.live(300)
    assert [when - done for when, _ in owa.cloud.reads[1:]] == [15, 135, 255]
    assert {how for _, how in owa.cloud.reads} == {Reading.POLL}


def test_old_news_settle_nothing_and_new_ones_do(owa: Owa) -> None:
    owa.alarm.step()
    owa.cloud.news, owa.cloud.outcome = None, Unconfirmed("the answer was lost")
    owa.clock.now += 1
    assert owa.run(Arm(NIGHT)) is Result.UNCONFIRMED
    owa.live(60)
    assert owa.journal.commands(1)[0].settled is None
    assert all(how is Reading.SETTLE for _, how in owa.cloud.reads[1:])
    assert len(owa.cloud.reads) <= 5
    owa.cloud.news = DISARMED.after(Arm(NIGHT))
    owa.live(120)
    assert owa.journal.commands(1)[0].settled == "night"
    assert owa.cloud.actions == [Arm(NIGHT)]


def test_until_it_is_settled_it_is_unknown_whether_an_off_would_disarm_another_mode(owa: Owa) -> None:
    owa.alarm.step()
    owa.cloud.news, owa.cloud.outcome = None, Unconfirmed("the answer was lost")
    owa.clock.now += 1
    owa.run(Arm(ArmMode(Interior.TOTAL)))
    owa.cloud.outcome = None
    assert owa.run(Disarm(), only_if=NIGHT) is Result.FAILED
    assert "no news yet of an earlier command" in str(owa.journal.commands(1)[0].message)
    assert len(owa.cloud.actions) == 1


@pytest.mark.parametrize("step_s", [0.0, -3600.0])
def test_an_off_of_the_mode_that_was_on_waits_for_what_became_of_an_arm(owa: Owa, step_s: float) -> None:
    """It may have come to pass: then the off would disarm another mode. A clock that was set back is no news."""
    owa.cloud.news = DISARMED.after(Arm(NIGHT))
    owa.alarm.step()
    owa.cloud.news, owa.cloud.outcome = None, Unconfirmed("the answer was lost")
    owa.clock.step += step_s
    assert owa.run(Arm(ArmMode(Interior.TOTAL))) is Result.UNCONFIRMED
    owa.cloud.outcome = None
    assert owa.run(Disarm(), only_if=NIGHT) is Result.FAILED
    assert owa.journal.commands(1)[0].settled is None
    assert owa.cloud.actions == [Arm(ArmMode(Interior.TOTAL))]


def test_after_a_restart_nothing_is_settled_by_what_may_be_older(owa: Owa) -> None:
    owa.cloud.news = DISARMED.after(Arm(NIGHT))
    owa.alarm.step()
    owa.journal.begin("home", Command(Arm(ArmMode(Interior.TOTAL)), Origin("test")), owa.clock.time())
    owa.journal.recover(owa.clock.time())
    owa.alarm = Installation("home", lambda: owa.cloud, owa.journal, owa.clock, poll_every_s=120, lag_s=180)
    owa.live(170)
    assert owa.journal.commands(1)[0].settled is None
    assert owa.run(Disarm(), only_if=NIGHT) is Result.FAILED
    owa.cloud.news = DISARMED.after(Arm(ArmMode(Interior.TOTAL)))
    owa.live(600)
    assert owa.journal.commands(2)[1].settled == "total"
    assert owa.cloud.actions == []


def test_a_confirmed_command_ends_what_an_outage_left(owa: Owa) -> None:
    owa.alarm.step()
    owa.cloud.news, owa.cloud.outcome = Unreachable("the cloud is down"), Unconfirmed("the answer was lost")
    owa.clock.now += 1
    assert owa.run(Arm(ArmMode(Interior.TOTAL))) is Result.UNCONFIRMED
    owa.live(600)
    assert owa.alarm.health.failures > 0
    owa.cloud.news, owa.cloud.outcome = None, None
    assert owa.run(Arm(NIGHT)) is Result.CONFIRMED
    assert (owa.alarm.health.failures, owa.alarm.health.error) == (0, "")
    assert owa.alarm.health.next_poll_at <= owa.clock.time() + 15
    assert owa.journal.commands(2)[1].settled == "night"


def test_repeated_presses_do_not_wake_the_panel_each_time(house: House) -> None:
    house.alarm.step()
    house.fault("wait")
    assert house.run(house.on("night")) == [Result.UNCONFIRMED]
    house.fault("down", "EST1")
    house.fault("empty_log", "ACT_V2")
    asked = house.count("EST1")
    for _ in range(20):
        house.clock.now += 3
        assert house.run(house.off("day")) in ([Result.FAILED], [Result.IGNORED])
    assert house.count("EST1") - asked <= 4


def test_a_state_from_before_the_machine_slept_is_not_fresh(house: House) -> None:
    house.panel.keypad(Arm(MODES["night"]))
    house.alarm.step()
    house.panel.keypad(Disarm())
    house.panel.keypad(Arm(MODES["total"]))
    house.clock.step += 8 * 3600
    assert house.run(house.off("night")) == [Result.IGNORED]
    assert house.panel.axes.has(MODES["total"])


def test_a_disarm_whose_answer_was_lost_may_be_asked_for_again(owa: Owa) -> None:
    owa.cloud.news = DISARMED.after(Arm(NIGHT))
    owa.alarm.step()
    owa.cloud.news, owa.cloud.outcome = None, Unconfirmed("the answer was lost")
    owa.clock.now += 1
    assert owa.run(Disarm(), only_if=NIGHT) is Result.UNCONFIRMED
    owa.cloud.outcome = None
    assert owa.run(Disarm(), only_if=NIGHT) is Result.CONFIRMED


def test_what_was_left_unguarded_is_in_the_journal(owa: Owa) -> None:
    owa.cloud.execute = lambda *_: PanelState(  # type: ignore[method-assign]
        DISARMED.after(Arm(NIGHT)), owa.clock.time(), "Q", "ArmStatus", ("Cocina", "Salon")
    )
    assert owa.run(Arm(NIGHT, force=True)) is Result.CONFIRMED
    assert owa.journal.commands(1)[0].message == "the panel is night; open and not guarded: Cocina, Salon"


def test_a_login_that_only_a_person_can_make_is_said_once_and_looked_for(
    owa: Owa, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    owa.cloud.news = LoginNeeded("nobody has logged in: type `emulator login`")
    owa.live(60)
    assert len([message for message in messages(caplog) if "emulator login" in message]) == 1
    assert owa.alarm.known_obstacle(Arm(NIGHT)) is owa.cloud.news
    assert refused_logins.recall(owa.journal, "") is None
    owa.cloud.news = DISARMED
    owa.live(6)
    assert owa.alarm.known_obstacle(Arm(NIGHT)) is None
    assert owa.alarm.view.axes == DISARMED
    assert any("works again" in message for message in caplog.messages)


# -- health and history -----------------------------------------------------------------------------------------------


def test_health_tells_of_news_and_of_silence(house: House) -> None:
    assert house.alarm.health == Health(next_poll_at=house.clock.now)
    house.alarm.step()
    well = house.alarm.health
    assert (well.read_at, well.next_poll_at, well.failures) == (house.clock.now, house.clock.now + POLL_S, 0)
    house.fault("down")
    for failures in (1, 2):
        house.clock.now = house.alarm.health.next_poll_at or 0
        house.alarm.step()
        assert (house.alarm.health.failures, house.alarm.health.read_at) == (failures, well.read_at)
    assert house.alarm.health.error
    house.heal()
    house.clock.now = house.alarm.health.next_poll_at or 0
    house.alarm.step()
    assert (house.alarm.health.failures, house.alarm.health.error) == (0, "")


def test_health_says_what_to_do_about_a_refused_login_now_and_after_a_restart(house: House) -> None:
    house.fault("retired")
    house.alarm.step()
    now, later = house.alarm.health.blocked, house.installation().health.blocked
    assert now.endswith(clouds.row("wsdo").after_refusal)
    assert now == later


def test_an_ended_login_of_owa_is_mended_by_a_login_and_nothing_else(owa: Owa) -> None:
    ended = "the login has ended: the cloud gave no new tokens; type `emulator login`"
    owa.cloud.news = LoginNeeded(ended)
    owa.alarm.step()
    assert owa.alarm.health.blocked == ended


def test_a_number_that_the_settings_lack_stands_until_the_next_start_only(house: House) -> None:
    asked = "set `number` of the installation in devices.yaml and restart; this account has: 1, 2"

    def ask(*_: object, **__: object) -> bytes:
        raise SettingNeeded(asked)

    house.transport.send = ask  # type: ignore[method-assign]
    house.alarm.step()
    assert house.alarm.health.blocked == asked
    assert house.installation().health.blocked == ""


def test_a_thread_that_has_ended_is_not_well(house: House) -> None:
    assert house.alarm.health.alive
    house.alarm.start()
    house.clock.stop()
    house.alarm.stop(5.0)
    assert not house.alarm.health.alive


def test_history_tells_our_commands_from_what_others_do(house: House) -> None:
    house.alarm.step()
    house.run(house.on("night"))
    house.panel.keypad(Disarm())
    house.clock.now += POLL_S
    house.alarm.step()
    spans = history.spans(house.journal, "home", 0)
    assert [str(span.axes) for span in spans] == ["disarmed", "night", "disarmed"]
    assert [span.command for span in spans] == [None, house.journal.commands(1)[0].id, None]
    assert all(one.until == other.since for one, other in pairwise(spans))


def test_what_follows_an_unconfirmed_command_is_laid_at_its_door(house: House) -> None:
    house.alarm.step()
    house.fault("wait", "ARMNIGHT2")
    house.run(house.on("night"))
    house.heal()
    house.alarm.step()
    last = history.spans(house.journal, "home", 0)[-1]
    assert (str(last.axes), last.command) == ("night", house.journal.commands(1)[0].id)
