"""Home Assistant's own code accepts what the door announces, and sends what the door obeys.

It runs in a virtual environment of Home Assistant: see CONTRIBUTING.md.
"""

import asyncio
import json
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from emulator.doors.mqtt import discovery, orders
from emulator.doors.mqtt.panel import ARMS
from emulator.doors.mqtt.topics import Topics
from tests.doors.fakes import NAMES, a_switch

pytest.importorskip("homeassistant", reason="needs Home Assistant; see CONTRIBUTING.md")

# Its libraries warn of each other.
pytestmark = [pytest.mark.homeassistant, pytest.mark.filterwarnings("ignore")]

TOPICS = Topics("verisure", "0123456789ab", "homeassistant")

FOUND = discovery.components(
    TOPICS,
    "home",
    list(ARMS),
    [a_switch(name, number, doors="mqtt") for number, name in enumerate(NAMES)],
    arm_code=False,
)

AtHome = Callable[[Callable[[Any], Any]], Any]

NEWER = {"message_expiry_interval", "sensor options", "switch command_template"}
"""Keys that a version may not know yet, some with their platform alone; it leaves them out."""


def part(module: str) -> Any:
    """Return a module of Home Assistant."""
    return import_module(f"homeassistant.{module}")


@pytest.fixture
def at_home(tmp_path: Path) -> AtHome:
    """Calls something with a Home Assistant, on whose loop it checks messages, and returns what that returned."""

    def run(call: Callable[[Any], Any]) -> Any:
        async def main() -> Any:
            home = part("core").HomeAssistant(str(tmp_path))
            getattr(part("helpers.frame"), "async_setup", lambda _home: None)(home)
            return call(home)

        return asyncio.run(main())

    return run


def accepted(platform: str, message: discovery.Component) -> dict[str, Any]:
    """Return what Home Assistant makes of an entity's message, as JSON brings it; an error says what it rejects."""
    return part(f"components.mqtt.{platform}").DISCOVERY_SCHEMA(json.loads(json.dumps(message)))


def dropped(platform: str, message: discovery.Component, taken: discovery.Component) -> set[str]:
    """Return the keys that every version has to know, and this one has left out."""
    return {key for key in {*message} - {*taken, "platform"} if not NEWER & {key, f"{platform} {key}"}}


@pytest.mark.parametrize("topic", discovery.by_entity(TOPICS, "home", FOUND))
def test_it_takes_each_entity_by_itself(at_home: AtHome, topic: str) -> None:
    message, platform = discovery.by_entity(TOPICS, "home", FOUND)[topic], topic.split("/")[1]
    taken = at_home(lambda _home: accepted(platform, message))
    assert not dropped(platform, message, taken)
    if "command_topic" in message:
        assert (taken["qos"], taken["retain"]) == (0, False)


def test_it_takes_a_device_and_each_of_its_entities(at_home: AtHome) -> None:
    schema = getattr(part("components.mqtt.discovery"), "DEVICE_DISCOVERY_SCHEMA", None)
    if not schema:
        pytest.skip("this Home Assistant is older than messages for devices")
    message = discovery.by_device(TOPICS, "home", FOUND, gone={"switch_gone": "switch"})[TOPICS.device("home")]
    taken = at_home(lambda _home: schema(json.loads(json.dumps(message))))
    assert set(taken["components"]) == {*FOUND, "switch_gone"}
    # That schema leaves entities to the one of their platform.
    known = at_home(lambda _home: {key: accepted(one["platform"], one) for key, one in FOUND.items()})
    for key, component in FOUND.items():
        assert not dropped(component["platform"], component, known[key])


def test_it_knows_every_topic_of_an_announcement() -> None:
    shape = part("components.mqtt.discovery").TOPIC_MATCHER
    for topic in [*discovery.by_entity(TOPICS, "home-2_b", FOUND), TOPICS.device("home-2_b")]:
        assert shape.fullmatch(topic.removeprefix("homeassistant/"))


@pytest.mark.parametrize(
    ("entity", "typed", "sent"),
    [
        *(
            ("alarm", {"action": "DISARM", "code": code}, ("DISARM", code or ""))
            for code in (None, "", "482913", 'a"b\\')
        ),
        ("switch_22150000000001", {"value": "OFF"}, ("OFF", None)),
    ],
)
def test_a_command_comes_with_the_code_that_was_typed_and_its_time(
    at_home: AtHome, entity: str, typed: dict[str, str | None], sent: tuple[str, str | None]
) -> None:
    def render(home: Any) -> str:
        written = part("helpers.template").Template(FOUND[entity]["command_template"], home)
        return written.async_render(typed, parse_result=False)

    before = int(time.time())
    order = orders.parse(at_home(render).encode())
    assert (order.action, order.code) == sent
    assert before <= order.at <= time.time()
