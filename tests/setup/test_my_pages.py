"""Set-up of an alarm of My Pages: a code by e-mail, two modes, and the code of the alarm, which is kept or not."""

import pytest

from emulator.config import credentials
from emulator.setup.answers import AnswerRefused
from emulator.setup.set_up import SetUp
from emulator.simulator.mypages.face import Mypages
from emulator.system import kept
from emulator.words.language import language
from tests.setup.conftest import Make
from tests.setup.house import Open
from tests.setup.rig import PASSWORD, PIN, Bench, finish

CODE = "4711"


def sent_code(bench: Bench) -> str:
    assert bench.alarm
    assert isinstance(bench.alarm.face, Mypages)
    return bench.alarm.face.logins.messages[-1].code


def logged_in(bench: Bench) -> SetUp:
    one = bench.begin()
    one.choose_place("SE", "en", "mypages", bench.url)
    one.log_in("demo", PASSWORD)
    one.send_code(1)
    one.confirm(sent_code(bench))
    return one


@pytest.mark.parametrize("code", ["", CODE])
def test_the_code_of_the_alarm_is_kept_for_it_alone(make: Make, code: str) -> None:
    bench = make(api="mypages", profile="home-night")
    one = logged_in(bench)
    [alarm] = one.coded
    one.take_codes({alarm.name: code})
    finish(one)
    given = credentials.read(bench.settings.accounts, kept.environment(bench.state, {}))
    assert given[alarm.name].code == code
    assert CODE not in bench.path.read_text()
    assert code in bench.concealed
    # The environment takes precedence, as for user and password.
    changed = credentials.read(bench.settings.accounts, kept.environment(bench.state, {"VERISURE_CODE": "9999"}))
    assert changed[alarm.name].code == "9999"


def test_only_its_modes_are_proposed(make: Make) -> None:
    bench = make(api="mypages", profile="home-night")
    one = logged_in(bench)
    [alarm] = one.answers.alarms
    assert {str(each.switch.mode): each.wanted for each in one.choices(alarm)} == {
        "total": True,
        "day": False,
        "night": True,
    }


def test_day_and_night_are_one_mode_so_only_one_becomes_a_switch(make: Make) -> None:
    one = logged_in(make(api="mypages", profile="home-night"))
    [alarm] = one.answers.alarms
    total, day, night = (choice.switch for choice in one.choices(alarm))
    with pytest.raises(AnswerRefused) as refused:
        one.take_switches([total, day, night])
    assert language("es").say(refused.value.args[0]).endswith("un solo modo para día y noche: elige uno de los dos.")
    for partial in (day, night):
        one.take_switches([total, partial])


def test_what_is_no_code_is_refused(make: Make) -> None:
    one = logged_in(make(api="mypages", profile="home-night"))
    for wrong in ("12", "12a4", "1" * 13):
        with pytest.raises(AnswerRefused, match="4 to 12 digits"):
            one.take_codes({one.coded[0].name: wrong})


def test_the_pages_say_that_it_was_not_tried_and_ask_for_the_code(house: Open) -> None:
    here = house(api="mypages", profile="home-night")
    bench, browser = here.bench, here.claimed()
    browser.form("next", kind="real", country="SE", cloud="mypages", url=bench.url)
    assert "Not yet tried against the real service" in browser.text
    browser.form("next", user="demo", password=PASSWORD)
    assert "your e-mail address" in browser.text
    browser.form("send", phone="1").get(Accept_Language="it")
    assert "Il codice inviato (il tuo indirizzo e-mail)" in browser.text
    assert "Dove inviare il codice" in browser.text
    browser.form("next", code=sent_code(bench)).form("next")
    assert browser.at == "/setup/keypad"
    field = browser.tree.xpath("//input[@type='password']")[0].get("name")
    browser.form("next", **{field: CODE}).form("next", pin=PIN, again=PIN).form("next").form("skip").form()
    assert "Saved" in browser.text
    [name] = bench.settings.installations
    assert kept.read(bench.state)[f"{credentials.prefix_of(name)}_CODE"] == CODE
