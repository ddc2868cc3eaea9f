"""The rules of who may disarm with a switch, and when."""

from ipaddress import IPv4Network

import pytest

from emulator.alarm import rules
from emulator.alarm.switch import Narrowing
from emulator.model import Origin

HOME_NET = (IPv4Network("192.168.1.0/24"), IPv4Network("10.0.0.7/32"))
DAY, NIGHT = (7 * 60, 22 * 60 + 30), (22 * 60, 7 * 60)


@pytest.mark.parametrize(
    ("narrowing", "door", "peer", "minute", "why"),
    [
        (Narrowing(), "wemo", "", 0, ""),
        (Narrowing(doors=frozenset({"hue", "dashboard"})), "hue", "192.168.1.2", 0, ""),
        (Narrowing(doors=frozenset({"hue", "dashboard"})), "wemo", "192.168.1.2", 0, "only through dashboard or hue"),
        (Narrowing(HOME_NET), "wemo", "192.168.1.255", 0, ""),
        (Narrowing(HOME_NET), "wemo", "10.0.0.7", 0, ""),
        (Narrowing(HOME_NET), "wemo", "10.0.0.8", 0, "not disarm for 10.0.0.8"),
        (Narrowing(HOME_NET), "wemo", "", 0, "an unknown address"),
        (Narrowing(between=DAY), "wemo", "", 7 * 60, ""),
        (Narrowing(between=DAY), "wemo", "", 22 * 60 + 29, ""),
        (Narrowing(between=DAY), "wemo", "", 22 * 60 + 30, "only from 07:00 to 22:30"),
        (Narrowing(between=DAY), "wemo", "", 6 * 60 + 59, "only from 07:00 to 22:30"),
        (Narrowing(between=NIGHT), "wemo", "", 23 * 60, ""),
        (Narrowing(between=NIGHT), "wemo", "", 6 * 60 + 59, ""),
        (Narrowing(between=NIGHT), "wemo", "", 7 * 60, "only from 22:00 to 07:00"),
        (Narrowing(HOME_NET, frozenset({"hue"}), DAY), "hue", "10.0.0.7", 12 * 60, ""),
    ],
)
def test_why_not_disarm(narrowing: Narrowing, door: str, peer: str, minute: int, why: str) -> None:
    found = rules.why_not_disarm(narrowing, Origin(door, peer), minute)
    assert found.endswith(why)
    assert bool(found) is bool(why)
