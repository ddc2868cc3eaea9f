"""The bridge by mDNS, asked for by zeroconf itself, on loopback."""

import sys
import threading
from collections.abc import Iterator

import pytest
from zeroconf import ServiceInfo, Zeroconf

from emulator.doors.hue.mdns import TYPE, Mdns
from emulator.lan.web import LOCALHOST
from emulator.store.identities import BridgeIdentity
from emulator.system.extras import InstalledAs
from tests.support.patience import PATIENCE_S

IDENTITY = BridgeIdentity("02ABCDEF0000")
NAME = f"Hue Bridge - EF0000.{TYPE}"


@pytest.fixture
def mdns() -> Iterator[Mdns]:
    made = Mdns(IDENTITY, 8123)
    yield made
    made.stop()


def found() -> ServiceInfo | None:
    asking = Zeroconf(interfaces=["127.0.0.1"])
    try:
        return asking.get_service_info(TYPE, NAME, timeout=int(1000 * PATIENCE_S))
    finally:
        asking.close()


def test_it_is_found_with_what_clients_need(mdns: Mdns) -> None:
    mdns.follow((LOCALHOST,))
    mdns.follow((LOCALHOST,))
    service = found()
    assert service
    assert service.port == 8123
    assert service.parsed_addresses() == ["127.0.0.1"]
    assert service.properties == {b"bridgeid": b"02abcdfffeef0000", b"modelid": b"BSB001"}


def test_without_a_place_it_is_quiet(mdns: Mdns) -> None:
    before = set(threading.enumerate())
    mdns.follow(())
    mdns.follow((LOCALHOST,))
    mdns.follow(())
    assert set(threading.enumerate()) == before


def test_without_the_library_it_says_what_to_install(
    mdns: Mdns, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "zeroconf", None)
    mdns.follow((LOCALHOST,))
    mdns.follow(())
    mdns.follow((LOCALHOST,))
    assert caplog.messages == [f"doors.hue.mdns {InstalledAs.here().lacks('mdns')}"]


def test_what_the_library_meets_does_not_stop_the_bridge(
    mdns: Mdns, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("no such device")

    monkeypatch.setattr(Zeroconf, "register_service", fail)
    mdns.follow((LOCALHOST,))
    mdns.follow((LOCALHOST,))
    assert caplog.messages == [
        "The bridge cannot be announced by mDNS (no such device); it is found by SSDP and by its address"
    ]
