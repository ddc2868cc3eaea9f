"""The options of the add-on: what each of them sets, and that secrets go into no file."""

import pytest

from emulator.addon import options
from emulator.errors import ConfigError

BROKER = {"MQTT_BROKER": "mqtt://core-mosquitto:1883"}
WAS = {"wemo": {}, "dashboard": {"port": "8099"}}


def test_what_is_left_out_or_empty_sets_nothing() -> None:
    chosen = options.read('{"log_level": "info", "hue": null, "verisure_user": "", "interfaces": ""}')
    assert chosen == {"log_level": "info"}
    assert options.environment(chosen) == {}
    assert options.arguments(chosen) == ["--log-level", "info"]
    assert options.opened(WAS, chosen, {}) == WAS


@pytest.mark.parametrize("text", ["", "[]", "secret-word", '{"verisure_password": "hunter2"'])
def test_what_cannot_be_read_is_not_quoted(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        options.read(text)
    assert str(caught.value) == "options of the add-on: cannot be read; save them once more"


def test_secrets_are_environment() -> None:
    chosen = {
        "verisure_user": "12345678Z",
        "verisure_password": "hunter2",
        "verisure_notify": "ntfys://x tgram://y",
        "mqtt_user": "me",
        "mqtt_password": "hunter3",
        "mqtt_broker": "mqtt://192.168.7.5",
    }
    assert options.environment(chosen) == {name.upper(): value for name, value in chosen.items()}
    said = [*options.arguments(chosen), str(options.opened(WAS | {"mqtt": {}}, chosen, {}))]
    assert not [word for word in said if "hunter" in word or "12345678Z" in word or "://x" in word]


def test_the_command_line() -> None:
    chosen = {"log_level": "debug", "interfaces": "eth0, wlan0", "dashboard_port": 8100}
    assert options.arguments(chosen) == (
        ["--log-level", "debug", "--page-port", "8100", "--interface", "eth0", "--interface", "wlan0"]
    )


@pytest.mark.parametrize(
    ("chosen", "wanted"),
    [
        ({"hue": True}, WAS | {"hue": {"port": "80"}}),
        ({"hue": True, "hue_port": 8080}, WAS | {"hue": {"port": "8080"}}),
        ({"hue_port": 8080}, WAS),
        ({"wemo": False}, {"dashboard": {"port": "8099"}}),
        ({"wemo": True}, WAS),
        ({"dashboard_port": 8100}, {"wemo": {}, "dashboard": {"port": "8100"}}),
        ({"dashboard": False}, WAS),
        ({"mqtt": True}, WAS | {"mqtt": {"broker": "mqtt://core-mosquitto:1883"}}),
        ({"mqtt": True, "mqtt_broker": "mqtt://other"}, WAS | {"mqtt": {"broker": "mqtt://other"}}),
    ],
)
def test_doors(chosen: dict[str, object], wanted: dict[str, dict[str, str]]) -> None:
    assert options.opened(WAS, chosen, BROKER) == wanted


def test_a_broker_of_the_file_stays() -> None:
    was = {"mqtt": {"broker": "mqtt://192.168.7.5"}}
    assert options.opened(was, {"mqtt": True}, BROKER) == was
    assert options.opened(was, {}, BROKER) == was


@pytest.mark.parametrize(
    ("chosen", "wants"),
    [
        ({}, True),
        ({"mqtt": True}, True),
        ({"mqtt": False}, False),
        ({"mqtt_broker": "mqtt://other"}, False),
        ({"mqtt_user": "me"}, False),
    ],
)
def test_the_supervisor_is_asked_where_no_option_says_otherwise(chosen: dict[str, object], wants: bool) -> None:
    assert options.wants_broker(chosen) is wants
