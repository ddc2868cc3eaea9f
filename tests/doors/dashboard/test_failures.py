"""Errors have pages of our own, with a way back; another name of this machine leads to its address."""

import json
import re

import pytest
from lxml import html

from tests.doors.dashboard.rig import PAGE, PEER, Rig


@pytest.mark.parametrize(
    ("method", "path", "status", "title"),
    [
        ("GET", "/nothing", 404, "There is no such page"),
        ("GET", "/arm", 405, "Not by this way"),
        ("POST", "/", 405, "Not by this way"),
    ],
)
def test_a_wrong_address_leads_back(rig: Rig, method: str, path: str, status: int, title: str) -> None:
    answer = rig._ask(method, path, PEER, {"Origin": PAGE})
    page = html.fromstring(answer.data)
    assert (answer.status_code, page.findtext(".//h1")) == (status, title)
    assert page.xpath("//main//a/@href") == ["/"]
    assert "Allow" in answer.headers or status != 405
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


def test_a_body_that_is_too_large_says_so(rig: Rig) -> None:
    answer = rig.post("/arm", mode="x" * 70_000)
    assert (answer.status_code, html.fromstring(answer.data).findtext(".//h1")) == (413, "That was too much")


def test_a_defect_says_where_more_is(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("of a test")

    monkeypatch.setitem(rig.shown.__dict__, "searches", fail)
    answer = rig.get("/")
    assert answer.status_code == 500
    assert "Something is wrong" in answer.text
    assert "of a test" not in answer.text
    assert "a request from" in caplog.text


def test_programs_get_json(rig: Rig) -> None:
    assert json.loads(rig.get("/api/nothing").text).keys() == {"error"}


def test_another_name_gives_the_right_address_and_nothing_else(rig: Rig) -> None:
    answer = rig.get("/?days=7", Host="alarm.lan", Accept="text/html,*/*", Accept_Language="fr")
    page = html.fromstring(answer.data)
    assert answer.status_code == 403
    assert page.get("lang") == "fr"
    assert page.xpath("//main//a/@href") == ["http://192.168.7.2:80/"]
    assert "http://192.168.7.2:80/" in page.find(".//main").text_content()
    assert "disarmed" not in page.text_content().lower().partition("}")[0]
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert rig.last() == ("dashboard", PEER, "GET /", "refused", "by a name that is not our address")


@pytest.mark.parametrize("headers", [{"Accept": "*/*"}, {}])
def test_a_program_that_uses_another_name_gets_a_line(rig: Rig, headers: dict[str, str]) -> None:
    answer = rig.get("/", Host="alarm.lan", **headers)
    assert re.fullmatch(r"This is served to local clients only, by address: http://[\d.]+:\d+/\n", answer.text)


def test_a_form_by_another_name_is_not_even_answered_with_a_page(rig: Rig) -> None:
    answer = rig._ask("POST", "/arm", PEER, {"Host": "alarm.lan", "Accept": "text/html", "Origin": "http://alarm.lan"})
    assert answer.status_code == 403
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_a_phone_can_put_it_on_its_home_screen(rig: Rig) -> None:
    page = html.fromstring(rig.get("/").data)
    [path] = page.xpath("//link[@rel='manifest']/@href")
    answer = rig.get(path, Accept_Language="it")
    manifest = json.loads(answer.text)
    assert answer.headers["Content-Type"] == "application/manifest+json"
    assert answer.headers["Vary"] == "Accept-Language"
    assert (manifest["display"], manifest["start_url"], manifest["lang"]) == ("standalone", "/", "it")
    icons = [icon["src"] for icon in manifest["icons"]] + page.xpath("//link[contains(@rel, 'icon')]/@href")
    assert all(rig.get(icon).status_code == 200 for icon in icons)
    assert all(rig.get(icon).data.startswith(b"\x89PNG") for icon in icons if icon.endswith(".png"))
