"""The LAN, and the program on it. Everything in this folder needs root; elsewhere it is skipped with the reason."""

import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.netns import alarm
from tests.netns.echo import DEFAULT
from tests.netns.home import ALARM_PORT, SETTINGS, Home
from tests.netns.lan import Lan, why_not

HERE = "tests/netns/"
SECRETS = "secrets.txt"

SHOWN = 20
"""Lines of the journal and of the program's output that a failed test shows: its last minute or two."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    for item in items:
        if item.nodeid.startswith(HERE):
            item.add_marker(pytest.mark.lan)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show of a failed test what became of the commands, and the end of what the program said."""
    report = yield
    if report.failed and item.nodeid.startswith(HERE) and isinstance(item, pytest.Function):
        for name, home in item.funcargs.items():
            if isinstance(home, Home):
                report.sections.append((f"{name}: journal", "\n".join(map(str, home.journal()[-SHOWN:]))))
                report.sections.append((f"{name}: program", "\n".join(home.program.text.splitlines()[-SHOWN:])))
    return report


@pytest.fixture(scope="session")
def lan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lan]:
    """Hosts and cables."""
    if reason := why_not():
        pytest.skip(f"no LAN of network namespaces: {reason}")
    made = Lan(tmp_path_factory.mktemp("lan"))
    try:
        made.up()
        yield made
    finally:
        made.down()


@pytest.fixture(scope="session")
def running(lan: Lan, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """The program that most tests share, which tells all it can of itself; it has to stop well."""
    folder = tmp_path_factory.mktemp("home")
    argv = [sys.executable, alarm.__file__, str(ALARM_PORT), str(folder / SECRETS)]
    home = Home(lan, folder, argv, user=alarm.USER, password=alarm.PASSWORD, log_level="debug")
    yield home
    home.stop()


@pytest.fixture
def home(running: Home) -> Home:
    """The program and its alarm, at rest."""
    running.calm()
    return running


@pytest.fixture
def cabin(lan: Lan, tmp_path: Path) -> Iterator[Home]:
    """A program and an alarm of its own, for a test that does it violence."""
    home = Home(lan, tmp_path, host="cabin")
    yield home
    home.stop()


@pytest.fixture(scope="module")
def careful_home(lan: Lan, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Both doors as they come."""
    home = Home(lan, tmp_path_factory.mktemp("hue"), host="cabin", settings=SETTINGS + DEFAULT)
    yield home
    home.stop()


@pytest.fixture
def careful(careful_home: Home) -> Home:
    """At rest."""
    careful_home.calm()
    return careful_home
