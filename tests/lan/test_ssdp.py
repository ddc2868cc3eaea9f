"""Datagrams as clients send them (lan-emulation.md §1.2), and as nobody should."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emulator.doors.hue import bridge
from emulator.doors.wemo import description
from emulator.lan import ssdp
from emulator.store.identities import BridgeIdentity

UDN = "uuid:Socket-1_0-221517K0101769"
TYPES = ("urn:Belkin:device:controllee:1", "urn:Belkin:service:basicevent:1", "urn:Belkin:service:metainfo:1")
WEMO = description.upnp_device(UDN, 49151, "nls-1")
BRIDGE_UDN = "uuid:2f402f80-da50-11e1-9b23-001788aabbcc"
HUE = ssdp.UpnpDevice(
    port=80,
    path="/description.xml",
    adverts=(
        ssdp.Advert("upnp:rootdevice", f"{BRIDGE_UDN}::upnp:rootdevice"),
        ssdp.Advert(BRIDGE_UDN, BRIDGE_UDN),
        ssdp.Advert("urn:schemas-upnp-org:device:basic:1", BRIDGE_UDN),
    ),
    whole=ssdp.ALL | {"upnp:rootdevice", "urn:schemas-upnp-org:device:basic:1"},
    max_age=100,
    server="Linux/3.14.0 UPnP/1.0 IpBridge/1.20.0",
    headers=(("hue-bridgeid", "001788FFFEAABBCC"),),
)


def dice(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - jitter, no secret


def search(*lines: str, end: str = "\r\n") -> bytes:
    return end.join(("M-SEARCH * HTTP/1.1", *lines, "", "")).encode()


ECHO_OLD = search(
    "HOST: 239.255.255.250:1900", 'MAN: "ssdp:discover"', "MX: 15", "ST: urn:schemas-upnp-org:device:basic:1"
)
SEARCHES = [
    (ECHO_OLD, ssdp.Search("urn:schemas-upnp-org:device:basic:1", 15)),
    (
        search("Host: 239.255.255.250:1900", 'Man: "ssdp:discover"', "ST: upnp:rootdevice", "MX: 3"),
        ssdp.Search("upnp:rootdevice", 3),
    ),
    (search('MAN:"ssdp:discover"', "MX:3", "ST:ssdp:all"), ssdp.Search("ssdp:all", 3)),
    (search("man:ssdp:discover", "st:urn:Belkin:device:**"), ssdp.Search("urn:Belkin:device:**", None)),
    (search("MAN: SSDP:Discover", "ST:\turn:Belkin:device:*  ", "MX: soon"), ssdp.Search("urn:Belkin:device:*", None)),
    (search('MAN: "ssdp:discover"', "ST: uuid:x", "MX: -3", end="\n"), ssdp.Search("uuid:x", None)),
    # Shine, and others from the same source, whose `%1` was never filled in.
    (b"M-SEARCH * HTTP/1.1\nMAN: ssdp:discover\nMX: %1\nST: libhue:idl", ssdp.Search("libhue:idl", None)),
    (search('ST: "ssdp:all"', "MX: 3"), ssdp.Search("ssdp:all", 3)),
    (search("ST: ssdp:all") + b"X: caf\xe9\xa0", ssdp.Search("ssdp:all", None)),
    (search("MX: 1000", "ST: libhue:idl"), ssdp.Search("libhue:idl", 1000)),
    (b'm-search * http/1.0\r\nMan: "ssdp:discover"\r\nSt: ssdp:all', ssdp.Search("ssdp:all", None)),
    (search('MAN: "ssdp:discover"', "ST: ssdp:all", "ST: evil", "MX: 1\t", "junk"), ssdp.Search("ssdp:all", 1)),
    # huejay: neither a MAN that is spelled right nor a blank line at the end.
    (
        search("HOST: 239.255.255.250:1900", 'MAN: "sddp:discover"', "MX: 3", "ST: ssdp:all").removesuffix(b"\r\n\r\n"),
        ssdp.Search("ssdp:all", 3),
    ),
    (search("MAN: ssdp:all", "ST: upnp:rootdevice").removesuffix(b"\r\n"), ssdp.Search("upnp:rootdevice", None)),
    (search("ST: ssdp:all", "MX: 2"), ssdp.Search("ssdp:all", 2)),
    (search('MAN: "ssdp:discover"', "ST: ssdp:all").removesuffix(b"\r\n\r\n") + b"\0", ssdp.Search("ssdp:all", None)),
]


@pytest.mark.parametrize(("datagram", "found"), SEARCHES)
def test_a_search_is_understood_however_it_is_spelled(datagram: bytes, found: ssdp.Search) -> None:
    assert ssdp.parse(datagram, 50000) == found


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\xff\xfe",
        search('MAN: "ssdp:discover"', "ST: \xfc").replace("\xfc".encode(), b"\xfc"),
        search('MAN: "ssdp:discover"', "ST: ü"),
        search('MAN: "ssdp:discover"', "ST: "),
        search('MAN: "ssdp:discover"', "ST: a b"),
        search('MAN: "ssdp:discover"'),
        search('MAN: "ssdp:discover"', "ST: " + "x" * 257),
        search('MAN: "ssdp:discover"', "ST: ssdp:all", "X: " + "x" * 1500),
        search('MAN: "ssdp:discover"', "ST: ssdp:all").replace(b"M-SEARCH", b"NOTIFY"),
        ssdp.answer(WEMO, WEMO.adverts[0], "192.168.7.2", 0),
        *ssdp.alive(WEMO, "192.168.7.2"),
    ],
)
def test_what_is_no_search_is_ignored(datagram: bytes) -> None:
    assert ssdp.parse(datagram, 50000) is None


def test_port_0_cannot_be_answered() -> None:
    assert ssdp.parse(ECHO_OLD, 0) is None


@given(st.binary(max_size=1600), st.integers(0, 65535))
@example(ECHO_OLD, 1900)
def test_no_datagram_raises_and_what_is_found_can_be_echoed(datagram: bytes, port: int) -> None:
    found = ssdp.parse(datagram, port)
    assert found is None or (found.st.isascii() and found.st.isprintable() and " " not in found.st)


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_header_breaks_an_answer(target: str, mx: str) -> None:
    found = ssdp.parse(search('MAN: "ssdp:discover"', f"ST: {target}", f"MX: {mx}"), 1)
    for advert in ssdp.answers(WEMO, found.st) if found else ():
        assert ssdp.answer(WEMO, advert, "192.168.7.2", 0).count(b"\r\n\r\n") == 1


@pytest.mark.parametrize(
    "target",
    [
        "upnp:rootdevice",
        "urn:Belkin:device:controllee:1",
        "urn:Belkin:service:basicevent:1",
        "urn:Belkin:service:metainfo:1",
        "urn:Belkin:device:*",
        "urn:Belkin:device:**",
        "urn:schemas-upnp-org:device:basic:1",
        "urn:schemas-upnp-org:device:Basic:1",
        "URN:BELKIN:SERVICE:BASICEVENT:1",
    ],
)
def test_a_wemo_answers_once_with_the_target_as_it_was_asked(target: str) -> None:
    assert ssdp.answers(WEMO, target) == (ssdp.Advert(target, f"{UDN}::{target}"),)


def test_a_wemo_answers_to_its_own_uuid_only() -> None:
    assert ssdp.answers(WEMO, UDN) == (ssdp.Advert(UDN, UDN),)
    assert ssdp.answers(WEMO, UDN.upper()) == (ssdp.Advert(UDN.upper(), UDN),)
    assert ssdp.answers(WEMO, "uuid:Socket-1_0-other") == ()
    assert ssdp.answers(WEMO, "urn:dial-multiscreen-org:service:dial:1") == ()


@pytest.mark.parametrize("target", ["ssdp:all", "SSDP:ALL", "ssdpsearch:all"])
def test_a_search_for_all_brings_every_advert(target: str) -> None:
    assert [advert.target for advert in ssdp.answers(WEMO, target)] == ["upnp:rootdevice", UDN, *TYPES]


@pytest.mark.parametrize("target", ["ssdp:all", "upnp:rootdevice"])
def test_a_hue_bridge_answers_with_its_three(target: str) -> None:
    assert ssdp.answers(HUE, target) == HUE.adverts
    assert ssdp.answers(HUE, "urn:Belkin:device:**") == ()


def headers(datagram: bytes) -> tuple[str, dict[str, str]]:
    assert datagram.endswith(b"\r\n\r\n")
    first, *lines = datagram.decode().removesuffix("\r\n\r\n").split("\r\n")
    assert all(": " in line for line in lines)  # pywemo and SmartThings need the blank
    return first, {name: value for name, _, value in (line.partition(": ") for line in lines)}


def test_an_answer_is_shaped_like_a_real_one() -> None:
    first, found = headers(ssdp.answer(WEMO, ssdp.Advert("x", f"{UDN}::x"), "192.168.7.2", 0))
    assert first == "HTTP/1.1 200 OK"
    assert found == {
        "CACHE-CONTROL": "max-age=1800",
        "DATE": "Thu, 01 Jan 1970 00:00:00 GMT",
        "EXT": "",
        "LOCATION": "http://192.168.7.2:49151/setup.xml",
        "OPT": '"http://schemas.upnp.org/upnp/1/0/"; ns=01',
        "01-NLS": "nls-1",
        "SERVER": "Unspecified, UPnP/1.0, Unspecified",
        "X-User-Agent": "redsonic",
        "ST": "x",
        "USN": f"{UDN}::x",
    }


def test_an_answer_of_a_bridge_has_its_own_headers() -> None:
    _, found = headers(ssdp.answer(HUE, HUE.adverts[2], "192.168.7.2", 0))
    assert found["LOCATION"] == "http://192.168.7.2:80/description.xml"
    assert found["CACHE-CONTROL"] == "max-age=100"
    assert found["hue-bridgeid"] == "001788FFFEAABBCC"
    assert "IpBridge" in found["SERVER"]
    assert found["USN"] == BRIDGE_UDN
    assert "X-User-Agent" not in found


def test_notices_name_every_advert() -> None:
    alive = [headers(notice) for notice in ssdp.alive(WEMO, "192.168.7.2")]
    byebye = [headers(notice) for notice in ssdp.byebye(WEMO)]
    for notices, nts in ((alive, "ssdp:alive"), (byebye, "ssdp:byebye")):
        assert {first for first, _ in notices} == {"NOTIFY * HTTP/1.1"}
        assert {(found["NTS"], found["HOST"]) for _, found in notices} == {(nts, "239.255.255.250:1900")}
        assert [(found["NT"], found["USN"]) for _, found in notices] == [
            ("upnp:rootdevice", f"{UDN}::upnp:rootdevice"),
            (UDN, UDN),
            *((each, f"{UDN}::{each}") for each in TYPES),
        ]
    assert all(found["LOCATION"] == "http://192.168.7.2:49151/setup.xml" for _, found in alive)
    assert all("LOCATION" not in found for _, found in byebye)


@given(st.integers(0, 200), st.none() | st.integers(0, 999_999), st.integers())
def test_answers_are_spread_inside_what_the_client_waits(number: int, mx: int | None, seed: int) -> None:
    found = ssdp.delays(number, mx, dice(seed))
    assert len(found) == number
    assert all(earlier < later for earlier, later in pairwise(found))
    if found:
        assert 0 <= found[0] < 0.3
        assert found[-1] <= (min(mx, 3) if mx else 1)


def test_answers_do_not_leave_together() -> None:
    found = ssdp.delays(9, 3, dice(1))
    assert found[-1] - found[0] > 0.2
    assert ssdp.delays(9, 3, dice(2)) != found


# -- the Hue bridge as the Hue door describes it (§1.3) ---------------------------------------------------------

HUE_UDN = "uuid:2f402f80-da50-11e1-9b23-02abcdef0000"
OURS = bridge.upnp_device(BridgeIdentity("02ABCDEF0000"), 80)
TRIPLET = [
    ("upnp:rootdevice", f"{HUE_UDN}::upnp:rootdevice"),
    (HUE_UDN, HUE_UDN),
    ("urn:schemas-upnp-org:device:basic:1", HUE_UDN),
]


@pytest.mark.parametrize("st", ["ssdp:all", "upnp:rootdevice", "ssdpsearch:all", "libhue:idl"])
def test_a_hue_bridge_gives_its_three_answers_to_every_search_that_means_it(st: str) -> None:
    assert [(advert.target, advert.usn) for advert in ssdp.answers(OURS, st)] == TRIPLET


@pytest.mark.parametrize(
    ("st", "place"), [("UPNP:RootDevice", 0), (HUE_UDN.upper(), 1), ("urn:schemas-upnp-org:device:Basic:1", 2)]
)
def test_the_answer_that_was_asked_for_is_spelled_as_it_was_asked(st: str, place: int) -> None:
    expected = [target for target, _ in TRIPLET]
    expected[place] = st
    assert [advert.target for advert in ssdp.answers(OURS, st)] == expected
    assert {advert.usn.partition("::")[0] for advert in ssdp.answers(OURS, st)} == {HUE_UDN}


@pytest.mark.parametrize("st", ["urn:Belkin:device:**", "urn:Belkin:service:basicevent:1", "uuid:other"])
def test_a_hue_bridge_is_no_wemo(st: str) -> None:
    assert ssdp.answers(OURS, st) == ()


def test_each_message_of_a_hue_bridge_bears_its_id() -> None:
    answer = ssdp.answer(OURS, OURS.adverts[0], "192.168.7.2", 0.0).decode()
    assert "LOCATION: http://192.168.7.2:80/description.xml\r\n" in answer
    assert "\r\nHOST: 239.255.255.250:1900\r\n" in answer
    for message in (answer, *(notice.decode() for notice in ssdp.alive(OURS, "192.168.7.2"))):
        assert message.count("HOST: ") == 1
        assert "\r\nhue-bridgeid: 02ABCDFFFEEF0000\r\n" in message
        assert "\r\nCACHE-CONTROL: max-age=100\r\n" in message
        assert "IpBridge/1.16.0" in message
    assert len(ssdp.byebye(OURS)) == 3
