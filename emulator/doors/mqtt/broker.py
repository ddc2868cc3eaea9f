"""The broker: where it is, how it is reached, and what keeps us from it, in words for the user (mqtt.md §1)."""

import socket
import ssl
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from emulator.errors import EmulatorError

PORTS = {"mqtt": 1883, "mqtts": 8883}
"""Scheme → its usual TCP port."""

AGAIN_S, MOST_S = 1.0, 60.0
"""First and longest pause between two attempts."""

REFUSED_S = 60.0
"""Pause after refused credentials: some brokers lock an address out that goes on trying."""

TAKEN_S = 300.0
"""Pause after another client took the session: each attempt of ours throws that one out."""


class BrokerTrouble(EmulatorError):
    """The broker cannot be used, and why. `pause_s` is how long to wait; None for the usual back-off."""

    def __init__(self, message: str, pause_s: float | None = None) -> None:
        self.pause_s = pause_s
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Broker:
    """Address of a broker, and what it is shown. `ca` names a file of certificates; empty for those of the system."""

    host: str
    port: int
    tls: bool
    ca: str = ""
    user: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"

    @property
    def address(self) -> str:
        """The host to connect to. Without TLS a password goes to local addresses only; BrokerTrouble otherwise.

        That is the very address that was looked at, as a name may mean another one a moment later.
        """
        if self.tls or not self.password:
            return self.host
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)]
        if far := next((one for one in found if not _is_local(one)), None):
            raise BrokerTrouble(
                f"{self} is not on this network ({far}), and the password would be sent there for all to read: "
                "use mqtts:// in doors.mqtt.broker",
                MOST_S,
            )
        return found[0]

    def context(self) -> ssl.SSLContext | None:
        """Return how to verify it; None without TLS. BrokerTrouble if the file of `ca` cannot be used."""
        if not self.tls:
            return None
        try:
            return ssl.create_default_context(cafile=self.ca or None)
        except ssl.SSLError:
            raise BrokerTrouble(f"doors.mqtt.ca: {self.ca} holds no certificate in PEM form", MOST_S) from None
        except OSError as error:
            raise BrokerTrouble(f"doors.mqtt.ca: {self.ca} cannot be read: {error.strerror}", MOST_S) from None

    def unreachable(self, error: OSError) -> BrokerTrouble:
        """Return why there is no connection."""
        return BrokerTrouble(f"{self} {_why(error)}")


def parse(url: str) -> Broker:
    """Return the broker of a URL. ValueError says what would be right, without the URL: it may hold a password."""
    right = "write it as mqtt://host or mqtts://host:8883"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(f"is no address of a broker: {right}") from None
    if "@" in parts.netloc:
        raise ValueError("user and password never stand in this file: put them in MQTT_USER and MQTT_PASSWORD")
    if parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"is no address of a broker: {right}")
    if port == 0:
        raise ValueError("has no port 0")
    return Broker(parts.hostname, port or PORTS[parts.scheme], parts.scheme == "mqtts")


def _is_local(address: str) -> bool:
    found = ip_address(address.partition("%")[0])
    return found.is_private or found.is_loopback or found.is_link_local


def _why(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "has a name that nobody knows: see doors.mqtt.broker, or name it by its address"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"shows a certificate that is not valid ({error.verify_message}): name its CA's file in doors.mqtt.ca"
    if isinstance(error, ssl.SSLError):
        return "does not speak TLS at that port: its TLS port is mostly 8883; without TLS write mqtt://"
    if isinstance(error, ConnectionRefusedError):
        return "refuses connections: does the broker run, and listen at that port, not for its own machine alone?"
    if isinstance(error, TimeoutError):
        return "does not answer: is that machine on, and does its firewall let this port through?"
    return f"cannot be reached: {error.strerror or error}"
