"""A house with an alarm: axes, windows, a keypad, an activity log, and operations that take their time.

Pure: it knows no protocol, starts no thread and reads the time it is given. An operation that has become due is
carried out, as of the moment at which it was due, before anything else is looked at or done; nobody need ask for it.
"""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

from emulator.errors import EmulatorError
from emulator.model import DISARMED, Action, Axes, Interior
from emulator.simulator.panel.actions import Request, move_of
from emulator.simulator.panel.activity import KEYPAD, Activity, LogRow
from emulator.simulator.panel.equipment import Equipment
from emulator.simulator.panel.operation import Ending, PanelOperation, PanelRefusal
from emulator.simulator.panel.rules import refusal

ANSWER_AFTER = 3.0
"""Seconds a panel takes for an operation; real ones take up to 25 (verisure-wsdo.md §4)."""

SLOWEST_ANSWER = 120.0
"""Seconds; the longest time that may be set. 1 to 20 is real, a minute and more was seen on bad days
(verisure-wsdo.md §4), and less is for tests in a hurry."""

STANDS = 100
"""Changes remembered, for those who hear of them late; nobody works a panel as often within minutes."""

DUMP_VERSION = 1


class Busy(EmulatorError):
    """The panel is carrying out another operation."""


@dataclass(frozen=True, slots=True)
class Stand:
    """Where the panel has stood since `at`, and the open windows that were bypassed when it was armed."""

    at: float
    axes: Axes = DISARMED
    bypassed: tuple[str, ...] = ()


@dataclass(slots=True)
class SimulatedPanel:
    """The one house: whatever protocol serves it, and the control page, look at this object.

    Every method may be called from any thread. `changed` is called after each change, by the thread that made or
    noticed it, with no lock held.
    """

    now: Callable[[], float]
    equipment: Equipment = field(default_factory=Equipment)
    changed: Callable[[], None] | None = None
    _stands: deque[Stand] = field(default_factory=lambda: deque(maxlen=STANDS))
    _windows: frozenset[str] = frozenset()
    _answer_after: float = ANSWER_AFTER
    _pending: PanelOperation | None = None
    _activity: Activity = field(default_factory=Activity)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _depth: int = 0
    _dirty: bool = False

    def __post_init__(self) -> None:
        self._stands.append(Stand(self.now()))

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the house still: nothing changes while the caller looks at it or does several things at once."""
        tell = False
        try:
            with self._lock:
                self._depth += 1
                try:
                    self._settle()
                    yield
                finally:
                    self._depth -= 1
                    if not self._depth:
                        tell, self._dirty = self._dirty, False
        finally:
            if tell and self.changed:
                self.changed()

    @property
    def axes(self) -> Axes:
        """Where the panel stands."""
        with self.held():
            return self._axes

    def stand(self, at: float) -> Stand:
        """Where the panel stood at that time, as far as it is remembered."""
        with self.held():
            return next((stand for stand in reversed(self._stands) if stand.at <= at), self._stands[0])

    @property
    def windows(self) -> tuple[str, ...]:
        """The zones that are open, in the order of the devices."""
        with self.held():
            return tuple(zone.name for zone in self.equipment.zones if zone.name in self._windows)

    @property
    def pending(self) -> PanelOperation | None:
        """The operation under way."""
        with self.held():
            return self._pending

    @property
    def log(self) -> tuple[LogRow, ...]:
        """The activity log, newest first."""
        with self.held():
            return tuple(self._activity.rows)

    @property
    def answer_after(self) -> float:
        """Seconds from the submission of an operation to its end."""
        return self._answer_after

    @answer_after.setter
    def answer_after(self, seconds: float) -> None:
        with self.held():
            self._answer_after = _bounded(seconds)
            self._dirty = True

    def submit(self, request: Request, *, source: str, user: str) -> PanelOperation:
        """Start an operation; it ends `answer_after` seconds later. Busy when another one is under way."""
        with self.held():
            if self._pending:
                raise Busy("another operation is under way on this panel")
            operation = PanelOperation(request, self.now() + self._answer_after, source, user)
            self._pending = operation
            self._dirty = True
            self._settle()
            return operation

    def keypad(self, action: Action) -> PanelRefusal | None:
        """Somebody in the house arms or disarms: at once, even while an operation is under way."""
        with self.held():
            return self._carry_out(action, self.now(), source=KEYPAD, user="").refusal

    def window(self, name: str, *, is_open: bool) -> None:
        """Open or close the window of a zone."""
        names = [zone.name for zone in self.equipment.zones]
        if name not in names:
            raise ValueError(f"there is no zone {name!r}; use one of {', '.join(names)}")
        with self.held():
            self._windows = self._windows | {name} if is_open else self._windows - {name}
            self._dirty = True

    def dump(self) -> str:
        """Everything that outlives a restart, as JSON."""
        with self.held():
            pending = self._pending
            return json.dumps(
                {
                    "version": DUMP_VERSION,
                    "axes": asdict(self._axes),
                    "windows": sorted(self._windows),
                    "answer_after": self._answer_after,
                    "pending": pending and pending.dump(),
                    "activity": self._activity.dump(),
                }
            )

    def load(self, text: str) -> None:
        """Become what `dump` described; what is no longer fitted is left out. EmulatorError leaves all as it was."""
        try:
            saved = json.loads(text)
            if saved["version"] != DUMP_VERSION:
                raise ValueError(f"its version is {saved['version']!r}")
            axes = Axes(Interior(saved["axes"]["interior"]), saved["axes"]["perimeter"], saved["axes"]["annex"])
            pending = None if saved["pending"] is None else PanelOperation.load(saved["pending"])
            activity = Activity.load(saved["activity"])
            windows = frozenset(saved["windows"]) & {zone.name for zone in self.equipment.zones}
            answer_after = _bounded(saved["answer_after"])
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise EmulatorError(f"this is not the saved state of a simulated alarm: {error}") from None
        with self._lock:
            self._stands.clear()
            self._stands.append(Stand(self.now(), self.equipment.limited(axes)))
            self._pending, self._activity = pending, activity
            self._windows, self._answer_after = windows, answer_after

    def _settle(self) -> None:
        operation = self._pending
        if operation is None or self.now() < operation.due:
            return
        self._pending = None
        operation.ending = self._carry_out(
            operation.request, operation.due, source=operation.source, user=operation.user
        )

    @property
    def _axes(self) -> Axes:
        return self._stands[-1].axes

    def _carry_out(self, request: Request, at: float, *, source: str, user: str) -> Ending:
        self._dirty = True
        move, stand = move_of(request), self._stands[-1]
        refused = refusal(move, stand.axes, self.equipment, window_open=bool(self._windows)) if move else None
        forced = move is not None and move.arms and move.forced
        windows = self.windows if refused is PanelRefusal.OPEN_WINDOW or forced else ()
        bypassed = refused is None and bool(windows)
        self._activity.note(request, at, source=source, user=user, refused=refused is not None, bypassed=bypassed)
        if move and not refused:
            axes = move.applied(stand.axes)
            after = Stand(at, axes, (windows or stand.bypassed) if axes.armed else ())
            if (after.axes, after.bypassed) != (stand.axes, stand.bypassed):
                self._stands.append(after)
        return Ending(self._axes, refused, windows)


def _bounded(seconds: float) -> float:
    if not 0 <= seconds <= SLOWEST_ANSWER:
        raise ValueError(f"answer_after is {seconds:g} s; use 0 to {SLOWEST_ANSWER:g}")
    return float(seconds)
