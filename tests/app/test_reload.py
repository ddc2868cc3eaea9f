"""The change to other settings: when it is made, and what becomes of the program where it cannot be."""

import logging
import signal
import sys
import threading
from concurrent.futures import Future
from typing import Any

import pytest

from emulator.app.plan import Plan
from emulator.app.reload import AGAIN_S, ANSWER_S, DEFECT, GO_BACK_S, PROBLEMS, WAIT_S, Reload, ReloadDesk
from emulator.app.settings import Settings
from emulator.errors import ConfigError, EmulatorError, Hindered, Problem
from emulator.model import Notice
from tests.support.patience import PATIENCE_S
from tests.support.program import NIGHT, settings

NIGHTLY = settings(NIGHT)


def plan(name: str = "Night", **more: Any) -> Plan:
    night = NIGHTLY.switches[0].model_copy(update={"name": name})
    return Plan(NIGHTLY.model_copy(update={"switches": (night,)} | more), {}, ())


class FakeApp:
    """A program that notes what is done to it; `busy` and `late` say whether something is under way or comes in."""

    def __init__(self, house: "House", made_of: Plan) -> None:
        self.house = house
        self.made_of = made_of
        self.busy = self.late = False
        self.full = ""
        self.done: list[str] = []
        self.told: list[tuple[Notice, str]] = []

    @property
    def name(self) -> str:
        return self.made_of.settings.switches[0].name

    def start(self) -> None:
        self.house.did("start", self.name)
        if self.name in self.house.broken:
            raise self.house.broken[self.name]

    def pause(self) -> bool:
        return not self.busy

    def close_doors(self) -> bool:
        self.house.did("close", self.name)
        return not self.late

    def resume(self) -> None:
        self.house.did("resume", self.name)

    def stop(self) -> None:
        self.house.did("stop", self.name)

    def tell(self, notice: Notice, _about: str, text: str) -> None:
        self.told.append((notice, text))

    def all_changed(self) -> None:
        self.done.append("changed")

    def unwritable(self) -> str:
        return self.full


class House:
    """A program that runs on the settings `file`, and a clock that tests move."""

    def __init__(self) -> None:
        self.file: Plan | Exception = plan()
        self.broken: dict[str, Exception] = {}
        self.log: list[str] = []
        self.now = 1000.0
        self.slept: list[float] = []
        self.stops = False
        self.desk = ReloadDesk()
        self.made: list[FakeApp] = []
        self.reload = Reload(plan(), self._load, self._make, self.desk, monotonic=lambda: self.now, sleep=self._sleep)
        self.app.start()
        self.log.clear()

    def did(self, what: str, name: str) -> None:
        self.log.append(f"{what} {name}")

    def _load(self) -> Plan:
        if isinstance(self.file, Exception):
            raise self.file
        return self.file

    def _make(self, made_of: Plan) -> FakeApp:
        if error := self.broken.get(f"make {made_of.settings.switches[0].name}"):
            raise error
        self.made.append(FakeApp(self, made_of))
        return self.made[-1]

    def _sleep(self, seconds: float) -> bool:
        self.slept.append(seconds)
        return not self.stops

    @property
    def app(self) -> FakeApp:
        return self.reload.app

    def ask(self) -> Future[str]:
        answer = self.desk.ask()
        self.look()
        return answer

    def look(self, seconds: float = 0.0) -> bool:
        self.now += seconds
        return self.reload.look(self.desk.wait(0.0))


@pytest.fixture
def house() -> House:
    return House()


def test_changed_settings_are_taken_after_the_answer_has_gone(house: House) -> None:
    house.file = plan("Nacht")
    assert "taken as soon as no command is under way" in house.ask().result()
    assert house.reload.waits
    assert (house.look(ANSWER_S / 2), house.log) == (False, [])
    assert house.look(ANSWER_S)
    assert house.log == ["close Night", "stop Night", "start Nacht"]
    assert (house.app.name, house.reload.waits, house.desk.trouble) == ("Nacht", False, "")
    assert not house.app.told


