"""The Hue bridge in another language: what an app shows is translated, what bridges and apps agree on is not."""

import errno
from pathlib import Path

import pytest

from emulator.doors.hue.ports import port_taken
from emulator.doors.hue.settings import ROW
from emulator.errors import Rejected
from emulator.words.text import Text
from tests.doors.fakes import FakeHub
from tests.doors.hue.rig import a_house, request, switches
from tests.support.catalogue import spanish

SPANISH = spanish(
    {
        "Internal error: {why}": "No se ha hecho: {why}",
        "open: {zones}": "abierto: {zones}",
        "the log of the emulator tells more": "véase el registro",
        "its key is not paired with the bridge; see `emulator pair`": "su clave no está emparejada",
        "Alarm modes shown as lights of a Hue bridge by verisure-emulator. This is no Philips product.": "Modos.",
        "on, out of reach": "encendido, fuera de alcance",
        "Hue bridge": "puente Hue",
        "The Hue bridge cannot use TCP port {port} on {hosts} ({why}): {way_out}. Everything else goes on; the port is "
        "tried again": "El puerto {port} de {hosts}: {way_out}",
        "another program has it. Stop that one, or set another doors.hue.port: apps then find the bridge all the same, "
        "Echos only ever ask port 80": "otro programa lo tiene",
    },
    switch={"on": "encendido", "off": "apagado"},
)
OPEN = Text("open: {zones}", zones=("Kitchen",))


def test_refusals_are_said_in_the_language_of_the_house(tmp_path: Path) -> None:
    hub = FakeHub(switches=switches(), refusal=Rejected(OPEN))
    with a_house(tmp_path, hub, language=SPANISH) as house:
        key = house.register()
        first = next(iter(house.door.lights.all))
        for path in (f"/lights/{first}/state", "/groups/0/action"):
            [answer] = house.api("PUT", f"/{key}{path}", {"on": True})
            assert (answer["error"]["type"], answer["error"]["address"].endswith(path)) == (901, True)
            assert answer["error"]["description"] == "No se ha hecho: abierto: Kitchen"
        house.door.api.lights.state = None  # type: ignore[method-assign]  # a defect
        [answer] = house.api("GET", f"/{key}/lights")
        assert answer["error"]["description"] == "No se ha hecho: véase el registro"


def test_errors_of_every_bridge_and_names_of_switches_stay(tmp_path: Path) -> None:
    with a_house(tmp_path / "es", language=SPANISH) as house, a_house(tmp_path / "en") as english:
        for path in ("", "/nobody/lights", "/lights/99"):
            assert house.api("PUT", path, {"on": 1}) == english.api("PUT", path, {"on": 1})
        names = [
            [light["name"] for light in one.api("GET", f"/{one.register()}/lights").values()]
            for one in (house, english)
        ]
        assert names[0] == names[1]


def test_a_stranger_is_noted_so_that_any_language_can_say_it(tmp_path: Path) -> None:
    with a_house(tmp_path, pairing="button") as house:
        house.api("PUT", f"/{'y' * 40}/lights/{next(iter(house.door.lights.all))}/state", {"on": True})
        [(_, _, reason)] = house.hub.ignored
    assert SPANISH.say(reason) == "su clave no está emparejada"


@pytest.mark.parametrize(("asked", "tag"), [("", "es"), ("en-GB,en;q=0.9", "en")])
def test_the_page_speaks_the_language_of_the_browser(tmp_path: Path, asked: str, tag: str) -> None:
    with a_house(tmp_path, language=SPANISH) as house:
        _, body, _ = request(house.port, "GET", "/", None, **{"Accept-Language": asked})
    assert f'lang="{tag}"' in body.decode()
    assert ("<p>Modos.</p>" in body.decode()) is (tag == "es")


def test_what_the_page_of_the_program_says_of_it_can_be_translated(tmp_path: Path) -> None:
    with a_house(tmp_path) as house:
        switch = house.hub.switches[0]
        said = []
        for on in (True, False, None):
            house.hub.be(switch, on)
            said.append(SPANISH.say(house.door.report(switch)))
    assert said == ["encendido", "apagado", "encendido, fuera de alcance"]
    assert SPANISH.say(ROW.title) == "puente Hue"
    taken = port_taken(8080, ["192.168.7.2", "10.0.0.2"], OSError(errno.EADDRINUSE, "Address already in use"))
    assert SPANISH.say(taken) == "El puerto 8080 de 192.168.7.2, 10.0.0.2: otro programa lo tiene"
