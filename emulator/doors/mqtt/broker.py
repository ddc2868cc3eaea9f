"""The broker: where it is, how it is reached, and what keeps us from it, in words for the user (mqtt.md §1)."""

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from emulator.errors import EmulatorError
from emulator.words.text import Text

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


WHY: dict[type[OSError], Callable[..., Text]] = {
    socket.gaierror: lambda **told: Text(
        "{broker} has a name that cannot be looked up: see doors.mqtt.broker, or name it by its address", **told
    ),
    ssl.SSLCertVerificationError: lambda **told: Text(
        "{broker} shows no valid certificate ({why}): name its CA's file in doors.mqtt.ca", **told
    ),
    ssl.SSLError: lambda **told: Text(
        "{broker} does not speak TLS at that port: its TLS port is mostly 8883; without TLS write mqtt://", **told
    ),
    ConnectionRefusedError: lambda **told: Text(
        "{broker} refuses connections: does the broker run, and listen there for other machines, too?", **told
    ),
    TimeoutError: lambda **told: Text(
        "{broker} does not answer: is that machine on, and does its firewall let this port through?", **told
    ),
    OSError: lambda **told: Text("{broker} cannot be reached: {why}", **told),
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
        found = self._addresses()
        local = [one for one in found if _is_local(one)]
        if not local:
            far = Text(
                "{broker} is not on this network ({address}), and all could read the password on its way: use mqtts:// "
                "in doors.mqtt.broker",
                broker=str(self),
                address=found[0],
            )
            raise BrokerTrouble(far, MOST_S)
        for address in local:
            with suppress(OSError), socket.create_connection((address, self.port), CONNECT_S):
                return address
        return local[0]

    @property
    def is_exposed(self) -> bool:
        """True if what is sent can be read on its way, as far as is known: without TLS, and beyond this network."""
        with suppress(OSError):
            return not self.tls and not any(map(_is_local, self._addresses()))
        return False

    def _addresses(self) -> list[str]:
        return [str(entry[4][0]) for entry in socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)]

    def context(self) -> ssl.SSLContext | None:
        """Return how to verify it; None without TLS. BrokerTrouble if the file of `ca` cannot be used."""
        if not self.tls:
            return None
        try:
            return ssl.create_default_context(cafile=self.ca or None)
        except OSError as error:
            unread = Text("doors.mqtt.ca: {file} cannot be read: {why}", file=self.ca, why=str(error.strerror))
            empty = Text("doors.mqtt.ca: {file} holds no certificate in PEM form", file=self.ca)
            raise BrokerTrouble(empty if isinstance(error, ssl.SSLError) else unread, MOST_S) from None

    def unreachable(self, error: OSError) -> BrokerTrouble:
        """Return why there is no connection."""
        say = next(words for kind, words in WHY.items() if isinstance(error, kind))
        return BrokerTrouble(say(broker=str(self), why=str(getattr(error, "verify_message", error.strerror) or error)))

    def refusal(self, code: int, text: str) -> BrokerTrouble:
        """Return why it does not take us, by its reason code."""
        me = str(self)
        if code == UNSUPPORTED_VERSION:
            return UnsupportedVersion(Text("{broker} does not speak this version of MQTT", broker=me))
        if code not in (BAD_CREDENTIALS, NOT_AUTHORIZED):
            return BrokerTrouble(Text("{broker} refuses us: {why}", broker=me, why=text), REFUSED_S)
        none = Text("{broker} refuses the credentials; it was shown none: set MQTT_USER and MQTT_PASSWORD", broker=me)
        those = Text("{broker} refuses the credentials; it was shown those in MQTT_USER and MQTT_PASSWORD", broker=me)
        return BrokerTrouble(those if self.user else none, REFUSED_S)

    def broken(self, code: int, text: str, client_id: str) -> BrokerTrouble:
        """Return why a connection has ended, by the reason code."""
        if code == TAKEN_OVER:
            return self.shared(client_id)
        return BrokerTrouble(Text("the connection to {broker} has broken ({why})", broker=str(self), why=text))

    def shared(self, client_id: str, *, is_guess: bool = False) -> BrokerTrouble:
        """Return that another program has our client id; a guess where connections break, and nobody says why."""
        why = Text(
            "another program uses the client id {id} at {broker}: end one of them, or give each its own "
            "doors.mqtt.client_id",
            id=repr(client_id),
            broker=str(self),
        )
        if not is_guess:
            return BrokerTrouble(why, TAKEN_S)
        return BrokerTrouble(Text("connections break soon after they have begun: perhaps {why}", why=why), MOST_S)


def parse(url: str) -> Broker:
    """Return the broker of a URL. ValueError says what would be right, without the URL: it may hold a password."""
    wrong = Text("is no address of a broker: write it as mqtt://host or mqtts://host:8883")
    try:
        parts, port = urlsplit(url), urlsplit(url).port
        (parts.hostname or "").encode("idna")  # as every look-up does
    except ValueError:
        raise ValueError(wrong) from None
    if "@" in parts.netloc:
        raise ValueError(Text("user and password never stand in this file: put them in MQTT_USER and MQTT_PASSWORD"))
    is_more = port == 0 or parts.path.strip("/") or parts.query or parts.fragment
    if parts.scheme not in PORTS or not parts.hostname or is_more:
        raise ValueError(wrong)
    return Broker(parts.hostname, port or PORTS[parts.scheme], parts.scheme == "mqtts")


def _is_local(address: str) -> bool:
    return ip_address(address.partition("%")[0]).is_private  # which those of this machine and of a link are, too
