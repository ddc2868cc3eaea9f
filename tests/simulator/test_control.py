import re
from contextlib import suppress
from importlib.resources import files
from typing import Any

import pytest
from lxml import html
from werkzeug.test import TestResponse

from emulator.model import Disarm
from emulator.simulator.accounts import SECRETS
from emulator.simulator.faults import ConnectionDropped, InjectedFault
from emulator.simulator.panel.equipment import Equipment
from emulator.simulator.wsdo.face import KINDS, PATH
from tests.simulator.conftest import Alarm, Maker, err

HUMAN = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def post(alarm: Alarm, thing: str, **body: Any) -> TestResponse:
    return alarm.client.post(f"/control/{thing}", json=body)


def state(alarm: Alarm) -> dict[str, Any]:
    found: dict[str, Any] = alarm.client.get("/control/state").json
    return found


def test_the_state_tells_everything_but_secrets(alarm: Alarm) -> None:
    alarm.panel.window("Cocina", is_open=True)
    alarm.run("EST")
    alarm.ask("ARM1")
    alarm.clock.pass_by(1)
    alarm.ask("ARM1")
    alarm.backend.faults.add(InjectedFault("lost", "DARM1", times=1))
    found = state(alarm)
    (row,) = found.pop("log")
    assert (row["type"], row["label"], row["source"], row["user"]) == (27, "check", "Android", "demo")
    assert found == {
        "axes": {"interior": "off", "perimeter": False, "annex": False},
        "standing": "disarmed",
        "letter": "0",
        "fitted": ["day", "night", "total", "perimeter"],
        "incidents": ["alarm", "photo_alarm", "resolved", "tamper", "sabotage", "mains_lost", "mains_back"],
        "zones": ["Entrada", "Comedor", "Cocina", "Dormitorio", "Salón", "Terraza"],
        "windows": ["Cocina"],
        "busy": True,
        "pending": {"request": "arm total", "ends_in": 2.0},
        "answer_after": 3.0,
        "settings": {
            "answer_after": 3.0,
            "letter_a": False,
            "zero_after_arm": False,
            "steering": False,
            "log_clock": 0.0,
            "session_idle": 900.0,
            "flood_limit": 0,
            "flood_window": 5.0,
            "flood_ban": 60.0,
        },
        "faults": [{"kind": "lost", "request": "DARM1", "times": 1, "seconds": 10.0}],
        "fault_hits": {},
        "requests": {"LOGIN": 1, "EST1": 1, "EST2": 1, "ARM1": 2},
        "accepted": {"EST1": 1, "ARM1": 1},
        "sessions": 1,
        "locked": [],
    }
    for path in ("/control/state", "/control"):
        text = alarm.client.get(path).text
        assert not any(secret in text for secret in (*SECRETS, alarm.params["hash"]))


def test_the_keypad(alarm: Alarm) -> None:
    assert post(alarm, "keypad", arm="night+perimeter").json["letter"] == "C"
    refused = post(alarm, "keypad", arm="total")
    assert (refused.status_code, refused.json) == (409, {"error": "the panel refused to arm total: other mode"})
    assert post(alarm, "keypad", disarm="main").json["letter"] == "0"
    assert post(alarm, "keypad", disarm="annex").status_code == 409
    assert [row["type"] for row in state(alarm)["log"]] == [501, 1, 537, 204, 203]


def test_the_keypad_of_an_annex(make: Maker) -> None:
    alarm = make(equipment=Equipment(annex=True))
    assert post(alarm, "keypad", arm="total+annex").json["letter"] == "O"
    assert post(alarm, "keypad", disarm="main").json["letter"] == "X"
    assert post(alarm, "keypad", arm="perimeter").json["letter"] == "N"
    assert post(alarm, "keypad", disarm="all").json["letter"] == "0"


def test_a_person_at_the_keypad_and_incidents(alarm: Alarm) -> None:
    post(alarm, "keypad", arm="night", who="Ana")
    found = post(alarm, "incident", kind="alarm", zone="Cocina").json
    assert [(row["type"], row["user"], row["zone"]) for row in found["log"]] == [(13, "", "Cocina"), (203, "Ana", "")]
    assert "there is no incident 'flood'" in post(alarm, "incident", kind="flood").json["error"]
    assert "there is no zone 'Attic'" in post(alarm, "incident", kind="alarm", zone="Attic").json["error"]
    text = alarm.client.get("/control").text
    assert "Mains lost" in text
    assert "Ana" in text


def test_windows(alarm: Alarm) -> None:
    assert post(alarm, "window", zone="Cocina", open=True).json["windows"] == ["Cocina"]
    assert post(alarm, "window", zone="Cocina", open="no").json["windows"] == []


