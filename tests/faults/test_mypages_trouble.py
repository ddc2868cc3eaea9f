"""Trouble of My Pages, seen through to the end of a command, a night and a day: what is sent, and what is told."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from emulator.alarm.polling import FRESH_S
from emulator.clouds.mypages.commands import UNTOLD
from emulator.clouds.mypages.session import EARLY_S
from emulator.errors import LoginNeeded, Unreachable
from emulator.model import Arm, ArmMode, Disarm, Interior, Origin, Result
from tests.faults.alarm import Alarm
from tests.support.fakes_mypages import CODE, PASSWORD, USER, SimulatedMyPages

NIGHT = ArmMode(Interior.NIGHT)
PAGE = Origin("dashboard", "10.0.0.9")

SUBMIT_FAULTS = {
    # Kind → how the command ends, and whether the panel has done it.
    "down": (Result.UNCONFIRMED, False),
    "lost": (Result.UNCONFIRMED, True),
    "unavailable": (Result.UNCONFIRMED, False),
    "gateway_timeout": (Result.UNCONFIRMED, False),
    "html": (Result.UNCONFIRMED, False),
    "not_json": (Result.UNCONFIRMED, False),
    "trouble": (Result.UNCONFIRMED, False),
    "trouble_500": (Result.UNCONFIRMED, False),
    "no_transaction": (Result.UNCONFIRMED, False),
    "late": (Result.CONFIRMED, True),
    "passive": (Result.CONFIRMED, True),
    "passive_200": (Result.CONFIRMED, True),
    "unauthorized": (Result.CONFIRMED, True),
    "unauthorized_200": (Result.CONFIRMED, True),
    "limited": (Result.FAILED, False),
    "limited_200": (Result.FAILED, False),
    "blocked": (Result.FAILED, False),
    "busy": (Result.REJECTED, False),
    "wrong_code": (Result.REJECTED, False),
    "opens": (Result.REJECTED, False),
    "refuse": (Result.REJECTED, False),
}


class PagesAlarm(Alarm):
    """A house at My Pages that has been read, at six in the morning."""

    world: SimulatedMyPages

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "mypages")
        here = datetime.fromtimestamp(self.clock.now).astimezone()
        self.clock.now += (here.replace(hour=6, minute=0) + timedelta(days=1) - here).total_seconds()
        self.live(1)
        self.backend.reset()
        self.world.face.reset()

    @property
    def posts(self) -> int:
        return self.world.face.posts


@pytest.fixture
def alarm(tmp_path: Path) -> Iterator[PagesAlarm]:
    made = PagesAlarm(tmp_path)
    yield made
    made.journal.close()


@pytest.mark.parametrize("kind", SUBMIT_FAULTS)
@pytest.mark.sampled
def test_whatever_goes_wrong_with_a_submission_it_is_carried_out_once_or_not_at_all(
    alarm: PagesAlarm, kind: str
) -> None:
    result, done = SUBMIT_FAULTS[kind]
    alarm.fault(kind, "armHome", 1)
    assert alarm.end(alarm.turn("night", True)) is result
    alarm.backend.faults.clear()
    alarm.live(900)
    assert alarm.panel.axes.has(NIGHT) is done
    assert alarm.witness.taken() <= 1
    entry = alarm.journal.commands(1)[0]
    assert entry.result == result
    if kind not in ("limited", "limited_200", "blocked"):  # these mean silence
        assert alarm.installation.view.axes == alarm.panel.axes
        assert (entry.settled is not None) is (result is Result.UNCONFIRMED)
    assert alarm.witness.wrong == []


def test_a_blocked_account_is_left_alone_until_the_day_is_over(alarm: PagesAlarm) -> None:
    alarm.fault("blocked", times=1)
    alarm.live(300)
    assert "nothing is sent until 00:15" in str(alarm.installation.health.error)
    before = alarm.posts
    assert alarm.end(alarm.turn("night", True)) is Result.FAILED
    alarm.restart()
    alarm.live(17 * 3600)
    assert alarm.posts == before
    alarm.keypad(Arm(NIGHT))
    alarm.live(3 * 3600)
    assert alarm.installation.view.axes == alarm.panel.axes
    assert alarm.world.face.limits.refused == 1


def test_a_night_of_pages_is_weather(alarm: PagesAlarm) -> None:
    alarm.fault("gateway_timeout")
    alarm.live(3 * 3600)
    alarm.backend.faults.clear()
    alarm.keypad(Arm(NIGHT))
    alarm.live(1300)
    assert alarm.installation.view.axes == alarm.panel.axes
    assert (alarm.world.count("auth/login"), alarm.world.count("auth/mfa")) == (0, 0)


def test_a_password_that_is_refused_is_sent_once(alarm: PagesAlarm) -> None:
    alarm.world.password = "not this one"
    alarm.restart()
    for _ in range(3):
        alarm.world.face.actions["tokens/revoke"]()
        alarm.kill_sessions()
        alarm.live(2000)
        alarm.restart()
    assert alarm.world.count("auth/login") == 1
    alarm.live(10)
    assert isinstance(alarm.installation.known_obstacle(Arm(NIGHT)), LoginNeeded)
    alarm.world.log_in()
    alarm.live(10)
    assert alarm.end(alarm.turn("night", True)) is Result.CONFIRMED


def end_login(alarm: PagesAlarm, fault: str) -> None:
    """Leave the password alone to log in with, and a fault in its way."""
    alarm.world.password = PASSWORD
    alarm.restart()
    alarm.fault(fault, "auth/login")
    alarm.world.face.actions["tokens/revoke"]()
    alarm.kill_sessions()


def test_a_login_that_opens_no_session_is_tried_twice(alarm: PagesAlarm) -> None:
    end_login(alarm, "no_cookies")
    alarm.live(86_400)
    assert alarm.world.count("auth/login") == 2
    assert "opens no session" in alarm.installation.health.blocked
    alarm.backend.faults.clear()
    alarm.world.log_in()
    alarm.live(10)
    assert alarm.end(alarm.turn("night", True)) is Result.CONFIRMED


def test_a_login_without_an_answer_is_tried_less_and_less(alarm: PagesAlarm) -> None:
    end_login(alarm, "gateway_timeout")
    alarm.live(86_400)
    # After 0, 15 and 45 minutes, and so on up to eight hours; each time at both hosts.
    assert alarm.world.count("auth/login") == 2 * 7


def test_a_password_is_not_wrong_because_no_more_codes_are_sent(alarm: PagesAlarm) -> None:
    end_login(alarm, "many_codes")
    alarm.live(2000)
    assert alarm.world.count("auth/login") == 1
    assert not alarm.world.vault.is_wrong(USER, PASSWORD)


def test_a_session_that_no_renewal_helps_is_renewed_once_for_a_command(alarm: PagesAlarm) -> None:
    alarm.fault("unauthorized", "pollArmState")
    assert alarm.end(alarm.turn("night", True)) is Result.UNCONFIRMED
    assert alarm.world.count("auth/token") == 1


HANGS_S = 20.0
"""Time-out of a request, as it is set for this cloud."""


@pytest.mark.parametrize("request_", ["ArmState", "auth/token"])
def test_a_disarm_waits_for_no_read_and_no_early_renewal_that_hang(alarm: PagesAlarm, request_: str) -> None:
    alarm.keypad(Arm(NIGHT))
    alarm.live(300)
    login = alarm.world.vault.load()
    assert login
    alarm.clock.now = login.access_until - EARLY_S + 10
    alarm.installation._polling.due_at = alarm.clock.now + 60

    def hang(request: str) -> None:
        if request == request_:
            alarm.clock.now += HANGS_S
            raise Unreachable("no answer")

    alarm.before = hang
    assert alarm.end(alarm.turn("night", False)) is Result.CONFIRMED


def bypassed(alarm: PagesAlarm) -> tuple[str, ...]:
    """What is said to be open and not guarded."""
    state = alarm.installation.view.state
    assert state
    return state.bypassed


def test_what_was_not_guarded_ends_with_its_arming(alarm: PagesAlarm) -> None:
    zone = alarm.panel.equipment.zones[0].name
    alarm.panel.window(zone, is_open=True)
    ticket = alarm.hub.command("home", Arm(NIGHT, force=True), PAGE)
    assert alarm.end(ticket) is Result.CONFIRMED
    alarm.live(400)
    assert bypassed(alarm) == (zone,)
    alarm.keypad(Disarm())
    alarm.panel.window(zone, is_open=False)
    alarm.clock.now += 30
    alarm.keypad(Arm(NIGHT))
    alarm.live(400)
    assert alarm.installation.view.axes.has(NIGHT)
    assert bypassed(alarm) == ()


@pytest.mark.parametrize("tells", [True, False])
def test_an_arming_by_force_says_what_the_look_before_did_not_show(alarm: PagesAlarm, tells: bool) -> None:
    zone = alarm.panel.equipment.zones[0].name
    alarm.panel.window(zone, is_open=True)
    alarm.fault("wait", "ArmStateDryRunStatus")
    if not tells:
        alarm.fault("unavailable", "DoorWindow")
    assert alarm.end(alarm.hub.command("home", Arm(NIGHT, force=True), PAGE)) is Result.CONFIRMED
    assert alarm.journal.commands(1)[0].zones == ((zone,) if tells else (UNTOLD,))


def test_an_alarm_that_goes_on_changing_is_no_news(alarm: PagesAlarm) -> None:
    alarm.world.face.options.shows_pending = True
    alarm.panel.answer_after = 115
    alarm.live(60)
    alarm.panel.submit(Arm(NIGHT), source="App", user="Ana")
    alarm.live(60)  # with the first look at it, which shows the last state
    assert alarm.world.count("ArmState") == 1
    alarm.clock.now += FRESH_S
    off = alarm.turn("night", False)
    assert alarm.end(off) is Result.FAILED
    assert "just changing" in off.done.result().message
    alarm.live(1)
    assert alarm.installation.health.failures
    alarm.live(300)
    assert alarm.installation.view.axes.has(NIGHT)
    assert not alarm.installation.health.is_faulty


def test_a_disarm_that_got_lost_at_once_is_not_settled_by_the_record_before_it(alarm: PagesAlarm) -> None:
    alarm.keypad(Arm(NIGHT))
    alarm.live(200)
    alarm.world.face.options.shows_pending = False
    alarm.panel.answer_after = 25
    alarm.restart()
    alarm.fault("lost", "disarm", 1)
    assert alarm.end(alarm.hub.command("home", Disarm(), PAGE)) is Result.UNCONFIRMED
    alarm.installation.step()
    assert alarm.journal.commands(1)[0].settled is None
    alarm.live(200)
    assert alarm.journal.commands(1)[0].settled == "disarmed"


WRONG = "1234"


@pytest.mark.parametrize("action", [Arm(NIGHT), Disarm()])
def test_a_right_code_is_not_taken_for_the_wrong_one_before_it(alarm: PagesAlarm, action: Arm | Disarm) -> None:
    alarm.keypad(Arm(NIGHT) if isinstance(action, Disarm) else Disarm())
    alarm.world.code = ""
    alarm.restart()
    alarm.live(1)
    wrong = alarm.hub.command("home", replace(action, code=WRONG), PAGE)
    right = alarm.hub.command("home", replace(action, code=CODE), Origin("api", "10.0.0.10"))
    assert alarm.end(right) is Result.CONFIRMED
    assert wrong.done.result().result in (Result.REJECTED, Result.SUPERSEDED)
    assert alarm.panel.axes.has(NIGHT) is isinstance(action, Arm)


def test_a_code_that_is_typed_anew_at_once_reaches_the_alarm(alarm: PagesAlarm) -> None:
    alarm.world.code = ""
    alarm.restart()
    alarm.live(1)
    assert alarm.end(alarm.turn("night", True)) is Result.REJECTED
    for code, result in ((WRONG, Result.REJECTED), (CODE, Result.CONFIRMED)):
        assert alarm.end(alarm.hub.command("home", Arm(NIGHT, code=code), PAGE)) is result
    assert alarm.world.count("armHome") == 2


@pytest.mark.parametrize("rotates", [False, True])
def test_two_programs_share_one_login(alarm: PagesAlarm, rotates: bool) -> None:
    alarm.world.face.options.rotates = rotates
    for _ in range(10):
        alarm.live(400)
        other = alarm.world.new_client()
        assert other.read().axes == alarm.panel.axes
        other.close()
    assert (alarm.world.count("auth/login"), alarm.world.face.client_faults) == (0, [])


@pytest.mark.long
def test_a_day_at_default_settings_is_far_from_any_limit(alarm: PagesAlarm) -> None:
    alarm.live(86_400)
    requests = alarm.backend.requests
    # One request for each poll, and one of twelve minutes for the access.
    assert requests["ArmState"] <= 720 + 5
    assert requests["auth/token"] <= 130
    assert {"auth/login", "DoorWindow", "EventLog"}.isdisjoint(requests)
    assert alarm.posts <= 900
