"""A person at the page of a simulated house, on a small phone and at night."""

from collections.abc import Iterator

import pytest
from selenium import webdriver

from emulator.model import Arm, ArmMode
from emulator.simulator.faults import InjectedFault
from emulator.simulator.server import SimulatedAlarm
from tests.browser.person import DESK, Person

SMALL = (360, 740)


@pytest.fixture
def person(browser: webdriver.Chrome) -> Iterator["HousePerson"]:
    """Yield a person at a house in which everything is shown that may be."""
    alarm = SimulatedAlarm(api="owa", profile="gb-annex")
    alarm.start()
    alarm.panel.window("Comedor", is_open=True)
    alarm.panel.keypad(Arm(ArmMode.parse("annex")))
    alarm.backend.faults.add(InjectedFault("down", times=3))
    alarm.backend.requests["xSCheckAlarmStatus"] = alarm.backend.accepted["xSCheckAlarmStatus"] = 12
    yield HousePerson(browser, alarm)
    browser.get("about:blank")
    alarm.stop()


class HousePerson(Person):
    """Looks at the house instead of the program's page."""

    def __init__(self, browser: webdriver.Chrome, alarm: SimulatedAlarm) -> None:
        self.browser = browser
        self.alarm = alarm

    @property
    def url(self) -> str:
        """The address of the house."""
        return self.alarm.control_url


@pytest.mark.parametrize(
    ("screen", "scheme"),
    [
        (SMALL, "dark"),
        pytest.param(SMALL, "light", marks=pytest.mark.long),
        pytest.param(DESK, "dark", marks=pytest.mark.long),
    ],
)
def test_the_house_fits_and_everybody_can_use_it(person: HousePerson, screen: tuple[int, int], scheme: str) -> None:
    person.screen(*screen, scheme=scheme)
    person.open()
    person.see("annex", "Comedor: open", "down", "Arm annex")
    assert person.sideways() == 0
    assert person.barriers() == []
    colours = {"light": "rgb(244, 246, 245)", "dark": "rgb(14, 20, 18)"}
    paper = person.browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert paper == colours[scheme]


def test_what_changes_elsewhere_shows_and_the_keyboard_stays(person: HousePerson) -> None:
    person.screen(*SMALL)
    person.open()
    kitchen = 'button => button.textContent.startsWith("Cocina")'
    buttons = f"[...document.querySelectorAll('button')].find({kitchen})"
    person.browser.execute_script(f"{buttons}.focus(); window.keypad = document.querySelector('section')")
    person.alarm.panel.window("Cocina", is_open=True)
    person.see("Cocina: open")
    # Its part was drawn anew, and no other one.
    assert person.browser.execute_script(f"return {buttons} === document.activeElement")
    assert person.browser.execute_script("return window.keypad.isConnected")
    assert person.complaints() == []
