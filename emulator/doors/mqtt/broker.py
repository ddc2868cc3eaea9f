"""The broker: where it is, how it is reached, and what keeps us from it, in words for the user (mqtt.md §1)."""

import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from emulator.errors import EmulatorError

PORTS = {"mqtt": 1883, "mqtts": 8883}
"""Scheme → its usual TCP port."""

CONNECT_S = 5.0
"""For TCP, for TLS, and for the broker's answer, each: one on the LAN takes milliseconds."""

AGAIN_S, MOST_S = 1.0, 60.0
"""First and longest pause between two attempts."""

REFUSED_S = 60.0
"""Pause after refused credentials: some brokers lock an address out that goes on trying."""

TAKEN_S = 300.0
"""Pause after another client took the session: each attempt of ours throws that one out."""


UNSUPPORTED_VERSION, BAD_CREDENTIALS, NOT_AUTHORIZED, TAKEN_OVER = 0x84, 0x86, 0x87, 0x8E
NO_READER = 0x10
"""Reason codes of MQTT 5; the library translates those of 3.1.1."""

FAR = "{} is not on this network ({}), and all could read the password on its way: use mqtts:// in doors.mqtt.broker"

WHY: dict[type[OSError], str] = {
    socket.gaierror: "has a name that cannot be looked up: see doors.mqtt.broker, or name it by its address",
    ssl.SSLCertVerificationError: "shows no valid certificate ({verdict}): name its CA's file in doors.mqtt.ca",
    ssl.SSLError: "does not speak TLS at that port: its TLS port is mostly 8883; without TLS write mqtt://",
    ConnectionRefusedError: "refuses connections: does the broker run, and listen there for other machines, too?",
    TimeoutError: "does not answer: is that machine on, and does its firewall let this port through?",
}
"""Error of a connection → what is the matter; the first that fits."""


class BrokerTrouble(EmulatorError):
    """The broker cannot be used, and why. `pause_s` is how long to wait; None for the usual back-off."""

    def __init__(self, message: str, pause_s: float | None = None) -> None:
        self.pause_s = pause_s
        super().__init__(message)


class UnsupportedVersion(BrokerTrouble):
    """The broker does not speak this version of MQTT, or behaves as if it did not."""


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

        That is an address that was looked at, as a name may mean another one a moment later, and that can be reached.
        """
        if self.tls or not self.password:
            return self.host
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)]
        local = [one for one in found if _is_local(one)]
        if not local:
            raise BrokerTrouble(FAR.format(self, found[0]), MOST_S)
        for address in local:
            with suppress(OSError), socket.create_connection((address, self.port), CONNECT_S):
                return address
        return local[0]

    def context(self) -> ssl.SSLContext | None:
        """Return how to verify it; None without TLS. BrokerTrouble if the file of `ca` cannot be used."""
        if not self.tls:
            return None
        try:
            return ssl.create_default_context(cafile=self.ca or None)
        except OSError as error:
            is_read = isinstance(error, ssl.SSLError)
            why = "holds no certificate in PEM form" if is_read else f"cannot be read: {error.strerror}"
            raise BrokerTrouble(f"doors.mqtt.ca: {self.ca} {why}", MOST_S) from None

    def unreachable(self, error: OSError) -> BrokerTrouble:
        """Return why there is no connection."""
        why = next((words for kind, words in WHY.items() if isinstance(error, kind)), "cannot be reached: {error}")
        told = {"error": error.strerror or error, "verdict": getattr(error, "verify_message", "")}
        return BrokerTrouble(f"{self} {why.format_map(told)}")

    def refusal(self, code: int, text: str) -> BrokerTrouble:
        """Return why it does not take us, by its reason code."""
        if code == UNSUPPORTED_VERSION:
            return UnsupportedVersion(f"{self} does not speak this version of MQTT")
        if code in (BAD_CREDENTIALS, NOT_AUTHORIZED):
            shown = "those in MQTT_USER and MQTT_PASSWORD" if self.user else "none: set MQTT_USER and MQTT_PASSWORD"
            return BrokerTrouble(f"{self} refuses the credentials; it was shown {shown}", REFUSED_S)
        return BrokerTrouble(f"{self} refuses us: {text}", REFUSED_S)

    def broken(self, code: int, text: str, client_id: str) -> BrokerTrouble:
        """Return why a connection has ended, by the reason code."""
        if code == TAKEN_OVER:
            return self.shared(client_id)
        return BrokerTrouble(f"the connection to {self} has broken ({text})")

    def shared(self, client_id: str, perhaps: str = "") -> BrokerTrouble:
        """Return that another program has our client id; `perhaps` is said before it where that is a guess."""
        who = f"{perhaps}another program uses the client id {client_id!r} at {self}: end one of them"
        return BrokerTrouble(f"{who}, or give each its own doors.mqtt.client_id", MOST_S if perhaps else TAKEN_S)


def parse(url: str) -> Broker:
    """Return the broker of a URL. ValueError says what would be right, without the URL: it may hold a password."""
    right = "write it as mqtt://host or mqtts://host:8883"
    try:
        parts, port = urlsplit(url), urlsplit(url).port
        (parts.hostname or "").encode("idna")  # as every look-up does
    except ValueError:
        raise ValueError(f"is no address of a broker: {right}") from None
    if "@" in parts.netloc:
        raise ValueError("user and password never stand in this file: put them in MQTT_USER and MQTT_PASSWORD")
    is_more = port == 0 or parts.path.strip("/") or parts.query or parts.fragment
    if parts.scheme not in PORTS or not parts.hostname or is_more:
        raise ValueError(f"is no address of a broker: {right}")
    return Broker(parts.hostname, port or PORTS[parts.scheme], parts.scheme == "mqtts")


def _is_local(address: str) -> bool:
    found = ip_address(address.partition("%")[0])
    return found.is_private or found.is_loopback or found.is_link_local
