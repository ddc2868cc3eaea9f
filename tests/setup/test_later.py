"""The same pages in the running program: behind the PIN, and taken while it runs."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import cast

import pytest
from flask import Flask

from emulator.doors import DoorContext
from emulator.doors.dashboard.door import create_app
from emulator.errors import ConfigError, Problem
from emulator.model import Notice
from emulator.setup.claim import ClaimCode
from emulator.setup.mount import mounted
from emulator.setup.set_up import TARGETS
from emulator.store.pin import TRIES
from emulator.system import kept
from tests.doors.dashboard.rig import FakeChanges, Rig
from tests.setup.browser import PEER, Browser
from tests.setup.conftest import Make
from tests.setup.rig import PASSWORD, SECOND, Bench, finish
from tests.setup.test_set_up import logged_in

PIN = "2580"
MINE = """\
# mine
installations: {home: {cloud: simulator}}
switches:
  - {name: Night alarm, on: night, off: disarm}   # Ana's
doors: {wemo: {first_port: 5000}, dashboard: {port: 8099}}
"""


class Home:
    """A running program's page, with the settings mounted."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.changes = FakeChanges()
        self.told: list[str] = []
        self.code = ClaimCode(bench.clock.monotonic)
        self.rig = Rig(bench.path.parent / "running", pin=PIN)
        self.app = self._app()

    def _app(self) -> Flask:
        rig = self.rig
        context = Surroundings(self)
        one = self.mounted = mounted(self.bench.path, self.code, self.bench.concealed.append)
        return create_app(
            rig.shown, rig.access, [(one.path, one.title, one.open(cast(DoorContext, context), rig.access.refuse))]
        )

    def tell(self, notice: Notice, about: str, text: str) -> None:
        assert (notice, about) == (Notice.CHANGED, "program")
        self.told.append(text)

    def opened(self, pin: str = PIN) -> Browser:
        """Return a browser that has given the PIN."""
        return Browser(self.app).get().form(code=pin)


class Surroundings:
    """The part of DoorContext that the pages use."""

    def __init__(self, home: Home) -> None:
        self.state_dir: Path = home.bench.state
        self.journal = home.bench.journal
        self.clock = home.bench.clock
        self.pin = home.rig.shown.pin
        self.changes = home.changes
        self.notify = home.tell


Enter = Callable[..., Home]


@pytest.fixture
def enter(make: Make) -> Iterator[Enter]:
    """Yield what opens a home with a settings file."""
    with ExitStack() as stack:

        def entered(text: str = MINE, **how: object) -> Home:
            bench = make(**how)
            if text:
                bench.path.write_text(text)
            home = Home(bench)
            stack.callback(home.rig.journal.close)
            return home

        yield entered


def test_the_page_links_to_them(enter: Enter) -> None:
    assert b'href="/setup/"' in Browser(enter().app).get("/").page.get_data()


def test_a_name_is_changed_with_the_pin_and_taken_while_it_runs(enter: Enter) -> None:
    home = enter()
    browser = home.opened()
    assert "What shall be changed?" in browser.text
    browser.get("/setup/switches").form("next", name_0="Noche")
    assert "See the changes and save" in browser.text
    browser.get("/setup/review")
    assert "+ - {name:" in browser.text
    browser.form()
    assert "Saved Taken" in browser.text
    assert home.changes.asked == 1
    assert "# Ana's" in home.bench.path.read_text()
    assert home.bench.settings.switches[0].name == "Noche"
    assert len(list(home.bench.path.parent.glob("*.bak"))) == 1
    assert "They open" in browser.get().text or "Open the settings" in browser.text


def test_in_a_copy_of_the_project_its_own_file_stays(enter: Enter) -> None:
    """The doors and alarms are those of the file in force, and the local one is there from the first change on."""
    home = enter()
    shipped = home.bench.path
    home.bench.path = shipped.with_name("devices.local.yaml")
    home.app = home._app()
    for name in ("Noche", "Nacht"):
        home.opened().get("/setup/switches").form("next", name_0=name).get("/setup/review").form()
        assert home.bench.settings.switches[0].name == name
    assert shipped.read_text() == MINE
    assert [each.name.partition(".2")[0] for each in shipped.parent.glob("*.bak")] == ["devices.local.yaml"]


