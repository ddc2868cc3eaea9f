"""Ids and unique ids of the lights of the Hue bridge, kept in the journal; they never change."""

import logging
import math
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from emulator.errors import EmulatorError
from emulator.store.identities import Identity
from emulator.store.journal import Journal
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

LOWEST, HIGHEST = 64, 255
"""Range of the ids: a real bridge on the same LAN has 1 to 63, an Echo takes equal ids on two bridges for one light
(lan-emulation.md §3.4), and node-hue-api refuses a bridge with an id that does not fit into a byte."""

LAST_START = 200
"""Highest first id, which is random: 49 lights, which is all that an Echo takes (§4.4), have room after it."""

FORMER = 0xFFFF
"""Ids above this are from earlier versions, which began anywhere up to 2**31."""

FITTING = range(LOWEST, HIGHEST + 1)


@dataclass(frozen=True, slots=True)
class LightIdentity:
    """Identity of a switch on the Hue bridge, in one shape; made once and kept."""

    id: int
    shape: str
    unique_id: str


class Renumbered(NamedTuple):
    """A light whose id was changed. `name` is that of its switch."""

    name: str
    shape: str
    old: int
    new: int


def lights(journal: Journal, identities: Sequence[Identity], shape: str) -> tuple[dict[str, LightIdentity], set[str]]:
    """Return the lights of these switches by the switch's key, and the keys whose light has another shape than before.

    The order is that in which the switches were first seen; those with ids of earlier versions come first, by id.
    A light id keeps its shape for ever, as Echos take a light that changes for a broken one (§3.4): another shape is
    another light. Ids are never deleted, so never used again, and a shape that comes back is the same light.
    """
    found: dict[str, LightIdentity] = {}
    reshaped: set[str] = set()
    with journal.write() as db:
        for one in sorted(identities, key=_age):
            rows = db.execute("SELECT id, shape, unique_id FROM hue_lights WHERE key = ?", (one.key,)).fetchall()
            light = next((LightIdentity(*row) for row in rows if row[1] == shape), None)
            if light is None:
                light = LightIdentity(_next_id(db), shape, _unique_id(one.mac, len(rows)))
                values = (light.id, one.key, light.shape, light.unique_id)
                db.execute("INSERT INTO hue_lights (id, key, shape, unique_id) VALUES (?, ?, ?, ?)", values)
                reshaped |= {one.key} if rows else set()
                if light.id > HIGHEST:
                    message = "every light id from %d to %d was given before, so a new light is %d: some apps refuse it"
                    LOG.warning(message, LOWEST, HIGHEST, light.id)
            found[one.key] = light
    # Names that come out alike are numbered in this order, and earlier versions did it by id: a name keeps its light.
    in_order = sorted(found.items(), key=lambda each: each[1].id if each[1].id > FORMER else math.inf)
    return dict(in_order), reshaped


def renumber(journal: Journal) -> list[Renumbered]:
    """Give each light above HIGHEST an id that fits, of every shape; EmulatorError, and no change, if they run out."""
    with journal.write() as db:
        rows = db.execute(
            "SELECT hue_lights.id, shape, coalesce(name, '') FROM hue_lights "
            "LEFT JOIN identities ON identities.key = CAST(hue_lights.key AS INTEGER) "
            "WHERE hue_lights.id > ? ORDER BY hue_lights.id",
            (HIGHEST,),
        ).fetchall()
        changed: list[Renumbered] = []
        for old, shape, name in rows:
            new = _next_id(db)
            if new > HIGHEST:
                raise EmulatorError(
                    Text(
                        "{n} lights have ids above {highest}, but only {free} of the ids from {lowest} to {highest} "
                        "were never given to a light; nothing was changed",
                        n=len(rows),
                        highest=str(HIGHEST),
                        free=len(changed),
                        lowest=str(LOWEST),
                    )
                )
            db.execute("UPDATE hue_lights SET id = ? WHERE id = ?", (new, old))
            changed.append(Renumbered(str(name), str(shape), int(old), new))
        return changed


def _age(one: Identity) -> tuple[int, str]:
    """Return a sort key: keys are counted up, and written without leading zeros."""
    return len(one.key), one.key


def _next_id(db: sqlite3.Connection) -> int:
    """Return the id after the last, wrapping round at the highest; a larger one if every fitting one was given."""
    given = {int(row[0]) for row in db.execute("SELECT id FROM hue_lights")}
    if given.isdisjoint(FITTING):
        return LOWEST + secrets.randbelow(LAST_START - LOWEST + 1)
    after = (one for one in FITTING if one not in given and (one - 1 if one > LOWEST else HIGHEST) in given)
    return next(after, max(given) + 1)


def _unique_id(mac: str, number: int) -> str:
    """Return eight octets and an endpoint; unique before the dash, as Alexa reads no further (§3.4)."""
    digits = mac.replace(":", "").upper()
    octets = [digits[place : place + 2] for place in range(0, 12, 2)]
    return ":".join((*octets, "00", f"{0x11 + number:02X}")) + "-01"
