"""The pages of the first start: from the code to the file, without JavaScript."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from emulator.setup.web import desk
from emulator.simulator.accounts import Contract, SimulatedAccount
from emulator.store.pin import Pin
from tests.setup.browser import HOST, PEER, Browser
from tests.setup.house import Open
from tests.setup.rig import PASSWORD, PIN, SECOND, WRONG, Bench
from tests.support.patience import PATIENCE_S


def to_real(browser: Browser, bench: Bench, **more: Any) -> Browser:
    return browser.form("next", kind="real", country="ES", cloud="owa", url=bench.url, **more)


def to_the_end(browser: Browser) -> Browser:
    """Answer the rest as it is proposed."""
    assert browser.at == "/setup/switches", browser.text
    browser.form("next").form("next", pin=PIN, again=PIN)
    return browser.form("next").form("skip")


def test_from_the_code_to_a_simulated_alarm(house: Open) -> None:
    here = house()
    browser = here.claimed()
    assert browser.at == "/setup/alarm"
    browser.form("next", kind="simulated", country="ES")
    assert "Night" in browser.text
    to_the_end(browser)
    assert browser.at == "/setup/review"
    assert "installations:" in browser.text
    browser.form()
    assert "Saved" in browser.text
    assert here.finished == ["yes"]
    assert [str(each.on) for each in here.bench.settings.switches] == ["total", "day", "night", "perimeter"]
    assert set(here.bench.settings.doors.opened) == {"wemo", "dashboard"}
    Pin(here.bench.journal, here.bench.clock.time).check(PIN, PEER)
    assert browser.cookie == ""
    assert "Type the code" in browser.get().text


def test_a_real_one_with_two_alarms_and_all_that_goes_wrong(house: Open) -> None:
    here = house(api="owa", profile="es", others=(SECOND,))
    bench, browser = here.bench, here.claimed()
    to_real(browser, bench)
    assert "127.0.0.1" in browser.text
    browser.form("next", user="demo", password=WRONG)
    assert browser.page.status_code == 422
    assert WRONG not in browser.page.get_data(as_text=True)
    browser.form("next", user="demo", password=WRONG)
    assert "refused this password before" in browser.text
    assert bench.count("mkLoginToken") == 1
    browser.form("next", user="demo", password=PASSWORD)
    assert browser.at == "/setup/code"
    assert "******789" in browser.text
    browser.form("send", phone="1").form("next", code="000000")
    assert "did not take that code" in browser.text
    browser.form("send", phone="1").form("next", code=bench.code())
    assert browser.at == "/setup/alarms"
    browser.form("next", alarm_7654321=None)
    perimeter = browser.tree.xpath("//input[@name='want-3']")[0]
    assert perimeter.get("checked") is None
    assert "does not tell whether it has this" in browser.text
    browser.form("next", name_1="Alarma de día", off_1="")
    browser.form("skip").form("next").form("skip").form()
    assert "Saved" in browser.text
    [name] = bench.settings.installations
    assert bench.settings.installations[name].number == "2423443"
    assert (bench.settings.switches[1].name, bench.settings.switches[1].off) == ("Alarma de día", None)
    for secret in (PASSWORD, WRONG):
        assert secret not in bench.path.read_text()
        assert secret in bench.concealed


def test_a_second_tap_on_save_is_answered_as_the_first(house: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both taps come at once, or the second one when all is over."""
    monkeypatch.setattr(desk, "ALONE_S", PATIENCE_S)
    here = house()
    browser = to_the_end(here.claimed().form("next", kind="simulated", country="ES"))
    form, cookie = dict(browser.tree.forms[0].form_values()), browser.cookie

    def save(_: int) -> tuple[int, bool]:
        mine = here.browser()
        mine.client.set_cookie("setup", cookie, domain=HOST.partition(":")[0], path="/setup/")
        return mine.post("/setup/save", form).page.status_code, "Saved" in mine.text

    with ThreadPoolExecutor(2) as both:
        assert [*both.map(save, range(2)), save(3)] == [(200, True)] * 3
    assert here.finished == ["yes"]
    assert "Type the code" in here.browser().get().text
    assert "Saved" not in here.browser().post("/setup/save", form | {"form": "x.1"}).text


