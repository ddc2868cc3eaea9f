"""A person at the page: sees words, types and taps."""

from collections.abc import Callable
from contextlib import suppress

from axe_selenium_python import Axe
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    StaleElementReferenceException,
    TimeoutException,
)
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from emulator.app.app import App
from emulator.simulator.panel.panel import SimulatedPanel
from tests.support.patience import PATIENCE_S

PIN = "2580"
NARROW, PHONE, DESK = (320, 640), (390, 844), (1280, 800)
GRAVE = ("serious", "critical")

UNKNOWN = 'autocomplete="one-time-code"'
"""Valid in HTML; the axe-core of Python 3.11, which is of 2018, does not know it yet."""

NOTE_CLICK = """
const [where] = arguments;
window.taken = false;
addEventListener("click", ({ target }) => (window.taken = target.closest(where) !== null), { once: true });
"""
WAS_TAKEN = "return window.taken !== false"
"""Whether the click came to the control: it does not where the page has just moved. On a new page, it did."""


class Person:
    """Drives the browser; the alarm is the simulated one behind the page."""

    def __init__(self, browser: Chrome, home: App) -> None:
        self.browser = browser
        self.home = home
        self._scripted = True

    @property
    def panel(self) -> SimulatedPanel:
        """The simulated panel."""
        return self.home.alarms.simulators["home"].panel

    @property
    def url(self) -> str:
        """The address of the page."""
        pages = self.home.pages()
        assert pages
        return pages[0]

    def screen(self, width: int, height: int, *, scheme: str = "light", script: bool = True, scale: float = 1) -> None:
        """Switch to another device, or to another zoom: `scale` pixels of it make one of the page."""
        measures = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": width < 500}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", measures)
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        self.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not script})
        self._scripted = script

    def touch(self, *, on: bool = True) -> None:
        """Use a touch screen, or none."""
        self.browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": on, "maxTouchPoints": 1})

    def language(self, accepted: str) -> None:
        """Prefer these languages from now on."""
        self.browser.execute_cdp_cmd("Network.enable", {})
        headers = {"headers": {"Accept-Language": accepted} if accepted else {}}
        self.browser.execute_cdp_cmd("Network.setExtraHTTPHeaders", headers)

    def open(self, path: str = "") -> None:
        """Open the page, and forget the browser's earlier complaints."""
        self.browser.get(self.url + path)
        self.browser.get_log("browser")

    def see(self, *texts: str, where: str = "body") -> None:
        """Wait until these words are on the page."""
        self._wait(lambda: all(text in self.text(where) for text in texts), f"{texts} in {where}")

    def there(self, where: str) -> None:
        """Wait until an element is there."""
        self._wait(lambda: bool(self.browser.find_elements(By.CSS_SELECTOR, where)), where)

    def see_nothing(self, where: str) -> None:
        """Wait until an element has no words."""
        self._wait(lambda: not self.text(where), f"nothing in {where}")

    def see_gone(self, where: str) -> None:
        """Wait until an element is gone."""
        self._wait(lambda: not self.browser.find_elements(By.CSS_SELECTOR, where), f"no {where}")

    def reload_until(self, text: str, where: str) -> None:
        """Reload, as the page does every half minute without JavaScript."""

        def reloaded() -> bool:
            self.browser.refresh()
            return text in self.text(where)

        self._wait(reloaded, f"{text} in {where}")

    def panel_answers(self) -> None:
        """Let the simulated panel complete at once what it has begun."""
        self._wait(lambda: self.panel.pending is not None, "the panel to begin")
        if self.panel.pending:
            self.panel.pending.due = self.panel.now()

    def text(self, where: str = "body") -> str:
        """Return the visible words of an element, of its successor where the page replaces it meanwhile."""
        while True:
            with suppress(StaleElementReferenceException):
                return str(self.browser.find_element(By.CSS_SELECTOR, where).text)

    def tap(self, where: str) -> None:
        """Press a button once it is there and the page has stood still; once more if it moved just then."""

        def tapped() -> bool:
            # In this order: a control that appears counts as moving from that moment on.
            found = self.browser.find_element(By.CSS_SELECTOR, where)
            if self._moves():
                return False
            if self._scripted:
                self.browser.execute_script(NOTE_CLICK, where)
            found.click()
            return not self._scripted or bool(self.browser.execute_script(WAS_TAKEN))

        self._wait(tapped, where)

    def settled(self) -> None:
        """Wait until the page has stood still for so long that it takes a tap."""
        self._wait(lambda: not self._moves(), "the page to stand still")

    def _moves(self) -> bool:
        return bool(self.browser.find_elements(By.CSS_SELECTOR, "body[data-moved]"))

    def spot(self, where: str) -> tuple[float, float]:
        """Return the centre of an element on the screen."""
        script = (
            "const box = arguments[0].getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]"
        )
        x, y = self.browser.execute_script(script, self.browser.find_element(By.CSS_SELECTOR, where))
        return float(x), float(y)

    def tap_at(self, spot: tuple[float, float]) -> None:
        """Tap a place on the screen, whatever control is there by now."""
        for kind in ("mousePressed", "mouseReleased"):
            what = {"type": kind, "x": spot[0], "y": spot[1], "button": "left", "clickCount": 1}
            self.browser.execute_cdp_cmd("Input.dispatchMouseEvent", what)

    def network(self, *, offline: bool = False, latency_ms: int = 0) -> None:
        """Set the phone's network conditions from now on."""
        self.browser.execute_cdp_cmd("Network.enable", {})
        found = {"offline": offline, "latency": latency_ms, "downloadThroughput": -1, "uploadThroughput": -1}
        self.browser.execute_cdp_cmd("Network.emulateNetworkConditions", found)

    def block(self, *patterns: str) -> None:
        """Let no such address be reached from now on, and all others."""
        self.browser.execute_cdp_cmd("Network.enable", {})
        self.browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": patterns})

    def type(self, where: str, text: str) -> None:
        """Type into a field, once it is there."""
        self._wait(lambda: self.browser.find_element(By.CSS_SELECTOR, where).send_keys(text) is None, where)

    def keys(self, digits: str) -> None:
        """Type on the PIN pad, and send it."""
        for digit in digits:
            self.tap(f"#pad [data-key='{digit}']")
        self.tap("#pad-do")

    def arm(self, mode: str) -> None:
        """Press the button of a mode."""
        self.tap(f"#arm-home-{mode}")

    def disarm(self, pin: str) -> None:
        """Type the PIN and press the button."""
        self.type("#pin-home", pin)
        self.tap("#disarm-home")

    def complaints(self) -> list[str]:
        """Return the browser's console messages, but for advice on password forms, which is not meant for a PIN."""
        return [str(entry["message"]) for entry in self.browser.get_log("browser") if entry["level"] != "DEBUG"]

    def barriers(self) -> list[str]:
        """Return the accessibility problems that axe-core finds, and where."""
        axe = Axe(self.browser)
        axe.inject()
        grave = [found for found in axe.run()["violations"] if found["impact"] in GRAVE]
        found = [f"{found['id']}: {node['html']}" for found in grave for node in found["nodes"]]
        return [one for one in found if not (one.startswith("autocomplete-valid") and UNKNOWN in one)]

    def sideways(self) -> int:
        """Return by how many pixels the page is wider than the screen."""
        script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(self.browser.execute_script(script))

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        # The driver reports a timeout within 20 ms while the page is being left.
        ignored = [ElementClickInterceptedException, StaleElementReferenceException, TimeoutException]
        try:
            WebDriverWait(self.browser, PATIENCE_S, 0.05, ignored).until(lambda _: condition(), what)
        except TimeoutException:
            shown, complaints = self.text(), self.complaints()
            raise AssertionError(f"not there: {what}. {self.browser.current_url}: {shown!r}; {complaints}") from None
