"""A family sets the program up: from an empty folder to an armed alarm, without touching a file."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from emulator.app.settings import Settings
from emulator.simulator.accounts import Contract, SimulatedAccount
from emulator.simulator.owa.face import Owa
from emulator.simulator.panel.panel import SimulatedPanel
from emulator.simulator.server import FACES, SimulatedAlarm
from tests.browser.person import DESK, Person
from tests.support.patience import PATIENCE_S
from tests.support.program import free_port

SMALL = (360, 740)
PIN = "258036"
PASSWORD, WRONG = "Correcto-Caballo-9", "Falso-Caballo-1"


class Newcomer(Person):
    """Somebody with a phone, and the terminal in sight."""

    def __init__(self, browser: Chrome, url: str, code: str) -> None:
        self.browser = browser
        self.code = code
        self._url = url

    @property
    def url(self) -> str:
        """The address that the terminal shows."""
        return self._url

    def fill(self, where: str, text: str) -> None:
        """Type into a field instead of what is there."""
        self.browser.find_element(By.CSS_SELECTOR, where).clear()
        self.type(where, text)

    def on(self, title: str) -> None:
        """Wait for a step, and look whether everybody can use it."""
        self.see(title, where="main h2")
        assert self.barriers() == []
        assert self.sideways() == 0

    def claim(self) -> None:
        """Type the code of the terminal."""
        self.screen(*SMALL)
        self.open()
        self.on("Who sets this house up?")
        self.type("#code", self.code)
        self.tap("main button.go")

    def go_on(self) -> None:
        """Take what is proposed."""
        self.tap("main button.go")


@contextmanager
def first_run(browser: Chrome, folder: Path) -> Iterator[Newcomer]:
    """Start `emulator run` in an empty folder."""
    options = ["--config", str(folder / "devices.yaml"), "--state-dir", str(folder / "state"), "--interface", "lo"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VERISURE")}
    with subprocess.Popen(
        [sys.executable, "-m", "emulator", "run", *options, "--page-port", str(free_port())],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout
            said = ""
            while "code" not in said:
                said += process.stdout.readline()
            # It would wait for a reader otherwise.
            threading.Thread(target=process.stdout.read, daemon=True).start()
            yield Newcomer(browser, re.search(r"http://\S+", said)[0], re.search(r"\d{4} \d{4}", said)[0])
        finally:
            process.terminate()
            assert process.wait(PATIENCE_S) == 0
    browser.get("about:blank")


@pytest.mark.long
def test_a_family_tries_it_on_a_phone(browser: Chrome, tmp_path: Path) -> None:
    with first_run(browser, tmp_path) as person:
        person.claim()
        person.on("Your alarm")
        person.tap("#kind-simulated")
        person.go_on()
        person.on("Modes as switches")
        person.fill("#name-2", "Alarma noche")
        person.go_on()
        person.on("The PIN")
        person.type("#pin-new", PIN)
        person.type("#pin-again", PIN)
        person.go_on()
        person.on("Who may reach it")
        person.go_on()
        person.on("Who is told")
        person.go_on()
        person.on("Save")
        person.see("Alarma noche", where="pre")
        person.tap("#save")
        person.see("Saved", where="main h2")
        # The page names the house in its own language.
        [home] = Settings.load(tmp_path / "devices.yaml").installations
        person.see("Disarmed", where=f"#now-{home}")
        person.tap(f"#arm-{home}-night")
        person.see("Night", where=f"#now-{home} .standing")
        person.type(f"#pin-{home}", PIN)
        person.tap(f"#disarm-{home}")
        person.see("Disarmed", where=f"#now-{home}")
        # Afterwards: the same pages, with the PIN.
        person.open("setup/")
        person.type("#code", PIN)
        person.go_on()
        person.on("What shall be changed?")
        person.tap("#to-switches")
        person.on("Modes as switches")
        person.fill("#name-0", "Casa")
        person.go_on()
        person.tap("#to-review")
        person.on("Save")
        # Before the program closes its doors for a moment.
        assert person.complaints() == []
        person.tap("#save")
        person.see("Saved", where="main h2")
        person.see("Disarmed", where=f"#now-{home}")
    names = [switch.name for switch in Settings.load(tmp_path / "devices.yaml").switches]
    assert (len(names), names[0], names[2]) == (4, "Casa", "Alarma noche")


@pytest.fixture
def cloud() -> Iterator[SimulatedAlarm]:
    """Yield an account with two alarms, the first of which has no perimeter."""
    unit = FACES["owa"].units["es"]
    panel = SimulatedPanel(time.time, unit.equipment)
    panel.answer_after = 0
    account = SimulatedAccount(password=PASSWORD, others=(Contract("7654321", alias="Playa"),))
    made = SimulatedAlarm(panel, api="owa", profile="es", accounts=[account])
    made.start()
    yield made
    made.stop()


@pytest.mark.long
def test_a_family_sets_up_its_own_alarm_by_keyboard_alone(
    browser: Chrome, tmp_path: Path, cloud: SimulatedAlarm
) -> None:
    """With a wrong password, a wrong code, two alarms, and a mode that is not fitted."""
    assert isinstance(cloud.face, Owa)
    with first_run(browser, tmp_path) as person:
        person.claim()
        person.screen(*DESK)
        person.on("Your alarm")
        browser.find_element(By.ID, "country").send_keys("Spain")
        browser.find_element(By.CSS_SELECTOR, "summary").send_keys(Keys.ENTER)
        person.type("#url", cloud.url + Keys.ENTER)
        person.on("The account")
        person.type("#user", "demo")
        person.type("#password", WRONG + Keys.ENTER)
        person.see("check user and password", where="#problem")
        person.type("#password", WRONG + Keys.ENTER)
        person.see("refused this password before", where="#problem")
        person.type("#password", PASSWORD + Keys.ENTER)
        person.on("A code by SMS")
        browser.find_element(By.ID, "send").send_keys(Keys.ENTER)
        person.type("#code", "000000" + Keys.ENTER)
        person.see("did not take that code", where="#problem")
        browser.find_element(By.ID, "send").send_keys(Keys.ENTER)
        person.see("The code that was sent to ******123")
        person.type("#code", cloud.face.trust.messages[-1].code + Keys.ENTER)
        person.on("Which alarm")
        browser.find_element(By.ID, "alarm-7654321").send_keys(Keys.SPACE)
        browser.find_element(By.CSS_SELECTOR, "button.go").send_keys(Keys.ENTER)
        person.on("Modes as switches")
        person.see("Perimeter (the alarm does not tell whether it has this)")
        assert not browser.find_element(By.ID, "want-3").is_selected()
        person.type("#name-0", Keys.ENTER)
        person.on("The PIN")
        person.type("#pin-new", PIN)
        person.type("#pin-again", PIN + Keys.ENTER)
        person.on("Who may reach it")
        for step in ("Who is told", "Save"):
            browser.find_element(By.CSS_SELECTOR, "main button.go").send_keys(Keys.ENTER)
            person.on(step)
        browser.find_element(By.ID, "save").send_keys(Keys.ENTER)
        person.see("Saved", where="main h2")
        person.see("Disarmed", where="#now-casa")
        browser.find_element(By.ID, "arm-casa-night").send_keys(Keys.ENTER)
        person.see("Night", where="#now-casa .standing")
    assert cloud.backend.requests["mkLoginToken"] == 3  # the wrong one, and the right one before and after the code
