"""Whose alarm it is, and with which password."""

from collections.abc import Callable
from dataclasses import dataclass

from emulator.errors import LoginRefused


@dataclass(frozen=True, slots=True)
class Account:
    """Whose alarm it is. `number` and `panel` may be empty: INS tells them. Never shown: it holds the password.

    `learned` is told the number before anything else is done with it, and may raise EmulatorError.
    """

    user: str
    password: str
    country: str
    lang: str
    number: str = ""
    panel: str = ""
    callby: str = "AND_61"
    learned: Callable[[str], None] = lambda _number: None

    def __repr__(self) -> str:
        return f"Account({self.country})"


def refuse_blank(user: str, password: str) -> None:
    """Raise LoginRefused before anything is sent where one of them is missing: it would count as a wrong one."""
    if not (user.strip() and password.strip()):
        raise LoginRefused("user or password is blank: nothing was sent, since wrong ones lock the account")
