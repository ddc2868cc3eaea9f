"""No tap arms or disarms by a button that the eye did not see there: buttons stay, and a moved one ignores taps."""

from collections.abc import Iterator

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from emulator.model import Disarm, Interior, Origin
from emulator.simulator.faults import InjectedFault
from tests.browser.person import PIN, Person

SMALL = (360, 740)
NOW, ACT, NOTICES, ERROR = "#now-home", "#act-home", "#notices-home", "#pin-home-error"

WHERE = """
return [...document.querySelectorAll("#act-home button, #act-home input:not([type=hidden])")].map((each) => {
  const box = each.getBoundingClientRect();
  return [each.id, Math.round(box.x), Math.round(box.y), Math.round(box.height)].join(" ");
});
"""

PUSH = """
const told = arguments[0];
const pushed = document.createElement("div");
pushed.style.height = "94px";
document.querySelector("main").prepend(pushed);
requestAnimationFrame(() => requestAnimationFrame(() => {
  const event = new MouseEvent("click", { bubbles: true, cancelable: true, detail: 1 });
  document.querySelector("#arm-home-total").dispatchEvent(event);
  told(event.defaultPrevented);
}));
"""


ONCE_MOVED = """
const forms = document.querySelector("#act-home");
const first = forms.firstElementChild;
new MutationObserver(() => {
  if (forms.firstElementChild.id === first.id) return;
  const event = new MouseEvent("click", { bubbles: true, cancelable: true, detail: 1 });
  document.querySelector("#arm-home-total").dispatchEvent(event);
}).observe(forms, { childList: true });
"""


@pytest.fixture(autouse=True)
def _small(person: Person) -> Iterator[None]:
    person.screen(*SMALL)
    person.open()
    person.see("Live")
    yield
    person.network()


def asked_for(person: Person) -> list[tuple[str, str | None]]:
    """Return the journal, oldest first."""
    return [(entry.action, entry.result) for entry in reversed(person.home.alarms.journal.commands(50))]


@pytest.mark.long
def test_a_second_tap_after_a_wrong_pin_changes_nothing(person: Person) -> None:
    person.arm("night")
    person.see("home is armed", where=NOW)
    person.type("#pin-home", "1111")
    person.settled()
    spot = person.spot("#disarm-home")
    person.tap_at(spot)
    person.see("Wrong PIN; 4 more tries", where=ERROR)
    person.tap_at(spot)
    assert person.spot("#disarm-home") == spot
    field = person.browser.find_element("css selector", "#pin-home")
    assert field.get_attribute("aria-describedby") == ERROR.removeprefix("#")
    assert field.get_attribute("aria-invalid") == "true"
    person.type("#pin-home", PIN)
    assert person.text(ERROR) == ""
    person.tap_at(spot)
    person.see("Disarmed", where=NOW)
    assert asked_for(person) == [("arm night", "confirmed"), ("disarm", "refused"), ("disarm", "confirmed")]


@pytest.mark.long
def test_nothing_that_appears_moves_a_button(person: Person) -> None:
    def where() -> list[str]:
        found: list[str] = person.browser.execute_script(WHERE)
        return found

    at_rest = disarmed = where()
    person.panel.answer_after = 60
    person.arm("night")
    person.see("Arm night is under way", where=NOW)
    assert where() == at_rest
    person.panel.answer_after = 0
    person.panel_answers()
    person.see("home is armed", where=NOW)
    # Only this moves them: the deed that the new state asks for comes first. The view stays where it is.
    at_rest = where()
    assert at_rest[0].startswith("pin-home")
    assert disarmed[0].startswith("arm-home-total")
    assert person.browser.execute_script("return scrollY") == 0
    person.disarm("1111")
    person.see("Wrong PIN", where=ERROR)
    assert where() == at_rest
    person.disarm(PIN)
    person.see("Disarmed", where=NOW)
    at_rest = where()
    assert at_rest == disarmed
    person.panel.window("Comedor", is_open=True)
    person.arm("total")
    person.see("Arm total: refused", where=NOTICES)
    assert where() == at_rest
    person.home.alarms.simulators["home"].backend.faults.add(InjectedFault("down"))
    person.see("No news from the alarm", where=NOTICES)
    assert where() == at_rest
    person.network(offline=True)
    person.see("Not connected")
    assert where() == at_rest
    person.arm("night")
    person.see("Not sent", where="#problem")
    assert where() == at_rest


@pytest.mark.long
def test_a_tap_where_another_button_was_until_now_is_not_taken(person: Person) -> None:
    """The house is disarmed elsewhere while a finger is on its way to *Disarm*: *Total* must not take its tap."""
    person.arm("night")
    person.see("home is armed", where=NOW)
    person.settled()
    person.browser.execute_script(ONCE_MOVED)
    person.home.hub.command("home", Disarm(), Origin("api", "127.0.0.1"))
    person.see("Disarmed", where=NOW)
    person.see("Not taken: the page has just moved", where="#problem")
    assert asked_for(person) == [("arm night", "confirmed"), ("disarm", "confirmed")]


def test_a_tap_on_what_has_just_moved_is_not_taken(person: Person) -> None:
    assert person.browser.execute_async_script(PUSH)
    person.see("Not taken: the page has just moved", where="#problem")
    person.arm("night")
    person.see("home is armed", where=NOW)
    assert asked_for(person) == [("arm night", "confirmed")]


