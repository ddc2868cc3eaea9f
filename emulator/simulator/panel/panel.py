"""A simulated panel: axes, windows, a keypad, an activity log, and operations that take their time.

Pure: it knows no protocol, starts no thread and reads the time from the clock that it is given. An operation that is
due is carried out before anything else is read or done, as of the moment at which it was due. No poll is needed.
"""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

from emulator.errors import EmulatorError
from emulator.model import DISARMED, Action, Axes, Interior
from emulator.simulator.panel.actions import Move, Request, move_of
from emulator.simulator.panel.activity import INCIDENTS, KEYPAD, Activity, ActivityRow
from emulator.simulator.panel.equipment import Equipment
from emulator.simulator.panel.operation import Ending, PanelOperation, PanelRefusal

ANSWER_AFTER_S = 3.0
"""Seconds from submission to the end of an operation; real panels take up to 25 (verisure-wsdo.md §4)."""

SLOWEST_ANSWER_S = 120.0
"""Seconds; the longest `answer_after`. 1 to 20 is usual, a minute and more was seen on bad days
(verisure-wsdo.md §4), and tests use less."""

STANDS = 100
"""Changes remembered for a cloud that reports late; more than a panel sees within minutes."""

DUMP_VERSION = 1


class Busy(EmulatorError):
    """The panel is carrying out another operation."""


@dataclass(frozen=True, slots=True)
class Stand:
    """The axes since `at`, and the open windows that were bypassed when the panel was armed."""

    at: float
    axes: Axes = DISARMED
    bypassed: tuple[str, ...] = ()


@dataclass(slots=True)
class SimulatedPanel:
    """One panel, shared by the face that serves it and the control page.

    Every method may be called from any thread. `changed` is called after each change, on the thread that made or
    noticed it, with no lock held.
    """

    now: Callable[[], float]
    equipment: Equipment = field(default_factory=Equipment)
    changed: Callable[[], None] | None = None
    _stands: deque[Stand] = field(default_factory=lambda: deque(maxlen=STANDS))
    _windows: frozenset[str] = frozenset()
    _answer_after: float = ANSWER_AFTER_S
    _pending: PanelOperation | None = None
    _activity: Activity = field(default_factory=Activity)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _depth: int = 0
    _dirty: bool = False

    def __post_init__(self) -> None:
        self._stands.append(Stand(self.now()))

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the panel's lock, so that several reads and changes are one step."""
        notify = False
        try:
            with self._lock:
                self._depth += 1
                try:
                    self._settle()
                    yield
                finally:
                    self._depth -= 1
                    if not self._depth:
                        notify, self._dirty = self._dirty, False
        finally:
            if notify and self.changed:
                self.changed()

    @property
    def axes(self) -> Axes:
        """The current axes."""
        with self.held():
            return self._axes

    def stand(self, at: float) -> Stand:
        """Return the state at a time; the oldest remembered one for an earlier time."""
        with self.held():
            return next((stand for stand in reversed(self._stands) if stand.at <= at), self._stands[0])

    @property
    def windows(self) -> tuple[str, ...]:
        """Open zones, in the order of the devices."""
        with self.held():
            return tuple(zone.name for zone in self.equipment.zones if zone.name in self._windows)

    @property
    def pending(self) -> PanelOperation | None:
        """The operation under way."""
        with self.held():
            return self._pending

    @property
    def log(self) -> tuple[ActivityRow, ...]:
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
        """Start an operation, which ends `answer_after` seconds later. Raise Busy while another one is under way."""
        with self.held():
            if self._pending:
                raise Busy("another operation is under way on this panel")
            operation = PanelOperation(request, self.now() + self._answer_after, source, user)
            self._pending = operation
            self._dirty = True
            self._settle()
            return operation

    def keypad(self, action: Action | Move, who: str = "") -> PanelRefusal | None:
        """Arm or disarm at the keypad: at once, even while an operation is under way. `who` has a code of their own."""
        with self.held():
            return self._carry_out(action, self.now(), source=KEYPAD, user=who).refusal

    def incident(self, kind: str, zone: str = "") -> None:
        """Let something happen, by its name in INCIDENTS; in a zone or at the central unit."""
        if kind not in INCIDENTS:
            raise ValueError(f"there is no incident {kind!r}; use one of {', '.join(INCIDENTS)}")
        self._check_zone(zone)
        with self.held():
            self._activity.happen(kind, self.now(), zone)
            self._dirty = True

    def window(self, name: str, *, is_open: bool) -> None:
        """Open or close the window of a zone."""
        self._check_zone(name, needed=True)
        with self.held():
            self._windows = self._windows | {name} if is_open else self._windows - {name}
            self._dirty = True

    def _check_zone(self, name: str, *, needed: bool = False) -> None:
        names = [zone.name for zone in self.equipment.zones]
        if name not in names and (name or needed):
            raise ValueError(f"there is no zone {name!r}; use one of {', '.join(names)}")

    def dump(self) -> str:
        """Return everything that outlives a restart, as JSON."""
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
        """Restore what `dump` saved, without what is no longer fitted. EmulatorError leaves all unchanged."""
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


def refusal(move: Move, axes: Axes, equipment: Equipment, *, window_open: bool) -> PanelRefusal | None:
    """Return why the panel does not make `move` from `axes`; None if it does.

    Interior modes exclude each other; perimeter and annex add up (verisure-wsdo.md §5).
    """
    if not equipment.has(move.mode) or (move.annex is False and not equipment.annex):
        return PanelRefusal.NOT_FITTED
    if axes.interior not in move.starts or (move.idle and axes.armed):
        return PanelRefusal.WRONG_STATE if move.wrong_state else PanelRefusal.OTHER_MODE
    news = move.arms and not axes.has(move.mode)
    return PanelRefusal.OPEN_WINDOW if news and window_open and not move.forced else None


def _bounded(seconds: float) -> float:
    if not 0 <= seconds <= SLOWEST_ANSWER_S:
        raise ValueError(f"answer_after is {seconds:g} s; use 0 to {SLOWEST_ANSWER_S:g}")
    return float(seconds)
