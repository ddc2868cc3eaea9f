"""Everything that can be made to go wrong between a client and the panel, as rows; each hit is counted."""

from collections import Counter
from dataclasses import dataclass, field

KINDS = {
    "down": "the connection is closed without an answer and nothing is carried out",
    "unavailable": "HTTP 503, and nothing is carried out",
    "html": "an HTML page instead of an answer, and nothing is carried out",
    "bomb": "XML with an entity bomb in it, and nothing is carried out",
    "trouble": "ERR 3000, and nothing is carried out",
    "expire": "every session dies just before the request",
    "lost": "the request is carried out, then the connection is closed without an answer",
    "late": "the request is carried out, then the answer waits for `seconds`",
    "refuse": "the submission of a command is refused",
    "wait": "the outcome of a command stays WAIT, although the panel acts",
    "retired": "the login is refused: the account has moved to the new app (60161)",
    "empty_log": "the activity log is empty",
}

LATE = 10.0
"""Seconds by which a late answer is late, unless told: longer than the 6 s that clients found too short (§4)."""

LATEST = 300.0
"""Seconds; the longest that an answer may be held back, so that worker threads come home."""

MOST = 100
"""Faults in force at once; a bound on a page that anybody in the house may use."""


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong: for one request name or any, for so many times or until cleared."""

    kind: str
    request: str = ""
    times: int | None = None
    seconds: float = LATE

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"there is no fault {self.kind!r}; use one of {', '.join(KINDS)}")
        if self.times is not None and self.times < 1:
            raise ValueError(f"times is {self.times}; use 1 or more, or leave it out for until cleared")
        if not 0 <= self.seconds <= LATEST:
            raise ValueError(f"seconds is {self.seconds:g}; use 0 to {LATEST:g}")


@dataclass(slots=True)
class Faults:
    """The faults in force, and how often each kind has struck."""

    active: list[Fault] = field(default_factory=list)
    hits: Counter[str] = field(default_factory=Counter)

    def add(self, fault: Fault) -> None:
        """Put a fault in force; it takes the place of the same kind for the same request."""
        self.clear(fault.kind, fault.request)
        if len(self.active) >= MOST:
            raise ValueError(f"{MOST} faults are in force already; clear some")
        self.active.append(fault)

    def clear(self, kind: str = "", request: str | None = None) -> None:
        """End every fault, those of one kind, or that of one kind for one request."""
        self.active = [
            fault
            for fault in self.active
            if (kind and fault.kind != kind) or (request is not None and fault.request != request)
        ]

    def strike(self, kind: str, request: str) -> Fault | None:
        """The fault of this kind that hits this request, counted and used up; None when all is well."""
        for fault in self.active:
            if fault.kind == kind and fault.request in ("", request):
                self.hits[kind] += 1
                if fault.times is not None:
                    fault.times -= 1
                    if not fault.times:
                        self.active.remove(fault)
                return fault
        return None
