"""A simulated alarm of My Pages in the same process, on one clock with its client."""

from collections.abc import Mapping
from typing import Any

from flask import Flask

from emulator.clouds.account import Account
from emulator.clouds.firewall import Answer
from emulator.clouds.mypages.cloud import MyPagesCloud
from emulator.clouds.mypages.enrol import MyPagesEnrolment
from emulator.clouds.mypages.provider import SPACING_S
from emulator.clouds.mypages.wire import PagesWire
from emulator.clouds.turnstile import Turnstile
from emulator.clouds.vault import Vault
from emulator.errors import Unreachable
from emulator.simulator.face import HOST
from emulator.simulator.faults import ConnectionDropped, InjectedFault
from emulator.simulator.mypages.profiles import PROFILES, USER
from emulator.simulator.panel.panel import SimulatedPanel
from emulator.simulator.server import create_app
from tests.clouds.script import MemoryVault
from tests.support.fakes import DEADLINE_S, FakeClock

PASSWORD, CODE = "demo", "4711"

REQUEST_S = 20.0
"""For so long a client waits for a host."""

COMMANDS = ("armAway", "armHome", "disarm")


class PagesSender:
    """Delivers requests to a host of a Flask app in the same process, and keeps what was sent."""

    def __init__(self, app: Flask, host: int) -> None:
        self._client = app.test_client(use_cookies=False)
        self._host = host
        self.sent: list[tuple[str, str, bytes]] = []
        self.refuse = False

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        if self.refuse:
            raise Unreachable("connection refused", sent=False)
        self.sent.append((method, path, body))
        try:
            answer = self._client.open(
                path, method=method, data=body, headers=dict(headers), environ_overrides={HOST: self._host}
            )
        except ConnectionDropped as error:
            raise Unreachable(str(error)) from None
        cookies = (line.partition(";")[0].partition("=") for line in answer.headers.getlist("Set-Cookie"))
        return Answer(
            answer.status_code,
            answer.data,
            answer.headers.get("Retry-After", ""),
            {name: value for name, _, value in cookies},
        )

    def close(self) -> None: ...


class SimulatedMyPages:
    """A client and the simulated alarm that it talks to; `vault` may be one on disk."""

    def __init__(
        self, profile: str = "home-night", vault: Vault | None = None, *, password: str = "", code: str = CODE
    ) -> None:
        self.clock = FakeClock()
        self.unit = PROFILES[profile]
        panel = SimulatedPanel(self.clock.monotonic, self.unit.equipment)
        self.app = create_app(
            panel, api="mypages", profile=profile, sleep=lambda s: self.clock.sleep(min(s, REQUEST_S))
        )
        self.backend, self.face = self.app.extensions["backend"], self.app.extensions["face"]
        self.panel = self.backend.panel
        self.hosts = [PagesSender(self.app, host) for host in range(2)]
        self.vault = vault or MemoryVault()
        self.password, self.code = password, code
        self.log_in()
        self.cloud = self.new_client()
        self.backend.reset()

    def wire(self, password: str, code: str = "") -> PagesWire:
        account = Account(USER, password, "SE", "sv", code=code, partial=self.unit.home)
        return PagesWire(account, self.hosts, self.clock, Turnstile(SPACING_S), self.vault)

    def log_in(self) -> None:
        """As a person does, with the code that came."""
        enrolment = MyPagesEnrolment(self.wire(PASSWORD))
        if not enrolment.begin():
            enrolment.send_code(enrolment.phones[0])
            enrolment.confirm(self.face.logins.messages[-1].code)

    def new_client(self) -> MyPagesCloud:
        """A restart of the program."""
        return MyPagesCloud(self.wire(self.password, self.code), DEADLINE_S)

    def count(self, operation: str) -> int:
        """How many of an operation the cloud has received."""
        return int(self.backend.requests[operation])

    def submissions(self) -> int:
        return sum(map(self.count, COMMANDS))

    def go_down(self) -> None:
        self.fault("down")

    def fault(self, kind: str, request: str = "", times: int | None = None) -> None:
        self.backend.faults.add(InjectedFault(kind, request, times))

    def state(self) -> dict[str, Any]:
        """What the control page knows."""
        with self.panel.held():
            return dict(self.face.state())
