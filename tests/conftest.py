"""Guards for every test: a network and an environment of its own, and no thread that outlives its test.

And what many of them need: a journal, a clock, a cloud elsewhere.
"""

import ctypes
import gc
import importlib
import logging
import os
import pkgutil
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from itertools import count
from pathlib import Path

import pytest
from coverage import Coverage
from hypothesis import HealthCheck, settings

import emulator
from emulator.simulator.accounts import SimulatedAccount
from emulator.simulator.panel.panel import SimulatedPanel
from emulator.simulator.server import SimulatedAlarm
from emulator.store import private
from emulator.store.journal import Journal
from emulator.system import logs
from tests.support import compiled
from tests.support.fakes import FakeClock
from tests.support.patience import STOP_S

settings.register_profile(
    "short",
    deadline=None,
    max_examples=15,
    # None that measures the machine; and examples may share a fixture.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("long", settings.get_profile("short"), max_examples=40)
settings.load_profile("short")
"""As many examples of a property as `make test` has time for; `make test-long` loads the other one."""

CLONE_NEWNET = 0x40000000

WORKERS = max(5, os.cpu_count() or 1)
"""Processes that share the tests: more than two cores, as some wait for programs; each collects all of them first."""


TRACED = 1
"""Variants of a test that coverage looks at."""

ONE_MORE = pytest.StashKey[bool]()
"""Set for a variant that coverage does not look at."""

TRACING = pytest.StashKey[Coverage]()
"""The tracer, where there is one."""

SAMPLE = 2
"""Variants of a test marked `sampled` that `make test` takes at most, evenly spread; the others are `long`."""

WHOLE = tuple(
    f"tests/{each}"
    for each in ("netns/", "faults/", "browser/", "doors/hue/test_program.py", "clouds/owa/test_simulated.py")
)
"""Folders and modules that drive the program as a whole, through lines that the tests of its parts reach, too."""

MANY = tuple(
    f"tests/{each}"
    for each in (
        "alarm/test_log_reader.py",
        "cli/test_start.py",
        "clouds/owa/test_graphql.py",
        "clouds/test_http.py",
        "clouds/test_providers.py",
        "clouds/test_strike.py",
        "doors/dashboard/test_access.py",
        "doors/dashboard/test_marks.py",
        "doors/homekit/test_program.py",
        "doors/homekit/test_traps.py",
        "doors/homekit/test_words.py",
        "doors/mqtt/test_brokers.py",
        "doors/mqtt/test_obedience.py",
        "doors/mqtt/test_speaker.py",
        "setup/test_changed_file.py",
        "setup/test_first_run.py",
        "simulator/test_owa_strict.py",
        "simulator/test_wsdo.py",
        "test_echo_program.py",
        "test_fuzz.py",
        "test_login_mypages.py",
        "toys/test_gong.py",
        "words/test_language.py",
    )
)
"""Modules that take long for what others reach, too: without them one percent less is covered."""

OUTSIDE = tuple(
    f"tests/{each}"
    for each in (
        "test_architecture.py",
        "test_citations.py",
        "test_notify_program.py",
        "test_reload_program.py",
        "test_sentences.py",
        "toys/test_tin.py",
        "support/",
        "doors/mqtt/test_agreement.py",
        "words/test_catalogues.py",
    )
)
"""Folders and modules that read the source, start the program as a process, or try the tests' own tools."""

LONGEST = (
    *WHOLE,
    *(
        f"tests/{each}"
        for each in ("doors/mqtt/test_brokers.py", "test_cli.py", "test_notify_program.py", "test_reload_program.py")
    ),
)
"""Folders and modules."""

MEMORY = Path("/dev/shm")  # noqa: S108  every test has a folder of its own there
ROOM_BYTES = 1 << 30
"""Several times what the tests leave behind."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let CI, whose time is short, take a part of what `make test-long` takes."""
    parser.addoption("--variants", type=int, help="of each test marked `sampled`, take as many variants at most")


def pytest_configure() -> None:
    """Leave the machine's disk and, where we may, its network.

    A journal waits for the disk with each row, which takes most of the time on a slow one. Nothing gets out of the
    network, and nobody else on it answers our searches.
    """
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM_BYTES:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
    if may_have_a_network():
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "unshare")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


