"""The broker's address: how it is written, whom a password may be sent to, and the words for what is in the way."""

import errno
import socket
import ssl
from pathlib import Path

import pytest
import trustme

from emulator.doors.mqtt import broker
from emulator.doors.mqtt.broker import MOST_S, REFUSED_S, TAKEN_S, Broker, BrokerTrouble, UnsupportedVersion

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("url", "host", "port", "tls", "shown"),
    [
        ("mqtt://broker", "broker", 1883, False, "mqtt://broker:1883"),
        ("mqtts://Broker.Local", "broker.local", 8883, True, "mqtts://broker.local:8883"),
        ("MQTT://192.168.7.2:1884/", "192.168.7.2", 1884, False, "mqtt://192.168.7.2:1884"),
        ("mqtts://[fd00::2]:8884", "fd00::2", 8884, True, "mqtts://[fd00::2]:8884"),
        ("mqtt://[fe80::1%eth0]", "fe80::1%eth0", 1883, False, "mqtt://[fe80::1%eth0]:1883"),
    ],
)
def test_an_address(url: str, host: str, port: int, tls: bool, shown: str) -> None:
    found = broker.parse(url)
    assert (found.host, found.port, found.tls, str(found)) == (host, port, tls, shown)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "broker",
        "broker:1883",
        "http://broker",
        "mqtt:broker",
        "mqtt://",
        "mqtt://:1883",
        "mqtt://broker:none",
        "mqtt://broker:0",
        "mqtt://broker:65536",
        "mqtt://broker/path",
        "mqtt://broker?clean=1",
        "mqtt://broker#1",
        "mqtt://[fe80::1",
        "mqtt://a..b",
        f"mqtt://{'a' * 64}.local",
    ],
)
def test_what_is_none(url: str) -> None:
    with pytest.raises(ValueError, match="is no address of a broker: write it as mqtt://host or mqtts://host:8883"):
        broker.parse(url)


@pytest.mark.parametrize("url", [f"mqtt://me:{SECRET}@broker", f"mqtts://{SECRET}@broker", f"mqtt://me:{SECRET}@"])
def test_a_password_never_stands_there_and_is_not_quoted(url: str) -> None:
    with pytest.raises(ValueError, match="MQTT_USER and MQTT_PASSWORD") as caught:
        broker.parse(url)
    assert SECRET not in str(caught.value)


def test_a_password_is_never_shown() -> None:
    made = Broker("broker", 1883, False, user="me", password=SECRET)
    assert SECRET not in f"{made} {made!r}"


# -- a password without TLS ---------------------------------------------------------------------------------------


