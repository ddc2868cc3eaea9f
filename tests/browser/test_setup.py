"""A family sets the program up in its language: from an empty folder to an armed alarm, without touching a file."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from emulator.app.settings import Settings
from emulator.model import ArmMode
from emulator.setup import proposals
from emulator.simulator.accounts import Contract, SimulatedAccount
from emulator.simulator.owa.face import Owa
from emulator.simulator.panel.panel import SimulatedPanel
from emulator.simulator.server import FACES, SimulatedAlarm
from emulator.words import spoken
from emulator.words.text import Text
from tests.browser.newcomer import Habit, Newcomer, first_run

PHONE, DESK = (360, 740), (1440, 900)
PIN = "258036"
ALIAS = "🏡 " + "W8" * 14
"""As wide as an alarm's name may be, without a place to break it."""

PASSWORD, WRONG = "Correcto-Caballo-9", "Falso-Caballo-1"

pytestmark = [pytest.mark.long, pytest.mark.sampled]

SCREENS = pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
LANGUAGES = pytest.mark.parametrize("tag", ["es", "it", "fr", "pt", "en"])


@SCREENS
@LANGUAGES
def test_any_family_tries_it(browser: Chrome, tmp_path: Path, tag: str, size: tuple[int, int]) -> None:
    with first_run(browser, tmp_path, Habit(tag, size, by_keyboard=size == DESK)) as person:
        home = try_it(person)
        person.fill(f"#pin-{home}", PIN)
        person.choose(f"#disarm-{home}")
        person.there(f"#now-{home} .now.disarmed")
        rename(person, home)
    names = [switch.name for switch in Settings.load(tmp_path / "devices.yaml").switches]
    assert (len(names), names[0], names[2]) == (4, "Casa", "Alarma noche")


@SCREENS
@LANGUAGES
def test_any_family_sets_up_its_own_alarm_by_keyboard_alone(
    browser: Chrome, tmp_path: Path, cloud: SimulatedAlarm, tag: str, size: tuple[int, int]
) -> None:
    """With a wrong password, a wrong code, two alarms, and a mode that is not fitted."""
    assert isinstance(cloud.face, Owa)
    with first_run(browser, tmp_path, Habit(tag, size, by_keyboard=True)) as person:
        claim(person)
        person.reads("Your alarm")
        person.pick("#country", person.said("Spain"))
        person.choose("summary")
        person.fill("#url", cloud.url)
        person.go_on()
        log_in(person)
        prove(person, cloud.face)
        person.reads("Which alarm")
        person.choose("#alarm-7654321")
        person.go_on()
        person.reads("Modes as switches")
        person.see(person.said(spoken.mode(ArmMode.parse("perimeter"))))
        person.see(person.said("(the alarm does not tell whether it has this)"))
        assert not browser.find_element(By.ID, "want-3").is_selected()
        person.go_on()
        finish(person)
        arm(person, proposals.key_of(ALIAS, (), ""))
    assert cloud.backend.requests["mkLoginToken"] == 3  # the wrong one, and the right one before and after the code


@pytest.fixture
def cloud() -> Iterator[SimulatedAlarm]:
    """Yield an account with two alarms, the first of which has no perimeter."""
    unit = FACES["owa"].units["es"]
    panel = SimulatedPanel(time.time, unit.equipment)
    panel.answer_after = 0
    account = SimulatedAccount(password=PASSWORD, alias=ALIAS, others=(Contract("7654321", alias="Playa"),))
    made = SimulatedAlarm(panel, api="owa", profile="es", accounts=[account])
    made.start()
    yield made
    made.stop()


def claim(person: Newcomer) -> None:
    """Show that they can read the terminal."""
    person.open()
    person.reads("Who sets this house up?")
    person.fill("#code", person.code)
    person.go_on()


def try_it(person: Newcomer) -> str:
    """Set a simulated alarm up, and arm it; return its name."""
    claim(person)
    person.reads("Your alarm")
    person.choose("#kind-simulated")
    person.go_on()
    person.reads("Modes as switches")
    person.fill("#name-2", "Alarma noche")
    person.go_on()
    finish(person)
    # The page names the house in its own language.
    [home] = Settings.load(person.file).installations
    arm(person, home)
    return home


def log_in(person: Newcomer) -> None:
    """Mistype the password twice in the same way, then type the right one."""
    person.reads("The account")
    for password, problem in (
        (WRONG, "the cloud refused the login: check user and password"),
        (WRONG, "The cloud has refused this password before, so it was not sent again."),
        (PASSWORD, ""),
    ):
        person.fill("#user", "demo")
        person.fill("#password", password)
        person.go_on()
        if problem:
            person.is_told(problem)


def prove(person: Newcomer, face: Owa) -> None:
    """Mistype the code of the SMS, then type that of another one."""
    person.reads("A code by SMS or e-mail")
    for code, problem in (("000000", "the cloud did not take that code"), ("", "")):
        person.choose("#send")
        person.see(person.said(Text("The code that was sent ({phone})", phone="******123")))
        person.look()
        person.fill("#code", code or face.trust.messages[-1].code)
        person.go_on()
        if problem:
            person.is_told(problem)


def finish(person: Newcomer) -> None:
    """Answer the steps after the switches, and save."""
    person.reads("The PIN")
    person.fill("#pin-new", PIN)
    person.fill("#pin-again", PIN)
    person.go_on()
    for step in ("Who may reach it", "Who is told"):
        person.reads(step)
        person.go_on()
    person.reads("Save")
    person.choose("#save")
    person.see(person.said("Saved"), where="main h2")


def arm(person: Newcomer, home: str) -> None:
    """Arm the house, once the program serves its page."""
    person.there(f"#now-{home} .now.disarmed")
    person.look()
    person.choose(f"#arm-{home}-night")
    person.there(f"#now-{home} .now.armed")
    person.look()


def rename(person: Newcomer, home: str) -> None:
    """Change the name of a switch afterwards: on the same pages, with the PIN."""
    person.open("setup/")
    person.fill("#code", PIN)
    person.go_on()
    person.reads("What shall be changed?")
    person.choose("#to-switches")
    person.reads("Modes as switches")
    person.fill("#name-0", "Casa")
    person.go_on()
    person.reads("What shall be changed?")
    person.choose("#to-review")
    person.reads("Save")
    # Before the program closes its doors for a moment.
    assert person.complaints() == []
    person.choose("#save")
    person.see(person.said("Saved"), where="main h2")
    person.there(f"#now-{home} .now.disarmed")