compiled.once()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave most variants of what has hundreds to `make test-long`.

    And begin with what takes longest, or a worker would be at it when all others have ended.
    """
    variants = Counter(item.nodeid.partition("[")[0] for item in items)
    seen: Counter[str] = Counter()
    most, left = config.getoption("variants"), set[pytest.Item]()
    for item in items:
        test, is_variant, _ = item.nodeid.partition("[")
        seen[test] += bool(is_variant)
        if item.get_closest_marker("sampled"):
            if seen[test] % -(-variants[test] // SAMPLE) != 0:
                item.add_marker("long")
            if most and seen[test] % -(-variants[test] // most) != 0:
                left.add(item)
        item.stash[ONE_MORE] = seen[test] > TRACED
    if left:
        config.hook.pytest_deselected(items=list(left))
        items[:] = [item for item in items if item not in left]
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def is_traced(item: pytest.Item) -> bool:
    """Find out, when a test is run: Hypothesis marks its own after `pytest_collection_modifyitems` above."""
    return not (
        item.get_closest_marker("hypothesis")
        or item.stash[ONE_MORE]
        or item.nodeid.startswith((*WHOLE, *MANY, *OUTSIDE))
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Trace the loading of the program in one process, and not that of the tests, which takes twice as long."""
    if tracing := Coverage.current():
        session.config.stash[TRACING] = tracing  # nobody else knows it once it is stopped
        if os.environ.get("PYTEST_XDIST_WORKER", session.config.getoption("dist")) in ("gw0", "no"):
            for module in pkgutil.walk_packages(emulator.__path__, "emulator."):
                if not module.name.endswith("__main__"):
                    importlib.import_module(module.name)
        # In a worker, pytest-cov has begun twice, and what is stopped lets the one before it go on.
        while begun := Coverage.current():
            begun.stop()


def pytest_collection_finish() -> None:
    """Spare the garbage collector what stays until the end: all tests."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Trace no test that tries the same lines with ever new inputs, or as a part of the whole, nor its fixtures.

    That takes twice as long and covers no more. The mark `no_cover` would leave out a test's body only.
    """
    tracing = item.config.stash.get(TRACING, None) if is_traced(item) else None
    if tracing is None:
        return (yield)
    tracing.start()
    try:
        return (yield)
    finally:
        tracing.stop()


def pytest_xdist_auto_num_workers() -> int:
    """One after the other on a shared network: searches of one test would be answered by the programs of another."""
    return WORKERS if may_have_a_network() else 0


def may_have_a_network() -> bool:
    """Whether a network namespace of our own can be made, and its loopback brought up."""
    unshare, ip = shutil.which("unshare"), shutil.which("ip")
    return bool(unshare and ip) and not subprocess.run([unshare, "--net", ip, "link"], capture_output=True).returncode


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Name a home folder for each test: the factory would look through all of them for the next number."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in count())


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, homes: Iterator[Path]) -> None:
    """No test sees the settings, secrets or state folder of whoever runs it."""
    for name in list(os.environ):
        if name.startswith(("VERISURE_", "EMULATOR_", "MQTT_", "XDG_")):
            monkeypatch.delenv(name)
    home = next(homes)
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))


@pytest.fixture(autouse=True)
def no_thread_outlives_its_test() -> Iterator[None]:
    """A thread that is still there is a leak."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before]
    for thread in left:
        # Executors and servers may need a moment between "told to stop" and "gone".
        thread.join(STOP_S)
    assert not [thread for thread in left if thread.is_alive()]


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """A command that sets up logging does so for itself only."""
    root = logging.getLogger()
    handlers = root.handlers[:]
    levels = {logger: logger.level for logger in (root, *map(logging.getLogger, logs.QUIET))}
    yield
    root.handlers[:] = handlers
    for logger, level in levels.items():
        if logger.level != level:  # each setting empties the caches of all loggers
            logger.setLevel(level)


@pytest.fixture(autouse=True)
def quick_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the hashes of PINs and logins cheap: hundreds are made, and none has to be slow to guess."""
    monkeypatch.setattr(private, "HASH_COST", 2)


@pytest.fixture
def signals_as_they_were() -> Iterator[None]:
    """Commands take over Ctrl-C and others; the test run keeps its own."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def in_madrid(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The household's clocks show the time of Madrid."""
    monkeypatch.setenv("TZ", "Europe/Madrid")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The state folder."""
    return tmp_path


@pytest.fixture
def open_journal(folder: Path) -> Iterator[Callable[[], Journal]]:
    """Opens the journal, as often as a test likes."""
    opened: list[Journal] = []

    def open_one() -> Journal:
        opened.append(Journal(folder))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def journal(open_journal: Callable[[], Journal]) -> Journal:
    """The journal, open for the test."""
    return open_journal()


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """A state folder that is not there yet."""
    return tmp_path / "state"


@pytest.fixture
def clock() -> FakeClock:
    """Of everything in a test, near and far."""
    return FakeClock()


@pytest.fixture
def remote(clock: FakeClock) -> Iterator[SimulatedAlarm]:
    """A cloud elsewhere."""
    alarm = SimulatedAlarm(SimulatedPanel(clock.time), accounts=[SimulatedAccount(password="right")])
    alarm.start()
    yield alarm
    alarm.stop()
