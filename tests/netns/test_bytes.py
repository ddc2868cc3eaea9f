"""Bytes as Echos and others send them, and peers and pages that have no business here (lan-emulation.md §1.2, §2.6)."""

import socket
from collections import Counter

import pytest

from tests.netns import raw
from tests.netns.home import ALARM_PORT, MODES, Home
from tests.netns.lan import CLIENT, HOUSE, OTHER, Lan

ECHO_PORT = 50000
EVERYTHING = ("ssdp:all", "ssdpsearch:all")
TARGETS = (
    *EVERYTHING,
    "upnp:rootdevice",
    "urn:Belkin:device:**",
    "urn:Belkin:device:*",
    "urn:Belkin:device:controllee:1",
    "urn:Belkin:service:basicevent:1",
    "urn:schemas-upnp-org:device:Basic:1",
)
SHAPES = {
    "echo 1": 'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 15\r\nST: {}\r\n\r\n',
    "echo 2": 'M-SEARCH * HTTP/1.1\r\nST: {}\r\nMX: 3\r\nHost: 239.255.255.250:1900\r\nMan: "ssdp:discover"\r\n\r\n',
    "lower": 'm-search * http/1.1\r\nmx: 3\r\nst: {}\r\nman: "ssdp:discover"\r\nhost: 239.255.255.250:1900\r\n\r\n',
    "no blanks": 'M-SEARCH * HTTP/1.1\r\nHOST:239.255.255.250:1900\r\nMAN:"ssdp:discover"\r\nMX:1\r\nST:{}\r\n\r\n',
    "many blanks": 'M-SEARCH * HTTP/1.1\r\nMAN:   "ssdp:discover"  \r\nMX:  2 \r\nST:\t {}  \r\nUSER-AGENT: x\r\n\r\n',
}
REPEATS = 5


@pytest.fixture(scope="module")
def udns(running: Home) -> dict[str, str]:
    """The UDN of each location."""
    running.calm()
    return {
        one.headers["location"]: one.headers["usn"].partition("::")[0]
        for one in raw.found_by(running.lan, "client", "upnp:rootdevice", len(MODES))
    }


@pytest.mark.parametrize("shape", SHAPES)
def test_every_search_is_answered_once(lan: Lan, udns: dict[str, str], shape: str) -> None:
    """Each target, five times within milliseconds from port 50000: each switch answers once, from where it points."""
    targets = [target.lower() for target in TARGETS] if shape == "lower" else list(TARGETS)
    assert len(udns) == len(MODES)
    expected: Counter[tuple[str, str]] = Counter()
    for location, udn in udns.items():
        adverts = [f"urn:Belkin:{each}:1" for each in ("device:controllee", "service:basicevent", "service:metainfo")]
        whole = [(location, udn), *((location, f"{udn}::{each}") for each in ("upnp:rootdevice", *adverts))]
        expected.update(whole * len(EVERYTHING))
        expected.update((location, f"{udn}::{target}") for target in targets if target not in EVERYTHING)
        expected[location, udn] += 1
    with raw.udp(lan, "client", ECHO_PORT) as sock:
        for target in [*targets, *udns.values()]:
            for _ in range(REPEATS):
                sock.sendto(SHAPES[shape].format(target).encode(), (raw.GROUP, raw.SSDP_PORT))
        answers = raw.heard(sock, expected.total())
    assert Counter((one.headers["location"], one.headers["usn"]) for one in answers) == expected
    for one in answers:
        assert one.first == "HTTP/1.1 200 OK"
        assert one.source == HOUSE
        assert one.headers["location"].startswith(f"http://{HOUSE}:")
        assert one.headers["cache-control"] == "max-age=1800"
        assert one.headers["x-user-agent"] == "redsonic"
        st, (udn, _, target) = one.headers["st"], one.headers["usn"].partition("::")
        assert st == (target or udn)


def test_a_search_to_us_alone_is_answered_too(lan: Lan, home: Home) -> None:
    """By unicast, without MX."""
    with raw.udp(lan, "client") as sock:
        sock.sendto(b'M-SEARCH * HTTP/1.1\r\nMAN: "ssdp:discover"\r\nST: upnp:rootdevice\r\n\r\n', (HOUSE, 1900))
        answers = raw.heard(sock, len(MODES))
    assert {one.source for one in answers} == {HOUSE}
    assert {one.headers["location"] for one in answers} == {one.url for one in home.switches.values()}


def test_the_question_of_an_echo_arms_nothing(home: Home) -> None:
    """GetBinaryState with a BinaryState of 1 in its malformed body, in every wrapping that was seen."""
    wrappings = (
        raw.QUERY,
        raw.QUERY.replace(b"SOAPACTION", b"SoapAction"),
        raw.QUERY.replace(b"SOAPACTION", b"soapaction").replace(b": ", b":", 5),
        raw.QUERY.replace(f'"{raw.SERVICE}#GetBinaryState"'.encode(), f"{raw.SERVICE}#GetBinaryState".encode()),
        raw.soap("GetBinaryState", 1, "User-Agent: Dalvik/2.1.0", "Accept-Encoding: gzip", "Connection: Keep-Alive"),
        raw.QUERY.replace(b"Accept: */*", b"Accept:"),
        b"\r\n".join(one for one in raw.QUERY.split(b"\r\n") if not one.startswith(b"SOAPACTION")),
        raw.QUERY.replace(b"HTTP/1.1\r\n", b"HTTP/1.0\r\n", 1),
    )
    for mode in MODES:
        for request in wrappings:
            answer = home.ask(mode, request)
            assert (answer.status, answer.state) == (200, "0"), request
    android = raw.get("/setup.xml", HOUSE, "Content-Type: application/json", "Connection: Keep-Alive")
    assert "<binaryState>0</binaryState>" in home.ask("day", android).body
    assert home.ask("day", raw.get("/upnp/control/basicevent1")).status == 405
    assert home.ask("day", raw.get("/nothing")).status == 404
    assert home.settle()["axes"]["interior"] == "off"
    assert home.alarm.sent() == {}
    assert len(home.journal()) == 0


