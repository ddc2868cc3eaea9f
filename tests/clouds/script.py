"""A far side of the OWA API that answers what a test wrote down, and a vault in memory."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from emulator.clouds.firewall import Answer
from emulator.clouds.vault import Login
from tests.clouds.owa.tokens import jwt
from tests.support.fakes import FakeClock

BAN = Answer(403, b"<html><iframe src='/_Incapsula_Resource?x'>Request unsuccessful.</iframe></html>")
BAD_GATEWAY = Answer(502, b"<html><h1>502 Bad Gateway</h1></html>")
TOKENS = {
    "res": "OK",
    "hash": jwt(iat=0, exp=900, jti="new access"),
    "refreshToken": jwt(iat=0, jti="new refresh"),
    "needDeviceAuthorization": False,
    "changePassword": False,
}


def data(field: str, content: Any) -> Answer:
    """An answer with content."""
    return Answer(200, json.dumps({"data": {field: content}}).encode())


def errors(message: str = "", name: str = "ApiError", **more: Any) -> Answer:
    """An answer without."""
    return Answer(
        200, json.dumps({"data": None, "errors": [{"message": message, "name": name, "data": more}]}).encode()
    )


Scripted = Answer | Exception


class Script:
    """Answers each operation from its own list; an exception is raised, the last answer is repeated."""

    def __init__(self, clock: FakeClock, took_s: float = 0.0, **answers: list[Scripted] | Scripted) -> None:
        self._answers = {name: list(one) if isinstance(one, list) else [one] for name, one in answers.items()}
        self._clock = clock
        self._took_s = took_s
        self.sent: list[tuple[str, dict[str, Any], dict[str, str]]] = []
        self.queries: list[tuple[str, str]] = []
        self.times: list[float] = []
        self.closed = False

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        assert (method, path) == ("POST", "")
        return self.post(headers, body)

    def post(self, headers: Mapping[str, str], body: bytes) -> Answer:
        request = json.loads(body)
        name = request["operationName"]
        self.sent.append((name, request["variables"], dict(headers)))
        self.queries.append((name, request["query"]))
        self.times.append(self._clock.now)
        self._clock.now += self._took_s
        queue = self._answers[name]
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        self.closed = True

    def names(self) -> list[str]:
        return [name for name, *_ in self.sent]

    def of(self, name: str) -> list[dict[str, Any]]:
        """The variables of each request of this name."""
        return [variables for one, variables, _ in self.sent if one == name]

    def documents(self, name: str) -> list[str]:
        """The document of each request of this name."""
        return [query for one, query in self.queries if one == name]


class MemoryVault:
    """A vault that is lost with the test, and everything that was ever saved in it."""

    def __init__(self, login: Login | None = None) -> None:
        self.login = login
        self.saved: list[Login] = []
        self.ban_until = 0.0
        self.refused: set[str] = set()
        self.wrong: set[tuple[str, str]] = set()
        self.held = False

    @contextmanager
    def alone(self) -> Iterator[None]:
        assert not self.held, "a vault that waits for itself waits for ever"
        self.held = True
        try:
            yield
        finally:
            self.held = False

    def load(self) -> Login | None:
        return self.login

    def save(self, login: Login) -> None:
        self.login = login
        self.saved.append(login)

    def is_wrong(self, user: str, password: str) -> bool:
        return (user, password) in self.wrong

    def note_password(self, user: str, password: str, *, wrong: bool) -> None:
        (self.wrong.add if wrong else self.wrong.discard)((user, password))

    def banned_until(self) -> float:
        return self.ban_until

    def ban(self, until: float) -> None:
        self.ban_until = until

    def unsupported(self, number: str) -> frozenset[str]:  # noqa: ARG002
        return frozenset(self.refused)

    def remember_unsupported(self, number: str, request: str) -> None:  # noqa: ARG002
        self.refused.add(request)