def test_settings(alarm: Alarm) -> None:
    wanted = {
        "answer_after": 20.0,
        "letter_a": True,
        "zero_after_arm": True,
        "steering": True,
        "log_clock": -90.0,
        "session_idle": 60.0,
        "flood_limit": 4,
        "flood_window": 2.0,
        "flood_ban": 10.0,
    }
    assert post(alarm, "settings", **wanted).json["settings"] == wanted
    reply = alarm.client.post("/control/settings", data={"letter_a": "off", "answer_after": "1.5"})
    assert reply.json["settings"] == {**wanted, "letter_a": False, "answer_after": 1.5}


def test_faults(alarm: Alarm) -> None:
    found = post(alarm, "fault", fault="lost", request="ARM1", times=1).json["faults"]
    assert found == [{"kind": "lost", "request": "ARM1", "times": 1, "seconds": 10.0}]
    found = alarm.client.post("/control/fault", data={"fault": "late", "times": "", "seconds": "2"}).json["faults"]
    assert found[1] == {"kind": "late", "request": "", "times": None, "seconds": 2.0}
    post(alarm, "fault", fault="lost", request="PERI1")
    found = post(alarm, "fault", fault="lost", request="ARM1", on=False).json["faults"]
    assert [(fault["kind"], fault["request"]) for fault in found] == [("late", ""), ("lost", "PERI1")]
    found = post(alarm, "fault", fault="lost", on="false").json["faults"]
    assert [fault["kind"] for fault in found] == ["late"]
    assert post(alarm, "fault", fault="all", on=False).json["faults"] == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_of_fault_is_without_effect(alarm: Alarm, kind: str) -> None:
    """Each row of the table strikes at least one of the requests of an ordinary round."""
    post(alarm, "fault", fault=kind, seconds=0, times=1)
    for name in ("LOGIN", "ARM1", "ARM2", "ACT_V2"):
        with suppress(ConnectionDropped):
            alarm.client.get(PATH, query_string={**alarm.params, "request": name, "pwd": "demo"})
        alarm.params["hash"] = alarm.face.sessions.open("demo", "demo", "ES")
        alarm.clock.pass_by(3)
    found = state(alarm)
    assert (found["fault_hits"], found["faults"]) == ({kind: 1}, [])


def test_sessions_are_killed_accounts_unlocked_and_counters_reset(alarm: Alarm) -> None:
    assert post(alarm, "sessions/kill").json["sessions"] == 0
    assert err(alarm.ask("INS")) == ("ERROR", "60022")
    for _ in range(3):
        alarm.ask("LOGIN", pwd="no")
    assert state(alarm)["locked"] == ["demo"]
    assert post(alarm, "unlock").json["locked"] == []
    alarm.login()
    alarm.run("ARM")
    after = post(alarm, "reset").json
    assert (after["requests"], after["accepted"], after["fault_hits"]) == ({}, {}, {})
    assert after["letter"] == "1"


@pytest.mark.parametrize(
    ("thing", "body", "says"),
    [
        ("keypad", {}, 'use {"arm": a mode} or {"disarm"'),
        ("keypad", {"arm": "total", "disarm": "main"}, 'use {"arm": a mode} or'),
        ("keypad", {"arm": "attic"}, "unknown arm mode 'attic'; use day, night"),
        ("keypad", {"disarm": "attic"}, "disarm is 'attic'; use one of main, annex, all"),
        ("window", {"zone": "Attic", "open": True}, "no zone 'Attic'; use one of Entrada"),
        ("window", {"zone": "Cocina"}, "open is None; use true or false"),
        ("settings", {}, "unknown setting none; use answer_after"),
        ("settings", {"colour": "red"}, "unknown setting 'colour'; use answer_after"),
        ("settings", {"letter_a": True, "answer_after": 199}, "answer_after is 199; use a number from 0 to 120"),
        ("settings", {"letter_a": True, "answer_after": None}, "answer_after is None; use a number from 0 to 120"),
        ("settings", {"letter_a": True, "flood_limit": 1.5}, "flood_limit is 1.5; use a whole number from 0 to 1000"),
        ("settings", {"letter_a": "perhaps"}, "letter_a is 'perhaps'; use true or false"),
        ("fault", {}, "no fault ''; use one of down"),
        ("fault", {"fault": "fire", "on": False}, "no fault 'fire'; use all or one of down"),
        ("fault", {"fault": "lost", "request": "ARM3"}, "no request 'ARM3'; use one of ACT_V2"),
        ("fault", {"fault": "lost", "times": 0}, "times is 0; use a number from 1 to 1000"),
        ("fault", {"fault": "late", "seconds": "long"}, "seconds is 'long'; use a number from 0 to 300"),
    ],
)
def test_bad_input_is_named_and_changes_nothing(alarm: Alarm, thing: str, body: dict[str, Any], says: str) -> None:
    before = state(alarm)
    reply = post(alarm, thing, **body)
    assert reply.status_code == 400
    assert says in reply.json["error"]
    assert state(alarm) == before


