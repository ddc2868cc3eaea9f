"""The running program and a real browser. Everything in this folder needs Chromium; elsewhere it is skipped."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from emulator.app.app import App
from emulator.app.settings import assembled
from emulator.app.switch_settings import NAME_LIMIT
from emulator.clouds.wsdo import operations, simulated
from emulator.store.pin import set_pin
from tests.browser.chromium import IS_THERE, chromium
from tests.browser.person import PATIENCE_S, PHONE, PIN, Person
from tests.support.program import free_port

HERE = "tests/browser/"
MODES = ("total", "day", "night", "perimeter")
LONG = "W" * NAME_LIMIT  # one word, and no letter is wider


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    for item in items:
        if item.nodeid.startswith(HERE):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """Yield one Chromium for all tests; each opens the page anew."""
    if not IS_THERE:
        pytest.skip("no chromium and chromedriver: apt install chromium chromium-driver")
    made = chromium(tmp_path_factory.mktemp("profile"))
    yield made
    made.quit()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """Yield the program with a simulated alarm that neither delays nor limits its answers."""
    quick = simulated.ROW._replace(polling=simulated.ROW.polling._replace(spacing_s=0.02))
    monkeypatch.setattr(simulated, "ROW", quick)
    monkeypatch.setattr(operations, "POLL_X2_S", 0.1)
    whole = {
        "installations": {"home": {"cloud": "simulator", "poll_every": "1s"}},
        "switches": [
            *({"name": f"{mode.title()} alarm", "on": mode, "off": "disarm"} for mode in MODES),
            {"name": LONG, "on": "total+perimeter", "off": "disarm"},
        ],
        "doors": {"wemo": {"first_port": free_port()}, "dashboard": {"port": free_port()}},
    }
    app = App(assembled().model_validate(whole), {}, tmp_path / "state", ["lo"])
    app.alarms.simulators["home"].panel.answer_after = 0
    set_pin(app.alarms.journal, PIN)
    app.start()
    patience = time.monotonic() + PATIENCE_S
    while not app.has_news and time.monotonic() < patience:
        time.sleep(0.02)
    yield app
    app.stop()


@pytest.fixture
def person(browser: webdriver.Chrome, home: App) -> Iterator[Person]:
    """Yield a person with a phone in front of the page."""
    made = Person(browser, home)
    made.screen(*PHONE)
    made.open()
    yield made
    browser.get("about:blank")
