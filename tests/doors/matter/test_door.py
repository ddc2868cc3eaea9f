"""The door beside a bridge that only speaks the lines."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from emulator.doors import Door
from emulator.doors.matter import answers, pairing
from emulator.doors.matter.child import ERROR, WORDS_BYTES, printable
from emulator.doors.matter.settings import DOOR
from emulator.errors import Rejected
from emulator.model import Outcome, Result
from tests.doors.contract import DoorContract
from tests.doors.fakes import a_switch
from tests.doors.matter.rig import House, a_house, two
from tests.support.patience import until


class TestMatter(DoorContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> Iterator[None]:
        self.folder = tmp_path
        self.houses: list[House] = []
        yield
        for house in self.houses:
            house.close()

    def make(self) -> Door:
        self.houses.append(House(self.folder))
        return self.houses[-1].door

    def serves(self, door: Door, /) -> bool:
        if self.houses[-1].door.bridge.pid is None:
            return False
        until(door.urls)
        return True


def test_it_shows_each_switch(house: House) -> None:
    first = house.heard[0]
    assert [(one["name"], one["on"]) for one in first["devices"]] == [("Total alarm", False), ("Night alarm", False)]
    house.hub.be(house.hub.switches[0], True)
    until(lambda: house.shown(0) is True)
    house.hub.be(house.hub.switches[0], None)
    until(lambda: house.shown(0) is None)


def test_what_is_asked_reaches_the_hub_and_is_answered(house: House) -> None:
    assert house.answer(house.ask(1, on=True)) == {"reply": 1}
    [(name, on, origin)] = house.hub.asked
    assert (name, on, origin.door, origin.peer) == ("Total alarm", True, "matter", "fabric 1 node 77")
    until(lambda: house.context.names.named(origin.peer) == "Amazon")


def test_a_refusal_reaches_the_controller(house: House) -> None:
    house.hub.prompt, house.hub.busy = False, True  # held back, as it may be part of a sweep
    reply = house.ask(1, on=True)
    until(lambda: house.hub.tickets)
    house.hub.tickets[0].finish(Outcome(Result.REJECTED, "a window is open"), Rejected("a window is open"))
    assert house.answer(reply)["refused"] == "a window is open"
    until(lambda: house.shown(0) is False)


def test_a_refusal_by_the_panel_reaches_the_controller(house: House) -> None:
    house.hub.prompt = False
    reply = house.ask(1, on=True)
    until(lambda: house.hub.tickets)
    house.hub.tickets[0].accept()
    house.hub.tickets[0].finish(Outcome(Result.REJECTED, "a window is open"), None)
    assert house.answer(reply)["refused"] == "a window is open"


def test_a_later_refusal_takes_the_plug_back(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The controller has its answer by then. People have a notice: of a command that fails, by whichever door."""
    monkeypatch.setattr(answers, "ANSWER_S", 0.0)
    house.hub.prompt, night = False, house.hub.switches[1]
    house.hub.be(night, True)  # where the command leads
    assert house.answer(house.ask(2, on=True)) == {"reply": 1}
    until(lambda: house.shown(1) is True)
    house.hub.tickets[0].finish(Outcome(Result.REJECTED, "a window is open"), Rejected("a window is open"))
    house.hub.be(night, False)
    until(lambda: house.shown(1) is False)
    assert [one for one in house.heard if "reply" in one] == [{"reply": 1}]


def test_an_off_that_is_held_back_is_answered_at_once(house: House) -> None:
    house.hub.prompt, house.hub.busy = False, True
    assert house.answer(house.ask(1, on=False)) == {"reply": 1}
    assert not house.hub.tickets[0].accepted.done()


def test_an_ignored_off_is_a_failure(house: House) -> None:
    house.hub.be(house.hub.switches[0], True)
    house.hub.prompt = False
    reply = house.ask(1, on=False)
    until(lambda: house.hub.tickets)
    house.hub.tickets[0].finish(Outcome(Result.IGNORED, "this switch only arms"), None)
    assert house.answer(reply)["refused"] == "this switch only arms"


def test_what_is_late_or_unknown_is_not_carried_out(house: House) -> None:
    assert "too long ago" in house.answer(house.ask(1, on=True, age_s=60))["refused"]
    assert "no such switch" in house.answer(house.ask(7, on=True))["refused"]
    house.hub.refusal = Rejected("the disk is full")
    assert house.answer(house.ask(1, on=True))["refused"] == "the disk is full"
    assert house.hub.asked == []


