"""Bytes of My Pages: headers, bodies and answers. Pure.

Facts: verisure-mypages.md §1, §2, §3 and §8.
"""

import base64
import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from emulator.clouds.firewall import Answer
from emulator.clouds.mypages.operations import PagesOperation, Path

APPLICATION = "PS_PYTHON"
"""The only `APPLICATION_ID` of a program that is known to work (§1)."""

ACCESS, REFRESH, VISITOR, TRUST = "vs-access", "vs-refresh", "vid", "vs-trust"
"""Cookies (§2); TRUST is the begin of a name."""

OTHERS = 20
"""Cookies of other names that are kept, the newest: those of a load balancer, and one between the steps of a login."""

STEP_UP = "stepUpToken"
"""Field of an answer that wants a code first (§2)."""

Cookies = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PagesRequest:
    """One request. It may be `repeated` at the other host after a lost answer, or one that proves nothing."""

    name: str
    path: str
    method: str = "POST"
    cookies: Cookies = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    repeated: bool = False

    def sent_headers(self) -> dict[str, str]:
        """Return all headers."""
        found = {"APPLICATION_ID": APPLICATION, "Accept": "application/json", **self.headers}
        if self.body:
            found["Content-Type"] = "application/json"
        if self.cookies:
            found["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return found


@dataclass(frozen=True, slots=True)
class PagesReply:
    """One answer. `document` is its JSON, None if it is none; `cookies` are those that it sets."""

    status: int
    document: Any = field(repr=False)
    cookies: Cookies = field(repr=False)
    retry_after: str = ""

    @property
    def codes(self) -> frozenset[str]:
        """Every `errorCode`, wherever it stands (§8)."""
        return frozenset(str(row["errorCode"]) for row in _rows(self.document) if row.get("errorCode"))

    @property
    def words(self) -> str:
        """The messages of its errors, still with whatever they quote."""
        found = (row.get("errorMessage") or row.get("message") for row in _rows(self.document))
        return ", ".join(dict.fromkeys(one for one in found if one and isinstance(one, str)))

    @property
    def errors(self) -> Any:
        """The list of errors of GraphQL; None if there is none."""
        return self._first.get("errors")

    @property
    def begun(self) -> bool:
        """True if an operation was executed, as far as an answer shows that: only execution makes data."""
        return bool(self._first.get("data"))

    @property
    def taken(self) -> bool:
        """True if it has the result of a change, such as a transaction: that was done, whatever else an answer says."""
        data = self._first.get("data")
        return isinstance(data, dict) and any(one and not isinstance(one, dict | list) for one in data.values())

    @property
    def failed(self) -> bool:
        """True if it is anything but the result that was asked for."""
        return self.status >= HTTPStatus.MULTIPLE_CHOICES or self.document is None or bool(self.codes or self.errors)

    @property
    def wants_code(self) -> bool:
        """True if the login needs a code first."""
        return any(STEP_UP in row for row in _rows(self.document))

    def value(self, operation: PagesOperation) -> Any:
        """Return the result of an operation; None if there is none. One alone comes without a list around it."""
        found: Any = self._first
        for key in ("data", *operation.path):
            found = found.get(key) if isinstance(found, dict) else None
        return found

    @property
    def _first(self) -> Mapping[str, Any]:
        found = self.document[0] if isinstance(self.document, list) and self.document else self.document
        return found if isinstance(found, dict) else {}


def ask(operation: PagesOperation, variables: Mapping[str, Any], cookies: Cookies) -> PagesRequest:
    """Return the request of an operation."""
    said = {"operationName": operation.name, "variables": dict(variables), "query": operation.document}
    body = json.dumps([said]).encode()
    return PagesRequest(operation.name, Path.GRAPHQL, cookies=cookies, body=body, repeated=not operation.changes)


def log_in(user: str, password: str, cookies: Cookies) -> PagesRequest:
    """Return the request of a login with the password; only trust is shown besides (§2)."""
    said = f"{user}:{password}"
    try:
        raw = said.encode("latin-1")
    except UnicodeEncodeError:
        raw = said.encode()
    headers = {"Authorization": f"Basic {base64.b64encode(raw).decode()}"}
    return PagesRequest("login", Path.LOGIN, cookies=trust(cookies), headers=headers, repeated=True)


def renew(cookies: Cookies) -> PagesRequest:
    """Return the request that renews the access (§2)."""
    shown = {name: cookies[name] for name in (VISITOR, REFRESH) if name in cookies}
    return PagesRequest("token", Path.RENEW, "GET", shown, repeated=True)


def send_code(way: str, cookies: Cookies) -> PagesRequest:
    """Return the request that has a code sent by `phone` or `email` (§2)."""
    return PagesRequest("mfa", f"{Path.SEND_CODE}?type={way}", cookies=cookies)


def validate(code: str, cookies: Cookies) -> PagesRequest:
    """Return the request that submits a code (§2)."""
    return PagesRequest("mfa validate", Path.VALIDATE, cookies=cookies, body=json.dumps({"token": code}).encode())


def ask_trust(cookies: Cookies) -> PagesRequest:
    """Return the request for trust, so that no code is asked for again (§2)."""
    return PagesRequest("trust", Path.TRUST, cookies=cookies)


def trust(cookies: Cookies) -> dict[str, str]:
    """Return the cookies of trust alone."""
    return {name: value for name, value in cookies.items() if name.startswith(TRUST)}


def merged(cookies: Cookies, fresh: Cookies) -> dict[str, str]:
    """Return cookies after an answer, without those that it deletes, and without the oldest of too many others."""
    found = {**{name: value for name, value in cookies.items() if name not in fresh}, **fresh}
    kept = {name: value for name, value in found.items() if value}
    too_many = [name for name in kept if not name.startswith(("vs-", VISITOR))][:-OTHERS]
    return {name: value for name, value in kept.items() if name not in too_many}


def parse(answer: Answer) -> PagesReply:
    """Return what an answer says."""
    try:
        document = json.loads(answer.body) if answer.body.strip() else {}
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict | list):
        document = None
    return PagesReply(answer.status, document, answer.cookies, answer.retry_after)


MOST_ROWS = 1000
"""Objects of an answer that are searched for an error."""


def _rows(document: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every object of a document, outer ones first."""
    waiting = deque([document])
    for _ in range(MOST_ROWS):
        if not waiting:
            return
        first = waiting.popleft()
        if isinstance(first, dict):
            yield first
        inner = first.values() if isinstance(first, dict) else first if isinstance(first, list) else ()
        waiting.extend(one for one in inner if isinstance(one, dict | list))
