"""Discovery messages of Home Assistant, which openHAB and others read, too; pure (mqtt.md §5).

No entity is set to hold a command back: `qos` is 0 and `retain` false wherever there is a command topic, since Home
Assistant delivers a QoS 1 command late, after having told its user that it failed.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from emulator import __version__
from emulator.alarm.hub import Switch
from emulator.doors.mqtt import orders
from emulator.doors.mqtt.panel import ARMS, DISARM
from emulator.doors.mqtt.topics import Topics
from emulator.model import Result

EXPIRY_S = 10
"""After which the broker drops a command of a Home Assistant that can say so (from 2026 on, with MQTT 5)."""

Component = dict[str, Any]
"""An entity: its keys in the schema of its platform, `platform` among them."""

ORDER = '{"action": "{{ action }}", "code": {{ (code or "") | tojson }}}'
"""Template of a command to the panel. A bare `{{ code }}` is the word None where no code was typed."""

OUTCOMES = [result.value for result in Result]

SAFE = {"qos": 0, "retain": False, "message_expiry_interval": EXPIRY_S}


def components(
    topics: Topics, installation: str, commands: Collection[str], switches: Iterable[Switch], *, arm_code: bool
) -> dict[str, Component]:
    """Return the entities of an alarm by their key, which is unique in this program and stable."""
    status = [_available(topics.status)]
    read = [*status, _available(topics.alarm(installation, "status"))]

    def entity(platform: str, leaf: str, name: str | None, **more: Any) -> Component:
        made = {"platform": platform, "unique_id": f"verisure_{topics.program}_{installation}_{leaf}", "name": name}
        return made | {"availability": status} | more

    outcome = topics.alarm(installation, "outcome")
    found = {
        "alarm": entity(
            "alarm_control_panel",
            "alarm",
            None,
            availability=read,
            availability_mode="all",
            state_topic=topics.alarm(installation, "state"),
            json_attributes_topic=topics.alarm(installation, "attributes"),
            command_topic=topics.alarm(installation, "set"),
            command_template=ORDER,
            supported_features=[command.lower() for command in ARMS if command in commands],
            payload_disarm=DISARM,
            code="REMOTE_CODE",
            code_arm_required=arm_code,
            code_disarm_required=True,
            code_trigger_required=False,
            **SAFE,
        ),
        "cloud": entity(
            "binary_sensor",
            "cloud",
            "Cloud",
            state_topic=topics.alarm(installation, "cloud"),
            device_class="connectivity",
            entity_category="diagnostic",
        ),
        "changed": entity(
            "sensor",
            "changed",
            "Last change",
            state_topic=topics.alarm(installation, "changed"),
            device_class="timestamp",
        ),
        "outcome": entity(
            "sensor",
            "outcome",
            "Last command",
            state_topic=outcome,
            value_template="{{ value_json.result }}",
            json_attributes_topic=outcome,
            device_class="enum",
            options=OUTCOMES,
        ),
        "asked_by": entity(
            "sensor",
            "asked_by",
            "Asked by",
            state_topic=outcome,
            value_template="{{ value_json.asked_by }}",
            entity_category="diagnostic",
        ),
        "refresh": entity(
            "button",
            "refresh",
            "Read the state",
            command_topic=topics.alarm(installation, "refresh"),
            payload_press=orders.PRESS,
            entity_category="diagnostic",
            **SAFE,
        ),
        "event": entity(
            "event", "event", "Outcome", state_topic=topics.alarm(installation, "event"), event_types=OUTCOMES
        ),
    }
    for switch in switches:
        serial = switch.identity.serial
        found[f"switch_{serial}"] = entity(
            "switch",
            serial,
            switch.name,
            unique_id=f"verisure_{topics.program}_{serial}",
            availability=read,
            availability_mode="all",
            state_topic=topics.switch(installation, serial, "state"),
            command_topic=topics.switch(installation, serial, "set"),
            **SAFE,
        )
    return found


def by_device(
    topics: Topics, installation: str, found: Mapping[str, Component], gone: Mapping[str, str]
) -> dict[str, Component]:
    """Return the message that announces a whole alarm, by its topic; `gone` has the platform of each entity removed.

    Home Assistant removes an entity that has nothing but its platform, and rejects a message with an unknown key at
    its root.
    """
    left = {key: {"platform": platform} for key, platform in gone.items() if key not in found}
    message = {"device": _device(topics, installation), "origin": _origin(), "components": {**found, **left}}
    return {topics.device(installation): message}


def by_entity(topics: Topics, installation: str, found: Mapping[str, Component]) -> dict[str, Component]:
    """Return the messages that announce each entity by itself, by topic: for Home Assistant before 2024.12."""
    about = {"device": _device(topics, installation), "origin": _origin()}
    return {
        topics.entity(component["platform"], f"{installation}_{key}"): {
            **{name: value for name, value in component.items() if name != "platform"},
            **about,
        }
        for key, component in found.items()
    }


def _available(topic: str) -> dict[str, str]:
    return {"topic": topic}


def _device(topics: Topics, installation: str) -> Mapping[str, str | Sequence[str]]:
    return {
        "identifiers": [f"verisure_{topics.program}_{installation}"],
        "name": installation,
        "manufacturer": "Verisure",
        "model": "Alarm",
        "sw_version": __version__,
    }


def _origin() -> Mapping[str, str]:
    return {"name": "verisure-emulator", "sw_version": __version__}
