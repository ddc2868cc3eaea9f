"""Discovery messages of Home Assistant, which openHAB and others read, too; pure (mqtt.md §5).

No entity is set to hold a command back: `qos` is 0 and `retain` false wherever there is a command topic, since Home
Assistant delivers a QoS 1 command late, after having told its user that it failed.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from emulator import __version__
from emulator.alarm.hub import Switch
from emulator.doors.mqtt import orders
from emulator.doors.mqtt.panel import ARMS, DISARM
from emulator.doors.mqtt.topics import Topics
from emulator.model import Result
from emulator.words.text import Text, sense

EXPIRY_S = 10
"""After which the broker drops a command of a Home Assistant that can say so (from 2026 on, with MQTT 5)."""

Say = Callable[[str], str]
"""Says a text in the language of the house."""

Component = dict[str, Any]
"""An entity: its keys in the schema of its platform, `platform` among them."""

ORDER = '{"action": "{{ action }}", "code": {{ (code or "") | tojson }}, "at": {{ utcnow().timestamp() | int }}}'
"""Template of a command to the panel. A bare `{{ code }}` is the word None where no code was typed.

A connection of Home Assistant's that stalls delivers it late as if it were new: only the time in it tells (§3).
"""

SWITCH_ORDER = '{"action": "{{ value }}", "at": {{ utcnow().timestamp() | int }}}'
"""Template of a command to a switch; a Home Assistant of 2024 leaves it out, and sends the bare word."""

READABLE = "{{ 'offline' if value == 'None' else 'online' }}"
"""Availability by the state: before 2024.12 the word None leaves a panel at its old state, perhaps disarmed."""

ORIGIN = {"name": "verisure-emulator", "sw_version": __version__}
OUTCOMES = [result.value for result in Result]

SAFE = {"qos": 0, "retain": False, "message_expiry_interval": EXPIRY_S}


def components(
    topics: Topics, alarm: str, commands: Collection[str], switches: Iterable[Switch], say: Say = str, *, arm_code: bool
) -> dict[str, Component]:
    """Return the entities of an alarm by their key, which is unique in this program and stable.

    People read their names, which `say` translates; of what programs read nothing depends on the language.
    """
    topic = partial(topics.alarm, alarm)
    status, diagnostic = [{"topic": topics.status}], {"entity_category": "diagnostic"}
    read = {"availability": [*status, {"topic": topic("status")}], "availability_mode": "all"}

    def entity(platform: str, leaf: str, name: str | None, **more: Any) -> Component:
        made = {"platform": platform, "unique_id": f"verisure_{topics.program}_{alarm}_{leaf}"}
        return {**made, "name": name and say(name), "availability": status, **more}

    outcome: Component = {"state_topic": topic("outcome")}
    found = {
        "alarm": entity("alarm_control_panel", "alarm", None, **read, **SAFE)
        | {"state_topic": topic("state"), "json_attributes_topic": topic("attributes")}
        | {"command_topic": topic("set"), "command_template": ORDER, "payload_disarm": DISARM}
        | {"supported_features": [command.lower() for command in ARMS if command in commands]}
        | {"code": "REMOTE_CODE", "code_arm_required": arm_code, "code_disarm_required": True},
        "cloud": entity("binary_sensor", "cloud", sense("entity", "Cloud"), device_class="connectivity", **diagnostic)
        | {"state_topic": topic("cloud")},
        "changed": entity("sensor", "changed", Text("Last change"), device_class="timestamp")
        | {"state_topic": topic("changed")},
        "outcome": entity("sensor", "outcome", Text("Last command"), device_class="enum", options=OUTCOMES, **outcome)
        | {"value_template": "{{ value_json.result }}", "json_attributes_topic": topic("outcome")},
        "asked_by": entity("sensor", "asked_by", Text("Asked by"), **diagnostic, **outcome)
        | {"value_template": "{{ value_json.asked_by }}"},
        "refresh": entity("button", "refresh", Text("Read the state"), payload_press=orders.PRESS, **diagnostic, **SAFE)
        | {"command_topic": topic("refresh")},
        "event": entity("event", "event", sense("entity", "Outcome"), event_types=OUTCOMES, state_topic=topic("event")),
    }
    for switch in switches:
        serial, mine = switch.identity.serial, partial(topics.switch, alarm, switch.identity.serial)
        about = {"unique_id": f"verisure_{topics.program}_{serial}", "command_template": SWITCH_ORDER, **read, **SAFE}
        about |= {"state_topic": mine("state"), "command_topic": mine("set")}
        found[f"switch_{serial}"] = entity("switch", serial, switch.name, **about)
    return found


def by_device(
    topics: Topics, installation: str, found: Mapping[str, Component], gone: Mapping[str, str]
) -> dict[str, Component]:
    """Return the message that announces a whole alarm, by its topic; `gone` has the platform of each entity removed.

    Home Assistant removes an entity that has nothing but its platform, and rejects a message with an unknown key at
    its root.
    """
    left = {key: {"platform": platform} for key, platform in gone.items() if key not in found}
    message = {"device": _device(topics, installation), "origin": ORIGIN, "components": {**found, **left}}
    return {topics.device(installation): message}


def by_entity(topics: Topics, installation: str, found: Mapping[str, Component]) -> dict[str, Component]:
    """Return the messages that announce each entity by itself, by topic: for Home Assistant before 2024.12."""
    about = {"device": _device(topics, installation), "origin": ORIGIN}
    panel = found["alarm"]
    readable = {"topic": panel["state_topic"], "value_template": READABLE}
    found = {**found, "alarm": {**panel, "availability": [*panel["availability"], readable]}}
    bare = {key: {name: part for name, part in one.items() if name != "platform"} for key, one in found.items()}
    return {
        topics.entity(found[key]["platform"], f"{installation}_{key}"): {**one, **about} for key, one in bare.items()
    }


def _device(topics: Topics, installation: str) -> Mapping[str, str | Sequence[str]]:
    return {
        "identifiers": [f"verisure_{topics.program}_{installation}"],
        "name": installation,
        "manufacturer": "Verisure",
        "model": "Alarm",
        "sw_version": __version__,
    }
