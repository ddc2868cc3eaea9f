"""Where the bridge is served and announced: addresses that change, ports that are taken."""

import asyncio
import socket
from ipaddress import IPv4Interface
from pathlib import Path

import pytest

from emulator.doors.homekit.words import DISARMED
from emulator.lan.network import Nic
from tests.doors.homekit.rig import CURRENT, House, a_house, ask
from tests.support.lan import LO
from tests.support.patience import PATIENCE_S
from tests.support.program import free_port

OTHER = Nic("lo", IPv4Interface("127.0.0.2/8"))
ACCESSORIES = "GET /accessories HTTP/1.1\r\nHost: x\r\n\r\n"


def look(house: House) -> None:
    """Have the responder look at the interfaces now."""
    responder = house.context.responder
    loop = responder._loop
    assert loop
    asyncio.run_coroutine_threadsafe(responder._look(), loop).result(PATIENCE_S)


def addresses(house: House) -> set[str]:
    bridge = house.door._bridge
    assert bridge
    return {str(address) for voice in bridge._announcer._voices.values() for address in voice.info.parsed_addresses()}


def test_it_follows_an_address_that_changes(tmp_path: Path) -> None:
    nics = [LO]
    with a_house(tmp_path, nics=lambda: list(nics)) as house:
        phone = house.phone()
        assert addresses(house) == {"127.0.0.1"}
        nics[:] = [OTHER]
        look(house)
        assert addresses(house) == {"127.0.0.2"}
        assert {url.split(":")[1] for _, url in house.door.urls()} == {"//127.0.0.2"}
        phone.wait(lambda: not phone.pairing.is_connected)
        with socket.create_connection(("127.0.0.2", house.port), PATIENCE_S) as sock:
            sock.sendall(ACCESSORIES.encode())
            assert b" 401 " in sock.recv(4096)
        nics[:] = [LO]
        look(house)
        assert phone.read(house.alarm, CURRENT) == DISARMED


def test_a_port_that_is_taken_is_said_and_tried_again(tmp_path: Path) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        house = House(tmp_path, port=port)
        house.door.start()
        [obstacle] = house.door.obstacles()
        assert obstacle.startswith(f"Port {port} on 127.0.0.1, which the HomeKit bridge needs, cannot be used")
        assert house.door.urls() == ()
        assert house.phone(paired=False)
    try:
        look(house)
        assert house.door.obstacles() == ()
        assert b" 401 " in ask(port, ACCESSORIES)
    finally:
        house.close()


@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")  # theirs
def test_where_it_cannot_be_announced_it_is_served_all_the_same(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as alone:
        alone.bind(("", 5353))
        house = House(tmp_path)
        house.door.start()
        [obstacle] = house.door.obstacles()
        assert obstacle.startswith("The HomeKit bridge cannot be announced on lo (")
        assert b" 401 " in ask(house.port, ACCESSORIES)
    try:
        look(house)
        assert house.door.obstacles() == ()
        assert addresses(house) == {"127.0.0.1"}
    finally:
        house.close()


def test_a_pairing_is_announced_at_once_and_so_is_its_end(house: House) -> None:
    bridge = house.door._bridge
    assert bridge
    [voice] = bridge._announcer._voices.values()
    assert voice.info.decoded_properties["sf"] == "1"
    phone = house.phone()
    phone.wait(lambda: voice.info.decoded_properties["sf"] == "0")
    phone.run(phone.pairing.remove_pairing(phone.pairing.pairing_data["iOSPairingId"]))
    phone.wait(lambda: voice.info.decoded_properties["sf"] == "1")
