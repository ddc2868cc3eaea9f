"""What an OWA account must not lose: the device that it trusts, the tokens, and what a person has to mend.

Facts: verisure-owa.md §2.2, §2.4 and §2.5.
"""

import secrets
import uuid
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

_URL_SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@dataclass(frozen=True, slots=True)
class Device:
    """The phone that we say we are. Trust is bound to `id` and `uuid`: another pair needs another SMS (§2.2)."""

    id: str = field(repr=False)
    uuid: str = field(repr=False)
    indigitall: str = field(repr=False)

    @classmethod
    def new(cls) -> "Device":
        """One that nobody has had; made once for an account."""
        text = "".join(secrets.choice(_URL_SAFE) for _ in range(22 + 134))
        return cls(f"{text[:22]}:APA91b{text[22:]}", uuid.uuid4().hex[:16], str(uuid.uuid4()))


@dataclass(frozen=True, slots=True)
class Login:
    """One account's login. Times are epoch seconds.

    `refresh` works once; `spent` says that it was sent and that no answer has been kept yet, so that it may be of no
    use, and `crashes` how many answers in a row were a crash of the server, the last one at `crashed_at`. The program
    itself has used the password at `password_at`, and `passwords_lost` such logins in a row had no answer. `bad_lang`
    is the language over which the server crashed while it knows another. `trouble` is why a person has to log in, empty
    while all is well.
    """

    user: str
    device: Device
    access: str = field(default="", repr=False)
    access_until: float = 0.0
    login_at: float = 0.0
    refresh: str = field(default="", repr=False)
    spent: bool = False
    crashes: int = 0
    crashed_at: float = 0.0
    password_at: float = 0.0
    passwords_lost: int = 0
    bad_lang: str = ""
    trouble: str = ""


class Vault(Protocol):
    """Keeps one account's login; shared by all threads and processes that use it, durable before a call returns."""

    def alone(self) -> AbstractContextManager[None]:
        """Be the only one who renews the login."""

    def load(self) -> Login | None:
        """The login; None before the first one."""

    def save(self, login: Login) -> None:
        """Replace the login. EmulatorError when it cannot be kept."""

    def is_wrong(self, user: str, password: str) -> bool:
        """Whether the cloud has said that this password is wrong, and not taken it since."""

    def note_password(self, user: str, password: str, *, wrong: bool) -> None:
        """Remember what the cloud said of a password, without keeping it."""

    def banned_until(self) -> float:
        """Until when the firewall shuts this network out (epoch seconds)."""

    def ban(self, until: float) -> None:
        """Remember a ban."""

    def unsupported(self, number: str) -> frozenset[str]:
        """The requests that the panel of this installation has turned out not to know."""

    def remember_unsupported(self, number: str, request: str) -> None:
        """Add one to them."""
