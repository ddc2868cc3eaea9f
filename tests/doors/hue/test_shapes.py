"""Lights as documents, against what each client needs of them (lan-emulation.md §3.4)."""

import pytest

from emulator.doors.hue import shapes
from emulator.doors.hue.lights import LightState
from emulator.doors.hue.shapes import SHAPES
from tests.doors.hue.rig import (
    GROUP,
    LIGHT,
    a_light,
    fits,
)


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
