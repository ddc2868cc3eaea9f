"""The page and its API below a path of Home Assistant: every link, form, redirect and script stays below it."""

import json
import re
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from emulator.lan.ingress import SUPERVISOR, entrance
from tests.doors.dashboard.rig import PIN, Rig
from tests.lan.test_ingress import ANNA, HOME, ROOT

HEADERS = {
    "Host": HOME,
    "X-Ingress-Path": ROOT,
    "X-Remote-User-Id": ANNA,
    "X-Remote-User-Name": "anna",
    "X-Remote-User-Display-Name": "Anna",
}
PEER = "ha:0123456789ab"


class Panel:
    """Home Assistant's side bar, with the page of a rig in it."""

    def __init__(self, rig: Rig) -> None:
        self._client = Client(entrance(rig.flask, rig.access.refuse))

    def ask(self, path: str, method: str = "GET", peer: str = SUPERVISOR, **more: Any) -> TestResponse:
        headers = HEADERS | ({"Origin": f"http://{HOME}"} if method == "POST" else {}) | more.pop("headers", {})
        local = {"REMOTE_ADDR": peer}
        return self._client.open(path, method=method, headers=headers, environ_overrides=local, buffered=True, **more)

    def post(self, path: str, **form: str) -> TestResponse:
        return self.ask(path, "POST", data=form)


@pytest.fixture
def panel(rig: Rig) -> Panel:
    return Panel(rig)


def addresses(html: str) -> list[str]:
    """Return all that a page leads to or loads."""
    return re.findall(r'(?:href|src|action)="([^"]*)"', html)


@pytest.mark.parametrize("path", ["/", "/?days=7", "/journal", "/nowhere", "/decide?t=none"])
def test_every_address_of_a_page_is_below_the_path(panel: Panel, path: str) -> None:
    found = [one for one in addresses(panel.ask(path).get_data(as_text=True)) if not one.startswith("#")]
    assert found
    assert [one for one in found if not one.startswith(f"{ROOT}/")] == []


def test_what_a_page_loads_is_there(panel: Panel) -> None:
    html = panel.ask("/").get_data(as_text=True)
    files = [one for one in addresses(html) if "/static/" in one or one.endswith(".webmanifest")]
    assert len(files) >= 5
    for one in files:
        assert panel.ask(one.removeprefix(ROOT)).status_code == 200
    manifest = json.loads(panel.ask("/manifest.webmanifest").get_data())
    assert {manifest["start_url"], manifest["scope"]} == {f"{ROOT}/"}
    assert all(icon["src"].startswith(f"{ROOT}/static/") for icon in manifest["icons"])


def test_scripts_name_no_address_from_the_top(panel: Panel) -> None:
    for name in ("dashboard", "link", "folds", "pad", "still", "words"):
        script = panel.ask(f"/static/{name}.js").get_data(as_text=True)
        assert not re.search(r"""["'`]/[a-z$?]""", script), name
    assert 'new URL("..", import.meta.url)' in panel.ask("/static/link.js").get_data(as_text=True)


def test_forms_work_and_lead_back_to_the_page(panel: Panel, rig: Rig) -> None:
    done = panel.post("/arm", installation="home", mode="night")
    assert (done.status_code, done.location) == (303, f"{ROOT}/")
    rig.settle()
    assert rig.last()[:4] == ("dashboard", PEER, "arm night", "confirmed")
    assert "Anna (Home Assistant)" in panel.ask("/").get_data(as_text=True)


def test_a_login_at_home_assistant_disarms_nothing_without_the_pin(panel: Panel, rig: Rig) -> None:
    panel.post("/arm", installation="home", mode="night")
    rig.settle()
    sent = list(rig.sent)
    assert panel.post("/disarm", installation="home", what="main").status_code == 403
    assert panel.post("/disarm", installation="home", what="main", pin="0000").status_code == 403
    assert panel.ask("/api/command", "POST", json={"disarm": "main"}).status_code == 403
    assert rig.sent == sent
    assert panel.post("/disarm", installation="home", what="main", pin=PIN).status_code == 303
    rig.settle()
    assert len(rig.sent) == len(sent) + 1


def test_wrong_pins_of_one_person_do_not_lock_the_others(panel: Panel, rig: Rig) -> None:
    for _ in range(6):
        panel.post("/disarm", installation="home", what="main", pin="0000")
    locked = panel.post("/disarm", installation="home", what="main", pin=PIN)
    assert (locked.status_code, rig.sent) == (403, [])
    other = panel.ask(
        "/disarm",
        "POST",
        data={"installation": "home", "what": "main", "pin": PIN},
        headers={"X-Remote-User-Id": ANNA[::-1], "X-Remote-User-Display-Name": "Berta"},
    )
    assert other.status_code == 303


def test_a_form_of_another_page_is_refused(panel: Panel, rig: Rig) -> None:
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        form = {"installation": "home", "mode": "night"}
        assert panel.ask("/arm", "POST", data=form, headers=headers).status_code == 403
    assert rig.sent == []
    assert rig.last()[3] == "refused"


def test_the_token_of_this_machine_is_none_there(panel: Panel, rig: Rig) -> None:
    bearer = {"Authorization": "Bearer of-this-run"}
    asked = panel.ask("/api/pin", "POST", json={"pin": "4711"}, headers=bearer)
    assert (asked.status_code, rig.shown.pin.is_set) == (403, True)


def test_news_the_api_and_the_table_are_there(panel: Panel) -> None:
    assert panel.ask("/news").status_code == 200
    assert json.loads(panel.ask("/api/state").get_data())["installations"][0]["name"] == "home"
    assert panel.ask("/api/openapi.json").status_code == 200
    assert panel.ask("/metrics").status_code == 200
    assert panel.ask("/healthz").status_code == 200
    assert panel.ask("/journal.csv").mimetype == "text/csv"


def test_no_path_leads_out_of_the_folder_of_files(panel: Panel) -> None:
    for path in ("/static/../door.py", "/static/%2e%2e/door.py", "/static/..%2fdoor.py", "/static//etc/passwd"):
        assert panel.ask(path).status_code == 404


def test_the_supervisor_names_persons_and_nobody_else_does(panel: Panel, rig: Rig) -> None:
    """A machine of the LAN that forges the headers stays an address."""
    forged = {name.replace("-", "_"): value for name, value in HEADERS.items() if name != "Host"}
    assert rig.get("/", **forged).status_code == 200
    assert rig.shown.names.all() == {}
    assert panel.ask("/", peer="192.168.7.9").status_code == 403
    assert rig.shown.names.all() == {}
    panel.ask("/")
    assert rig.shown.names.all() == {PEER: "Anna (Home Assistant)"}
    page = panel.ask("/").get_data(as_text=True)
    assert "0 names" in page, "a person is no device, and nobody renames one"


def test_a_person_without_room_or_disk_for_a_name_still_has_an_address(rig: Rig) -> None:
    rig.journal.close()
    rig.shown.names.introduce("ha:1", "Anna")
    assert rig.shown.names.named("ha:1") == "ha:1"
