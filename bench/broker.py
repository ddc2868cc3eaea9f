"""A mosquitto of its own, and a client at it that notes when each message came."""

import os
import shutil
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.subscribeoptions import SubscribeOptions

from bench.process import CLIENT_CORE, Process

HOST = "127.0.0.1"
RECEIVED = "$SYS/broker/bytes/received"
"""Count of the broker."""

PLACES = (os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin")
"""Debian installs mosquitto where only root looks."""


def program() -> str | None:
    """Return the path of mosquitto, if it is here."""
    return shutil.which("mosquitto", path=os.pathsep.join(PLACES))


@dataclass(frozen=True, slots=True)
class Running:
    """A started broker: its process, and its port on loopback."""

    process: Process
    port: int


@contextmanager
def mosquitto(folder: Path) -> Iterator[Running]:
    """Run a broker that anybody on loopback may use, and that counts every second.

    It does not wait for more to send: where a message follows another within 40 ms, that wait would be measured.
    """
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} {HOST}\nallow_anonymous true\nsys_interval 1\nset_tcp_nodelay true\n")
    process = Process([str(program()), "-v", "-c", str(config)], folder / "mosquitto.log", core=CLIENT_CORE)
    try:
        process.said("running")
        yield Running(process, port)
    finally:
        process.stop()


class Watcher:
    """A client that reads everything; `came` has the moments (perf_counter) of each payload of each topic."""

    def __init__(self, port: int) -> None:
        self.came: dict[str, list[tuple[float, str]]] = defaultdict(list)
        self._news = threading.Condition()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_message = self._note
        self._client.connect(HOST, port)
        of_others = SubscribeOptions(noLocal=True)
        self._client.subscribe([("#", of_others), (RECEIVED, of_others)])
        self._client.loop_start()

    def _note(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        moment = time.perf_counter()
        with self._news:
            self.came[message.topic].append((moment, message.payload.decode(errors="replace")))
            self._news.notify_all()

    def send(self, topic: str, payload: str) -> float:
        """Publish a command. Return the moment at which it was sent."""
        moment = time.perf_counter()
        self._client.publish(topic, payload)
        return moment

    def first(self, topic: str, payload: str, since: float, within_s: float = 60.0) -> float:
        """Return the moment of the first such message after `since`."""
        ends = time.monotonic() + within_s
        with self._news:
            while time.monotonic() < ends:
                for moment, text in self.came[topic]:
                    if moment > since and text == payload:
                        return moment
                self._news.wait(ends - time.monotonic())
        raise TimeoutError(f"no {payload!r} at {topic}")

    def topics(self, ending: str, payload: str) -> list[str]:
        """Return the topics with that ending whose last message is the payload."""
        with self._news:
            return [one for one, all_ in self.came.items() if one.endswith(ending) and all_[-1][1] == payload]

    def received(self) -> int:
        """Return the bytes that the broker has received; a second ago at most, if they have changed since."""
        with self._news:
            return int(self.came[RECEIVED][-1][1])

    def messages(self, root: str) -> int:
        """Return the number of messages so far below a topic, commands left out."""
        with self._news:
            return sum(
                len(all_) for one, all_ in self.came.items() if one.startswith(root) and not one.endswith("/set")
            )

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()
