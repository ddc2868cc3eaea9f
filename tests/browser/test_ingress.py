"""The page in the side bar of a Home Assistant that is imitated: framed by its page, below its path."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import pytest

from emulator.lan import network, wsgi
from emulator.lan.ingress import SUPERVISOR, entrance
from emulator.model import Origin
from tests.browser.person import PIN, Person
from tests.lan.test_ingress import BROUGHT, ROOT
from tests.support.program import free_port

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

pytestmark = pytest.mark.long
NOW = "#now-home"
USER = {name: value for name, value in BROUGHT.items() if name.startswith("HTTP_X_REMOTE")}


def home_assistant(page: "WSGIApplication") -> "WSGIApplication":
    """Imitate Home Assistant and its Supervisor: a page with a frame, and the app below a path."""
    brought = entrance(page)

    def answer(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith(f"{ROOT}/"):
            told = {"PATH_INFO": path.removeprefix(ROOT), "HTTP_X_INGRESS_PATH": ROOT, "REMOTE_ADDR": SUPERVISOR}
            return brought(environ | told | USER, start)
        start("200 OK" if path == "/" else "404 Not Found", [("Content-Type", "text/html; charset=utf-8")])
        frame = f'<iframe src="{ROOT}/" style="width:100%;height:700px"></iframe>'
        return [f'<!DOCTYPE html><link rel="icon" href="data:,">{frame}'.encode()]

    return answer


@pytest.fixture
def panel(person: Person) -> Iterator[Person]:
    """Yield a person who looks at the page in the side bar."""
    [door] = [door for name, door in person.home.doors.items() if name == "dashboard"]
    port = free_port()
    server = wsgi.Server(
        home_assistant(door._web._app),  # type: ignore[attr-defined]  # of its own server
        network.listener("127.0.0.1", port),
        name="ha",
        workers=4,
        connections=100,
        at_once=4,
    )
    person.browser.get(f"http://127.0.0.1:{port}/")
    person.browser.get_log("browser")
    person.browser.switch_to.frame(person.browser.find_element("css selector", "iframe"))
    yield person
    person.browser.switch_to.default_content()
    person.browser.get("about:blank")
    server.stop()


def test_it_lives_arms_and_disarms_in_the_frame(panel: Person) -> None:
    panel.see("Live")
    panel.arm("night")
    panel.see("home is armed", "Night", where=NOW)
    panel.see("Arm night", "Anna (Home Assistant)", where="#time-home")
    panel.disarm(PIN)
    panel.see("Disarmed", where=NOW)
    assert panel.complaints() == []


def test_what_happens_elsewhere_shows_in_the_frame_without_a_reload(panel: Person) -> None:
    panel.see("Live")
    panel.browser.execute_script("window.here = true")
    panel.home.hub.submit(panel.home.hub.switches[1], True, Origin("wemo", "192.168.1.31"))
    panel.see("home is armed", "Day", where=NOW)
    assert panel.browser.execute_script("return window.here")
    panel.tap(f"a[href='{ROOT}/journal']")
    panel.see("Download (CSV)", "192.168.1.31")
    panel.tap(f"main a[href='{ROOT}/']")
    panel.see("Live")
    assert panel.complaints() == []
