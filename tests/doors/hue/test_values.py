"""Parameters of a state: their valid values, and the values that read back."""

import json

import pytest

from emulator.store.journal import Journal
from tests.doors.hue.rig import (
    USER,
    Client,
    errors,
)


@pytest.mark.parametrize("bri", [1, 127, 254])
def test_a_brightness_reads_back_exactly(journal: Journal, bri: int) -> None:
    client = Client(journal, "dimmable")
    assert errors(client.ask("PUT", "/lights/1/state", {"on": True, "bri": bri})) == []
    assert client.ask("GET", "/lights/1")["state"]["bri"] == bri


@pytest.mark.parametrize("bri", [0, 255, -1, True, "100", None, 1.5])
def test_a_brightness_out_of_range_is_none(journal: Journal, bri: object) -> None:
    client = Client(journal, "dimmable")
    assert errors(client.ask("PUT", "/lights/1/state", {"bri": bri})) == [(7, "/lights/1/state/bri")]
    assert client.ask("GET", "/lights/1")["state"]["bri"] == 254


def test_a_coloured_light_takes_colours_and_shows_none(journal: Journal) -> None:
    client = Client(journal, "extended")
    answer = client.ask("PUT", "/lights/1/state", {"on": True, "xy": [0.1, 0.2], "bri": 7, "ct": 200})
    assert errors(answer) == []
    assert set(client.ask("GET", "/lights/1")["state"]) == {"on", "alert", "mode", "reachable"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("alert", "NaN"), ("alert", "1"), ("transitiontime", "1e999"), ("transitiontime", "-Infinity"),
        ("transitiontime", '"soon"'), ("hue", "true"), ("xy", "[0.1, NaN]"), ("xy", "[0.1]"), ("effect", "{}"),
    ],
)  # fmt: skip
def test_what_is_no_value_is_not_taken_for_one(journal: Journal, name: str, value: str) -> None:
    client = Client(journal, "extended")
    answer = client.raw("PUT", f"{USER}/lights/1/state", f'{{"{name}": {value}}}'.encode())
    assert errors(answer) == [(7, f"/lights/1/state/{name}")]
    json.dumps(answer, allow_nan=False)


@pytest.mark.parametrize("digits", [3, 400, 4000])
def test_a_number_may_be_long(journal: Journal, digits: int) -> None:
    answer = Client(journal, "extended").raw("PUT", f"{USER}/lights/1/state", f'{{"ct": {"9" * digits}}}'.encode())
    assert errors(answer) == []
