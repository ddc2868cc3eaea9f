"""Faults between a client and the panel, which tests and people inject. Each hit is counted."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from emulator.errors import EmulatorError

R = TypeVar("R")

COMMON = {
    "down": "the connection is closed without an answer and nothing is carried out",
    "unavailable": "HTTP 503, and nothing is carried out",
    "html": "an HTML page instead of an answer, and nothing is carried out",
    "echo": "an error that repeats the whole request, secrets and all, and nothing is carried out",
    "expire": "every session dies just before the request",
    "lost": "the request is carried out, then the connection is closed without an answer",
    "late": "the request is carried out, then the answer waits for `seconds`",
    "wait": "the outcome of a command stays WAIT, although the panel acts",
    "empty_log": "the activity log is empty",
    "log_order": "the rows of the activity log are out of order",
    "log_gap": "every second row of the activity log is missing",
    "log_unknown": "the newest row of the activity log is of a type that nobody knows",
    "log_huge": "the newest row of the activity log has a huge text, and names that are markup",
}
"""Faults of every face: kind → its effect."""

LATE_S = 10.0
"""Default delay of a late answer: longer than the 6 s that clients found too short
(verisure-wsdo.md §4)."""

LATEST_S = 300.0
"""Seconds; the longest that an answer may be held back, so that worker threads become free again."""

MOST_FAULTS = 100
"""Faults in force at once; a bound, since everybody in the house may use the control page."""


class ConnectionDropped(EmulatorError):
    """The connection is to be closed without an answer; test clients see this exception instead."""


@dataclass(slots=True)
class InjectedFault:
    """A fault for one request name or for any, for a number of times or until it is cleared."""

    kind: str
    request: str = ""
    times: int | None = None
    seconds: float = LATE_S

    def __post_init__(self) -> None:
        if self.times is not None and self.times < 1:
            raise ValueError(f"times is {self.times}; use 1 or more, or leave it out for until cleared")
        if not 0 <= self.seconds <= LATEST_S:
            raise ValueError(f"seconds is {self.seconds:g}; use 0 to {LATEST_S:g}")


class Delivery(NamedTuple):
    """The way of an answer to its client: late, lost, or neither."""

    late_s: float
    lost: bool

    def of(self, answer: R, sleep: Callable[[float], object]) -> R:
        """Return `answer` in time. Raise ConnectionDropped if it gets lost."""
        if self.late_s:
            sleep(self.late_s)
        if self.lost:
            raise ConnectionDropped("the answer got lost")
        return answer


@dataclass(slots=True)
class Faults:
    """The faults in force, and how often each kind has struck.

    `kinds` are the faults that the face has, and `requests` those that they can hit.
    """

    kinds: Mapping[str, str] = field(default_factory=lambda: COMMON)
    requests: Collection[str] = ()
    active: list[InjectedFault] = field(default_factory=list)
    hits: Counter[str] = field(default_factory=Counter)

    def add(self, fault: InjectedFault) -> None:
        """Put a fault in force, instead of one of the same kind for the same request."""
        if fault.kind not in self.kinds:
            raise ValueError(f"there is no fault {fault.kind!r}; use one of {', '.join(self.kinds)}")
        self.clear(fault.kind, fault.request)
        if len(self.active) >= MOST_FAULTS:
            raise ValueError(f"{MOST_FAULTS} faults are in force already; clear some")
        self.active.append(fault)

    def clear(self, kind: str = "", request: str | None = None) -> None:
        """End every fault, those of one kind, or that of one kind for one request."""
        self.active = [
            fault
            for fault in self.active
            if (kind and fault.kind != kind) or (request is not None and fault.request != request)
        ]

    def strike(self, kind: str, request: str) -> InjectedFault | None:
        """Return the fault of this kind that hits this request, counted and used up; None if there is none."""
        for fault in self.active:
            if fault.kind == kind and fault.request in ("", request):
                self.hits[kind] += 1
                if fault.times is not None:
                    fault.times -= 1
                    if not fault.times:
                        self.active.remove(fault)
                return fault
        return None

    def delivery(self, request: str) -> Delivery:
        """Strike the answer to a request."""
        late, lost = self.strike("late", request), self.strike("lost", request)
        return Delivery(late.seconds if late else 0.0, lost is not None)
