"""Somebody who sets the program up in their own language: by finger or by keyboard alone, the terminal in sight."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from emulator.app.settings import Settings
from emulator.words.language import ENGLISH, language
from emulator.words.speech import headline
from emulator.words.text import Text
from tests.browser import eyes
from tests.browser.person import Person
from tests.support.patience import PATIENCE_S
from tests.support.program import ended, free_port

STOPS = 80
"""More than any page has for the Tab key."""

AT = """
const at = document.activeElement, wanted = document.querySelector(arguments[0]);
const group = at.type === "radio" && at.name === wanted.name;
return at === wanted ? "there" : group ? "beside" : at.matches(":not(body)") ? "elsewhere" : "nowhere";
"""

RING = """
const at = document.activeElement, box = at.getBoundingClientRect();
if (getComputedStyle(at).outlineStyle === "none") return "no ring around " + at.outerHTML;
if (box.bottom < 0 || box.top > innerHeight) return "out of sight: " + at.outerHTML;
return "";
"""


@dataclass(frozen=True)
class Habit:
    """Somebody's language, screen, and hands."""

    tag: str
    size: tuple[int, int]
    by_keyboard: bool


class Newcomer(Person):
    """Somebody with a browser of a language, and the terminal in sight."""

    def __init__(self, browser: Chrome, url: str, code: str, file: Path, habit: Habit) -> None:
        self.browser = browser
        self.code = code
        self.file = file
        self.habit = habit
        self.speech = language(habit.tag)
        self._url = url
        self.screen(*habit.size)
        # Behind the last element the Tab key leaves the page for the browser's own controls.
        browser.execute_cdp_cmd("Emulation.setFocusEmulationEnabled", {"enabled": True})
        super().language(habit.tag)

    @property
    def url(self) -> str:
        """The address that the terminal shows."""
        return self._url

    # -- what is seen -----------------------------------------------------------------------------------------

    def said(self, text: str) -> str:
        """Return a sentence as this person reads it; the driver shows a blank that does not break as any other."""
        return headline(self.speech.say(text if isinstance(text, Text) else Text(text))).replace("\xa0", " ")

    def reads(self, title: str) -> None:
        """Wait for a page, by its title in English, and look at it."""
        self.see(self.said(title), where="main h2")
        self.look()

    def is_told(self, problem: str) -> None:
        """Wait until the page says what was wrong."""
        self.see(self.said(problem), where="#problem")
        self.look()

    def look(self) -> None:
        """Look whether everybody can use what is shown, at 200 % too, and all of it is in this person's language."""
        assert self.barriers() == []
        width, height = self.habit.size
        for zoom in (2, 1):
            self.screen(width // zoom, height // zoom, scale=zoom)
            where = f"{self.browser.current_url} at {zoom * 100} %"
            found = eyes.cut(self.browser)
            assert not found, f"{where}: {found}"
            assert self.sideways() == 0, where
        if self.speech is not ENGLISH:
            url, tag = self.browser.current_url, self.speech.tag
            mine, english = (eyes.fetched(self.browser, url, each) for each in (tag, "en"))
            left = eyes.english_left(mine, english, tag, self._names())
            assert not left, f"{url}: {left}"

    def _names(self) -> list[str]:
        return [switch.name for switch in Settings.load(self.file).switches] if self.file.exists() else []

    # -- what is done -----------------------------------------------------------------------------------------

    def fill(self, where: str, text: str) -> None:
        """Type into a field instead of what is there."""
        if self.habit.by_keyboard:
            self._reach(where)
            whole = ActionChains(self.browser).key_down(Keys.CONTROL).send_keys("a").key_up(Keys.CONTROL)
            whole.send_keys(text).perform()
        else:
            self.there(where)
            self.browser.find_element(By.CSS_SELECTOR, where).clear()
            self.type(where, text)

    def pick(self, where: str, option: str) -> None:
        """Choose of a list, by the words that stand there."""
        if self.habit.by_keyboard:
            self._reach(where)
            self._press(option)
        else:
            self.type(where, option)

    def choose(self, where: str) -> None:
        """Tick a box, take one of several, follow a link or press a button."""
        if not self.habit.by_keyboard:
            return self.tap(where)
        self.there(where)
        self.settled()
        self._reach(where)
        is_input = self.browser.switch_to.active_element.tag_name == "input"
        return self._press(Keys.SPACE if is_input else Keys.ENTER)

    def go_on(self) -> None:
        """Take what is proposed, or what was filled in."""
        self.choose("main button.go")

    def _reach(self, where: str) -> None:
        """Go to an element by the Tab key, and between those of a group by arrows."""
        self.there(where)
        for _ in range(STOPS):
            if (at := self.browser.execute_script(AT, where)) == "there":
                hidden = self.browser.execute_script(RING)
                assert not hidden, hidden
                return
            self._press(Keys.ARROW_DOWN if at == "beside" else Keys.TAB)
        raise AssertionError(f"no way to {where} by keyboard")

    def _press(self, *keys: str) -> None:
        ActionChains(self.browser).send_keys(*keys).perform()


@contextmanager
def first_run(browser: Chrome, folder: Path, habit: Habit) -> Iterator[Newcomer]:
    """Start `emulator run` in an empty folder, and sit down at a browser."""
    file = folder / "devices.yaml"
    options = ["--config", str(file), "--state-dir", str(folder / "state"), "--interface", "lo"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VERISURE")}
    started = subprocess.Popen(
        [sys.executable, "-m", "emulator", "run", *options, "--page-port", str(free_port())],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    with ended(started) as process:
        try:
            assert process.stdout
            said = ""
            while "code" not in said:
                line = process.stdout.readline()
                assert line, said
                said += line
            # It would wait for a reader otherwise.
            threading.Thread(target=process.stdout.read, daemon=True).start()
            url, code = re.search(r"http://\S+", said), re.search(r"\d{4} \d{4}", said)
            assert url
            assert code
            yield Newcomer(browser, url[0], code[0], file, habit)
        finally:
            browser.execute_cdp_cmd("Network.setExtraHTTPHeaders", {"headers": {}})
            process.terminate()
            assert process.wait(PATIENCE_S) == 0
    browser.get("about:blank")
