"""The contract for what an account must not lose: its trusted device, its tokens, and what a person has to mend.

Facts: verisure-owa.md §2.2, §2.4 and §2.5.
"""

import json
import secrets
import uuid
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Protocol, get_origin

from emulator.words.text import Text, pack, unpack

WORDS = "trouble_words"
"""Key of the login's trouble as it can be said in another language, beside its English."""

_URL_SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@dataclass(frozen=True, slots=True)
class Device:
    """The phone that this program claims to be. Trust is bound to `id` and `uuid`: a new pair costs an SMS (§2.2)."""

    id: str = field(repr=False)
    uuid: str = field(repr=False)
    indigitall: str = field(repr=False)

    @classmethod
    def new(cls) -> "Device":
        """Make a device with random ids; once for an account."""
        text = "".join(secrets.choice(_URL_SAFE) for _ in range(22 + 134))
        return cls(f"{text[:22]}:APA91b{text[22:]}", uuid.uuid4().hex[:16], str(uuid.uuid4()))


@dataclass(frozen=True, slots=True)
class Login:
    """One account's login. Times are epoch seconds.

    `refresh` works once. `spent` is set when it was sent and no answer has been kept yet: it may be used up. `crashes`
    counts the answers in a row that were a crash of the server, the last one at `crashed_at`. The program itself used
    the password at `password_at`, and `passwords_lost` such logins in a row had no answer. `bad_lang` is the language
    over which the server crashed while it knows another. `trouble` is the reason why a person has to log in, empty
    while all is well. `cookies` stand in for tokens where a cloud has those instead. `quiet_until` is the end of a
    pause that the cloud wants for this account.
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
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    quiet_until: float = 0.0

    def as_text(self) -> str:
        """Return the login as it is kept."""
        words = pack(self.trouble) if isinstance(self.trouble, Text) else None
        return json.dumps(asdict(self) | {WORDS: words})

    @classmethod
    def parse(cls, kept: str) -> "Login | None":
        """Return a kept login, None if it is damaged. Fields of a later version are left out: one can go back."""
        try:
            said = json.loads(kept)
            known = {one.name: said[one.name] for one in fields(cls) if one.name in said}
            if said.get(WORDS):
                with suppress(ValueError):
                    known["trouble"] = unpack(said[WORDS])
            made = cls(**(known | {"device": Device(**said["device"])}))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        return made if _is_sound(made) and _is_sound(made.device) else None


def _is_sound(found: Login | Device) -> bool:
    """Return whether each field is of its kind."""
    kinds: dict[str, Any] = {one.name: get_origin(one.type) or one.type for one in fields(found)}
    # JSON writes a whole number without its fraction.
    return all(
        isinstance(getattr(found, name), (float, int) if kind is float else kind) for name, kind in kinds.items()
    )


class Vault(Protocol):
    """Store of one account's login, shared by all threads and processes; durable before a call returns."""

    def alone(self) -> AbstractContextManager[None]:
        """Lock the login against any other renewal."""

    def load(self) -> Login | None:
        """Return the login; None before the first one."""

    def save(self, login: Login) -> None:
        """Replace the login. Raises EmulatorError if it cannot be kept."""

    def is_wrong(self, user: str, password: str) -> bool:
        """Return whether the cloud has refused this password as wrong, and not accepted it since."""

    def note_password(self, user: str, password: str, *, wrong: bool) -> None:
        """Remember the cloud's verdict on a password, without keeping the password."""

    def banned_until(self) -> float:
        """Return the end of the firewall's ban of this network (epoch seconds)."""

    def ban(self, until: float) -> None:
        """Remember a ban until then (epoch seconds)."""

    def unsupported(self, number: str) -> frozenset[str]:
        """Return the requests that the panel of this installation has refused as unknown."""

    def remember_unsupported(self, number: str, request: str) -> None:
        """Add a request to those."""