def test_the_same_settings_change_nothing(house: House) -> None:
    assert "nothing has changed" in house.ask().result()
    assert not house.reload.waits
    assert (house.look(AGAIN_S), house.log) == (False, [])


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ConfigError([Problem("devices.yaml:3", "no such mode")]), "devices.yaml:3: no such mode"),
        (EmulatorError("the file is gone"), "the file is gone"),
        (ZeroDivisionError("secret"), DEFECT),
    ],
)
def test_wrong_settings_change_nothing_and_are_told_everywhere(
    house: House, caplog: pytest.LogCaptureFixture, error: Exception, said: str
) -> None:
    house.file = error
    answer = house.ask()
    assert said in str(answer.exception())
    assert (house.look(AGAIN_S), house.log, house.app.name) == (False, [], "Night")
    assert said in house.desk.trouble
    assert "runs on with the settings that it had" in house.desk.trouble
    assert house.app.told == [(Notice.SETTINGS, house.desk.trouble)]
    assert house.app.done  # the page shows it at once
    assert said in caplog.text


def test_many_problems_are_all_logged_and_some_told(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.file = ConfigError([Problem(f"line {number}", "wrong") for number in range(9)])
    house.ask()
    assert house.desk.trouble.count("wrong") == PROBLEMS
    assert caplog.text.count("wrong") == 9


def test_settings_that_are_right_again_end_the_complaint(house: House) -> None:
    house.file = EmulatorError("wrong")
    house.ask()
    house.file = plan()
    house.ask()
    assert house.desk.trouble == ""


def test_what_this_machine_lacks_for_them_is_found_before(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "paho", None)
    house.file = Plan(settings(NIGHT, doors={"mqtt": {"broker": "mqtt://192.168.7.5"}}), {}, ())
    assert "needs the extra mqtt" in str(house.ask().exception())
    assert (house.look(AGAIN_S), house.log) == (False, [])


def test_all_that_this_machine_lacks_is_named_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for library in ("paho", "pyhap"):
        monkeypatch.setitem(sys.modules, library, None)
    doors = {"homekit": {}, "mqtt": {"broker": "mqtt://192.168.7.5"}}
    house.file = Plan(settings(NIGHT, doors=doors), {}, ())
    told = str(house.ask().exception())
    assert [line.partition(" needs")[0] for line in told.splitlines()] == ["doors.homekit:", "doors.mqtt:"]


def test_a_missing_notifier_keeps_nothing_from_being_taken(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    house.file = Plan(plan("Nacht").settings, {}, ("json://host",))
    house.ask()
    house.look(AGAIN_S)
    assert house.app.name == "Nacht"


def test_nothing_is_taken_while_nothing_can_be_written_down(house: House) -> None:
    house.file = plan("Nacht")
    house.app.full = "the journal cannot be written"
    assert str(house.ask().exception()) == house.app.full
    assert (house.look(AGAIN_S), house.log) == (False, [])


def test_a_command_under_way_ends_first_and_a_long_one_is_told(house: House) -> None:
    house.file = plan("Nacht")
    house.app.busy = True
    house.ask()
    assert (house.look(WAIT_S), house.desk.trouble) == (False, "")
    assert (house.look(1.0), house.log) == (False, [])
    assert "has not ended yet" in house.desk.trouble
    before = house.app
    changes = len(before.done)
    assert not house.look(1.0)
    assert len(before.done) == changes  # said once
    before.busy = False
    assert house.look()
    assert (house.app.name, house.desk.trouble) == ("Nacht", "")


def test_a_command_that_comes_at_the_last_moment_is_not_lost(house: House) -> None:
    house.file = plan("Nacht")
    before = house.app
    before.late = True
    house.ask()
    assert not house.look(ANSWER_S)
    assert house.log == ["close Night", "resume Night"]
    before.late = False
    assert not house.look(AGAIN_S / 2)  # the doors are not closed all the time
    assert house.look(AGAIN_S)
    assert house.log == ["close Night", "resume Night", "close Night", "stop Night", "start Nacht"]


def test_the_last_of_several_requests_counts(house: House) -> None:
    house.app.busy = True
    house.file = plan("Nacht")
    house.ask()
    house.file = plan("Nuit")
    house.ask()
    house.app.busy = False
    assert house.look(ANSWER_S)
    assert [one.name for one in house.made] == ["Night", "Nuit"]


@pytest.mark.parametrize("later", [plan(), EmulatorError("wrong")])
def test_a_later_request_withdraws_what_waits(house: House, later: Plan | Exception) -> None:
    house.app.busy = True
    house.file = plan("Nacht")
    house.ask()
    house.file = later
    house.ask()
    house.app.busy = False
    assert (house.look(AGAIN_S), house.log) == (False, [])


def test_many_requests_at_once_are_one(house: House) -> None:
    house.file = plan("Nacht")
    answers = [house.desk.ask() for _ in range(20)]
    house.look()
    assert len({answer.result() for answer in answers}) == 1
    assert house.look(ANSWER_S)
    assert house.log == ["close Night", "stop Night", "start Nacht"]


@pytest.mark.sampled
@pytest.mark.parametrize("where", ["Nacht", "make Nacht"])
@pytest.mark.parametrize("error", [Hindered("no thread"), ConfigError([Problem("x", "no port")]), KeyError("defect")])
def test_settings_that_do_not_start_lead_back_to_the_old_ones(house: House, where: str, error: Exception) -> None:
    house.broken[where] = error
    house.file = plan("Nacht")
    house.ask()
    assert house.look(ANSWER_S)
    assert house.log[-1] == "start Night"
    assert (house.app.name, house.reload.waits) == ("Night", False)
    assert "went back to the settings that it had" in house.desk.trouble
    assert "defect" not in house.desk.trouble or DEFECT in house.desk.trouble
    assert house.app.told == [(Notice.SETTINGS, house.desk.trouble)]
    # What was mended meanwhile is taken when it is asked for again.
    house.broken.clear()
    house.ask()
    assert house.look(ANSWER_S)
    assert (house.app.name, house.desk.trouble) == ("Nacht", "")


def test_the_old_settings_are_tried_again_and_again(house: House) -> None:
    house.broken |= {"Nacht": Hindered("no thread"), "Night": Hindered("no thread")}
    house.file = plan("Nacht")
    house.ask()

    def mended(seconds: float) -> bool:
        if len(house.slept) == 2:
            del house.broken["Night"]
        house.slept.append(seconds)
        return True

    house.reload._sleep = mended
    assert house.look(ANSWER_S)
    assert (house.app.name, house.slept) == ("Night", list(GO_BACK_S[1:4]))


@pytest.mark.parametrize("stops", [False, True])
def test_if_nothing_starts_a_service_manager_is_to_start_a_new_program(house: House, stops: bool) -> None:
    house.broken |= {"Nacht": KeyError("x"), "Night": Hindered("no thread")}
    house.stops = stops
    house.file = plan("Nacht")
    house.ask()
    with pytest.raises(Hindered, match="neither the changed settings nor those before"):
        house.look(ANSWER_S)
    assert len(house.slept) == (1 if stops else len(GO_BACK_S) - 1)


def test_credentials_and_targets_count_as_settings(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    house.file = Plan(plan().settings, {}, ("json://host/token",))
    assert "taken as soon as" in house.ask().result()
    assert "token" not in caplog.text


# -- the desk ---------------------------------------------------------------------------------------------------


def test_whoever_waits_at_the_desk_is_woken_by_a_signal() -> None:
    desk = ReloadDesk()
    before = signal.signal(signal.SIGHUP, lambda *_: desk.ask())
    try:
        sender = threading.Timer(0.05, lambda: signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGHUP))
        sender.start()
        assert len(desk.wait(PATIENCE_S)) == 1
        sender.join()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_stop_ends_the_wait_without_a_request() -> None:
    desk = ReloadDesk()
    desk.wake()
    assert desk.wait(PATIENCE_S) == []
    assert desk.wait(0.0) == []


@pytest.mark.parametrize("more", [{"reply_within": 0.5}, {"while_pending": "last"}, {"language": "es"}])
def test_every_setting_counts(more: dict[str, Any]) -> None:
    assert plan() != plan(**more)
    assert plan() == plan()
    assert isinstance(plan().settings, Settings)


def test_asking_again_and_again_does_not_put_it_off_for_ever(house: House) -> None:
    house.file = plan("Dusk")
    for _ in range(100):
        house.now += ANSWER_S / 2
        house.ask()
    assert "start Dusk" in house.log


def test_people_hear_once_of_the_same_trouble(house: House) -> None:
    house.file = EmulatorError("no such mode")
    for _ in range(5):
        house.ask()
    house.file = EmulatorError("no such door")
    house.ask()
    assert [text[:12] for _, text in house.app.told] == ["no such mode", "no such door"]
