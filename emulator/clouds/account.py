"""One account at a cloud: who logs in, and what it takes to reach the cloud."""

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from emulator.clouds.vault import Vault
from emulator.errors import LoginRefused, SettingNeeded
from emulator.model import Interior
from emulator.words.text import Text

DEFAULT_PANEL = "SDVFAST"
"""Panel type if the list of installations names none; nearly every panel is one (verisure-owa.md §3.4)."""


class Listed(NamedTuple):
    """One installation in the account's list. All but the number may be empty."""

    number: str
    panel: str = ""
    alias: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """User, password and the installation that is meant. Never shown: it holds the password.

    `number` and `panel` may be empty; the account's list of installations then gives them. `learned` is called with
    the number before anything else is done with it, and may raise EmulatorError. `code` is what a person types to arm
    and disarm, for a cloud that wants one. `partial` is the name of the only partial mode, where a cloud has one alone.
    """

    user: str
    password: str
    country: str
    lang: str
    number: str = ""
    panel: str = ""
    callby: str = "AND_61"
    learned: Callable[[str], None] = lambda _number: None
    code: str = ""
    partial: Interior = Interior.NIGHT

    def __repr__(self) -> str:
        return f"Account({self.country})"

    def choose(self, found: Sequence[Listed]) -> Listed:
        """Return the installation that is meant, after `learned` was called with its number. Raises SettingNeeded."""
        mine = [one for one in found if self.number in ("", one.number)]
        if len(mine) != 1:
            numbers = tuple(one.number for one in found) or Text("none")
            raise SettingNeeded(
                Text(
                    "set `number` of the installation in devices.yaml and restart; this account has: {numbers}",
                    numbers=numbers,
                )
            )
        [chosen] = mine
        self.learned(chosen.number)
        return chosen._replace(panel=self.panel or chosen.panel or DEFAULT_PANEL)


@dataclass(frozen=True, slots=True)
class Reach:
    """Endpoint, time-outs of a request and a command, and what all sessions of this program share.

    `spacing_s` is the least time between two requests. `vault` belongs to the account. `shared` lives as long as the
    program; each cloud keeps there, under keys of its own, what its sessions take turns with.
    """

    url: str
    request_s: float
    command_s: float
    spacing_s: float
    vault: Vault
    shared: MutableMapping[Any, Any]


def refuse_blank(user: str, password: str) -> None:
    """Raise LoginRefused before anything is sent if one of them is blank: the cloud would count it as wrong."""
    if not (user.strip() and password.strip()):
        raise LoginRefused(Text("user or password is blank: nothing was sent, since wrong ones lock the account"))