def test_what_the_program_does_not_take_is_said(enter: Enter) -> None:
    home = enter()
    home.changes.answer = ConfigError([Problem("devices.yaml", "is not right")])
    browser = home.opened().get("/setup/switches").form("next", name_0="Noche").get("/setup/review").form()
    assert "does not take it" in browser.text
    assert "is not right" in browser.text


def test_people_hear_of_another_pin_and_of_other_targets(enter: Enter) -> None:
    """At the targets that there were: whoever takes these away is told of there."""
    home = enter()
    kept.change(home.bench.state, {TARGETS: "ntfy://house"})
    home.app = home._app()
    browser = home.opened()
    browser.get("/setup/pin").form("next", pin="147258", again="147259")
    browser.get("/setup/switches").form("next", name_0="Noche").get("/setup/review").form()
    assert home.told == []
    browser = home.opened().get("/setup/pin").form("next", pin="147258", again="147258")
    assert home.told == [f"the PIN was changed on the page, from {PEER}"]
    browser.get("/setup/notices").form("remove-0").get("/setup/review").form()
    assert home.told[1:] == [f"the targets of notices were changed on the page, from {PEER}"]


def test_without_the_pin_nothing_is_shown_or_changed(enter: Enter) -> None:
    home = enter()
    stranger = Browser(home.app, "192.168.7.66")
    for path in ("/setup/", "/setup/switches", "/setup/review", "/setup/notices"):
        assert "Night alarm" not in stranger.get(path).text
    for _ in range(TRIES):
        stranger.get().form(code="0000")
        assert stranger.page.status_code == 403
    assert "locked" in stranger.form(code=PIN).text
    assert ("dashboard", "192.168.7.66", "POST /setup/claim") in [
        (each.door, each.peer, each.action) for each in home.rig.journal.commands(20)
    ]
    stranger.post("/setup/switches", {"form": "x.1"})
    assert stranger.page.status_code == 403
    assert home.bench.path.read_text() == MINE


def test_without_a_pin_they_open_with_the_code_of_the_terminal(enter: Enter) -> None:
    home = enter()
    home.rig.shown.pin.set(None)
    assert home.opened("").page.status_code == 403
    assert home.opened(PIN).page.status_code == 403
    browser = home.opened(str(home.code))
    assert "What shall be changed?" in browser.text
    browser.get("/setup/pin").form("next", pin="147258", again="147258")
    assert home.opened(str(home.code)).page.status_code == 403
    assert "What shall be changed?" in home.opened("147258").text


def test_from_the_demo_to_ones_own_alarm(enter: Enter) -> None:
    home = enter(api="owa", profile="es", others=(SECOND,))
    bench, browser = home.bench, home.opened()
    browser.get("/setup/alarm").form("next", kind="real", country="ES", cloud="owa", url=bench.url)
    browser.form("next", user="demo", password=PASSWORD)
    browser.form("send", phone="0").form("next", code=bench.code())
    assert browser.at == "/setup/alarms"
    browser.form("next", alarm_7654321=None).form("next")
    browser.get("/setup/review").form()
    assert "Saved" in browser.text
    found = bench.settings
    assert [(name, each.number) for name, each in found.installations.items()] == [("casa", "2423443")]
    assert [str(each.on) for each in found.switches] == ["total", "day", "night"]
    assert found.doors.opened["wemo"].first_port == 5000
    assert bench.path.read_text().startswith("# mine")


def test_a_new_pin_replaces_the_old_one(enter: Enter) -> None:
    home = enter()
    home.opened().get("/setup/pin").form("next", pin="147258", again="147258")
    assert home.opened().page.status_code == 403
    assert "What shall be changed?" in home.opened("147258").text


