"""The HomeKit bridge in another language: names that the Home app shows; numbers, kinds and names of switches stay."""

import socket
from pathlib import Path
from typing import Any

from emulator.alarm.queue import View
from emulator.doors.homekit.settings import ROW
from emulator.model import DISARMED, Axes
from emulator.store.journal import Journal
from tests.doors.homekit.rig import NIGHT, House, a_house, panel
from tests.support.catalogue import ES, made
from tests.support.patience import until
from tests.support.program import free_port

SPANISH = made(
    "es",
    ES,
    ("Alarm", "Alarma", "device"),
    ("night", "noche", "Home app"),
    ("disarmed", "desactivada", "Home app"),
    ("on", "encendido", "switch"),
    ("off", "apagado", "switch"),
    ("no response", "sin respuesta", ""),
    ("HomeKit bridge", "puente HomeKit", ""),
    (("{n} are paired", "{n} are paired"), ("{n} emparejado", "{n} emparejados"), ""),
    ("The HomeKit bridge cannot be opened: {why}", "El puente no se puede abrir: {why}", ""),
    ("what is kept of it is damaged: `emulator homekit --reset` makes another one", "está dañado", ""),
    (
        "Port {port} on {host}, which the HomeKit bridge needs, cannot be used ({why}): stop the program that keeps "
        "it, or set another doors.homekit.port; trying again",
        "El puerto {port} está ocupado",
        "",
    ),
)
NAME = "00000023-0000-1000-8000-0026BB765291"


def accessories(house: House) -> dict[int, list[Any]]:
    """Return each accessory as a controller reads it: its characteristics in order, without what is drawn by lot."""
    phone = house.phone()
    found = phone.run(phone.pairing.list_accessories_and_characteristics())
    return {
        one["aid"]: [each for service in one["services"] for each in service["characteristics"]]
        for one in found
        if one["aid"] != 1
    }


def test_the_alarm_has_a_name_in_the_language_of_the_house_and_its_switches_keep_theirs(tmp_path: Path) -> None:
    with a_house(tmp_path / "es", switches=True, language=SPANISH) as house:
        said = accessories(house)
        names = {aid: [one["value"] for one in found if one["type"] == NAME] for aid, found in said.items()}
        assert names.pop(house.alarm) == ["Alarma"]
        assert sorted(names.values()) == [["Day alarm"], ["Night alarm"], ["Total alarm"]]
    with a_house(tmp_path / "en", switches=True) as english:
        plain = accessories(english)
    for found, other in zip(said.values(), plain.values(), strict=True):
        assert [one | {"value": ""} for one in found] == [one | {"value": ""} for one in other]


def test_what_the_page_of_the_program_says_of_it_can_be_translated(tmp_path: Path) -> None:
    with a_house(tmp_path) as house:
        said = []
        for axes in (DISARMED, NIGHT, Axes()):
            house.hub.look(View(panel(axes)))
            said.append(SPANISH.say(house.door.report(house.hub.switches[0])))
        assert said == ["desactivada", "noche", "sin respuesta"]
        house.phone()
        until(lambda: house.journal.commands(9))
        assert SPANISH.say(str(house.journal.commands(9)[0].message)) == "1 emparejado"
    assert SPANISH.say(ROW.title) == "puente HomeKit"


def test_what_is_in_the_way_can_be_said_in_any_language(tmp_path: Path) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)), a_house(tmp_path, port=port) as house:
        assert [*map(SPANISH.say, house.door.obstacles())] == [f"El puerto {port} está ocupado"]
    journal = Journal(tmp_path)
    journal.note("homekit", "{}")
    journal.close()
    with a_house(tmp_path) as house:
        assert [*map(SPANISH.say, house.door.obstacles())] == ["El puente no se puede abrir: está dañado"]
