"""Names of the lights: in ASCII, short enough, and different from each other."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.doors.hue.names import LONGEST_NAME, ascii_form, named, spoken
from emulator.model import ArmMode
from emulator.store.light_ids import LightIdentity
from tests.doors.fakes import a_switch


@pytest.mark.parametrize(
    ("text", "ascii_text"),
    [
        ("Día alarm", "Dia alarm"),
        ("Notte à l'étage", "Notte a l'etage"),
        ("Straße Øst ñ", "Strasse Ost n"),
        ("警報", ""),
    ],
)
def test_an_ascii_form(text: str, ascii_text: str) -> None:
    assert ascii_form(text) == ascii_text


def test_a_name_fits_with_its_suffix() -> None:
    assert spoken("Día", "huéspedes", fold=False) == "Día huéspedes"
    long = spoken("a" * 60, "hue", fold=True)
    assert (len(long), long[-5:]) == (LONGEST_NAME, "a hue")


def test_names_that_come_out_alike_are_numbered_by_id_not_by_place() -> None:
    made = [
        replace(a_switch(name, place, port=5000 + place, doors="hue"), mode=ArmMode.parse("night"))
        for place, name in enumerate(("Dia", "Día", "día", "警報", "警戒"), 1)
    ]
    identities = {f"key{place}": LightIdentity(place, "plug", "") for place in range(1, 6)}
    expected = ["Dia", "Dia 2", "dia 3", "night alarm", "night alarm 2"]
    assert [light.name for light in named(made, identities)] == expected
    assert [light.name for light in named(reversed(made), identities)] == expected
    assert [light.name for light in named(made, identities, fold=False)][:3] == ["Dia", "Día", "día 2"]


@given(st.lists(st.text(max_size=40), max_size=12), st.text(max_size=12), st.booleans())
def test_any_names_fit_and_are_told_apart(names: list[str], suffix: str, fold: bool) -> None:
    made = [a_switch(name, place, port=5000 + place, doors="hue") for place, name in enumerate(names, 1)]
    identities = {f"key{place}": LightIdentity(place, "plug", "") for place in range(1, len(names) + 1)}
    shown = [light.name for light in named(made, identities, suffix=suffix, fold=fold)]
    assert len({name.casefold() for name in shown}) == len(names)
    assert all(0 < len(name) <= LONGEST_NAME for name in shown)
    assert not fold or all(map(str.isascii, shown))