def test_nonsense_of_the_bridge_is_logged(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.say('{"passcode": 1234}')
    house.answer(house.ask(1, on=True))
    assert "what means nothing" in caplog.text
    assert "1234" not in caplog.text


def test_a_bridge_that_ends_is_started_again(house: House) -> None:
    house.say("die")
    until(lambda: any("SomeError: it had to end" in one for one in house.door.obstacles()))
    until(house.door.urls)
    until(lambda: not house.door.obstacles())
    first, second = (one for one in house.heard if "passcode" in one)
    assert first == second
    assert house.hub.asked == []


def test_a_killed_bridge_is_started_again(house: House) -> None:
    pid = house.door.bridge.pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    until(lambda: house.door.bridge.ready and house.door.bridge.pid != pid)


def test_one_that_does_not_end_is_killed(tmp_path: Path) -> None:
    with a_house(tmp_path, mood="deaf") as house:
        pid = house.door.bridge.pid
        assert pid
    assert not Path(f"/proc/{pid}").exists()


def test_without_an_installation_there_is_an_obstacle(tmp_path: Path) -> None:
    with a_house(tmp_path, installed=False) as house:
        assert "it is not installed" in house.door.obstacles()[0]
        assert house.door.urls() == ()
        house.installed = True
        until(house.door.urls)


def test_wishes_are_fulfilled(house: House) -> None:
    pairing.wish_open(house.journal, house.context.clock.time())
    pairing.wish_removed(house.journal, 1)
    pairing.wish_removed(house.journal, 9)
    until(lambda: {"open": True} in house.heard and {"remove": 1} in house.heard)
    assert {"remove": 9} not in house.heard
    house.say('{"fabrics": []}')
    until(lambda: house.journal.recall_all(pairing.REMOVED) in ([], {}, ()))


def test_an_invitation_opens_the_window(house: House) -> None:
    until(lambda: house.door.invitation().paired == 1)
    found = house.door.invitation()
    assert found.code == "3497-011-2332"
    assert any("Alexa" in hint for hint in found.hints)
    until(lambda: {"open": True} in house.heard)


def test_other_settings_keep_the_bridge_and_the_numbers_of_its_devices(tmp_path: Path) -> None:
    total, night = two()
    with a_house(tmp_path, switches=(total, night)) as house:
        before = house.heard[0]
    third = a_switch("Day alarm", 3, port=2003, doors=DOOR)
    with a_house(tmp_path, switches=(third, replace(night, name="Noche"))) as house:
        after = [one for one in house.heard if "passcode" in one][-1]
        assert house.hub.asked == []
    assert {**before, "devices": 0} == {**after, "devices": 0}
    assert [(one["id"], one["name"]) for one in before["devices"]] == [
        ("skey1", "Total alarm"),
        ("skey2", "Night alarm"),
    ]
    assert [(one["id"], one["name"]) for one in after["devices"]] == [("skey3", "Day alarm"), ("skey2", "Noche")]
    assert before["devices"][1]["serial"] == after["devices"][1]["serial"]


def test_what_was_asked_before_the_bridge_ended_is_not_answered_by_the_next(house: House) -> None:
    house.hub.prompt = False
    reply = house.ask(1, on=True)
    until(lambda: house.hub.tickets)
    house.say("die")
    until(lambda: len([one for one in house.heard if "passcode" in one]) == 2)
    until(house.door.urls)
    house.hub.tickets[0].finish(Outcome(Result.CONFIRMED, "done"), None)
    assert house.answer(house.ask(7, on=True))["reply"] == reply + 1
    assert [one for one in house.heard if one.get("reply") == reply] == []
    assert len(house.hub.asked) == 1


def test_a_port_that_is_taken_is_told(house: House) -> None:
    house.say('{"taken": true}')
    house.say("die")
    until(lambda: any("another program has UDP port 5540" in one for one in house.door.obstacles()))


def test_a_wide_word_of_the_bridge_is_cut() -> None:
    assert printable(b"Error: \x1b[31mno" + b"x" * 9000) == "Error:  [31mno" + "x" * (WORDS_BYTES - 14)
    assert ERROR.match("AddressInUseError: taken")
    assert not ERROR.match("let x; throw new Error(1):")
