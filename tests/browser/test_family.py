"""A tired person at 23:00: the right deed first, a PIN pad for the thumb, and what folds away."""

from collections.abc import Iterator

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from emulator.model import Origin
from tests.browser.person import PIN, Person

PHONE, DESK = (360, 740), (1440, 900)
NOW, ACT = "#now-home", "#act-home"

ORDER = "return [...document.querySelector('#act-home').children].map((each) => each.id)"


@pytest.fixture(autouse=True)
def _thumb(person: Person) -> Iterator[None]:
    person.screen(*PHONE)
    yield
    person.touch(on=False)
    person.language("")


@pytest.mark.long
def test_a_thumb_disarms_with_the_pad_and_a_wrong_pin_asks_again(person: Person) -> None:
    person.touch()
    person.open()
    person.see("Live")
    person.arm("night")
    person.see("home is armed", where=NOW)
    assert person.browser.execute_script(ORDER) == ["disarms-home", "modes-home"]
    assert not person.browser.find_element("css selector", "#pin-home").is_displayed()
    person.tap("#disarm-home")
    person.see("Disarm", where="#pad")
    assert person.browser.find_element("css selector", "#pad-do").get_attribute("disabled")
    assert person.barriers() == []
    person.keys("1112")
    person.see("Wrong PIN; 4 more tries", where="#pad")
    person.tap("#pad [data-key='back']")
    ActionChains(person.browser).send_keys(*PIN, Keys.ENTER).perform()
    person.see("Disarmed", where=NOW)
    assert person.browser.execute_script(ORDER) == ["modes-home", "disarms-home"]
    assert not person.browser.find_element("css selector", "#pad").is_displayed()
    results = [(entry.action, entry.result) for entry in reversed(person.home.alarms.journal.commands(9))]
    assert results == [("arm night", "confirmed"), ("disarm", "refused"), ("disarm", "confirmed")]
    assert [one for one in person.complaints() if "403" not in one] == []  # the wrong PIN


@pytest.mark.long
def test_a_pad_that_is_closed_sends_nothing(person: Person) -> None:
    person.touch()
    person.open()
    person.see("Live")
    person.tap("#disarm-home")
    person.tap("#pad [data-key='2']")
    ActionChains(person.browser).send_keys(Keys.ESCAPE).perform()
    person.tap("#disarm-home")
    assert person.browser.find_element("css selector", "#pad-pin").get_attribute("value") == ""
    person.tap("#pad .quit")
    assert person.home.alarms.journal.commands(9) == []


@pytest.mark.long
def test_what_is_under_way_says_how_long_it_usually_takes(person: Person) -> None:
    person.open()
    for _ in range(2):
        person.arm("night")
        person.see("home is armed", where=NOW)
        person.disarm(PIN)
        person.see("Disarmed", where=NOW)
    person.panel.answer_after = 60
    person.arm("night")
    person.see("Arm night is under way", where=NOW)
    person.see("This takes longer than usual.", where=NOW)
    assert person.barriers() == []


@pytest.mark.long
def test_folds_open_by_keyboard_and_stay_open_over_news_and_a_reload(person: Person) -> None:
    person.open()
    person.see("Live")
    person.browser.execute_script("document.querySelector('#fold-health-home summary').focus()")
    ActionChains(person.browser).send_keys(Keys.ENTER).perform()
    person.see("State folder", where="#health-home")
    person.home.hub.submit(person.home.hub.switches[1], True, Origin("wemo", "192.168.1.31"))
    person.see("home is armed", "Day", where=NOW)
    person.see("State folder", where="#health-home")
    # The part was replaced by the news; whoever goes on by keyboard is still there.
    assert person.browser.execute_script("return document.activeElement.id") == "fold-health-home-head"
    person.browser.refresh()
    person.see("State folder", where="#health-home")


@pytest.mark.long
@pytest.mark.parametrize("path", ["", "?days=7", "journal", "journal?outcome=refused", "nothing"])
def test_nobody_is_kept_out_of_any_page(person: Person, path: str) -> None:
    person.panel.window("Comedor", is_open=True)
    person.open()
    person.arm("total")
    person.see("Arm total: refused")
    for screen in ((320, 640), PHONE, DESK):
        for scheme in ("light", "dark"):
            person.screen(*screen, scheme=scheme)
            person.open(path)
            assert person.barriers() == []
            assert person.sideways() == 0


@pytest.mark.long
def test_the_language_of_the_browser_stays_over_news(person: Person) -> None:
    person.language("es")
    person.open()
    tag = "return document.documentElement.lang"
    assert person.browser.execute_script(tag) == "es"
    person.browser.execute_script("window.here = true")
    person.home.hub.submit(person.home.hub.switches[1], True, Origin("wemo", "192.168.1.31"))
    person.browser.find_element("css selector", NOW)
    person._wait(lambda: bool(person.browser.find_elements("css selector", ".now.armed")), "the armed state")
    assert person.browser.execute_script("return window.here")
    assert person.browser.execute_script(tag) == "es"


@pytest.mark.long
def test_a_journal_is_filtered_without_a_mouse(person: Person) -> None:
    person.open()
    person.arm("night")
    person.see("home is armed", where=NOW)
    person.open("journal")
    person.see("Arm night", "done")
    person.browser.find_element("css selector", "#by-outcome").send_keys("ref", Keys.TAB, Keys.ENTER)
    person.see("Nothing of that kind.")


@pytest.mark.long
def test_a_device_gets_a_name_and_a_wrong_pin_is_said(person: Person) -> None:
    """The address of this device stands in its field from the beginning."""
    person.open()
    person.see("Live")
    person.tap("#fold-names-head")
    for pin, where, seen in (("1111", "#pin-names-error", "Wrong PIN"), (PIN, "#fold-names-head", "1 name")):
        person.type("#name-name", "Ana's phone")
        person.type("#pin-names", pin)
        person.tap("#give-name")
        person.see(seen, where=where)