def test_what_is_too_long_is_named_by_its_label(house: Open) -> None:
    browser = house().claimed().form("next", kind="simulated", country="ES")
    browser.form("next", name_0="x" * 1001)
    assert "Name to say: at most 1,000 characters" in browser.text
    browser.form("next", name_0="Total").form("next", pin="1" * 1001)
    assert "PIN: at most 1,000 characters" in browser.text


def test_it_speaks_the_language_of_the_browser(house: Open) -> None:
    browser = house().browser().get(Accept_Language="es")
    assert browser.tree.get("lang") == "es"


def test_steps_can_be_gone_back_to_and_not_skipped(house: Open) -> None:
    browser = house().claimed()
    for step in ("switches", "doors", "review", "login", "nonsense"):
        assert browser.get(f"/setup/{step}").at == "/setup/alarm"
    browser.form("next", kind="simulated")
    assert browser.get("/setup/alarm").at == "/setup/alarm"
    browser.form("next", kind="simulated").form("next")
    assert browser.at == "/setup/pin"
    browser.get("/setup/alarm").form("next", kind="simulated")
    assert browser.at == "/setup/switches"


def test_what_cannot_be_taken_is_said_and_what_was_typed_stays(house: Open) -> None:
    browser = house().claimed().form("next", kind="simulated")
    browser.form("next", name_0="Same", name_1="same")
    assert "Two switches are called" in browser.text
    assert browser.tree.xpath("//input[@name='name-0']")[0].get("value") == "Same"
    browser.form("next", **{f"want_{at}": None for at in range(7)})
    assert "Choose at least one mode." in browser.text


def test_which_alarms_were_chosen_stays_on_a_page_that_was_old(house: Open) -> None:
    here = house(api="owa", others=(SECOND,))
    browser = to_real(here.claimed(), here.bench).form("next", user="demo", password=PASSWORD).form("send", phone="0")
    browser.form("next", code=here.bench.code())
    here.desk.revision += 1
    browser.form("next", alarm_7654321=None)
    assert browser.page.status_code == 409
    browser.form("next")
    with here.desk.reading() as one:
        assert [alarm.number for alarm in one.answers.alarms] == ["2423443"]


def test_doors_with_keys_of_their_own(house: Open) -> None:
    here = house()
    browser = here.claimed().form("next", kind="simulated").form("next").form("skip")
    browser.form("next", door_mqtt="on")
    assert "MQTT" in browser.tree.xpath("//p[@id='problem']")[0].text_content()
    browser.form("next", mqtt_broker="mqtt://192.168.7.9")
    assert browser.at == "/setup/notices"
    browser.form("skip").form()
    assert set(here.bench.settings.doors.opened) == {"wemo", "dashboard", "mqtt"}


def test_targets_are_added_tried_and_not_shown_again(house: Open) -> None:
    here = house()
    browser = here.claimed().form("next", kind="simulated").form("next").form("skip").form("next")
    browser.form("add", url="nonsense://x")
    assert browser.page.status_code == 422
    browser.form("add", url="json://127.0.0.1:9/topsecret")
    assert "1: json" in browser.text
    assert "topsecret" not in browser.page.get_data(as_text=True)
    browser.form("test-0")
    assert "did not take the message" in browser.text
    browser.form("remove-0")
    assert "1: json" not in browser.text
    browser.form("remove-77").form("next").form()
    assert "Saved" in browser.text


def test_answers_that_do_not_go_together_can_be_mended(house: Open) -> None:
    here = house()
    browser = here.claimed().form("next", kind="simulated").form("next").form("skip")
    browser.form("next", door_hue="on", **{"hue-port": "8099"})
    browser.form("skip")
    assert browser.at == "/setup/review"
    assert "8099 is already the port of" in browser.text
    assert not browser.tree.xpath("//button[@id='save']")
    browser.get("/setup/doors").form("next", **{"hue-port": "8080"})
    browser.get("/setup/review").form()
    assert "Saved" in browser.text


class Former(SimulatedAccount):
    """A customer whose contract has ended."""

    def contracts(self) -> tuple[Contract, ...]:
        return ()


def test_an_account_without_an_alarm_is_told_so_where_another_is_typed(house: Open) -> None:
    here = house(api="owa")
    here.bench.alarm.backend.accounts = [Former(password=PASSWORD)]
    browser = to_real(here.claimed(), here.bench).form("next", user="demo", password=PASSWORD)
    browser.form("send", phone="0").form("next", code=here.bench.code())
    assert "that account has no alarm" in browser.text
    assert browser.at == "/setup/login"
