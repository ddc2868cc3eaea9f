"""Time, transport and a simulated cloud, for tests that wait for nothing."""

from collections.abc import Mapping
from typing import Any

from flask import Flask

from emulator.clouds.account import Account
from emulator.clouds.firewall import Answer, Bans, Forbidden, is_page
from emulator.clouds.wsdo.cloud import WsdoCloud
from emulator.clouds.wsdo.gate import Gate
from emulator.clouds.wsdo.provider import SPACING_S
from emulator.errors import Unreachable
from emulator.simulator.faults import ConnectionDropped, InjectedFault
from emulator.simulator.panel.equipment import Equipment
from emulator.simulator.panel.panel import SimulatedPanel
from emulator.simulator.server import create_app

EPOCH_S = 1_700_000_000.0
DEMO = Account(user="demo", password="demo", country="ES", lang="es", number="2423443", panel="SDVFAST")
DEADLINE_S = 60.0


class ForgetfulBans:
    """Bans that do not outlive it."""

    def __init__(self) -> None:
        self._until = 0.0

    def banned_until(self) -> float:
        return self._until

    def ban(self, until: float) -> None:
        self._until = until


def new_gate(bans: Bans | None = None) -> Gate:
    """Return the gate of an account of which nothing is known."""
    return Gate(SPACING_S, bans or ForgetfulBans())


class FakeClock:
    """Time that only moves when somebody sleeps. After `stop` sleeping is cut short, as in the program.

    `step` is by how many seconds the time of day was set forward.
    """

    def __init__(self) -> None:
        self.now = EPOCH_S
        self.step = 0.0
        self.stopped = False

    def time(self) -> float:
        return self.now + self.step

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> bool:
        if self.stopped:
            return False
        self.now += seconds
        return True

    def stop(self) -> None:
        self.stopped = True


class AppTransport:
    """Delivers requests to a Flask app in the same process, and keeps what was sent."""

    def __init__(self, app: Flask) -> None:
        self._client = app.test_client()
        self.sent: list[tuple[str, dict[str, str]]] = []
        self.refuse = False
        self.closed = False

    def send(self, method: str, params: Mapping[str, str], timeout_s: float | None = None) -> bytes:  # noqa: ARG002
        if self.refuse:
            raise Unreachable("connection refused", sent=False)
        self.sent.append((method, dict(params)))
        where: dict[str, Any] = {"data": dict(params)} if method == "POST" else {"query_string": dict(params)}
        try:
            answer = self._client.open("/WebService/ws.do", method=method, **where)
        except ConnectionDropped as error:
            raise Unreachable(str(error)) from None
        page = is_page(Answer(answer.status_code, answer.data))
        if page or answer.status_code == 403:
            raise Forbidden(f"HTTP {answer.status_code}", page=page)
        if answer.status_code != 200:
            raise Unreachable(f"HTTP {answer.status_code}")
        return answer.data

    def close(self) -> None:
        self.closed = True

    def requests(self) -> list[str]:
        return [params["request"] for _, params in self.sent]


class ScriptTransport:
    """Answers each request name from its own list; an exception is raised, the last answer is repeated."""

    def __init__(self, **answers: list[bytes | Exception]) -> None:
        self._answers = answers
        self.sent: list[tuple[str, dict[str, str]]] = []

    def send(self, method: str, params: Mapping[str, str], timeout_s: float | None = None) -> bytes:  # noqa: ARG002
        self.sent.append((method, dict(params)))
        queue = self._answers[params["request"]]
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None: ...

    def requests(self) -> list[str]:
        return [params["request"] for _, params in self.sent]


class SimulatedCloud:
    """A client and the simulated alarm that it talks to, on one clock."""

    def __init__(self, account: Account = DEMO, *, annex: bool = False, answer_after: float = 3.0) -> None:
        self.clock = FakeClock()
        self.panel = SimulatedPanel(
            self.clock.monotonic, Equipment(annex=annex)
        )  # nobody sets the panel's clock with ours
        self.panel.answer_after = answer_after
        self.app = create_app(self.panel, sleep=lambda _: None)
        self.backend, self.face = self.app.extensions["backend"], self.app.extensions["face"]
        self.transport = AppTransport(self.app)
        self.account = account
        self.cloud = self.new_client()

    def new_client(self) -> WsdoCloud:
        return WsdoCloud(self.account, self.transport, self.clock, DEADLINE_S, new_gate())

    def fault(self, kind: str, request: str = "", times: int | None = None) -> None:
        self.backend.faults.add(InjectedFault(kind, request, times))

    def count(self, request: str) -> int:
        """How many of a request the cloud has received."""
        return int(self.backend.requests[request])


def pet(res: str, inner: str = "") -> bytes:
    """A `<PET>` answer, written by hand."""
    return f'<?xml version="1.0" encoding="UTF-8"?><PET><RES>{res}</RES>{inner}</PET>'.encode()
