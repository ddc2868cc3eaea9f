from ipaddress import IPv4Network

import pytest

from emulator import policy

LAN = IPv4Network("192.168.7.0/24")
OURS = {"192.168.7.2", "10.9.8.7"}


@pytest.mark.parametrize(
    ("peer", "local"),
    [
        ("192.168.7.9", True),
        ("127.0.0.1", True),
        ("192.168.8.9", False),
        ("8.8.8.8", False),
        ("10.9.8.7", False),
        ("::1", False),
        ("", False),
        ("echo.lan", False),
        ("192.168.7.9.", False),
    ],
)
def test_a_peer_is_local_in_the_network_it_came_in_by(peer: str, local: bool) -> None:
    assert policy.is_local(peer, LAN) is local


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("192.168.7.2", True),
        ("192.168.7.2:49151", True),
        ("10.9.8.7:49151", True),
        ("localhost:49151", True),
        ("LOCALHOST", True),
        ("192.168.7.3", False),
        ("alarm.evil.example:49151", False),
        ("192.168.7.2.evil.example", False),
        ("evil@192.168.7.2", False),
        ("192.168.7.2/evil", False),
        ("192.168.7.2:port", False),
        ("192.168.7.2?x", False),
        ("192.168.7.2#x", False),
        ("[::1", False),
        ("", False),
        ("192.168.7.2, evil.example", False),
    ],
)
def test_a_host_names_us_by_address_only(host: str, ours: bool) -> None:
    assert policy.may_name(host, OURS) is ours


@pytest.mark.parametrize(
    ("origin", "ours"),
    [
        ("http://192.168.7.2:8099", True),
        ("https://192.168.7.2", True),
        ("http://localhost", True),
        ("http://evil.example", False),
        ("null", False),
        ("", False),
        ("file://192.168.7.2", False),
        ("192.168.7.2", False),
        ("http://[", False),
        ("http://192.168.7.2, http://evil.example", False),
    ],
)
def test_a_page_acts_only_when_it_is_ours(origin: str, ours: bool) -> None:
    assert policy.may_act_from(origin, OURS) is ours
