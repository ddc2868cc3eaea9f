"""The program as it comes, with its own devices.yaml: notices, a second network, and an address that changes."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.netns import raw
from tests.netns.home import EMULATOR
from tests.netns.lan import CABIN, INTERFACE, ROUTER, Lan, Program, until

DEVICES = Path(__file__).parents[2] / "devices.yaml"
GUEST, MOVED = "10.99.0.1", "10.77.0.41"
PORTS = range(49151, 49155)
TYPES = ("device:controllee", "service:basicevent", "service:metainfo")
TARGETS = ["upnp:rootdevice", *(f"urn:Belkin:{each}:1" for each in TYPES)]


@pytest.fixture(scope="module", autouse=True)
def guest_network(lan: Lan) -> Iterator[None]:
    """The cabin has a second network, and an address of its own again afterwards."""
    lan.cable("cabin", "guest0", f"{GUEST}/24")
    yield
    lan.ip("cabin", "link", "del", "guest0")
    lan.ip("cabin", "address", "flush", "dev", INTERFACE)
    lan.ip("cabin", "address", "add", f"{CABIN}/24", "dev", INTERFACE)
    lan.ip("cabin", "route", "add", "default", "via", ROUTER)


def start(lan: Lan, state_dir: Path, *words: str) -> Program:
    """`emulator run` as it comes."""
    program = lan.start("cabin", [EMULATOR, "run", "--config", str(DEVICES), "--state-dir", str(state_dir), *words])
    program.says("Ready: 4 of 4 switches")
    return program


def test_one_interface(lan: Lan, tmp_path: Path) -> None:
    """`--interface` serves this one and no other."""
    program = start(lan, tmp_path, "--interface", INTERFACE)
    assert [program.text.count(f"http://{CABIN}:{port}/setup.xml") for port in PORTS] == [1] * 4
    assert GUEST not in program.text
    for port in PORTS:
        assert raw.ask(lan, "client", port, raw.get("/setup.xml", CABIN), CABIN).status == 200
        with pytest.raises(ConnectionRefusedError):
            raw.Line(lan, "cabin", port, GUEST)
    assert program.stop() == 0


def told(found: list[raw.Datagram], nts: str, source: str) -> Counter[tuple[str, str]]:
    """UDNs and types of the notices from one address."""
    return Counter(
        (one.headers["usn"].partition("::")[0], one.headers["nt"])
        for one in found
        if (one.first, one.headers.get("nts"), one.source) == ("NOTIFY * HTTP/1.1", nts, source)
    )


def found(lan: Lan, source: str) -> set[str]:
    """UDNs of what answers a search from one address, with that address in it."""
    answers = [one for one in raw.found_by(lan, "client", "upnp:rootdevice") if one.source == source]
    assert all(one.headers["location"].startswith(f"http://{source}:") for one in answers)
    return {one.headers["usn"].partition("::")[0] for one in answers}


@pytest.mark.long
def test_a_move_to_another_address(lan: Lan, tmp_path: Path) -> None:
    """Announced at start, found and announced at the new address without a restart, and said goodbye at the end."""
    with raw.notices(lan, "client") as ears:
        program = start(lan, tmp_path)
        assert [program.text.count(f"http://{GUEST}:{port}/setup.xml") for port in PORTS] == [1] * 4
        udns = found(lan, CABIN)
        assert len(udns) == 4
        # With two networks to serve, no search gets lost to the socket of the other one.
        assert [found(lan, CABIN) for _ in range(3)] == [udns] * 3
        everything = Counter({(udn, target): 2 for udn in udns for target in [udn, *TARGETS]})
        notices = raw.heard(ears, 40)
        assert told(notices, "ssdp:alive", CABIN) == everything
        for one in notices:
            if one.headers.get("nts") == "ssdp:alive":
                assert one.headers["location"].startswith(f"http://{one.source}:")
                assert one.headers["cache-control"] == "max-age=1800"

        lan.ip("cabin", "address", "del", f"{CABIN}/24", "dev", INTERFACE)
        lan.ip("cabin", "address", "add", f"{MOVED}/24", "dev", INTERFACE)

        until(lambda: found(lan, MOVED) == udns, "every switch is found at the new address")
        for port in PORTS:
            assert raw.ask(lan, "client", port, raw.get("/setup.xml", MOVED), MOVED).status == 200
            assert raw.ask(lan, "client", port, raw.get("/setup.xml", CABIN), MOVED).status == 403
        assert told(raw.heard(ears, 40), "ssdp:alive", MOVED) == everything

        assert program.stop() == 0
        assert told(raw.heard(ears, 40), "ssdp:byebye", MOVED) == everything
    assert "Traceback" not in program.text