def resolved(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let every name mean these addresses."""

    def find(_host: object, port: object, **_: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", find)


NEAR = ["127.0.0.1", "192.168.7.2", "10.0.0.2", "172.16.0.2", "169.254.1.1", "::1", "fd00::2", "fe80::1%eth0"]
FAR = ["8.8.8.8", "2606:4700::1", "::ffff:8.8.8.8", "100.64.0.1"]


def with_password(host: str = "broker", *, tls: bool = False) -> Broker:
    return Broker(host, 1883, tls, user="me", password=SECRET)


@pytest.mark.parametrize("address", NEAR)
def test_it_is_sent_on_this_network(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    resolved(monkeypatch, address)
    connected_to(monkeypatch, address)
    assert with_password().address == address


@pytest.mark.parametrize("address", FAR)
def test_and_nowhere_else(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    resolved(monkeypatch, address)
    connected_to(monkeypatch, address)
    with pytest.raises(BrokerTrouble, match="not on this network") as caught:
        _ = with_password().address
    assert "use mqtts://" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.pause_s == MOST_S


@pytest.mark.parametrize(
    ("addresses", "tls", "is_exposed"),
    [
        *((address, False, False) for address in NEAR),
        *((address, False, True) for address in FAR),
        ("8.8.8.8", True, False),
    ],
)
def test_what_is_sent_far_without_tls_is_exposed(
    monkeypatch: pytest.MonkeyPatch, addresses: str, tls: bool, is_exposed: bool
) -> None:
    resolved(monkeypatch, addresses)
    assert Broker("broker", 1883, tls).is_exposed is is_exposed


def test_a_name_that_cannot_be_looked_up_is_not_called_exposed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was there a moment before, when the connection was made."""

    def find(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", find)
    assert not Broker("broker", 1883, False).is_exposed


def test_a_name_that_is_near_and_far_is_reached_nearby(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some routers give each machine an address of the Internet, too, by IPv6."""
    resolved(monkeypatch, "2600:1f18::7", "192.168.7.2")
    connected_to(monkeypatch, "2600:1f18::7", "192.168.7.2")
    assert with_password().address == "192.168.7.2"
    connected_to(monkeypatch, "2600:1f18::7")
    assert with_password().address == "192.168.7.2"


def connected_to(monkeypatch: pytest.MonkeyPatch, *up: str) -> None:
    """Let these addresses take connections, and no others."""

    def connect(address: tuple[str, int], _timeout_s: float) -> socket.socket:
        if address[0] not in up:
            raise ConnectionRefusedError
        return socket.socket()

    monkeypatch.setattr(socket, "create_connection", connect)


def test_of_several_addresses_it_is_one_that_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """`localhost` is ::1 first, and many brokers listen at 127.0.0.1 alone."""
    resolved(monkeypatch, "::1", "127.0.0.1")
    connected_to(monkeypatch, "127.0.0.1")
    assert with_password().address == "127.0.0.1"
    connected_to(monkeypatch)
    assert with_password().address == "::1"


@pytest.mark.parametrize(
    "made", [Broker("far.example", 1883, False, user="me"), with_password("far.example", tls=True)]
)
def test_without_one_or_with_tls_the_name_is_left_to_the_connection(made: Broker) -> None:
    assert made.address == "far.example"


# -- TLS ----------------------------------------------------------------------------------------------------------


def test_how_it_is_verified(tmp_path: Path) -> None:
    pem, text = tmp_path / "ca.pem", tmp_path / "text"
    trustme.CA().cert_pem.write_to_path(str(pem))
    text.write_text("x")
    assert Broker("b", 1, False, str(pem)).context() is None
    for ca in ("", str(pem)):
        context = Broker("b", 1, True, ca).context()
        assert context is not None
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    with pytest.raises(BrokerTrouble, match="holds no certificate in PEM form"):
        Broker("b", 1, True, str(text)).context()
    with pytest.raises(BrokerTrouble, match="cannot be read: No such file"):
        Broker("b", 1, True, str(tmp_path / "none")).context()
    with pytest.raises(BrokerTrouble, match=r"cannot be read: Is a directory|holds no certificate"):
        Broker("b", 1, True, str(tmp_path)).context()


# -- what is in the way -------------------------------------------------------------------------------------------


def not_verified(text: str) -> ssl.SSLError:
    error = ssl.SSLCertVerificationError(1, "x")
    error.verify_message = text
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (socket.gaierror(-2, "Name or service not known"), "has a name that cannot be looked up"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), "does the broker run"),
        (TimeoutError("timed out"), "is that machine on"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "cannot be reached: No route to host"),
        (OSError("odd"), "cannot be reached: odd"),
        (not_verified("self-signed certificate"), "no valid certificate (self-signed certificate)"),
        (ssl.SSLError(1, "WRONG_VERSION_NUMBER"), "does not speak TLS at that port"),
    ],
)
def test_why_there_is_no_connection(error: OSError, words: str) -> None:
    found = Broker("b", 1883, False).unreachable(error)
    assert words in str(found)
    assert str(found).startswith("mqtt://b:1883 ")
    assert found.pause_s is None


@pytest.mark.parametrize(
    ("code", "user", "kind", "words", "pause_s"),
    [
        (0x84, "", UnsupportedVersion, "does not speak this version", None),
        (0x86, "me", BrokerTrouble, "it was shown those in MQTT_USER and MQTT_PASSWORD", REFUSED_S),
        (0x87, "me", BrokerTrouble, "refuses the credentials", REFUSED_S),
        (0x87, "", BrokerTrouble, "shown none: set MQTT_USER and MQTT_PASSWORD", REFUSED_S),
        (0x8A, "", BrokerTrouble, "refuses us: Banned", REFUSED_S),
    ],
)
def test_why_it_does_not_take_us(code: int, user: str, kind: type, words: str, pause_s: float | None) -> None:
    found = Broker("b", 1883, False, user=user, password=SECRET if user else "").refusal(code, "Banned")
    assert type(found) is kind
    assert words in str(found)
    assert SECRET not in str(found)
    assert found.pause_s == pause_s


@pytest.mark.parametrize(
    ("code", "words", "pause_s"),
    [(0x8E, "another program uses the client id 'me'", TAKEN_S), (0x8D, "has broken (Keep alive timeout)", None)],
)
def test_why_a_connection_has_ended(code: int, words: str, pause_s: float | None) -> None:
    found = Broker("b", 1883, False).broken(code, "Keep alive timeout", "me")
    assert words in str(found)
    assert found.pause_s == pause_s
