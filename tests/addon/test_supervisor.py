"""The Supervisor's answers about the broker, as a fake connection gives them."""

import http.client
import json
from types import SimpleNamespace
from typing import Any

import pytest

from emulator.addon.supervisor import AGAIN_S, NoBroker, broker
from emulator.errors import Unreachable

DATA = {
    "addon": "core_mosquitto",
    "host": "core-mosquitto",
    "port": 1883,
    "ssl": False,
    "protocol": "3.1.1",
    "username": "addons",
    "password": "hunter2",
}


class FakeSupervisor:
    """Answers as it is told; each error is raised once."""

    def __init__(self, status: int, body: bytes, *errors: Exception) -> None:
        self._answer = SimpleNamespace(status=status, read=lambda limit: body[:limit])
        self._errors = list(errors)
        self.asked: list[tuple[Any, ...]] = []
        self.slept: list[float] = []

    def request(self, *asked: Any, headers: dict[str, str]) -> None:
        self.asked.append((*asked, headers))
        if self._errors:
            raise self._errors.pop(0)

    def getresponse(self) -> Any:
        return self._answer

    def close(self) -> None: ...

    def tell(self) -> dict[str, str]:
        return broker("token", self.slept.append, lambda: self)  # type: ignore[arg-type, return-value]  # a fake


def answering(**changed: Any) -> FakeSupervisor:
    return FakeSupervisor(200, json.dumps({"result": "ok", "data": DATA | changed}).encode())


def test_the_broker_and_its_login() -> None:
    there = answering()
    assert there.tell() == {
        "MQTT_BROKER": "mqtt://core-mosquitto:1883",
        "MQTT_USER": "addons",
        "MQTT_PASSWORD": "hunter2",
    }
    assert there.asked == [("GET", "/services/mqtt", {"Authorization": "Bearer token"})]


def test_a_broker_with_tls_or_without_a_login() -> None:
    assert answering(ssl=True, port=8883).tell()["MQTT_BROKER"] == "mqtts://core-mosquitto:8883"
    assert answering(username=None, password="").tell() == {"MQTT_BROKER": "mqtt://core-mosquitto:1883"}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b'{"result": "error", "message": "Service not enabled"}'),
        (403, b"hunter2"),
        (200, b"hunter2"),
        (200, b"[]"),
        (200, b'{"result": "ok", "data": {}}'),
        (200, b'{"result": "ok", "data": ["hunter2"]}'),
        (400, json.dumps({"data": DATA}).encode()),
    ],
)
def test_none_is_said_in_words_without_a_secret(status: int, body: bytes) -> None:
    with pytest.raises(NoBroker) as caught:
        FakeSupervisor(status, body).tell()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "changed",
    [{"host": "evil/../"}, {"host": "user:word@evil"}, {"host": ""}, {"port": "1883"}, {"port": 0}, {"port": 70000}],
)
def test_what_is_no_address_is_none(changed: dict[str, Any]) -> None:
    with pytest.raises(NoBroker, match="without a host and a port"):
        answering(**changed).tell()


def test_it_is_asked_again_while_it_does_not_answer() -> None:
    body = json.dumps({"data": DATA}).encode()
    late = FakeSupervisor(200, body, ConnectionRefusedError(111, "Connection refused"), http.client.BadStatusLine("x"))
    assert late.tell()["MQTT_USER"] == "addons"
    assert late.slept == [AGAIN_S, AGAIN_S]
    gone = FakeSupervisor(200, body, *[OSError(113, "No route to host")] * 3)
    with pytest.raises(Unreachable, match=r"the Supervisor does not answer: .*No route to host"):
        gone.tell()
    assert len(gone.asked) == 3
