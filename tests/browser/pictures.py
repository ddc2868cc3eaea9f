"""Make the pictures of docs/ anew: `python -m tests.browser.pictures`, after a change of the page.

They show a simulated house on loopback after a day that was made up, at a quarter to eleven in the evening.
"""

import base64
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path

from selenium.webdriver import Chrome

from emulator.app.app import App
from emulator.app.settings import assembled
from emulator.clock import SystemClock
from emulator.config.credentials import Credentials
from emulator.model import (
    DISARMS,
    Action,
    Arm,
    ArmMode,
    Axes,
    Command,
    Interior,
    Origin,
    Outcome,
    PanelState,
    Result,
)
from emulator.setup.account import AccountLogin, place_at
from emulator.setup.bounds import LoginBounds
from emulator.setup.web.first_run import FirstRun
from emulator.simulator.owa.face import Owa
from emulator.simulator.server import SimulatedAlarm
from emulator.store import history
from emulator.store.journal import Journal
from emulator.store.peer_names import PeerNames
from emulator.store.pin import set_pin
from emulator.words.text import Text
from tests.browser.chromium import chromium
from tests.browser.person import PIN, Person
from tests.support.program import free_port

DOCS = Path(__file__).parents[2] / "docs"

PHONE, DESK = (390, 844), (1280, 800)

SHOWN_MIN = 22 * 60 + 45
"""Minute of the day that the pictures show."""

MODES = {mode: ArmMode.parse(mode) for mode in ("total", "day", "night", "perimeter", "total+perimeter")}

NAMES = {
    "en": (
        "home",
        ("Total alarm", "Day alarm", "Night alarm", "Perimeter alarm", "Everything"),
        ("Echo kitchen", "Ana's phone"),
    ),
    "es": (
        "casa",
        ("Alarma total", "Alarma día", "Alarma noche", "Alarma perimetral", "Alarma completa"),
        ("Echo cocina", "Móvil de Ana"),
    ),
}
"""Language → the alarm, its switches, and two devices."""

ECHO, MOBILE = "192.168.1.31", "192.168.1.40"

HOME, NIGHT = (Axes(interior, perimeter=False, annex=False) for interior in (Interior.OFF, Interior.NIGHT))

DAY: tuple[tuple[float, Action, str, int | None, Axes], ...] = (
    (15.6, DISARMS["main"], "dashboard", None, HOME),
    (14.3, Arm(MODES["total"]), "wemo", 0, Axes(Interior.TOTAL, False, False)),
    (5.2, DISARMS["main"], "dashboard", None, HOME),
    (1.9, Arm(MODES["day"]), "dashboard", None, Axes(Interior.DAY, False, False)),
    (0.2, Arm(MODES["night"]), "wemo", 2, NIGHT),
)
"""Hours ago, what was asked, by which door and switch, and where the panel stood then."""


def lived(app: App, home: str, switches: tuple[str, ...]) -> None:
    """Write the day down, and leave the panel where it ended."""
    journal, now = app.alarms.journal, time.time()

    def stood(axes: Axes, at: float, command: int | None = None) -> None:
        history.keep(journal, home, PanelState(axes, at, "", ""), at, 1e9, command)

    stood(NIGHT, now - 25 * 3600)
    for hours, action, door, switch, axes in DAY:
        at = now - hours * 3600
        origin = Origin(door, MOBILE if switch is None else ECHO, "" if switch is None else switches[switch])
        command = journal.begin(home, Command(action, origin), at)
        journal.end(command, Outcome(Result.CONFIRMED, Text("done")), at + 17)
        stood(axes, at + 17, command)
    panel = app.alarms.simulators[home].panel
    panel.load(json.dumps(json.loads(panel.dump()) | {"axes": asdict(NIGHT)}))


@contextmanager
def house(tag: str, folder: Path, cloud: SimulatedAlarm | None = None) -> Iterator[App]:
    """Run the program for a family of a language, at the end of a day; or with the account of a cloud."""
    home, switches, devices = NAMES[tag]
    alarm = {"cloud": "owa", "country": "ES", "url": cloud.url} if cloud else {"cloud": "simulator", "poll_every": "1s"}
    whole = {
        "installations": {home: alarm},
        "switches": [
            {"name": name, "on": str(mode), "off": "disarm"}
            for name, mode in zip(switches, MODES.values(), strict=True)
        ],
        "doors": {"wemo": {"first_port": free_port()}, "dashboard": {"port": free_port()}},
        "language": tag,
    }
    with closing(Journal(folder)) as journal:
        for address, name in zip((ECHO, MOBILE), devices, strict=True):
            PeerNames(journal).give(address, name)
    # Somebody is told, but nobody there.
    targets = [f"json://127.0.0.1:{free_port()}"]
    app = App(assembled().model_validate(whole), {home: Credentials("demo", "")}, folder, ["lo"], targets)
    set_pin(app.alarms.journal, PIN)
    if cloud is None:
        lived(app, home, switches)
    app.start()
    try:
        yield app
    finally:
        app.stop()


