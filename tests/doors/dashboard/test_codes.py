"""The code of a door that is paired by one: for a person who gives the PIN, and on no page before."""

import pytest

from emulator import doors
from emulator.doors import Invitation
from tests.doors.dashboard.rig import PEER, PIN, FakeDoor, Rig

CODE = Invitation("homekit", "031-45-154", "M4 4h1v1h-1z", 29, 1)


class CodedDoor(FakeDoor):
    def invitation(self) -> Invitation:
        return CODE


@pytest.fixture
def coded(rig: Rig) -> Rig:
    object.__setattr__(rig.shown, "doors", lambda: {"wemo": rig.door, "homekit": CodedDoor()})
    return rig


def test_the_page_asks_for_the_pin_and_shows_no_code(coded: Rig) -> None:
    text = coded.get("/").text
    assert "Pair with the HomeKit bridge" in text
    assert 'id="code-homekit-pin"' in text
    assert CODE.code not in text
    assert CODE.picture not in text


def test_the_right_pin_shows_the_code_and_its_picture(coded: Rig) -> None:
    said = coded.post("/invite", door="homekit", pin=PIN)
    assert said.status_code == 200
    assert f"<b>{CODE.code}</b>" in said.text
    assert f'<path d="{CODE.picture}"/>' in said.text
    assert said.headers["Cache-Control"] == "no-store"
    assert CODE.code not in coded.get("/").text


@pytest.mark.parametrize("pin", ["1111", ""])
def test_a_wrong_pin_shows_none_and_stands_in_the_journal(coded: Rig, pin: str) -> None:
    said = coded.post("/invite", door="homekit", pin=pin)
    assert said.status_code == 403
    assert CODE.code not in said.text
    assert 'id="code-homekit-pin-error" class="error" role="alert">' in said.text
    assert coded.last()[:4] == ("dashboard", PEER, "show the code for pairing", "refused")


def test_another_page_gets_none(coded: Rig) -> None:
    assert coded.post("/invite", origin="http://evil.example", door="homekit", pin=PIN).status_code == 403
    assert coded.get(f"/invite?door=homekit&pin={PIN}").status_code == 405


@pytest.mark.parametrize("door", ["wemo", "hue", "", "dashboard"])
def test_a_door_without_a_code_has_none(coded: Rig, door: str) -> None:
    said = coded.post("/invite", door=door, pin=PIN)
    assert said.status_code == 400
    assert CODE.code not in said.text


def test_each_row_that_is_paired_by_a_code_has_one() -> None:
    assert [name for name, row in doors.rows().items() if row.invitation] == ["homekit", "matter"]
