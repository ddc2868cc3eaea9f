"""Meaning of a refused answer: the ERR numbers, and the texts that come without a number. Pure.

Facts: verisure-wsdo.md §2.3 and §6.
"""

import re

from emulator.clouds.wsdo.codes import plain
from emulator.clouds.wsdo.pet import PetReply
from emulator.errors import CloudError, LoginRefused, Rejected, Retired, SessionExpired, Unreachable

ERRORS: dict[str, tuple[type[CloudError], str]] = {
    "60022": (SessionExpired, "the session has ended"),
    "60067": (SessionExpired, "the session is not known any more"),
    "60161": (Retired, "this account has moved to the new My Verisure app: set `cloud: owa` for it in devices.yaml"),
    "60060": (Retired, "the cloud wants a newer app: set `callby: AND_61` or `callby: IPH_61`, or `cloud: owa`"),
    "60057": (LoginRefused, "country and language do not go together: check `country` and `lang` in devices.yaml"),
    "60091": (LoginRefused, "user or password is wrong: check VERISURE_USER and VERISURE_PASSWORD"),
    "60052": (LoginRefused, "the account is locked: unlock it in the app or call customer service"),
    "3000": (Unreachable, "the cloud has trouble of its own"),
    "5304": (Unreachable, "the cloud has trouble of its own"),
}
"""ERR number → error, and its text for people with the remedy (§2.3)."""

RETIRED_TEXT = re.compile(r"ya no esta disponible|nueva version|remplacee par|substituido|no longer available")
"""Texts without a number of an API or account that is gone (§2.3, §6), in lower case, without accents."""

TROUBLE_TEXT = re.compile(
    r"technical (incident|issue)|unable to carry out|try (again )?later|problem communicating|native thread"
    r"|no se ha podido realizar la accion|n'a pas pu etre transmise"
)
"""Texts without a number that leave open whether anything was done (§2.3)."""


def error(reply: PetReply, *, login: bool = False) -> CloudError | Rejected:
    """Return the error of a refused answer. An unexplained refusal of LOGIN stops all logins: accounts get locked."""
    words = reply.said or reply.message
    said = f' The cloud said: "{words}"' if words else ""
    if reply.err in ERRORS:
        kind, meaning = ERRORS[reply.err]
        return kind(f"{meaning} (ERR {reply.err}).{said}")
    if login and RETIRED_TEXT.search(plain(reply.message)):
        return Retired(f"this API no longer serves the account: set `cloud: owa` for it in devices.yaml.{said}")
    if not login and TROUBLE_TEXT.search(plain(reply.message)):
        kind, meaning = ERRORS["3000"]
        return kind(f"{meaning}.{said}")
    number = f", ERR {reply.err}" if reply.err else ""
    if reply.res == "LOCK":
        return LoginRefused(f"{ERRORS['60052'][1]}.{said}")
    if login:
        return LoginRefused(f"the cloud refused the login ({reply.res}{number}): check user and password.{said}")
    return Rejected(words or f"the cloud refused without a reason ({reply.res}{number})")