class Photographer(Person):
    """Takes pictures of pages."""

    def __init__(self, browser: Chrome, url: str) -> None:
        self.browser = browser
        self._url = url

    @property
    def url(self) -> str:
        """The address of the program."""
        return self._url

    def take(self, name: str, size: tuple[int, int], scheme: str = "light", of: str = "body") -> None:
        """Take a picture as it is on a screen of this size, with an element in sight; twice as sharp on a phone."""
        self.screen(*size, scheme=scheme, scale=2 if size == PHONE else 1)
        # What was tapped would look as if the pointer were still there.
        self.browser.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": 1, "y": 1})
        self.settled()
        element = self.browser.find_element("css selector", of)
        self.browser.execute_script("arguments[0].scrollIntoView({ block: 'nearest' })", element)
        found = self.browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
        (DOCS / f"{name}.png").write_bytes(base64.b64decode(found["data"]))


def take_page(browser: Chrome, tag: str, folder: Path) -> None:
    """Take the page in the evening: on a phone, and in English in the dark and at a desk, too."""
    with house(tag, folder) as app:
        person = Photographer(browser, app.pages()[0])
        person.language(tag)
        person.open()
        home = NAMES[tag][0]
        person.see({"en": "Live", "es": "En directo"}[tag], where="#live")
        person.there(f"#now-{home} .now.armed")
        if tag == "en":
            person.take("page-phone", PHONE)
            person.take("page-phone-dark", PHONE, "dark")
            person.take("page-desk", DESK)
        else:
            person.take(f"page-phone-{tag}", PHONE)


def take_decision(browser: Chrome, folder: Path) -> None:
    """Take the decision about an open window, which the API of today's app has."""
    cloud = SimulatedAlarm(api="owa", profile="es")
    cloud.panel.answer_after = 0
    cloud.panel.window("Cocina", is_open=True)
    cloud.start()
    try:
        log_in(cloud, folder)
        with house("en", folder, cloud) as app:
            person = Photographer(browser, app.pages()[0])
            person.language("en")
            person.open()
            person.there("#now-home .now.disarmed")
            person.tap("#arm-home-total")
            person.there("#past-home")
            person.take("decision-phone", PHONE, of="#notices-home")
    finally:
        cloud.stop()


def log_in(cloud: SimulatedAlarm, folder: Path) -> None:
    """Leave a login in the state folder, as set-up does."""
    assert isinstance(cloud.face, Owa)
    clock = SystemClock()
    with closing(Journal(folder)) as journal:
        login = AccountLogin(journal, folder, place_at("owa", "ES", cloud.url), clock, LoginBounds(journal, clock))
        login.log_in("demo", "demo")
        login.send_code(0)
        login.confirm(cloud.face.trust.messages[-1].code)


def take_set_up(browser: Chrome, folder: Path) -> None:
    """Take the step of set-up that tells most: the modes of the alarm, as switches."""
    first = FirstRun(
        folder / "devices.yaml", folder, SystemClock(), conceal=lambda _: None, interfaces=["lo"], port=free_port()
    )
    first.start()
    try:
        person = Photographer(browser, first.urls()[0])
        person.language("en")
        person.open()
        person.type("#code", str(first.code))
        person.tap("main button")
        person.tap("#kind-simulated")
        person.browser.find_element("css selector", "#country").send_keys("United Kingdom")
        person.tap("main button.go")
        person.see("Modes as switches", where="main h2")
        person.take("set-up-phone", PHONE)
    finally:
        first.stop()


def main() -> None:
    """Take all pictures."""
    at = time.gmtime()
    ahead = (SHOWN_MIN - at.tm_hour * 60 - at.tm_min) % (24 * 60)
    # POSIX counts what is behind Greenwich.
    os.environ["TZ"] = f"<house>-{ahead // 60}:{ahead % 60:02}"
    time.tzset()
    with tempfile.TemporaryDirectory() as folder:
        browser = chromium(Path(folder) / "profile")
        try:
            for tag in NAMES:
                take_page(browser, tag, Path(folder) / tag)
            take_decision(browser, Path(folder) / "decision")
            take_set_up(browser, Path(folder) / "set-up")
        finally:
            browser.quit()


if __name__ == "__main__":
    main()
