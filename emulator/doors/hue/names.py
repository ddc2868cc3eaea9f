"""The names of the lights of the Hue bridge. Pure (lan-emulation.md §3.4, §4.6)."""

import unicodedata
from collections.abc import Iterable, Mapping

from emulator.alarm.hub import Switch
from emulator.doors.hue.lights import Light
from emulator.store.light_ids import LightIdentity

LONGEST_NAME = 32
"""Characters, as on a real bridge (§3.4)."""

UNFOLDED = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"}
)
"""Letters that NFKD leaves whole and Echos garble (§4.6)."""


def named(
    switches: Iterable[Switch], identities: Mapping[str, LightIdentity], *, suffix: str = "", fold: bool = True
) -> tuple[Light, ...]:
    """Return the lights, in the order of the identities. Names that come out alike are numbered."""
    lights: list[Light] = []
    taken: set[str] = set()
    by_key = {switch.identity.key: switch for switch in switches}
    for key, identity in identities.items():
        switch = by_key[key]
        name = spoken(switch.name, suffix, fold=fold) or spoken(f"{switch.mode} alarm", suffix, fold=True)
        numbered, number = name, 1
        while numbered.casefold() in taken:
            number += 1
            numbered = f"{name[: LONGEST_NAME - len(str(number)) - 1]} {number}"
        taken.add(numbered.casefold())
        lights.append(Light(identity, numbered, switch))
    return tuple(lights)


def spoken(name: str, suffix: str, *, fold: bool) -> str:
    """Return a name with its suffix, within the bridge's length, by `fold` in ASCII. Empty if nothing is left."""
    if fold:
        name, suffix = ascii_form(name), ascii_form(suffix)
    room = LONGEST_NAME - len(suffix) - 1 if suffix else LONGEST_NAME
    name = name[:room].strip()
    return f"{name} {suffix}".strip() if name else ""


def ascii_form(text: str) -> str:
    """Remove accents, which Echos garble on this door (§4.6), and every character without an ASCII form."""
    plain = unicodedata.normalize("NFKD", text.translate(UNFOLDED)).encode("ascii", "ignore").decode()
    return " ".join(plain.split())
