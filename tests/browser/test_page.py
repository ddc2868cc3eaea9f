"""A person arms, waits, disarms, is refused, and looks at the day: on a phone and at a desk."""

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from emulator.model import Origin
from emulator.simulator.faults import InjectedFault
from tests.browser.eyes import cut
from tests.browser.person import DESK, NARROW, PHONE, PIN, Person

SCREENS = pytest.mark.parametrize("screen", [PHONE, pytest.param(DESK, marks=pytest.mark.long)], ids=["phone", "desk"])
ECHO = Origin("wemo", "192.168.1.31")
NOW, ACT, TIME, NOTICES = "#now-home", "#act-home", "#time-home", "#notices-home"


@SCREENS
def test_a_day_with_the_alarm(person: Person, screen: tuple[int, int]) -> None:
    person.screen(*screen)
    person.open()
    person.see("home", "Disarmed", where=NOW)

    person.panel.answer_after = 60  # the panel takes its time
    person.arm("night")
    person.see("Arm night is under way", where=NOW)
    person.see("under way", where=ACT)
    assert "Disarmed" in person.text(NOW)
    person.panel.answer_after = 0
    person.panel_answers()
    person.see("home is armed", "Night", where=NOW)
    person.see("Arm night", "done", "Page", "took", where=TIME)

    person.disarm(PIN)
    person.see("home", "Disarmed", where=NOW)
    person.see("Disarm", "done", where=TIME)

    person.panel.window("Comedor", is_open=True)
    person.arm("total")
    person.see("Arm total: refused", "Hay una zona abierta", where=NOTICES)
    person.see("Disarmed", where=NOW)

    picture = f"{TIME} svg.timeline"
    person.see("Interior", "Perimeter", where=picture)
    assert person.browser.find_elements("css selector", f"{picture} use[href='#m-done']")
    assert person.browser.find_elements("css selector", f"{picture} use[href='#m-failed']")
    assert person.browser.find_elements("css selector", f"{picture} rect.band.night")
    assert person.complaints() == []
    assert person.sideways() == 0


def test_what_happens_elsewhere_shows_without_a_reload(person: Person) -> None:
    person.browser.execute_script("window.here = true")
    person.see("Live")
    person.home.hub.submit(person.home.hub.switches[1], True, ECHO)
    person.see("home is armed", "Day", where=NOW)
    assert person.browser.execute_script("return window.here")
    assert "home: Day" in person.browser.execute_script("return document.getElementById('say').textContent")
    assert person.browser.title.startswith("Day")


@pytest.mark.long
def test_a_wrong_pin_says_how_many_tries_are_left(person: Person) -> None:
    person.arm("night")
    person.see("home is armed", where=NOW)
    person.disarm("1111")
    person.see("Wrong PIN; 4 more tries", where="#pin-home-error")
    person.see("home is armed", where=NOW)
    person.disarm(PIN)
    person.see("Disarmed", where=NOW)
    assert person.text("#pin-home-error") == ""


@pytest.mark.long
def test_what_somebody_types_survives_the_news(person: Person) -> None:
    person.arm("night")
    person.see("home is armed", where=NOW)
    person.type("#pin-home", "25")
    person.home.hub.submit(person.home.hub.switches[3], True, ECHO)
    person.see("Perimeter\nOn", where=NOW)
    person.type("#pin-home", "80")
    person.tap("#disarm-home")
    person.see("Disarmed", where=NOW)


@pytest.mark.long
def test_a_cloud_that_is_down_is_told_and_heals(person: Person) -> None:
    person.tap("#fold-health-home summary")
    faults = person.home.alarms.simulators["home"].backend.faults
    faults.add(InjectedFault("down"))
    person.see("No news from the alarm", where=NOTICES)
    person.see("does not answer", where="#health-home")
    faults.clear()
    person.see("answers", where="#health-home")


def test_a_program_that_is_gone_is_told(person: Person) -> None:
    person.see("Live")
    page = person.home.doors["dashboard"]
    page.stop()
    person.see("Not connected")
    page.start()
    person.see("Live")


@pytest.mark.long
def test_it_reads_and_works_without_javascript(person: Person) -> None:
    person.screen(*PHONE, script=False)
    person.open()
    person.see("home", "Disarmed", where=NOW)
    person.arm("night")
    person.reload_until("home is armed", where=NOW)
    person.disarm("1111")
    person.see("Wrong PIN; 4 more tries", where="#pin-home-error")
    person.disarm(PIN)
    person.screen(*PHONE)
    person.open()
    person.see("Disarmed", where=NOW)


@pytest.mark.long
def test_everything_can_be_done_by_keyboard(person: Person) -> None:
    person.see("Live")
    keys = ActionChains(person.browser)
    keys.send_keys(Keys.TAB, Keys.ENTER, Keys.TAB, Keys.TAB, Keys.TAB, Keys.ENTER).perform()
    person.see("home is armed", "Night", where=NOW)
    assert person.browser.switch_to.active_element.get_attribute("id") == "arm-home-night"


@pytest.mark.long
def test_nobody_is_kept_out(person: Person) -> None:
    person.panel.window("Comedor", is_open=True)
    person.arm("total")
    person.see("Arm total: refused", where=NOTICES)
    look_around(person)
    person.panel.window("Comedor", is_open=False)
    person.arm("night")
    person.see("home is armed", where=NOW)
    person.disarm("1111")
    person.see("Wrong PIN", where="#pin-home-error")
    look_around(person, "?days=7")


def look_around(person: Person, path: str = "") -> None:
    """Every screen size, in light and dark."""
    for screen in (NARROW, PHONE, DESK):
        for scheme in ("light", "dark"):
            person.screen(*screen, scheme=scheme)
            person.open(path)
            assert person.barriers() == []
            assert person.sideways() == 0
    # A phone at 200 %, with words that are longer than the English ones.
    person.language("es")
    person.screen(180, 370, scale=2)
    person.open(path)
    found = cut(person.browser)
    person.language("")
    assert not found
    assert person.sideways() == 0
