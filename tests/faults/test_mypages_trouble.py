"""Trouble of My Pages, seen through to the end of a command, a night and a day: what is sent, and what is told."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from emulator.errors import LoginNeeded
from emulator.model import Arm, ArmMode, Interior, Result
from tests.faults.alarm import Alarm
from tests.support.fakes_mypages import SimulatedMyPages

NIGHT = ArmMode(Interior.NIGHT)

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
