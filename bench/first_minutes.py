"""Measure a newcomer's first minutes: `python -m bench.first_minutes`, on a machine that does nothing else.

From `make run` in a fresh clone to an armed simulated alarm in the browser; and to an armed alarm of an account, by the
settings, with `emulator simulate --api owa` as the cloud. pip gets its libraries from where it is set to. The hands are
as slow as a person's: see the constants.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from selenium.webdriver import Chrome

from tests.browser.chromium import chromium
from tests.browser.newcomer import Habit, Newcomer
from tests.support.patience import PATIENCE_S

ROOT = Path(__file__).parents[1]

PAGE_S, TAP_S, KEY_S = 3.0, 1.0, 0.25
"""Time to look at a new page, for a tap, and for a letter on a phone."""

PIN = "258036"


class Unhurried(Newcomer):
    """Somebody who reads before they tap."""

    def reads(self, title: str) -> None:
        """Wait for a page, by its title, and read it."""
        self.see(title, where="main h2")
        time.sleep(PAGE_S)

    def fill(self, where: str, text: str) -> None:
        """Type as on a phone."""
        super().fill(where, text)
        time.sleep(TAP_S + KEY_S * len(text))

    def choose(self, where: str) -> None:
        """Tap."""
        time.sleep(TAP_S)
        super().choose(where)


class Watch:
    """Prints how long each part has taken."""

    def __init__(self) -> None:
        self._began = self._last = time.monotonic()

    def lap(self, what: str) -> None:
        """End a part."""
        now = time.monotonic()
        print(f"{now - self._last:7.1f} s  {what}", flush=True)
        self._last = now

    def total(self, what: str) -> None:
        """End all."""
        print(f"{self._last - self._began:7.1f} s  in all: {what}\n", flush=True)


@contextmanager
def typed(command: list[str], folder: Path) -> Iterator[IO[str]]:
    """Type a command, and yield what it says; Ctrl-C at the end."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VERISURE")}
    environment["HOME"] = str(folder.parent)  # without the caches, settings and state that are here
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    ) as process:  # fmt: skip
        try:
            yield cast(IO[str], process.stdout)
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(PATIENCE_S)


def heard(said: IO[str], pattern: str) -> re.Match[str]:
    """Return the first line that has a pattern."""
    for line in said:
        if found := re.search(pattern, line):
            return found
    raise AssertionError(f"it ended without {pattern}")


def tries_it(browser: Chrome, folder: Path) -> None:
    """Arm the simulated alarm that `make run` brings."""
    watch = Watch()
    with typed(["make", "run", "ARGS=--interface lo"], folder) as said:
        heard(said, r"emulator run")
        watch.lap("environment and libraries")
        page = heard(said, r"The page: (\S+)")[1]
        watch.lap("start")
        person = Unhurried(browser, page, "", folder / "devices.yaml", Habit("en", (360, 740), by_keyboard=False))
        person.open()
        time.sleep(PAGE_S)
        person.choose("#arm-home-night")
        person.there("#now-home .now.armed")
        watch.lap("page, a tap, and 3 s of the panel")
        watch.total("from `make run` to an armed simulated alarm")


def sets_up(browser: Chrome, folder: Path) -> None:
    """Set an account up in the settings of the program that `make run` has started, and arm."""
    simulate = [sys.executable, "-m", "emulator", "simulate", "--api", "owa", "--port", "0"]
    with typed(simulate, ROOT) as cloud:
        url = heard(cloud, r"url: (\S+)")[1]
        heard(cloud, "Ready")
        watch = Watch()
        with typed(["make", "run", "ARGS=--interface lo"], folder) as said:
            heard(said, r"emulator run")
            watch.lap("environment and libraries")
            page = heard(said, r"The page: (\S+)")[1]
            code = heard(said, r"code (\d{4} \d{4})")[1]
            watch.lap("start")
            person = Unhurried(browser, page, code, folder / "devices.yaml", Habit("en", (360, 740), by_keyboard=False))
            person.open("setup/")
            log_in(person, url, cloud)
            watch.lap("settings, account, and a code by SMS")
            finish(person)
            watch.lap("modes, PIN, save")
            person.there("#now-casa .now.disarmed")
            person.choose("#arm-casa-night")
            person.there("#now-casa .now.armed")
            watch.lap("new start, first poll, a tap, and 3 s of the panel")
            watch.total("from `make run` to an armed alarm of an account")


def log_in(person: Newcomer, url: str, cloud: IO[str]) -> None:
    """Show the code of the terminal, and log in at the cloud."""
    person.fill("#code", person.code)
    person.choose("main button")
    person.reads("What shall be changed?")
    person.choose("#to-alarm")
    person.reads("Your alarm")
    person.pick("#country", "Spain")
    person.choose("summary")
    person.fill("#url", url)
    person.go_on()
    person.reads("The account")
    person.fill("#user", "demo")
    person.fill("#password", "demo")
    person.go_on()
    person.reads("A code by SMS")
    person.choose("#send")
    person.fill("#code", heard(cloud, r"\b(\d{6})\b")[1])
    person.go_on()


def finish(person: Newcomer) -> None:
    """Take the modes as proposed, set a PIN, and save."""
    person.reads("Modes as switches")
    person.go_on()
    person.reads("What shall be changed?")
    person.choose("#to-pin")
    person.reads("The PIN")
    person.fill("#pin-new", PIN)
    person.fill("#pin-again", PIN)
    person.go_on()
    person.reads("What shall be changed?")
    person.choose("#to-review")
    person.reads("Save")
    person.choose("#save")
    person.see("Saved", where="main h2")


def main() -> None:
    """Measure both, each in a clone of its own."""
    with tempfile.TemporaryDirectory() as folder:
        browser = chromium(Path(folder) / "profile")
        try:
            for name, walk in (("tries", tries_it), ("sets-up", sets_up)):
                clone = Path(folder) / name / "clone"
                subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
                walk(browser, clone)
        finally:
            browser.quit()


if __name__ == "__main__":
    main()