@pytest.mark.long
def test_another_mode_over_an_armed_one_is_asked_once(person: Person) -> None:
    person.arm("night")
    person.see("home is armed", where=NOW)
    person.arm("perimeter")
    person.see("home is armed: night", "night + perimeter", where="#ask")
    assert person.browser.switch_to.active_element.get_attribute("id") == "ask-no"
    assert person.browser.execute_script("return scrollY") == 0
    for scheme in ("light", "dark"):
        person.screen(*SMALL, scheme=scheme)
        assert person.barriers() == []
        assert person.sideways() == 0
    ActionChains(person.browser).send_keys(Keys.ESCAPE).perform()
    person.see_gone("#ask")
    person.arm("perimeter")
    person.tap("#ask-no")
    person.see_gone("#ask")
    person.arm("perimeter")
    person.see("home is armed: night", where="#ask")
    person.settled()
    ActionChains(person.browser).send_keys(Keys.TAB, Keys.ENTER).perform()
    person.see("Night + perimeter", where=NOW)
    assert asked_for(person) == [("arm night", "confirmed"), ("arm perimeter", "confirmed")]


@pytest.mark.long
def test_it_is_asked_without_javascript_too(person: Person) -> None:
    person.screen(*SMALL, script=False)
    person.open()
    person.arm("night")
    person.reload_until("home is armed", where=NOW)
    person.arm("perimeter")
    person.see("home is armed: night", where="#ask")
    person.tap("#ask-no")
    person.see("home is armed", where=NOW)
    person.arm("perimeter")
    person.tap("#ask-yes")
    person.reload_until("Night + perimeter", where=NOW)
    person.screen(*SMALL)


# -- the connection ---------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_offline_the_page_is_news_of_yesterday_and_sends_nothing(person: Person) -> None:
    person.arm("night")
    person.see("home is armed", where=NOW)
    person.type("#pin-home", PIN)
    person.network(offline=True)
    person.see("home was armed", "Night", where=NOW)
    person.see("Not connected")
    look = "return getComputedStyle(document.querySelector('.now')).borderStyle"
    assert person.browser.execute_script(look) == "dashed"
    person.see("was armed", where="#modes-home")
    person.arm("total")
    person.see("Not sent: no connection to the program", where="#problem")
    person.tap("#disarm-home")
    person.see("Not sent: no connection to the program", where=ERROR)
    person.network()
    person.see("home is armed", "Night", where=NOW)
    person.see("Live")
    assert person.home.alarms.simulators["home"].panel.axes.interior is Interior.NIGHT
    person.tap("#disarm-home")
    person.see("Disarmed", where=NOW)
    assert asked_for(person) == [("arm night", "confirmed"), ("disarm", "confirmed")]


@pytest.mark.long
def test_a_network_that_says_nothing_is_gone_too(person: Person) -> None:
    person.network(latency_ms=600_000)
    person.see("home was", "Disarmed", where=NOW)
    person.arm("night")
    person.see("Not sent: no connection to the program", where="#problem")
    person.network()
    person.see("Live")
    assert asked_for(person) == []


@pytest.mark.long
def test_a_page_whose_script_did_not_arrive_is_opened_anew(person: Person) -> None:
    """Nothing else would keep it up to date. What it was an answer to is not sent again."""
    person.block("*/still.js")
    person.open()
    person.see("as of", where="#live")
    person.type("#pin-home", "1111")
    person.tap("#disarm-home")
    person.see("Wrong PIN; 4 more tries", where=ERROR)
    person.block()
    person.see("Live")
    assert person.browser.current_url == person.url
    assert asked_for(person) == [("disarm", "refused")]


@pytest.mark.long
def test_a_page_whose_script_does_not_run_is_opened_anew(person: Person) -> None:
    """As in an old browser, until it is another one; the half minute is short here."""
    short = "const wait = setTimeout; setTimeout = (what, ms) => wait(what, ms / 30);"
    run = person.browser.execute_cdp_cmd
    source = {"source": f"{short} ResizeObserver = undefined;"}
    made = run("Page.addScriptToEvaluateOnNewDocument", source)
    person.open()
    person.see("as of", where="#live")
    run("Page.removeScriptToEvaluateOnNewDocument", made)
    person.see("Live")


@pytest.mark.long
def test_a_browser_that_keeps_nothing_for_a_page_shows_what_happens(person: Person) -> None:
    forbid = "Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('no'); } })"
    run = person.browser.execute_cdp_cmd
    made = run("Page.addScriptToEvaluateOnNewDocument", {"source": forbid})
    try:
        person.open()
        person.see("Live")
        person.panel.window("Comedor", is_open=True)
        person.arm("total")
        person.tap(f"{NOTICES} .close button")
        person.see_nothing(NOTICES)
        assert person.complaints() == []
    finally:
        run("Page.removeScriptToEvaluateOnNewDocument", made)


# -- boxes ------------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_closed_box_stays_closed(person: Person) -> None:
    person.panel.window("Comedor", is_open=True)
    person.arm("total")
    person.see("Arm total: refused", where=NOTICES)
    person.tap(f"{NOTICES} .close button")
    person.see_nothing(NOTICES)
    assert "refused" not in person.text(NOW)
    person.browser.refresh()
    person.see("Live")
    assert person.text(NOTICES) == ""


@pytest.mark.long
def test_a_box_is_closed_without_javascript(person: Person) -> None:
    person.panel.window("Comedor", is_open=True)
    person.screen(*SMALL, script=False)
    person.open()
    person.arm("total")
    person.reload_until("Arm total: refused", where=NOTICES)
    person.tap(f"{NOTICES} .close button")
    person.see_nothing(NOTICES)
    person.screen(*SMALL)
