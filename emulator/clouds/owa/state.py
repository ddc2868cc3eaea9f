"""The state of one installation: the copy that the cloud has cached, or what the panel says itself.

Facts: verisure-owa.md §4.
"""

from typing import Any

from emulator.alarm.cloud import GLANCE_S, Reading
from emulator.clock import Clock
from emulator.clouds import values
from emulator.clouds.outcome import POLL_S
from emulator.clouds.owa import operations
from emulator.clouds.owa.cached import Cached
from emulator.clouds.owa.graphql import OK, WAIT
from emulator.clouds.owa.profiles import LETTERS, axes_of
from emulator.clouds.owa.refusals import OPEN, said, zone
from emulator.clouds.owa.session import OwaSession
from emulator.errors import Unreachable
from emulator.model import Axes, PanelState
from emulator.words.text import Text

CHECK_DEADLINE_S = 60.0
"""Deadline of a panel that was woken; real ones take 15 to 25 s, and some a minute."""

CHECK_SERVICE = "11"
"""idService of EST (§4.2)."""


class StateReader:
    """The last state, and its readings; owned by one thread. `looked_at` is the last attempt (monotonic seconds)."""

    def __init__(self, session: OwaSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self.state: PanelState | None = None
        self.cached = Cached()
        self.looked_at = float("-inf")

    @property
    def letter(self) -> str:
        """Return the letter of the last state; empty before the first one."""
        return self.state.raw if self.state else ""

    @property
    def axes(self) -> Axes:
        """Return the axes of the last state; all unknown before the first one."""
        return self.state.axes if self.state else Axes()

    def read(self, how: Reading = Reading.POLL) -> PanelState:
        """Return the state that the cloud has cached; with Reading.PANEL, wake the panel.

        Otherwise the panel is woken only if the cache contradicts the panel's own word after a command, as long as the
        cache may be the older of the two. While the cache lags behind a command, the panel's own word stands.
        """
        if how is Reading.PANEL:
            return self.check()
        self.looked_at = self._clock.monotonic()
        content = self._session.look(operations.STATUS, {"numinst": self._session.installation()[0]})
        letter, stamp = values.text(content, "status").upper(), values.text(content, "timestampUpdate")
        if not letter:
            raise Unreachable(Text("the cloud does not tell the panel's state"))
        state = self.state
        seen = (letter, stamp)
        if self.cached.is_news(seen, self._clock.monotonic()) or state is None:
            state = self._remember(letter, "Status", self._bypassed(content))
        elif self.cached.doubts(seen):
            state = self.check(GLANCE_S if how is Reading.GLANCE else CHECK_DEADLINE_S)
        self._session.tend()
        return state

    def told(self, letter: str, source: str, bypassed: tuple[str, ...] = ()) -> PanelState:
        """Take the state that the panel itself tells."""
        if letter in LETTERS:
            self.cached.told(letter, self._clock.monotonic())
        return self._remember(letter, source, bypassed)

    def _remember(self, letter: str, source: str, bypassed: tuple[str, ...] = ()) -> PanelState:
        self.state = PanelState(axes_of(letter), self._clock.time(), letter, source, bypassed)
        return self.state

    def _bypassed(self, content: Any) -> tuple[str, ...]:
        """Return the open zones that an armed panel does not guard (§4.1: status 0; others have a low battery)."""
        rows = values.items(content, "exceptions")
        return tuple(zone(row) for row in rows if values.text(row, "status") == OPEN)

    def check(self, within_s: float = CHECK_DEADLINE_S) -> PanelState:
        """Wake the panel and return the state that it tells. Raises CloudError."""
        number, panel = self._session.installation()
        content = self._session.look(operations.CHECK, {"numinst": number, "panel": panel})
        reference = values.text(content, "referenceId")
        if values.text(content, "res") != OK or not reference:
            raise Unreachable(Text("the panel cannot be asked: {why}", why=said(content)))
        variables = {"numinst": number, "idService": CHECK_SERVICE, "panel": panel, "referenceId": reference}
        started = self._clock.monotonic()
        while self._clock.monotonic() - started < within_s:
            if not self._clock.sleep(POLL_S):
                raise Unreachable(Text("the program stopped before the panel answered"))
            content = self._session.look(operations.CHECK_STATUS, variables)
            if values.text(content, "res") == WAIT:
                continue
            letter = values.text(content, "protomResponse").upper()
            if letter and values.text(content, "res") == OK:
                return self.told(letter, "CheckAlarm")
            raise Unreachable(Text("the panel did not tell its state: {why}", why=said(content)))
        raise Unreachable(Text("the panel did not tell its state within {s} s", s=f"{within_s:g}"))
