"""Errors of set-up have pages of its own, with a way back; another name of this machine leads to its address."""

from ipaddress import IPv4Network

import pytest
from lxml import html
from werkzeug.test import Client

from emulator.lan.network import Place
from emulator.lan.web import gate
from emulator.setup.web.failures import misnamed
from emulator.words.language import ENGLISH
from tests.setup.browser import PAGE, PEER
from tests.setup.house import Open

PLACE = Place("eth0", "192.168.7.2", IPv4Network("192.168.7.0/24"), "192.168.7.2")


@pytest.mark.parametrize(
    ("method", "path", "status", "title"),
    [
        ("GET", "/nothing", 404, "Esa página no existe"),
        ("GET", "/setup/look/nothing", 404, "Esa página no existe"),
        ("PUT", "/setup/claim", 405, "Por aquí no se puede"),
        ("POST", "/setup/claim", 413, "Era demasiado"),
    ],
)
def test_a_wrong_address_leads_back(house: Open, method: str, path: str, status: int, title: str) -> None:
    client = house().app.test_client()
    client.environ_base["REMOTE_ADDR"] = PEER
    data = {"code": "1" * 70_000} if status == 413 else {}
    headers = {"Accept-Language": "es", "Origin": PAGE}
    answer = client.open(path, method=method, base_url=PAGE, headers=headers, data=data)
    page = html.fromstring(answer.data)
    assert (answer.status_code, page.findtext(".//h2")) == (status, title)
    assert page.xpath("//main//a/@href") == ["/setup/"]
    assert "Allow" in answer.headers or status != 405


def test_a_defect_says_where_more_is(
    house: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("of a test")

    here = house()
    monkeypatch.setattr(here.desk, "claim", fail)
    browser = here.browser().post("/setup/claim", {"code": "1"})
    assert browser.page.status_code == 500
    assert "Something is wrong" in browser.text
    assert "of a test" not in browser.text
    assert "a request from" in caplog.text


def test_another_name_gives_the_right_address_and_nothing_else(house: Open) -> None:
    here = house()
    here.app.jinja_env.globals["trouble"] = "the alarm Casa is lost"
    client = Client(gate(here.app, lambda: (PLACE,), misnamed=misnamed(here.app, ENGLISH)))
    headers = {"Host": "alarm.lan", "Accept": "text/html,*/*", "Accept-Language": "fr"}
    answer = client.get("/setup/", headers=headers, environ_overrides={"REMOTE_ADDR": PEER})
    page = html.fromstring(answer.data)
    assert (answer.status_code, page.get("lang")) == (403, "fr")
    assert page.xpath("//main//a/@href") == ["http://192.168.7.2:80/"]
    assert "Casa" not in answer.text
    assert page.xpath("//link") == []
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
