"""The code of the alarm itself, where it wants one and none is kept: typed or sent by a program, and never told."""

import logging

import pytest
from lxml import html
from werkzeug.test import TestResponse

from emulator.model import Arm, ArmMode, Disarm
from tests.doors.dashboard.rig import PIN, Rig

CODE = "478213"


@pytest.fixture
def asking(rig: Rig) -> Rig:
    rig.alarm.asks_code = True
    return rig


def waiting(rig: Rig) -> Arm | Disarm:
    """What the alarm is about to do."""
    first = rig.alarm._commands.queue.first
    assert first
    return first.command.action


def form_of(page: TestResponse, button: str) -> html.FormElement:
    """The form of a button, whose fields a person has not filled in yet."""
    assert CODE not in page.text
    return next(html.fromstring(page.data).get_element_by_id(button).iterancestors("form"))


def test_the_page_has_a_field_for_it_only_where_it_is_asked(asking: Rig) -> None:
    assert asking.get("/").text.count('name="code"') == 2
    assert (asking.get("/api/state").json or {})["installations"][0]["asks_code"] is True
    asking.alarm.asks_code = False
    assert 'name="code"' not in asking.get("/").text
    assert (asking.get("/api/state").json or {})["installations"][0]["asks_code"] is False


def test_the_page_passes_it_on(asking: Rig) -> None:
    assert asking.post("/arm", installation="home", mode="night", code=CODE).status_code == 303
    assert waiting(asking).code == CODE
    asking.settle()
    asking.post("/disarm", installation="home", pin=PIN, code=CODE)
    assert isinstance(waiting(asking), Disarm)
    assert waiting(asking).code == CODE


def test_a_change_of_mode_asks_for_it_once_more(asking: Rig) -> None:
    asking.post("/arm", installation="home", mode="night", code=CODE)
    asking.settle()
    question = asking.post("/arm", installation="home", mode="total", code=CODE)
    form = form_of(question, "ask-yes")
    assert dict(form.fields) == {"installation": "home", "days": "1", "over": "night", "code": None}
    asking.post("/arm", installation="home", mode="total", over="night", code=CODE)
    assert waiting(asking) == Arm(ArmMode.parse("total"), code=CODE)


def test_a_second_try_asks_for_it_once_more(asking: Rig) -> None:
    asking.panel.window("Comedor", is_open=True)
    asking.post("/arm", installation="home", mode="night", code=CODE)
    asking.settle()
    assert "code" in form_of(asking.get("/"), "again-home").fields
    asking.alarm.asks_code = False
    assert "code" not in form_of(asking.get("/"), "again-home").fields


def test_a_person_who_types_none_is_told_to(asking: Rig) -> None:
    answer = asking.post("/arm", installation="home", mode="night")
    assert answer.status_code == 400
    assert "its own code with each command: type it" in answer.text
    assert asking.alarm._commands.queue.first is None


def test_a_program_passes_it_on_and_nothing_tells_it(asking: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answers = [asking.call("/api/command", {"arm": "total", "code": CODE})]
    assert answers[0].status_code == 202
    assert waiting(asking).code == CODE
    asking.settle()
    answers += [asking.call("/api/command", {"disarm": "main", "pin": PIN, "code": CODE})]
    asking.settle()
    answers += [asking.get(path) for path in ("/", "/api/state", "/api/journal", "/metrics")]
    kept = b"".join(path.read_bytes() for path in asking.folder.iterdir() if path.is_file())
    assert CODE.encode() not in kept
    assert CODE not in caplog.text + "".join(one.text for one in answers)


@pytest.mark.parametrize("code", ["12", "12a4", "1" * 13, "१२३४"])
def test_what_is_no_code_is_refused_and_not_quoted(asking: Rig, code: str) -> None:
    answer = asking.call("/api/command", {"arm": "night", "code": code})
    assert answer.status_code == 400
    assert f'"{code}"' not in answer.text
    assert asking.post("/arm", installation="home", mode="night", code=code).status_code == 400
    assert asking.alarm._commands.queue.first is None


def test_a_code_that_is_too_long_is_named_by_its_label(asking: Rig) -> None:
    answer = asking.post("/arm", installation="home", mode="night", code="1" * 101)
    assert "Code of the alarm: at most 100 characters" in answer.text


def test_a_disarm_needs_the_pin_of_this_program_all_the_same(asking: Rig) -> None:
    assert asking.call("/api/command", {"disarm": "main", "code": CODE}).status_code == 403
