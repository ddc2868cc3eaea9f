"""A simulated alarm on a clock that only the test moves, and a client that speaks ws.do in five lines."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC

import pytest
from flask.testing import FlaskClient
from lxml import etree

from emulator.simulator.accounts import SimulatedAccount
from emulator.simulator.backend import Backend
from emulator.simulator.owa.options import OwaOptions
from emulator.simulator.owa.profiles import PROFILES
from emulator.simulator.panel.equipment import Equipment
from emulator.simulator.panel.panel import SimulatedPanel
from emulator.simulator.server import create_app
from emulator.simulator.wsdo.face import PATH, Wsdo
from emulator.simulator.wsdo.options import WsdoOptions
from tests.simulator.owa import Customer

START = 1_575_000_000.0  # a Friday in November 2019


@dataclass
class Clock:
    """Seconds since the epoch; nothing moves it but the test and a late answer."""

    now: float = START

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Alarm:
    """The app under test: `ask` is one request, `run` is X1 and, when the panel has answered, X2."""

    clock: Clock
    backend: Backend
    face: Wsdo
    client: FlaskClient
    params: dict[str, str] = field(
        default_factory=lambda: {
            "Country": "ES",
            "lang": "es",
            "user": "demo",
            "numinst": "2423443",
            "panel": "SDVFAST",
            "callby": "AND_61",
            "ID": "AND_1",
        }
    )

    @property
    def panel(self) -> SimulatedPanel:
        return self.backend.panel

    def ask(self, name: str, **changes: str | None) -> etree._Element:
        """The PET element of an answer; None leaves a parameter out."""
        params = {**self.params, "request": name, **changes}
        reply = self.client.get(PATH, query_string={k: v for k, v in params.items() if v is not None})
        assert reply.status_code == 200
        assert reply.content_type == "text/xml; charset=utf-8"
        return etree.fromstring(reply.data)

    def login(self) -> str:
        found = self.ask("LOGIN", pwd="demo").findtext("HASH")
        assert found
        self.params["hash"] = found
        return found

    def run(self, base: str, **changes: str | None) -> etree._Element:
        assert self.ask(f"{base}1", **changes).findtext("RES") == "OK"
        self.clock.pass_by(self.panel.answer_after)
        return self.ask(f"{base}2", **changes)


Maker = Callable[..., Alarm]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make(clock: Clock) -> Maker:
    """Builds an alarm; floods are let through unless the test asks otherwise."""

    def build(
        *,
        equipment: Equipment | None = None,
        options: WsdoOptions | None = None,
        account: SimulatedAccount | None = None,
    ) -> Alarm:
        app = create_app(
            SimulatedPanel(clock, equipment or Equipment()),
            accounts=[account or SimulatedAccount()],
            options=options or WsdoOptions(flood_limit=0),
            sleep=clock.pass_by,
            zone=UTC,
        )
        return Alarm(clock, app.extensions["backend"], app.extensions["face"], app.test_client())

    return build


@pytest.fixture
def alarm(make: Maker) -> Alarm:
    """A Spanish house with a perimeter, logged in."""
    made = make()
    made.login()
    return made


def err(pet: etree._Element) -> tuple[str | None, str | None]:
    """RES and ERR."""
    return pet.findtext("RES"), pet.findtext("ERR")


@pytest.fixture
def customers(clock: Clock) -> Callable[..., Customer]:
    """Builds a customer of the successor; floods are let through unless the test asks otherwise."""

    def build(
        profile: str = "es-perimeter",
        *,
        options: OwaOptions | None = None,
        account: SimulatedAccount | None = None,
        equipment: Equipment | None = None,
    ) -> Customer:
        unit = PROFILES[profile]
        app = create_app(
            SimulatedPanel(clock, equipment or unit.equipment),
            api="owa",
            profile=profile,
            accounts=[account] if account else (),
            options=options or OwaOptions(flood_limit=0),
            sleep=clock.pass_by,
            zone=UTC,
        )
        return Customer(clock, app.extensions["backend"], app.extensions["face"], app.test_client(), unit)

    return build


@pytest.fixture
def newcomer(customers: Callable[..., Customer]) -> Customer:
    """A customer of a Spanish house with a perimeter, whose device nobody knows."""
    return customers()


@pytest.fixture
def customer(newcomer: Customer) -> Customer:
    """The same, with a trusted device, logged in, with capabilities. The counters are at nought."""
    newcomer.authorise()
    newcomer.login()
    newcomer.renew_capabilities()
    newcomer.control("reset")
    return newcomer
