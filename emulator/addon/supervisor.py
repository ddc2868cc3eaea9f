"""The broker of the house, as Home Assistant's Supervisor tells it (ingress.md §3)."""

import http.client
import json
import re
from collections.abc import Callable
from typing import Any

from emulator.errors import EmulatorError, Unreachable

HOST = "supervisor"

ANSWER_S = 10.0
"""Longest wait for a byte; the Supervisor has its answer at hand."""

ANSWER_BYTES = 65_536
"""Longest answer that is read; a real one has 200."""

TRIES, AGAIN_S = 3, 3.0
"""Attempts while there is no connection, and the pause between two: the Supervisor may have just been started."""

NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252})")


class NoBroker(EmulatorError):
    """Home Assistant has no broker to offer."""


def broker(
    token: str,
    sleep: Callable[[float], object],
    connect: Callable[[], http.client.HTTPConnection] = lambda: http.client.HTTPConnection(HOST, timeout=ANSWER_S),
) -> dict[str, str]:
    """Return the broker, with user and password, as variables of ours. Raises NoBroker and Unreachable, in words."""
    for attempt in range(1, TRIES + 1):
        try:
            status, answer = _ask(connect(), token)
        except (OSError, http.client.HTTPException) as error:
            if attempt == TRIES:
                raise Unreachable(f"the Supervisor does not answer: {error}") from None
            sleep(AGAIN_S)
        else:
            return _read(status, answer)
    raise AssertionError


def _ask(connection: http.client.HTTPConnection, token: str) -> tuple[int, bytes]:
    try:
        connection.request("GET", "/services/mqtt", headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        return answer.status, answer.read(ANSWER_BYTES)
    finally:
        connection.close()


def _read(status: int, answer: bytes) -> dict[str, str]:
    # The answer is not quoted: it may hold the password.
    try:
        found = json.loads(answer)
    except ValueError:
        found = None
    data: Any = found.get("data") if isinstance(found, dict) and status == http.HTTPStatus.OK else None
    if not isinstance(data, dict):
        raise NoBroker(f"Home Assistant has none to offer (status {status}): start the add-on Mosquitto broker")
    host, port = data.get("host"), data.get("port")
    if not (isinstance(host, str) and NAME.fullmatch(host) and isinstance(port, int) and 0 < port < 65_536):
        raise NoBroker("the Supervisor tells of one without a host and a port that can be used")
    login = {"MQTT_USER": data.get("username"), "MQTT_PASSWORD": data.get("password")}
    scheme = "mqtts://" if data.get("ssl") is True else "mqtt://"
    return {"MQTT_BROKER": f"{scheme}{host}:{port}"} | {name: str(value) for name, value in login.items() if value}
