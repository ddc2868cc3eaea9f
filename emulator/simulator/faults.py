"""Everything that can be made to go wrong between a client and the panel, as rows; each hit is counted."""

from collections import Counter
from dataclasses import dataclass, field

KINDS = {
    "down": "the connection is closed without an answer and nothing is carried out",
    "unavailable": "HTTP 503, and nothing is carried out",
    "html": "an HTML page instead of an answer, and nothing is carried out",
    "ban": "HTTP 403 and the firewall's page, and nothing is carried out",
    "ban_page": "the firewall's page with HTTP 200, and nothing is carried out",
    "bomb": "XML with an entity bomb in it, and nothing is carried out",
    "trouble": "ERR 3000, and nothing is carried out",
    "echo": "an error that repeats the whole request, secrets and all, and nothing is carried out",
    "expire": "every session dies just before the request",
    "lost": "the request is carried out, then the connection is closed without an answer",
    "late": "the request is carried out, then the answer waits for `seconds`",
    "refuse": "the submission of a command is refused",
    "wait": "the outcome of a command stays WAIT, although the panel acts",
    "retired": "the login is refused: the account has moved to the new app (60161)",
    "empty_log": "the activity log is empty",
}

OWA_KINDS = {
    **{kind: KINDS[kind] for kind in ("down", "unavailable", "html", "echo", "expire", "lost", "late", "wait")},
    "empty_log": KINDS["empty_log"],
    "ban": "the firewall bans this address: HTTP 403 and a page, from now on for the setting flood_ban",
    "ban_page": "the same, but its first page comes with HTTP 200",
    "throttle": "HTTP 403 with Retry-After: `seconds`, and nothing is carried out",
    "bad_gateway": "HTTP 502, and nothing is carried out",
    "gateway_timeout": "HTTP 504, and nothing is carried out",
    "trouble": "HttpError, status 500, and nothing is carried out",
    "conflict": "alarm_process_error, status 409, and nothing is carried out",
    "unpermitted": "the capabilities are not accepted, and nothing is carried out",
    "unauthorized": "the session is not accepted: Unauthorized, and nothing is carried out",
    "challenge": "the session is not accepted: Unauthorized with an OTP challenge, and nothing is carried out",
    "disowned": "the session is not accepted: status 403 in Spanish, and nothing is carried out",
    "schema": "the document does not fit the schema: GRAPHQL_VALIDATION_FAILED, and nothing is carried out",
    "busy": "a submission is refused: the installation is busy (60062)",
    "refuse": "a submission is refused: the capabilities do not allow it (err 6, status 401)",
    "unsupported": "a submission is refused: requested data not found (err 4, status 404)",
    "not_valid": "a submission is refused: the request is not valid for this central unit",
    "bad_input": "a submission is refused: BAD_USER_INPUT",
    "silent": "the panel acts, but its outcome is ERROR: no response to the request",
    "letter_n": "the panel is reported as N",
    "letter_unknown": "the panel is reported by a letter that nobody knows",
    "letter_word": "the panel is reported by a word instead of a letter",
    "letter_empty": "the panel is reported by an empty letter",
    "null_list": "the list of installations or the activity log is null",
    "crash": "a login or a refresh: Cannot read properties of undefined, and nothing is carried out",
    "lang_crash": "the same, unless `lang` is the country's letters (br, ar)",
    "null_refresh": "a login or a refresh brings no new refresh token, and the old one stays good",
    "null_device": "a login or a refresh: needDeviceAuthorization is null",
    "no_login": "a login with the right password brings no tokens, as if the device were still to be confirmed",
    "bare_challenge": "an OTP challenge comes without its auth-code",
}
"""The faults of the GraphQL face (verisure-owa.md §10.1); KINDS are those of the ws.do face."""

LATE_S = 10.0
"""Seconds by which a late answer is late, unless told: longer than the 6 s that clients found too short
(verisure-wsdo.md §4)."""

LATEST_S = 300.0
"""Seconds; the longest that an answer may be held back, so that worker threads come home."""

MOST_FAULTS = 100
"""Faults in force at once; a bound on a page that anybody in the house may use."""


@dataclass(slots=True)
class InjectedFault:
    """One thing that goes wrong: for one request name or any, for so many times or until cleared."""

    kind: str
    request: str = ""
    times: int | None = None
    seconds: float = LATE_S

    def __post_init__(self) -> None:
        if self.kind not in {**KINDS, **OWA_KINDS}:
            raise ValueError(f"there is no fault {self.kind!r}; use one of {', '.join({**KINDS, **OWA_KINDS})}")
        if self.times is not None and self.times < 1:
            raise ValueError(f"times is {self.times}; use 1 or more, or leave it out for until cleared")
        if not 0 <= self.seconds <= LATEST_S:
            raise ValueError(f"seconds is {self.seconds:g}; use 0 to {LATEST_S:g}")


@dataclass(slots=True)
class Faults:
    """The faults in force, and how often each kind has struck."""

    active: list[InjectedFault] = field(default_factory=list)
    hits: Counter[str] = field(default_factory=Counter)

    def add(self, fault: InjectedFault) -> None:
        """Put a fault in force; it takes the place of the same kind for the same request."""
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
