"""Central units of My Pages: a Vbox, in houses that differ in what they call armed home (verisure-mypages.md §4)."""

from dataclasses import dataclass

from emulator.model import Interior
from emulator.simulator.accounts import SimulatedAccount, Unit
from emulator.simulator.panel.equipment import Equipment

COUNTRIES = ("SE", "NO", "DK", "FI", "NL", "BE")
"""§1."""

USER = "demo@house.invalid"
"""A user is an e-mail address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vbox(Unit):
    """A central unit with two modes: away, and `home`."""

    panel: str = "VBOX"
    country: str = "SE"
    home: Interior = Interior.NIGHT

    def account(self) -> SimulatedAccount:
        """Return the demo customer."""
        return SimulatedAccount(user=USER, country=self.country, panel=self.panel, role=self.role)


def _house(home: Interior) -> Vbox:
    return Vbox(home=home, equipment=Equipment(perimeter=False, interiors=frozenset({home, Interior.TOTAL})))


PROFILES: dict[str, Vbox] = {"home-night": _house(Interior.NIGHT), "home-day": _house(Interior.DAY)}
"""Name → unit."""