def test_another_session_begins_with_the_file(enter: Enter) -> None:
    home = enter()
    home.opened().get("/setup/switches").form("next", name_0="Forgotten")
    browser = home.opened()
    assert "See the changes and save" not in browser.text
    browser.form(which="//form[contains(@action, 'leave')]")
    assert home.bench.path.read_text() == MINE


def test_a_file_that_was_edited_meanwhile_is_not_replaced(enter: Enter) -> None:
    home = enter()
    browser = home.opened().get("/setup/switches").form("next", name_0="Noche").get("/setup/review")
    home.bench.path.write_text(f"{MINE}# and more\n")
    browser.form()
    assert "was changed meanwhile" in browser.text
    assert home.bench.path.read_text() == f"{MINE}# and more\n"


def test_a_login_is_forgotten_and_made_again(enter: Enter) -> None:
    home = enter("", api="owa")
    bench = home.bench
    finish(logged_in(bench))
    browser = home.opened()
    account = "//form[contains(@action, 'account')]"
    browser.form("forget casa", which=account)
    assert "is forgotten" in browser.text
    assert not bench.journal.recall_all("owa login ")
    browser.form("forget nobody", which=account)
    assert "no such alarm" in browser.text
    browser.form("again casa", which=account)
    assert browser.at == "/setup/login"
    browser.form("next", user="demo", password=PASSWORD)
    browser.form("send", phone="0").form("next", code=bench.code())
    assert browser.at == "/setup/"
    browser.get("/setup/review").form()
    assert "Saved" in browser.text
    assert bench.journal.recall_all("owa login ")


def test_a_bridge_at_a_port_of_its_own_leaves_the_page_where_it_is(enter: Enter) -> None:
    home = enter(MINE.replace("doors: {", "doors: {hue: {port: 8081}, "))
    browser = home.opened().get("/setup/doors").form("next", door_hue=None)
    browser.get("/setup/review").form()
    assert "Saved" in browser.text
    assert home.bench.settings.doors.opened["dashboard"].port == 8099
    assert "hue" not in home.bench.settings.doors.opened


def test_an_alarm_that_is_gone_from_the_file_is_not_forgotten(enter: Enter) -> None:
    home = enter("", api="owa")
    bench = home.bench
    finish(logged_in(bench))
    browser = home.opened()
    bench.path.write_text(MINE)
    browser.form("forget casa", which="//form[contains(@action, 'account')]")
    assert "no such alarm" in browser.text
    assert bench.journal.recall_all("owa login ")


def test_a_file_that_is_wrong_by_now_does_not_take_the_page_away(enter: Enter) -> None:
    home = enter("installations: [\n")
    assert Browser(home.app).get("/").page.status_code == 200
    assert "not valid YAML" in home.opened().text


def test_an_answer_of_any_length_is_no_defect(enter: Enter) -> None:
    browser = enter().opened()
    stamp = browser.get("/setup/switches").tree.xpath("//input[@name='form']")[0].get("value")
    browser.post("/setup/account", {"form": stamp, "do": f"forget {'x' * 5000}"})
    assert browser.page.status_code == 200
    assert "no such alarm" in browser.text


def test_another_pin_ends_the_session_that_was_opened_with_the_one_before(enter: Enter) -> None:
    home = enter()
    thief = home.opened().get("/setup/switches")
    home.rig.shown.pin.set("963852")  # as `emulator pin` does
    thief.form("next", name_0="Stolen")
    assert thief.page.status_code == 403
    assert "Night alarm" not in thief.get("/setup/switches").text
    mine = home.opened("963852").get("/setup/pin").form("next", pin="147258", again="147258")
    assert "What shall be changed?" in mine.text


def test_a_login_under_way_keeps_no_program_from_stopping(enter: Enter) -> None:
    home = enter(api="owa")
    browser = home.opened().get("/setup/alarm").form("next", kind="real", cloud="owa", url=home.bench.url)
    home.mounted.served(False)
    browser.form("next", user="demo", password=PASSWORD)
    assert "The program stopped before the cloud answered." in browser.text
    home.mounted.served(True)
