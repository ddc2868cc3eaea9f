"""Open files and threads, tried before anything is started: in processes with too few of them."""

import resource
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from emulator import cli
from emulator.app import resources
from emulator.app.app import App
from emulator.app.resources import Need
from emulator.errors import Hindered
from emulator.store.journal import Journal
from tests.support.program import NIGHT, free_port, settings

PATIENCE_S = 60.0


def run(folder: Path, limit: int, most: int) -> subprocess.CompletedProcess[str]:
    config = folder / "devices.yaml"
    config.write_text(
        "installations: {home: {cloud: simulator}}\nswitches: [{name: Night, on: night}]\n"
        f"doors: {{wemo: {{first_port: {free_port()}}}, dashboard: {{port: {free_port()}}}}}\n"
    )
    options = ["--config", str(config), "--state-dir", str(folder / "state"), "--interface", "lo"]
    return subprocess.run(
        [sys.executable, "-m", "emulator", "run", *options],
        capture_output=True, text=True, timeout=PATIENCE_S,
        preexec_fn=lambda: resource.setrlimit(limit, (most, most)),
    )  # fmt: skip


@pytest.mark.parametrize(
    "files", [16, pytest.param(24, marks=pytest.mark.long), 32, pytest.param(60, marks=pytest.mark.long)]
)
def test_with_few_open_files_it_says_so_and_ends(tmp_path: Path, files: int) -> None:
    """The program reported ready, and then could open neither journal nor listener."""
    ended = run(tmp_path, resource.RLIMIT_NOFILE, files)
    assert (ended.returncode, ended.stdout) == (cli.HINDERED, "")
    assert f"emulator: only {files} files may be open at once here, and this needs" in ended.stderr
    assert "LimitNOFILE=" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("is_first", [True, False])
def test_without_room_on_the_disk_it_ends_as_what_may_mend_itself(tmp_path: Path, is_first: bool) -> None:
    """The program ended with the status of wrong settings, after which systemd never tries again."""
    if not is_first:
        Journal(tmp_path / "state").close()
    # No file may grow: to SQLite that is a full disk, or one that fails.
    ended = run(tmp_path, resource.RLIMIT_FSIZE, 0 if is_first else 30_000)
    assert (ended.returncode, ended.stdout) == (cli.HINDERED, "")
    assert "is the disk full?" in ended.stderr
    assert "--state-dir" not in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_limit_that_may_be_raised_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    set_to: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda _what, both: set_to.append(both))
    for given, wanted in (
        ((64, 4096), (resources.MUCH, 4096)),
        ((64, 500), (500, 500)),
        ((64, -1), (resources.MUCH, -1)),
    ):
        monkeypatch.setattr(resource, "getrlimit", lambda _what, given=given: given)
        resources.check(Need(100, 0))
        assert set_to.pop() == wanted
    monkeypatch.setattr(resource, "getrlimit", lambda _what: (resources.MUCH, resources.MUCH))
    resources.check(Need(100, 0))
    assert set_to == []


def test_more_doors_and_switches_need_more() -> None:
    small, large = settings(doors={}), settings(NIGHT, {"name": "Day", "on": "day"}, doors={"hue": {}, "dashboard": {}})
    assert Need.of(small).files < Need.of(large).files
    assert Need.of(small).threads < Need.of(large).threads < 64


# -- threads ----------------------------------------------------------------------------------------------------------


class Scarce(threading.Thread):
    """A thread of which only `left` more can be started."""

    left = 0

    def start(self) -> None:
        if Scarce.left <= 0:
            raise RuntimeError("can't start new thread")
        Scarce.left -= 1
        super().start()


@pytest.mark.parametrize("left", [0, 1, 12, 25])
def test_with_few_threads_it_says_so_and_nothing_lives_on(
    state_dir: Path, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    """The main thread died, and the LAN's thread went on to answer for dead switches."""
    ports = {"hue": {"port": free_port()}, "dashboard": {"port": free_port()}, "wemo": {"first_port": free_port()}}
    before = set(threading.enumerate())
    monkeypatch.setattr(threading, "Thread", Scarce)
    Scarce.left = left
    with pytest.raises(Hindered, match="starts no further thread"):
        App(settings(doors=ports), {}, state_dir, ["lo"])
    assert set(threading.enumerate()) <= before


@pytest.mark.sampled
@pytest.mark.parametrize("left", [0, 1, 2, 4, 8, 12, 16, 20])
def test_a_start_that_breaks_off_half_way_leaves_nothing(
    state_dir: Path, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    """The threads were free when they were tried, and another program took them afterwards."""
    ports = {"hue": {"port": free_port()}, "dashboard": {"port": free_port()}, "wemo": {"first_port": free_port()}}
    app = App(settings(doors=ports), {}, state_dir, ["lo"])
    before = set(threading.enumerate())
    monkeypatch.setattr(threading, "Thread", Scarce)
    Scarce.left = left
    with suppress(Hindered):
        app.start()
    monkeypatch.undo()
    app.stop()
    assert set(threading.enumerate()) <= before
    assert not (state_dir / "api.json").exists()
    App(settings(doors=ports), {}, state_dir, ["lo"]).stop()  # the lock is free, too
