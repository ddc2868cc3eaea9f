"""A face is a folder and a row: this one is neither ws.do nor OWA, and no module of the simulator knows it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Blueprint
from flask.testing import FlaskClient

from emulator.simulator.accounts import Unit
from emulator.simulator.backend import Backend
from emulator.simulator.face import FaceType
from emulator.simulator.faults import COMMON
from emulator.simulator.panel.equipment import Equipment
from emulator.simulator.server import FACES, create_app
from emulator.simulator.settings import flag, setting
from emulator.simulator.wsdo.options import WsdoOptions


@dataclass
class ToyOptions:
    loud: bool = setting(False, flag, "Speaks up")


@dataclass
class Toy:
    backend: Backend
    unit: Unit
    options: ToyOptions
    rung: int = 0

    @property
    def actions(self) -> Mapping[str, Callable[[], None]]:
        return {"ring": self.ring}

    def ring(self) -> None:
        self.rung += 1

    def state(self) -> dict[str, Any]:
        return {"letter": self.unit.country, "sessions": 0, "rung": self.rung}

    def reset(self) -> None:
        self.rung = 0

    def pages(self) -> Blueprint:
        pages = Blueprint("toy", __name__)

        @pages.get("/toy")
        def axes() -> str:
            with self.backend.panel.held():
                self.backend.received("AXES")
                text = str(self.backend.panel.axes)
                delivery = self.backend.faults.delivery("AXES")
            return delivery.of(text.upper() if self.options.loud else text, self.backend.sleep)

        return pages


TOY = FaceType(
    Toy,
    ToyOptions,
    "/toy",
    requests=("AXES",),
    faults={**COMMON, "deaf": "nothing is heard"},
    countries=("SE",),
    units={"hut": Unit(country="SE", equipment=Equipment(perimeter=False))},
    has_annex=False,
)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    monkeypatch.setitem(FACES, "toy", TOY)
    return create_app(api="toy", profile="hut").test_client()


def test_a_toy_face_is_served(client: FlaskClient) -> None:
    assert client.get("/toy").text == "disarmed"
    state = client.get("/control/state").json
    assert state
    assert (state["letter"], state["fitted"], state["requests"]) == ("SE", ["day", "night", "total"], {"AXES": 1})


def test_the_control_page_reads_its_row(client: FlaskClient) -> None:
    page = client.get("/control").text
    assert all(words in page for words in ("Speaks up", "nothing is heard"))
    assert client.post("/control/settings", json={"loud": True}).status_code == 200
    assert client.get("/toy").text == "DISARMED"
    assert client.post("/control/ring").json["rung"] == 1
    assert client.post("/control/fault", json={"fault": "deaf", "request": "AXES"}).status_code == 200
    wrong = client.post("/control/fault", json={"fault": "bomb"})
    assert (wrong.status_code, "use one of down" in wrong.text) == (400, True)
    assert client.post("/control/reset").json["rung"] == 0


def test_options_and_units_are_those_of_the_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FACES, "toy", TOY)
    with pytest.raises(TypeError, match="these are not ToyOptions"):
        create_app(api="toy", profile="hut", options=WsdoOptions())
    with pytest.raises(KeyError):
        create_app(api="toy", profile="castle")
    face = create_app(api="toy").extensions["face"]
    assert face.unit is TOY.units["hut"], "the first unit is the default"