@pytest.mark.parametrize("data", ["", "[]", "{", "null"])
def test_a_body_that_is_no_object(alarm: Alarm, data: str) -> None:
    reply = alarm.client.post("/control/keypad", data=data, content_type="application/json")
    assert (reply.status_code, reply.json) == (400, {"error": "the body is not a JSON object"})


def test_an_unknown_thing(alarm: Alarm) -> None:
    reply = post(alarm, "dynamite")
    assert reply.status_code == 404
    assert reply.json["error"].startswith("there is no 'dynamite'; use one of keypad, window")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8080", "192.168.1.9:80", "[::1]:8080", "localhost", "LOCALHOST:1"]
)
def test_hosts_that_may_ask(alarm: Alarm, host: str) -> None:
    assert alarm.client.get("/control/state", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "[", ""])
def test_hosts_that_may_not(alarm: Alarm, host: str) -> None:
    for path in ("/control", "/control/state"):
        assert alarm.client.get(path, headers={"Host": host}).status_code == 403
    assert alarm.client.post("/control/keypad", json={"arm": "total"}, headers={"Host": host}).status_code == 403
    assert state(alarm)["letter"] == "0"


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1:80", 200),
        ("http://127.0.0.1:81", 403),
        ("https://127.0.0.1:80", 403),
        ("http://evil.example", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_other_sites_may_not_post(alarm: Alarm, origin: str, status: int) -> None:
    headers = {"Host": "127.0.0.1:80", "Origin": origin}
    assert alarm.client.post("/control/keypad", json={"arm": "total"}, headers=headers).status_code == status


def test_the_page_shows_the_house(make: Maker) -> None:
    alarm = make(equipment=Equipment(annex=True))
    page = alarm.client.get("/control")
    assert page.mimetype == "text/html"
    assert "none yet" in page.text
    assert page.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    assert "Disarm annex" in page.text
    alarm.login()
    alarm.panel.window("Cocina", is_open=True)
    alarm.panel.answer_after = 4.5
    alarm.ask("ARM1")
    alarm.backend.faults.add(InjectedFault("lost", "ARM2", times=2))
    alarm.backend.faults.add(InjectedFault("down"))
    text = alarm.client.get("/control").text
    for needle in ("disarmed", "arm total, 4 s to go", "Cocina: open", "now 4.5 s", "for ARM2, 2 more", "Bring it up"):
        assert needle in text, needle
    assert "<td>ARM1</td><td>1</td><td>1</td>" in text
    assert "<td>LOGIN</td><td>1</td><td></td>" in text
    alarm.backend.faults.clear()
    alarm.panel.window("Cocina", is_open=False)
    alarm.clock.pass_by(5)
    alarm.panel.window("Cocina", is_open=True)
    alarm.panel.keypad(Disarm())
    text = alarm.client.get("/control").text
    assert "armed total" in text
    assert "disarmed main" in text
    assert "29/11 04:00:04" in text


def palettes(style: str) -> list[dict[str, str]]:
    """Return the colours of a style sheet, by day and by night."""
    return [
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+)", block))
        for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    ]


def test_the_page_has_the_colours_of_the_program_s(alarm: Alarm) -> None:
    theirs = palettes((files("emulator.doors.dashboard") / "static" / "dashboard.css").read_text())
    page = alarm.client.get("/control").text
    style = page.partition("<style>")[2].partition("</style>")[0]
    mine = palettes(style)
    assert len(mine) == len(theirs) == 2
    assert all(one.items() <= other.items() for one, other in zip(mine, theirs, strict=True))
    # Every colour is one of them, and every one that is used is there.
    assert not re.search(r"#[0-9a-f]{3,6}\b|rgb", re.sub(r":root \{.*?\}", "", style, flags=re.DOTALL))
    assert set(re.findall(r"var\(--([a-z-]+)\)", style)) <= mine[0].keys()


def test_the_page_s_buttons(alarm: Alarm) -> None:
    done = alarm.client.post("/control/keypad", data={"arm": "total"}, headers=HUMAN)
    assert (done.status_code, done.headers["Location"]) == (303, "/control")
    refused = alarm.client.post("/control/keypad", data={"arm": "day"}, headers=HUMAN)
    assert refused.status_code == 409
    assert "the panel refused to arm day: other mode" in refused.text
    wrong = alarm.client.post("/control/keypad", data={"arm": "<b>"}, headers=HUMAN)
    assert wrong.status_code == 400
    assert "unknown arm mode &#39;&lt;b&gt;&#39;" in wrong.text


def test_every_button_of_the_page_works(make: Maker) -> None:
    """What the page offers, the API takes."""
    alarm = make(equipment=Equipment(annex=True))
    forms = html.fromstring(alarm.client.get("/control").text).forms
    assert len(forms) > 40
    for form in forms:
        reply = alarm.client.post(form.action, data=dict(form.form_values()), headers=HUMAN)
        assert reply.status_code in (303, 409), (form.action, form.form_values(), reply.text)
