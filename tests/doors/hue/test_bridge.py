"""The documents of the bridge against what each client needs of them (lan-emulation.md §3.1, §3.3, §3.4, §3.7)."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from lxml import etree

from emulator.doors.hue import bridge, messages, shapes
from emulator.doors.hue.bridge import Bridge
from emulator.doors.hue.lights import Light, LightState
from emulator.doors.hue.shapes import SHAPES
from emulator.model import BridgeIdentity, LightIdentity
from tests.doors.fakes import a_switch

HERE = Bridge(BridgeIdentity("02ABCDEF0000"), "192.168.7.2", 80)
NS = {"u": "urn:schemas-upnp-org:device-1-0"}
NOW = 1_700_000_000.0

Fields = Mapping[str, object]

SHORT: Fields = {
    # §3.7; aiohue takes no bridge without `bridgeid`, homebridge-hue none without modelid and apiversion.
    "name": str,
    "datastoreversion": "59",
    "swversion": "01043155",
    "apiversion": "1.16.0",
    "mac": re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}"),
    "bridgeid": re.compile(r"[0-9A-F]{6}FFFE[0-9A-F]{6}"),
    "factorynew": False,
    "replacesbridgeid": None,
    "modelid": "BSB001",
    "starterkitid": "",
}
FULL: Fields = {
    **SHORT,
    "ipaddress": "192.168.7.2",
    "netmask": str,
    "gateway": str,
    "dhcp": bool,
    "proxyaddress": str,
    "proxyport": int,
    "UTC": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"),
    "localtime": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"),
    "timezone": str,
    "zigbeechannel": int,
    "linkbutton": bool,
    "portalservices": bool,
    "portalconnection": str,
    "portalstate": dict,
    "internetservices": dict,
    "swupdate": dict,
    "backup": dict,
    "whitelist": dict,
}
LIGHT: Fields = {
    # §3.4; a missing manufacturername crashed homebridge-hue, thin lights were refused by Echos.
    "state": {"on": bool, "reachable": True, "alert": "none", "mode": "homeautomation"},
    "type": str,
    "name": str,
    "modelid": str,
    "manufacturername": str,
    "productname": str,
    "productid": str,
    "uniqueid": re.compile(r"([0-9A-F]{2}:){7}[0-9A-F]{2}-[0-9A-F]{2}"),
    "swversion": str,
    "swupdate": {"state": str, "lastinstall": str},
    "capabilities": {"certified": bool, "control": dict, "streaming": dict},
    "config": {"archetype": str, "function": str, "direction": str},
}
GROUP: Fields = {
    "name": str,
    "lights": list,
    "type": "LightGroup",
    "state": {"all_on": bool, "any_on": bool},
    "action": {"on": bool},
}


def fits(value: Any, want: object, where: str = "") -> None:
    """Fail where `value` lacks a field that `want` names, or has one of another type."""
    if isinstance(want, Mapping):
        assert isinstance(value, dict), where
        for name, inner in want.items():
            assert name in value, f"{where}.{name}"
            fits(value[name], inner, f"{where}.{name}")
    elif isinstance(want, re.Pattern):
        assert want.fullmatch(value), f"{where} is {value!r}"
    elif isinstance(want, type):
        assert type(value) is want, f"{where} is {value!r}"
    else:
        assert value == want, f"{where} is {value!r}"


def a_light(shape: str = "plug", number: int = 1) -> Light:
    identity = LightIdentity(4000 + number, shape, f"02:AB:CD:EF:00:{4 * number:02X}:00:11-01")
    return Light(identity, "Night alarm", a_switch("Night alarm", number, port=5000, doors="hue"))


def test_the_short_configuration() -> None:
    config = HERE.short_config()
    fits(config, SHORT)
    assert set(config) == set(SHORT)
    assert config["bridgeid"] == "02ABCDFFFEEF0000"
    assert config["mac"] == "02:ab:cd:ef:00:00"


def test_the_full_configuration() -> None:
    config = HERE.config(NOW, {}, button=False)
    fits(config, FULL)
    assert config["UTC"] == "2023-11-14T22:13:20"


@pytest.mark.parametrize("shape", SHAPES)
def test_a_light(shape: str) -> None:
    for on in (True, False):
        document = shapes.document(a_light(shape), LightState(on, reachable=True, bri=1))
        fits(document, LIGHT)
        assert document["state"]["on"] is on
        assert ("bri" in document["state"]) is (shape == "dimmable")
        assert all(document[name] for name in LIGHT)


@pytest.mark.parametrize(
    ("shape", "type_", "model"),
    [
        ("plug", "On/Off plug-in unit", "LOM001"),
        ("onoff", "On/Off light", "HASS321"),
        ("dimmable", "Dimmable light", "LWB010"),
        ("extended", "Extended color light", "LCT015"),
    ],
)
def test_the_shapes_of_the_table(shape: str, type_: str, model: str) -> None:
    assert (SHAPES[shape].type, SHAPES[shape].model) == (type_, model)


def test_the_default_is_what_a_real_hue_plug_says() -> None:
    document = shapes.document(a_light(), LightState(on=True, reachable=True, bri=254))
    assert (document["manufacturername"], document["productname"], document["productid"]) == (
        "Signify Netherlands B.V.",
        "Hue Smart plug",
        "SmartPlug_OnOff_v01-00_01",
    )
    assert document["config"]["archetype"] == "plug"
    assert "bri" not in document["state"]


def test_the_group_of_all() -> None:
    on, off = ({"state": {"on": on}} for on in (True, False))
    fits(shapes.everything({"1": on, "2": off}), GROUP)
    assert shapes.everything({"1": on, "2": off})["state"] == {"all_on": False, "any_on": True}
    assert shapes.everything({"1": on})["action"]["on"] is True
    assert shapes.everything({})["state"] == {"all_on": False, "any_on": False}


def test_the_description() -> None:
    root = etree.fromstring(HERE.description())

    def text(path: str) -> str | None:
        return root.findtext(path, namespaces=NS)

    assert text("u:URLBase") == "http://192.168.7.2:80/"
    assert {name: text(f"u:device/u:{name}") for name in ("manufacturer", "modelName", "friendlyName")} == {
        "manufacturer": "Royal Philips Electronics",
        "modelName": "Philips hue bridge 2012",
        "friendlyName": "Philips hue (192.168.7.2)",
    }
    assert text("u:device/u:deviceType") == "urn:schemas-upnp-org:device:Basic:1"
    assert text("u:device/u:modelNumber") == "929000226503"
    assert text("u:device/u:serialNumber") == "02abcdef0000"
    assert text("u:device/u:UDN") == "uuid:2f402f80-da50-11e1-9b23-02abcdef0000"
    assert text("u:device/u:presentationURL") == "index.html"
    icons = root.findall("u:device/u:iconList/u:icon", NS)
    assert [icon.findtext("u:url", namespaces=NS) for icon in icons] == ["hue_logo_0.png", "hue_logo_3.png"]
    for name in ("manufacturerURL", "modelDescription", "modelURL"):
        assert text(f"u:device/u:{name}")


def test_nothing_claims_to_be_a_bridge_of_the_second_generation() -> None:
    everything = repr((HERE.config(NOW, {}, button=False), HERE.description(), bridge.page(HERE.identity)))
    assert "BSB002" not in everything
    assert "BSB001" in everything


def test_errors_are_in_the_bridges_words() -> None:
    assert messages.error(4, "/lights", "PUT", "/lights") == {
        "error": {"type": 4, "address": "/lights", "description": "method, PUT, not available for resource, /lights"}
    }
    assert set(messages.ERRORS) == {1, 2, 3, 4, 5, 6, 7, 8, 101, 901}
