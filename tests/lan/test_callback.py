"""Limits of a SUBSCRIBE (lan-emulation.md §1.7, §2.8): its seconds, and the target of its events."""

from contextlib import suppress
from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import ProtocolError
from emulator.lan import callback
from emulator.lan.callback import Callback, Here
from emulator.lan.network import Place

PEER = "192.168.7.9"
PLACE = Place("eth0", "192.168.7.2", IPv4Network("192.168.7.0/24"), "192.168.7.2")
GUESTS = Place("eth1", "10.9.0.2", IPv4Network("10.9.0.0/24"), "10.9.0.2")
HERE = Here((PLACE, GUESTS), frozenset({"192.168.7.2", "192.168.7.3", "192.168.7.4", "10.9.0.2", "127.0.0.1"}))


def asked(header: str, peer: str = PEER, place: Place = PLACE) -> Callback:
    return callback.acceptable(header, peer, place, HERE)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Second-300", 300),
        ("second-5400", 5400),
        ("1801", 1801),
        ("infinite", 7200),
        ("Second-infinite", 7200),
        ("Second-1", 60),
        ("Second-999999", 7200),
        ("Second-99999999999999", 1800),
        ("", 1800),
        ("soon", 1800),
        ("Second--5", 1800),
    ],
)
def test_a_timeout_is_granted_within_bounds(header: str, seconds: int) -> None:
    assert callback.granted(header) == seconds


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("<http://192.168.7.9:8989/sub/basicevent>", Callback("192.168.7.9", 8989, "/sub/basicevent")),
        ("<http://192.168.7.9/>", Callback("192.168.7.9", 80, "/")),
        ("<http://192.168.7.9:1?a=b>", Callback("192.168.7.9", 1, "/?a=b")),
        ("<https://192.168.7.9/a> <http://192.168.7.9:80/b><http://192.168.7.9/c>", Callback("192.168.7.9", 80, "/b")),
        ("<http://10.0.0.1/><http://192.168.7.9:5/>", Callback("192.168.7.9", 5, "/")),
    ],
)
def test_the_first_url_that_leads_back_is_used(header: str, found: Callback) -> None:
    assert asked(header) == found


@pytest.mark.parametrize(
    "header",
    [
        "",
        "http://192.168.7.9/",
        "<http://10.0.0.1/>",
        "<http://10.9.0.9/>",
        "<http://192.168.8.9/>",
        "<http://192.168.7.0/>",
        "<http://192.168.7.255/>",
        "<http://127.0.0.1/>",
        "<http://0.0.0.0/>",
        "<http://239.255.255.250:1900/>",
        "<http://192.168.7.2:49151/>",
        "<http://192.168.7.3/>",
        "<http://10.9.0.2/>",
        "<http://192.168.7.010/>",
        "<http://3232237321/>",
        "<http://[::1]/>",
        "<http://echo.lan/>",
        "<ftp://192.168.7.9/>",
        "<http://user@192.168.7.9/>",
        "<http://192.168.7.9@10.0.0.1/>",
        "<http://192.168.7.9:0/>",
        "<http://192.168.7.9:99999/>",
        "<http://192.168.7.9:x/>",
        "<http://[/>",
        "<http://192.168.7.9/a b>",
        "<http://192.168.7.9/a\r\nX: y>",
        "<http://192.168.7.9/" + "x" * 1024 + ">",
    ],
)
def test_a_url_that_leads_elsewhere_is_refused(header: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        asked(header)
    assert caught.value.status == 412


@given(st.text())
def test_any_callback_is_on_the_segment_or_refused(text: str) -> None:
    with suppress(ProtocolError):
        assert asked(f"<http://192.168.7.9{text}>").host.startswith("192.168.7.9")


@pytest.mark.parametrize(
    ("peer", "host", "admitted"),
    [
        ("192.168.7.9", "192.168.7.10", True),  # a hub with two addresses
        ("192.168.7.3", "192.168.7.4", True),  # the same on our machine, which may call itself
        ("192.168.7.3", "192.168.7.10", True),
        ("192.168.7.3", "192.168.7.2", False),  # where we serve
        ("192.168.7.2", "192.168.7.2", True),  # a hub beside us
        ("192.168.7.9", "192.168.7.4", False),
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.2", False),
    ],
)
def test_events_go_to_the_subscriber_or_along_its_segment_and_never_to_us(peer: str, host: str, admitted: bool) -> None:
    assert HERE.admits(host, peer, PLACE) is admitted


def test_what_is_told_to_clients_in_place_of_our_address_is_us_too() -> None:
    place = Place("eth0", "192.168.7.2", PLACE.network, "192.168.7.77")
    assert not Here((place,)).admits("192.168.7.77", PEER, place)


@pytest.mark.parametrize(
    ("places", "peer", "host", "source"),
    [
        ((GUESTS, PLACE), PEER, PEER, "192.168.7.2"),
        # The address that was subscribed at is gone: from what took its place, or not at all.
        ((Place("eth0", "192.168.7.5", PLACE.network, "192.168.7.5"),), PEER, "192.168.7.10", "192.168.7.5"),
        ((GUESTS,), PEER, PEER, None),
        ((), PEER, PEER, None),
        # What was a subscriber's address is ours now.
        ((Place("eth0", "192.168.7.10", PLACE.network, "192.168.7.10"),), PEER, "192.168.7.10", None),
        ((Place("eth0", PEER, PLACE.network, PEER),), PEER, PEER, None),
        ((PLACE,), "192.168.7.2", "192.168.7.2", "192.168.7.2"),  # a hub beside us
        ((PLACE,), "127.0.0.1", "127.0.0.1", "192.168.7.2"),
    ],
)
def test_events_come_from_where_it_was_subscribed_or_from_the_same_segment(
    places: tuple[Place, ...], peer: str, host: str, source: str | None
) -> None:
    addresses = frozenset(place.host for place in places)
    assert Here(places, addresses).source(Callback(host, 80, "/"), peer, "192.168.7.2") == source
