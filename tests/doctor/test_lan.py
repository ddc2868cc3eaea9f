"""Addresses and multicast on loopback. Networks that are broken are in tests/netns."""

import os
import socket
from contextlib import closing
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from emulator.doctor import lan
from emulator.doctor.finding import Finding, Verdict
from emulator.lan import network
from emulator.lan.network import IFF_MULTICAST, IFF_RUNNING, IFF_UP
from emulator.lan.search import Found
from emulator.model import ArmMode
from emulator.store import pairing
from emulator.store.identities import Wanted, identities
from emulator.store.journal import Journal
from tests.doctor.conftest import LO, MakeCase


def test_loopback_has_an_address_for_good_and_hears_itself(make_case: MakeCase) -> None:
    assert list(lan.addresses(make_case())) == [Finding("address lo", Verdict.OK, "127.0.0.1, fixed")]
    assert list(lan.multicast(make_case())) == [Finding("multicast lo", Verdict.OK, "sent and received")]


def test_no_address_at_all_is_a_problem(make_case: MakeCase) -> None:
    [found] = lan.addresses(make_case(places=()))
    assert (found.verdict, "lo 127.0.0.1/8" in found.found) == (Verdict.PROBLEM, True)
    assert [one.verdict for one in lan.multicast(make_case(places=()))] == [Verdict.SKIPPED]


def test_an_address_that_no_router_gave_is_worth_a_word(make_case: MakeCase) -> None:
    place = replace(LO, host="169.254.3.4", network=IPv4Network("169.254.0.0/16"), advertised="169.254.3.4")
    assert [one.verdict for one in lan.addresses(make_case(places=(place,)))] == [Verdict.WARNING]


def test_an_address_that_is_not_ours_is_worth_a_word(make_case: MakeCase) -> None:
    [found] = lan.addresses(make_case(places=(replace(LO, advertised=str(IPv4Address("192.0.2.9"))),)))
    assert (found.verdict, "192.0.2.9" in found.found) == (Verdict.WARNING, True)


@pytest.mark.parametrize(
    ("flags", "says", "fix"),
    [
        (IFF_MULTICAST, "it is down", "sudo ip link set lo up"),
        (IFF_UP | IFF_MULTICAST, "it has no link", "see to its cable or its Wi-Fi"),
    ],
)
def test_an_interface_that_carries_nothing_is_a_problem(flags: int, says: str, fix: str) -> None:
    assert lan._address(LO, flags, leased=False) == Finding(
        "address lo", Verdict.PROBLEM, f"127.0.0.1, but {says}", fix
    )


def test_a_leased_address_is_fine_and_worth_reserving() -> None:
    found = lan._address(LO, IFF_UP | IFF_RUNNING, leased=True)
    assert (found.verdict, "reserve it in the router" in found.found) == (Verdict.OK, True)


@pytest.mark.parametrize(("flags", "verdict"), [(0, Verdict.SKIPPED), (IFF_UP | IFF_RUNNING, Verdict.PROBLEM)])
def test_multicast_on_an_interface_that_is_down_or_has_it_switched_off(flags: int, verdict: Verdict) -> None:
    assert lan._multicast(LO, flags).verdict is verdict


def test_where_nothing_can_hear_nothing_is_blamed_on_a_firewall() -> None:
    """No socket joins a group at an address that is not ours, as on a port that another program has for itself."""
    found = lan._multicast(replace(LO, host="192.0.2.9"), IFF_UP | IFF_MULTICAST)
    assert (found.verdict, "1900/udp" in found.found) == (Verdict.SKIPPED, True)


def test_an_interface_that_the_system_tells_nothing_of_is_taken_to_be_well() -> None:
    assert network.flags("no-such-if") & IFF_UP


def test_what_comes_in_besides_our_probe_is_not_it() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as by,
    ):
        ear.bind(("127.0.0.1", 0))
        by.sendto(os.urandom(9), ear.getsockname())
        by.sendto(b"probe and more", ear.getsockname())
        by.sendto(b"probe", ear.getsockname())
        assert lan._hears(ear, b"probe")


def test_nothing_is_searched_for_while_nothing_runs(make_case: MakeCase) -> None:
    assert lan.answers(make_case()).verdict is Verdict.SKIPPED
    assert lan.answers(make_case(running=True)).found == "there is nothing to find"


WANTED = {"uuid:1": "Night", "uuid:2": "the Hue bridge"}
HERE, OTHER = Found("uuid:1", "127.0.0.1", "", name="Night"), Found("uuid:9", "127.0.0.9", "", name="a television")


@pytest.mark.parametrize(
    ("devices", "verdict", "says"),
    [
        ([HERE, OTHER], Verdict.PROBLEM, "no answer from the Hue bridge"),
        ([HERE, replace(HERE, udn="uuid:2", name="")], Verdict.PROBLEM, "cannot be asked who they are: the Hue bridge"),
        ([HERE, replace(HERE, udn="uuid:2"), OTHER], Verdict.OK, "all 2 of ours answered, and 1 other devices"),
    ],
)
def test_what_a_search_of_ours_brought(devices: list[Found], verdict: Verdict, says: str) -> None:
    found = lan._heard(WANTED, devices)
    assert (found.verdict, says in found.found) == (verdict, True)


BOTH = """
installations: {home: {cloud: simulator}}
switches: [{name: Night, on: night}, {name: Total, on: total, doors: [hue]}]
doors: {wemo: , hue: {port: 80}}
"""


def test_what_has_to_answer_are_the_switches_of_the_wemo_door_and_the_bridge(
    make_case: MakeCase, tmp_path: Path
) -> None:
    with closing(Journal(tmp_path / "state")) as book:
        identities(book, [Wanted("home", ArmMode.parse(mode), mode.title()) for mode in ("night", "total")], 50_123)
        pairing.identity(book)
    assert list(make_case(BOTH).memory.devices.values()) == ["Night", "the Hue bridge"]
