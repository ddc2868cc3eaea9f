"""A simulated OWA alarm in the same process, on one clock with its client."""

from collections.abc import Mapping
from typing import Any

from flask import Flask

from emulator.clouds.account import Account
from emulator.clouds.firewall import Answer
from emulator.clouds.owa.cloud import OwaCloud
from emulator.clouds.owa.enrol import OwaEnrolment
from emulator.clouds.owa.provider import SPACING_S
from emulator.clouds.owa.wire import Wire
from emulator.clouds.turnstile import Turnstile
from emulator.clouds.vault import Vault
from emulator.errors import Unreachable
from emulator.simulator.faults import ConnectionDropped, InjectedFault
from emulator.simulator.owa.face import PATH
from emulator.simulator.owa.profiles import PROFILES
from emulator.simulator.panel.panel import SimulatedPanel
from emulator.simulator.server import create_app
from tests.clouds.script import MemoryVault
from tests.support.fakes import DEADLINE_S, FakeClock


class OwaPoster:
    """Delivers requests to a Flask app in the same process, and keeps what was sent."""

    def __init__(self, app: Flask) -> None:
        self._client = app.test_client()
        self.sent: list[tuple[dict[str, str], bytes]] = []
        self.refuse = False

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        assert (method, path) == ("POST", "")
        return self.post(headers, body)

    def post(self, headers: Mapping[str, str], body: bytes) -> Answer:
        if self.refuse:
            raise Unreachable("connection refused", sent=False)
        self.sent.append((dict(headers), body))
        try:
            answer = self._client.post(PATH, data=body, headers=dict(headers))
        except ConnectionDropped as error:
            raise Unreachable(str(error)) from None
        return Answer(answer.status_code, answer.data, answer.headers.get("Retry-After", ""))

    def close(self) -> None: ...


class SimulatedOwa:
    """A client and the simulated alarm that it talks to; `vault` may be one on disk."""

    def __init__(self, profile: str = "es-perimeter", vault: Vault | None = None, *, password: str = "") -> None:
        self.clock = FakeClock()
        panel = SimulatedPanel(self.clock.monotonic, PROFILES[profile].equipment)
        self.app = create_app(panel, api="owa", profile=profile, sleep=lambda _: None)
        self.backend, self.face = self.app.extensions["backend"], self.app.extensions["face"]
        self.panel = self.backend.panel
        self.unit = self.face.unit
        self.poster = OwaPoster(self.app)
        self.vault = vault or MemoryVault()
        self.password = password
        self.log_in()
        self.cloud = self.new_client()
        self.backend.reset()

    def account(self, password: str) -> Account:
        lang = {"ES": "es", "FR": "fr", "IT": "it", "GB": "en", "PT": "pt"}[self.unit.country]
        return Account("demo", password, self.unit.country, lang)

    def log_in(self) -> None:
        """As a person does, with the code that came."""
        wire = Wire(self.account("demo"), self.poster, self.clock, Turnstile(SPACING_S), self.vault)
        enrolment = OwaEnrolment(wire)
        if not enrolment.begin():
            enrolment.send_code(enrolment.phones[0])
            enrolment.confirm(self.face.trust.messages[-1].code)

    def new_client(self) -> OwaCloud:
        """A restart of the program."""
        account = self.account(self.password)
        return OwaCloud(Wire(account, self.poster, self.clock, Turnstile(SPACING_S), self.vault), DEADLINE_S)

    def count(self, operation: str) -> int:
        """How many of an operation the cloud has received."""
        return int(self.backend.requests[operation])

    def submissions(self) -> int:
        return self.count("xSArmPanel") + self.count("xSDisarmPanel")

    def go_down(self) -> None:
        self.fault("down")

    def fault(self, kind: str, request: str = "", times: int | None = None) -> None:
        self.backend.faults.add(InjectedFault(kind, request, times))

    def state(self) -> dict[str, Any]:
        """What the control page knows."""
        with self.panel.held():
            return dict(self.face.state())
