"""The local API: its answers, and the truth of its own description."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings

from emulator.alarm.hub import Guard
from emulator.doors.dashboard.overview import LOOKED_THROUGH, MARKED, QUIET_ROWS
from emulator.errors import EmulatorError
from emulator.model import Origin, Outcome, Result
from emulator.store.journal import Journal
from tests.doors.dashboard.rig import HOST, PEER, PIN, Rig

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def test_state_tells_everything(rig: Rig) -> None:
    rig.heard.note("192.168.7.30", "urn:Belkin:device:**", "4 answers", rig.clock.time())
    state = rig.get("/api/state").json
    assert state
    (home,) = state["installations"]
    assert (home["panel"]["state"], home["panel"]["interior"], home["panel"]["armed"]) == ("disarmed", "off", False)
    assert home["modes"] == [{"mode": mode, "on": False} for mode in ("total", "night", "perimeter")]
    assert (home["health"]["cloud"], home["health"]["login"], home["pending"]) == ("ok", "ok", None)
    first = state["switches"][0]
    assert (first["name"], first["on"]) == ("Total alarm", False)
    assert first["doors"] == [{"door": "wemo", "says": "Total alarm here"}]
    assert state["doors"] == [{"name": "wemo", "status": "ok", "obstacles": []}]
    assert state["searches"][0]["st"] == "urn:Belkin:device:**"
    assert (state["pin_set"], state["bridge"]) == (True, None)


def test_before_the_first_read_nothing_is_said_of_the_panel(tmp_path: Path) -> None:
    fresh = Rig(tmp_path)
    (home,) = (fresh.get("/api/state").json or {})["installations"]
    assert home["panel"] is None
    assert home["health"]["cloud"] == "starting"
    assert {choice["on"] for choice in home["modes"]} == {None}
    fresh.journal.close()


def test_arm_is_accepted_followed_and_ends_in_the_journal(rig: Rig) -> None:
    answer = rig.call("/api/command", {"installation": "home", "arm": "night"})
    assert answer.status_code == 202
    number = (answer.json or {})["entry"]
    pending = (rig.get("/api/state").json or {})["installations"][0]["pending"]
    assert (pending["action"], pending["target"], pending["asked_by"]) == ("arm night", "night", f"api {PEER}")
    rig.settle()
    (entry,) = (rig.get(f"/api/journal?limit=1&before={number + 1}").json or {})["entries"]
    assert (entry["id"], entry["result"], entry["door"]) == (number, "confirmed", "api")
    state = (rig.get("/api/state").json or {})["installations"][0]
    assert (state["panel"]["interior"], state["pending"], state["last"]["id"]) == ("night", None, number)


def test_what_the_bridge_holds_back_is_not_taken_for_what_is_under_way(rig: Rig) -> None:
    rig.hub.submit(rig.switches[0], True, Origin("hue", "10.0.0.9"), Guard.BOTH)
    assert (rig.get("/api/state").json or {})["installations"][0]["pending"] is None
    rig.call("/api/command", {"arm": "night"})
    assert (rig.get("/api/state").json or {})["installations"][0]["pending"]["action"] == "arm night"


def test_the_last_is_what_ended_last(rig: Rig) -> None:
    told = Origin("hue", "10.0.0.9")
    rig.hub.submit(rig.switches[0], True, told, Guard.BOTH)
    held = rig.journal.commands(1)[0].id
    rig.hub.submit(rig.switches[1], True, told, Guard.BOTH)
    other = rig.journal.commands(1)[0].id
    rig.alarm.records.finish(other, Outcome(Result.REJECTED, "a window is open"))
    rig.clock.now += 1
    rig.alarm.records.finish(held, Outcome(Result.REJECTED, "a window is open"))
    assert (rig.get("/api/state").json or {})["installations"][0]["last"]["id"] == held


def test_what_changed_nothing_takes_no_others_place(rig: Rig) -> None:
    told = Origin("hue", "10.0.0.9")
    rig.hub.submit(rig.switches[0], True, told, Guard.BOTH)
    failed = rig.journal.commands(1)[0].id
    rig.alarm.records.finish(failed, Outcome(Result.REJECTED, "a window is open"))
    for number in range(LOOKED_THROUGH + MARKED):
        rig.clock.now += 1
        rig.journal.refuse(Origin("wemo", f"10.0.1.{number}"), "disarm", "not from there", rig.clock.time(), "home")
    assert (rig.get("/api/state").json or {})["installations"][0]["last"]["id"] == failed
    page = rig.get("/").text
    assert "A window is open" in page.partition("What happened")[2]
    assert page.count("Not from there") == QUIET_ROWS


def test_the_same_command_joins(rig: Rig) -> None:
    first, second = (rig.call("/api/command", {"arm": "night"}).json for _ in range(2))
    assert first == second
    rig.settle()
    assert rig.sent == ["ARMNIGHT1"]


def test_the_panels_own_words_are_told(rig: Rig) -> None:
    rig.panel.window("Comedor", is_open=True)
    rig.call("/api/command", {"arm": "total"})
    rig.settle()
    last = (rig.get("/api/state").json or {})["installations"][0]["last"]
    assert last["result"] == "rejected"
    assert "zona abierta" in last["message"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "use either `arm` or `disarm`"),
        ({"arm": "night", "disarm": "main"}, "use either `arm` or `disarm`"),
        ({"arm": "nite"}, "arm"),
        ({"arm": "night+day"}, "at once"),
        ({"arm": "night+night"}, "twice"),
        ({"arm": "total + perimeter"}, "'total + perimeter' is not written like total+perimeter"),
        ({"disarm": "everything"}, "disarm"),
        ({"arm": "night", "x": 1}, "x"),
        ([], "object"),
        ("night", "object"),
    ],
)
def test_what_makes_no_sense_is_400_and_says_what_would(rig: Rig, body: object, said: str) -> None:
    answer = rig.call("/api/command", body)
    assert answer.status_code == 400
    assert said in (answer.json or {})["error"]
    assert rig.sent == []


def test_an_alarm_that_is_not_here_is_409(rig: Rig) -> None:
    answer = rig.call("/api/command", {"arm": "night", "installation": "shed"})
    assert (answer.status_code, answer.json) == (409, {"error": "which alarm? Name one of home as `installation`"})
    assert rig.sent == []


def test_no_json_is_400_and_another_type_415(rig: Rig) -> None:
    headers = {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}
    assert rig._ask("POST", "/api/command", PEER, headers, data="{").status_code == 400
    headers["Content-Type"] = "text/plain"
    assert rig._ask("POST", "/api/command", PEER, headers, data='{"arm": "night"}').status_code == 415


def test_a_body_that_is_too_long_is_413(rig: Rig) -> None:
    assert rig.call("/api/command", {"arm": "n" * 70_000}).status_code == 413


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=501", "limit=x", "limit=-1", "before=0", "before=9223372036854775808", "limit=%EF%BC%91"],
)
def test_numbers_out_of_bounds_are_400(rig: Rig, query: str) -> None:
    assert rig.get(f"/api/journal?{query}").status_code == 400


def test_the_journal_comes_in_pages(rig: Rig) -> None:
    for number in range(5):
        rig.journal.refuse(Origin("dashboard", PEER), f"thing {number}", "no", rig.clock.time())
    first = (rig.get("/api/journal?limit=2").json or {})["entries"]
    rest = (rig.get(f"/api/journal?before={first[-1]['id']}").json or {})["entries"]
    assert [entry["action"] for entry in first + rest] == [f"thing {number}" for number in (4, 3, 2, 1, 0)]


def test_what_cannot_be_written_down_is_not_done_and_is_503(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> int:
        raise EmulatorError("the journal cannot be written: is the disk full?")

    monkeypatch.setattr(Journal, "begin", full)
    answer = rig.call("/api/command", {"arm": "night"})
    assert (answer.status_code, (answer.json or {})["error"]) == (
        503,
        "the journal cannot be written: is the disk full?",
    )
    assert rig.sent == []


def test_a_defect_is_500_in_json_and_tells_nothing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Journal, "commands", lambda *_: 1 / 0)
    answer = rig.get("/api/state")
    assert answer.status_code == 500
    assert answer.json == {"error": "a defect of this program; its log tells more"}


def test_the_link_button_needs_the_pin(tmp_path: Path) -> None:
    made = Rig(tmp_path, pairing="button")
    assert made.call("/api/pair", {}).status_code == 403
    answer = made.call("/api/pair", {"pin": PIN})
    assert (answer.status_code, answer.json) == (200, {"seconds": 30.0})
    assert (made.get("/api/state").json or {})["bridge"] == {"pairing": "button", "pressed": True}
    made.clock.now += 31
    assert (made.get("/api/state").json or {})["bridge"]["pressed"] is False
    made.journal.close()


def test_without_a_bridge_there_is_no_button(rig: Rig) -> None:
    assert rig.call("/api/pair", {"pin": PIN}).status_code == 409


def test_an_unknown_path_is_404_in_json(rig: Rig) -> None:
    answer = rig.get("/api/nothing")
    assert (answer.status_code, answer.is_json) == (404, True)


# -- the document -----------------------------------------------------------------------------------------------------


# The libraries are imported by the tests that use them: each of the workers that share the tests imports this module.


def test_the_document_is_openapi_3_1(rig: Rig) -> None:
    from openapi_spec_validator import validate

    document = rig.get("/api/openapi.json").json
    assert document
    validate(document)
    assert document["openapi"].startswith("3.1")
    served = {
        str(rule) for rule in rig.flask.url_map.iter_rules() if str(rule).startswith(("/api", "/health", "/metr"))
    }
    assert set(document["paths"]) == served - {"/api/openapi.json"}
    assert "$defs" not in json.dumps(document)


EXAMPLES = settings.default.max_examples // 4
"""Examples for each operation, enough to hit each rule of the models several times."""


@pytest.mark.hypothesis
@pytest.mark.parametrize("mode", ["POSITIVE", "NEGATIVE"])
@pytest.mark.long
def test_no_request_makes_the_server_fail_or_answer_what_it_does_not_promise(rig: Rig, mode: str) -> None:
    import schemathesis
    from schemathesis import Case, GenerationMode
    from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

    def from_the_lan(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        return rig.entered(environ | {"REMOTE_ADDR": PEER, "HTTP_HOST": HOST}, start)

    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", from_the_lan)
    # A defect is a 500, which the document does not promise; it does promise 503 where too many commands wait.
    checks = [status_code_conformance, response_schema_conformance]
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # an Err raises here
        if mode == "NEGATIVE" and not (operation.body or operation.query):
            continue

        @settings(max_examples=EXAMPLES, database=None)
        @given(case=operation.as_strategy(generation_mode=GenerationMode[mode]))
        def hold(case: Case[Any]) -> None:
            case.call_and_validate(checks=checks)

        hold()


def test_what_the_alarm_does_is_a_change(rig: Rig) -> None:
    before = rig.news.revision
    rig.poll()
    assert rig.news.revision != before
