"""Customers of the simulated alarm: their logins, their installations, and the central units behind them."""

from dataclasses import dataclass, field
from enum import StrEnum

from emulator.simulator.panel.equipment import Equipment

CODE_WORDS = {"securitas": "PIZARRA-SECRETA", "customer": "GRANITO-SECRETO", "coercion": "MARMOL-COACCION"}
CONTACT_MAIL = "contacto.secreto@casa.invalid"
CONTACT_PHONE = "600555123"
SECRETS = (*CODE_WORDS.values(), CONTACT_MAIL, CONTACT_PHONE)
"""Texts that must never reach a log; tests look for them."""


class Role(StrEnum):
    """The rights of a user of an installation (verisure-owa.md §3.3)."""

    OWNER = "OWNER"
    RESTRICTED = "RESTRICTED"


@dataclass(frozen=True, slots=True)
class Contract:
    """Another installation of the same customer. While it is not active, a request for its services fails."""

    number: str
    panel: str = "SDVFAST"
    alias: str = "Segunda casa"
    active: bool = False


@dataclass(frozen=True, slots=True)
class SimulatedAccount:
    """A customer's login and the installation that it reaches. Only the successor uses the fields after `alias`."""

    user: str = "demo"
    password: str = field(default="demo", repr=False)
    number: str = "2423443"
    country: str = "ES"
    panel: str = "SDVFAST"
    alias: str = "Casa"
    role: Role = Role.OWNER
    phones: tuple[str, ...] = ("******123", "******789")
    """Phone numbers as they are shown; the position is the id."""
    change_password: bool = False
    """The customer has to choose a new password on the web first."""
    others: tuple[Contract, ...] = ()
    code: str = field(default="4711", repr=False)
    """The code at the keypad, which My Pages asks for with each command."""
    person: str = "Kim"
    """The person of that code."""

    def contracts(self) -> tuple[Contract, ...]:
        """Return every installation; the one with the simulated panel is the first."""
        return (Contract(self.number, self.panel, self.alias, active=True), *self.others)


DEMO = SimulatedAccount()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A central unit, and the contract that it works under."""

    panel: str = "SDVFAST"
    country: str = "ES"
    equipment: Equipment = field(default_factory=Equipment)
    role: Role = Role.OWNER

    def account(self) -> SimulatedAccount:
        """Return the demo customer of such a unit."""
        return SimulatedAccount(country=self.country, panel=self.panel, role=self.role)
