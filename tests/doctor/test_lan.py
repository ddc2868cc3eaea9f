"""Addresses and multicast on loopback. Networks that are broken are in tests/lan."""

import os
import socket
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from emulator.doctor import lan
from emulator.doctor.finding import Finding, Verdict
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
