"""The MQTT door in another language: what Home Assistant shows to a person, and nothing of what programs read."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from emulator.doors.mqtt import discovery
from emulator.doors.mqtt.broker import Broker as Address
from emulator.doors.mqtt.settings import ROW
from emulator.model import Arm, ArmMode, Interior
from tests.doors.mqtt.rig import MARK, NIGHT, TOTAL, House
from tests.support.broker import Broker
from tests.support.catalogue import spanish

NAMES = {
    "Last change": "Último cambio",
    "Last command": "Última orden",
    "Asked by": "Pedida por",
    "Read the state": "Leer el estado",
}
ENTITIES = {"Cloud": "Nube", "Outcome": "Resultado"}
SPANISH = spanish(
    NAMES
    | {
        "this needs the PIN": "hace falta el PIN",
        "it is no command of an alarm panel": "no es una orden",
        "its thread has ended or hangs": "se ha parado",
        "MQTT door": "puerta MQTT",
        "{broker} refuses connections: does the broker run, and listen there for other machines, too?": "{broker} no",
        "connections break soon after they have begun: perhaps {why}": "quizá: {why}",
        "another program uses the client id {id} at {broker}: end one of them, or give each its own "
        "doors.mqtt.client_id": "otro usa {id} en {broker}",
        "{broker}: its ACL is too narrow: this program may not read {topic}; see docs/mqtt.md": "no lee {topic}",
        "{broker}: its ACL is too narrow: this program may not write {topic}; see docs/mqtt.md": "no escribe {topic}",
    },
    entity=ENTITIES,
    MQTT={"ON": "encendido", "OFF": "apagado", "None": "no se sabe"},
)


@pytest.fixture
def home(tmp_path: Path, broker: Broker) -> Callable[..., House]:
    """Makes a house in that language, connected; it is closed by the test."""

    def make(**settings: Any) -> House:
        made = House(tmp_path, broker, language=SPANISH, **settings)
        made.open()
        return made

    return make


def announced(house: House) -> dict[str, Any]:
    found = house.broker.retained(house.door._home.topics.device("home"))
    assert found is not None
    whole: dict[str, Any] = json.loads(found)
    return whole


def test_entities_have_names_in_the_language_of_the_house_and_nothing_else_changes(home: Callable[..., House]) -> None:
    house = home()
    said = announced(house)
    names = {key: one["name"] for key, one in said["components"].items()}
    assert {names[key] for key in ("changed", "outcome", "asked_by", "refresh")} == set(NAMES.values())
    assert (names["cloud"], names["event"], names["alarm"]) == ("Nube", "Resultado", None)
    assert names[f"switch_{NIGHT.identity.serial}"] == NIGHT.name
    # All that programs read, and every name in English, is as it was.
    inside = house.door._home
    plain = discovery.components(inside.topics, "home", inside.arms["home"], inside.switches, arm_code=False)
    back = {spoken: english for english, spoken in (NAMES | ENTITIES).items()}
    read = {key: {**one, "name": back.get(one["name"], one["name"])} for key, one in said["components"].items()}
    assert json.dumps(read) == json.dumps(plain)
    house.close()


def test_a_refusal_reaches_home_assistant_in_the_language_of_the_house(home: Callable[..., House]) -> None:
    house = home()
    for payload in ("DISARM", "TRIGGER"):
        house.send("home/set", payload)
    house.look()
    events = [json.loads(one) for one in house.heard("home/event")]
    found = {(one["reason"], one["event_type"]) for one in events if one["action"] != MARK}
    assert found == {("hace falta el PIN", "refused"), ("no es una orden", "refused")}
    # The journal is English, and can be read in any language.
    assert [why for _, why, _ in house.refused()] == ["this needs the PIN", "it is no command of an alarm panel"]
    house.close()


def test_attributes_say_why_there_is_no_news_and_keep_the_words_that_programs_read(home: Callable[..., House]) -> None:
    house = home()
    house.panel.keypad(Arm(ArmMode(Interior.NIGHT)))
    house.clock.now += 120
    house.alarm.step()
    house.look()
    house.until_said("home/state", "armed_night")
    attributes = json.loads(house.said("home/attributes") or "")
    assert (attributes["mode"], attributes["interior"]) == ("night", "night")
    hub = house.door._home.context.hub
    dead = replace(hub.health("home"), alive=False)
    hub.health = lambda _name: dead  # type: ignore[assignment,method-assign]  # an alarm whose thread has ended
    house.door._speaker.speak()
    house.flush()
    assert json.loads(house.said("home/attributes") or "")["trouble"] == "se ha parado"
    # For those who watch many homes, as the API.
    assert json.loads(house.said("summary") or "")["installations"][0]["trouble"] == "its thread has ended or hangs"
    house.close()


def test_what_the_page_of_the_program_says_of_it_can_be_translated(house: House) -> None:
    assert SPANISH.say(house.door.report(TOTAL)) == "apagado"
    assert SPANISH.say(ROW.title) == "puerta MQTT"
    link = house.door._link
    assert link
    link._denied = ["v/+/set"]
    link._verdicts[9] = 0x87
    status = f"no escribe {house.base}/status"
    assert [SPANISH.say(one) for one in house.door.obstacles()] == ["no lee v/+/set", status]
    address = Address("b", 1883, False)
    assert SPANISH.say(str(address.unreachable(ConnectionRefusedError()))) == "mqtt://b:1883 no"
    assert SPANISH.say(str(address.shared("me", is_guess=True))) == "quizá: otro usa 'me' en mqtt://b:1883"
