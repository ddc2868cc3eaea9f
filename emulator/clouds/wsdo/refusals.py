"""Meaning of a refused answer: the ERR numbers, and the texts that come without a number. Pure.

Facts: verisure-wsdo.md §2.3 and §6.
"""

import re

from emulator.clouds.values import brief
from emulator.clouds.wsdo.codes import plain
from emulator.clouds.wsdo.pet import PetReply
from emulator.errors import CloudError, LoginRefused, Rejected, Retired, SessionExpired, Unreachable
from emulator.words.text import Text

TROUBLE = Text("the cloud has trouble of its own")
LOCKED = Text("the account is locked: unlock it in the app or call customer service")

ERRORS: dict[str, tuple[type[CloudError], Text]] = {
    "60022": (SessionExpired, Text("the session has ended")),
    "60067": (SessionExpired, Text("the session is not known any more")),
    "60161": (
        Retired,
        Text("this account has moved to the new My Verisure app: set `cloud: owa` for it in devices.yaml"),
    ),
    "60060": (Retired, Text("the cloud wants a newer app: set `callby: AND_61` or `callby: IPH_61`, or `cloud: owa`")),
    "60057": (
        LoginRefused,
        Text("country and language do not go together: check `country` and `lang` in devices.yaml"),
    ),
    "60091": (LoginRefused, Text("user or password is wrong: check VERISURE_USER and VERISURE_PASSWORD")),
    "60052": (LoginRefused, LOCKED),
    "3000": (Unreachable, TROUBLE),
    "5304": (Unreachable, TROUBLE),
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
    words = brief(reply.said or reply.message)
    number = f"{reply.res}, ERR {reply.err}" if reply.err else reply.res

    def said(meaning: Text) -> Text:
        return Text('{meaning}. The cloud said: "{words}"', meaning=meaning, words=words) if words else meaning

    if reply.err in ERRORS:
        kind, meaning = ERRORS[reply.err]
        return kind(said(Text("{meaning} (ERR {number})", meaning=meaning, number=reply.err)))
    if login and RETIRED_TEXT.search(plain(reply.message)):
        return Retired(said(Text("this API no longer serves the account: set `cloud: owa` for it in devices.yaml")))
    if not login and TROUBLE_TEXT.search(plain(reply.message)):
        return Unreachable(said(TROUBLE))
    if reply.res == "LOCK":
        return LoginRefused(said(LOCKED))
    if login:
        return LoginRefused(
            said(Text("the cloud refused the login ({number}): check user and password", number=number))
        )
    if words:
        return Rejected(Text('the cloud said: "{words}"', words=words))
    return Rejected(Text("the cloud refused without a reason ({number})", number=number))
