"""Changed settings by the API and on the page: who may have them taken, and how it is said when they are not."""

from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest
from werkzeug.test import Client

from emulator.doors.dashboard import api
from emulator.doors.dashboard.door import create_app
from emulator.errors import ConfigError, Problem
from tests.doors.dashboard.rig import PIN, TOKEN, Rig

WRONG = ConfigError([Problem("devices.yaml:3", "no such mode")])


def test_with_the_pin_they_are_taken(rig: Rig) -> None:
    answer = rig.call("/api/reload", {"pin": PIN})
    assert (answer.status_code, answer.json) == (202, {"message": "taken"})
    assert rig.changes.asked == 1


def test_without_the_pin_nobody_asks_at_all(rig: Rig) -> None:
    assert rig.call("/api/reload", {}).status_code == 403
    assert rig.call("/api/reload", {"pin": "1111"}).status_code == 403
    assert rig.changes.asked == 0
    assert [entry.action for entry in rig.journal.commands(9)] == ["take the changed settings"] * 2


def test_where_no_pin_is_set_none_is_needed(tmp_path: Path) -> None:
    made = Rig(tmp_path, pin=None)
    assert made.call("/api/reload", {}).status_code == 202
    made.journal.close()


def test_the_token_of_this_machine_stands_for_the_pin(rig: Rig) -> None:
    answer = rig.call("/api/reload", {}, peer="127.0.0.1", Authorization=f"Bearer {TOKEN}")
    assert answer.status_code == 202


def test_a_page_of_another_site_cannot(rig: Rig) -> None:
    answer = rig.call("/api/reload", {"pin": PIN}, Origin="http://elsewhere.example")
    assert (answer.status_code, rig.changes.asked) == (403, 0)
    assert rig.post("/api/reload", pin=PIN).status_code == 415  # nor a form


def test_settings_that_are_wrong_are_refused_with_all_that_is_wrong(rig: Rig) -> None:
    rig.changes.answer = WRONG
    answer = rig.call("/api/reload", {"pin": PIN})
    assert (answer.status_code, answer.json) == (409, {"error": "devices.yaml:3: no such mode"})


def test_a_program_that_cannot_says_so(tmp_path: Path) -> None:
    made = Rig(tmp_path, pin=None)
    made.shown = replace(made.shown, changes=None)
    answer = Client(create_app(made.shown, made.access)).post("/api/reload", json={})
    assert answer.status_code == 409
    assert "restart it" in (answer.json or {})["error"]
    made.journal.close()


def test_a_check_that_takes_for_ever_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, rig: Rig) -> None:
    monkeypatch.setattr(api, "CHECKED_S", 0.0)
    monkeypatch.setattr(rig.changes, "ask", Future)
    answer = rig.call("/api/reload", {"pin": PIN})
    assert answer.status_code == 503
    assert "not checked yet" in (answer.json or {})["error"]


def test_the_page_shows_why_they_are_not_taken_until_they_are(rig: Rig) -> None:
    assert (rig.get("/api/state").json or {})["settings"] == ""
    rig.changes.trouble = "devices.yaml:3: no such <mode>. The program runs on"
    assert (rig.get("/api/state").json or {})["settings"] == rig.changes.trouble
    page = rig.get("/").text
    assert "The changed settings are not taken" in page
    assert "no such &lt;mode&gt;" in page
    rig.changes.trouble = ""
    assert "changed settings" not in rig.get("/").text