def test_requests_split_at_every_byte(lan: Lan, home: Home) -> None:
    """Each gets the answer that it gets in one piece; off of a switch that is not on sends nothing.

    A peer may not set as often as that: its set is split at some places here, and at every one in tests/doors.
    """
    port = home.port("night")
    off = raw.turn(False)
    with raw.line(lan, "client", port) as one:
        for request, step in ((raw.QUERY, 1), (raw.soap("GetFriendlyName", 0), 1), (off, len(off) // 24)):
            whole = one.ask(request)
            assert whole.status == 200
            for at in range(1, len(request), step):
                answer = one.ask(request[:at], request[at:])
                assert (answer.status, answer.body) == (200, whole.body), request[:at]
        bytewise = [raw.QUERY[at : at + 1] for at in range(len(raw.QUERY))]
        assert one.ask(*bytewise).state == "0"
        assert one.ask(raw.QUERY + raw.QUERY[:9], raw.QUERY[9:]).state == one.answer().state == "0"
    home.settle()
    assert home.alarm.sent() == {}


def test_a_command_byte_by_byte_is_one_command(lan: Lan, home: Home) -> None:
    """On a slow wire too."""
    request = raw.turn(True)
    with raw.line(lan, "client", home.port("perimeter")) as one:
        answer = one.ask(*(request[at : at + 1] for at in range(len(request))))
    assert (answer.status, answer.state) == (200, "1")
    assert home.settle()["axes"]["perimeter"]
    assert home.alarm.sent() == home.alarm.accepted() == {"PERI1": 1}


def test_strangers_get_nothing(lan: Lan, home: Home) -> None:
    """A peer behind a router reaches the host, but neither searches nor connections of it are answered."""
    with raw.udp(lan, "far") as far:
        far.sendto(raw.search("ssdp:all"), (HOUSE, raw.SSDP_PORT))
        # What the neighbours get meanwhile tells when an answer would have come.
        assert len(raw.found_by(lan, "client", "upnp:rootdevice", len(MODES))) == len(MODES)
        assert raw.heard(far) == []
    for mode in MODES:
        with raw.line(lan, "far", home.port(mode)) as one:
            one.send(raw.turn(True))
            assert one.ended()
    with lan.at("far"), socket.create_connection((HOUSE, ALARM_PORT), timeout=raw.PATIENCE_S):
        pass  # the way there is open
    home.settle()
    assert home.alarm.sent() == {}


def test_other_names_and_pages_are_refused(home: Home) -> None:
    """A name that DNS could point at us, and pages of other sites: 403, and nothing is armed."""
    refused = (
        raw.soap("SetBinaryState", 1, host="alarm.example"),
        raw.soap("SetBinaryState", 1, host="10.77.0.11"),
        raw.soap("SetBinaryState", 1, "Origin: http://evil.example"),
        raw.soap("SetBinaryState", 1, "Origin: null"),
        raw.get("/setup.xml", "alarm.example:49151"),
        raw.get("/setup.xml", HOUSE, "Origin: https://evil.example"),
    )
    for request in refused:
        assert home.ask("total", request).status == 403, request
    assert home.ask("total", raw.get("/setup.xml", f"{HOUSE}:{home.port('total')}")).status == 200
    assert home.ask("total", raw.soap("GetBinaryState", 0, f"Origin: http://{HOUSE}")).status == 200
    home.settle()
    assert home.alarm.sent() == {}


def test_a_subscriber_cannot_point_elsewhere(home: Home) -> None:
    """CALLBACK leads to the subscriber or along its segment, never to us or beyond (CallStranger)."""
    there = {"10.99.0.1": 412, HOUSE: 412, "127.0.0.1": 412, OTHER: 200, CLIENT: 200}
    for callback, status in ((f"http://{host}:9000/", status) for host, status in there.items()):
        lines = (
            "SUBSCRIBE /upnp/event/basicevent1 HTTP/1.1",
            f"HOST: {HOUSE}",
            f"CALLBACK: <{callback}>",
            "NT: upnp:event",
            "TIMEOUT: Second-300",
        )
        answer = home.ask("total", "\r\n".join([*lines, "", ""]).encode())
        assert answer.status == status
        assert answer.headers.get("sid", "").startswith("uuid:") is (status == 200)


def test_a_stalled_and_an_endless_request_harm_nobody(lan: Lan, home: Home) -> None:
    """Forty peers that never finish their request do not keep the next client of another switch waiting."""
    stalled = []
    try:
        for _ in range(40):
            one = raw.Line(lan, "other", home.port("day"))
            one.send(raw.get("/setup.xml")[:20])  # not of a set: the peer could be on its way from port to port
            stalled.append(one)
        assert home.ask("night").state == "0"
        assert home.ask("day").status in (200, 503)
        big = raw.soap("SetBinaryState", 1, "X: " + "y" * 9000)
        assert home.ask("total", big).status == 431
    finally:
        for one in stalled:
            one.close()
    home.reads("day", "0")
    assert home.alarm.sent() == {}
