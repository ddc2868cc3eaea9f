"""The contract of a login that a person makes: password, and once a code that the cloud sends by SMS."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from emulator.clouds.account import Listed
from emulator.errors import CloudError


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone of the contract: its number in the cloud's list, and its digits, most of them masked."""

    id: int
    masked: str


class CodeRefused(CloudError):
    """The code was wrong, or too old; another one has to be sent."""


def code_of(typed: str) -> str:
    """Return a code without the blanks and hyphens by which a message or a keyboard parts it; empty if it is none."""
    plain = unicodedata.normalize("NFKC", typed)
    code = "".join(one for one in plain if not one.isspace() and unicodedata.category(one) not in ("Pd", "Cf"))
    return code if code.isascii() and code.isalnum() else ""


class Enrolment(Protocol):
    """One person's login, step by step: `begin`, and if that was not enough, `send_code` and `confirm`."""

    phones: tuple[Phone, ...]

    def begin(self) -> bool:
        """Try the password; return True if that was enough, False if one of `phones` is to be sent a code.

        Raises LoginRefused and Unreachable.
        """

    def send_code(self, phone: Phone) -> None:
        """Have the code sent. Raises CloudError."""

    def confirm(self, code: str) -> None:
        """Submit the code. Raises CodeRefused if it was wrong; then go on with another one from `send_code`."""

    def installations(self) -> Sequence[Listed]:
        """Return the account's installations. Raises CloudError."""
