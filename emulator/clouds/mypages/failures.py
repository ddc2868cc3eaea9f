"""Meaning of the failures of My Pages. Pure.

Facts: verisure-mypages.md §8 and §9.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus

from emulator.clouds.mypages.codec import PagesReply
from emulator.clouds.unread import is_unread
from emulator.clouds.values import brief
from emulator.errors import CloudError, CommandError, LoginRefused, Rejected, SessionExpired, Unreachable
from emulator.words.text import Text

NOT_ACTIVE = "SYS_00004"
"""This host is not the active one: nothing was done (§1)."""

LIMIT, SESSION = "AUT_00021", "AUT_00011"
WRONG_LOGIN = frozenset({"AUT_00001", "AUT_00004"})
CODES_SENT, WRONG_CODE, CHECKED = "ACC_00002", "VAL_00008", "VAL_"
"""Codes of errors (§8); CHECKED begins those of a request that was checked and not carried out."""

BLOCKED = "blocked"
"""Word of the message that ends the day for an account (§9)."""

LIMIT_S, LIMIT_LEAST_S, LIMIT_MOST_S = 3600.0, 60.0, 86400.0
"""Silence after the limit, and the shortest and the longest that the server may ask for: its window is not known, and
who asked more often than once a minute was blocked for a day (§9)."""

TROUBLE = 500
"""From this HTTP status on a host has trouble: the other one may have none."""

NIGHT_S, AFTER_MIDNIGHT_S = 3 * 3600.0, 900.0
"""A block of the first hours may be yesterday's. The new day begins some minutes late (§9)."""


class Elsewhere(Unreachable):
    """The other host is active: this one has proved that it did nothing."""


class Limited(Unreachable):
    """Too many requests; `blocked` for the rest of the day. Nothing was done."""

    def __init__(self, message: str, *, blocked: bool) -> None:
        self.blocked = blocked
        super().__init__(message, sent=False)


class CodesExhausted(LoginRefused):
    """No more codes are sent for now."""


class WrongCode(Rejected):
    """The code is not that of a user of this alarm: nothing was done."""


def error(reply: PagesReply, told: Callable[[str], str], *, login: bool = False) -> CloudError | CommandError | None:
    """Return the error of an answer; None if it has the result. `told` strikes secrets out of the cloud's words.

    `login` is set for the requests of a login, whose refusal is about user and password.
    """
    if not reply.failed:
        return None
    words = brief(told(reply.words))

    def said(meaning: Text) -> Text:
        return Text('{meaning} (the cloud said: "{words}")', meaning=meaning, words=words) if words else meaning

    if reply.taken:
        return Unreachable(said(Text("the cloud has trouble")))
    codes, status = reply.codes, reply.status
    if NOT_ACTIVE in codes:
        return Elsewhere(Text("neither host of the cloud is active just now"), sent=False)
    if LIMIT in codes or status == HTTPStatus.TOO_MANY_REQUESTS:
        blocked = BLOCKED in reply.words.lower()
        text = Text("the cloud has blocked this account for today, since it was asked too often")
        return Limited(text if blocked else Text("the cloud wants fewer requests"), blocked=blocked)
    if CODES_SENT in codes:
        return CodesExhausted(said(Text("the cloud sends no more codes for now: try again in some hours")))
    if WRONG_CODE in codes:
        return WrongCode(Text("the alarm did not take the code: it is wrong, or has another length"))
    unauthorized = status == HTTPStatus.UNAUTHORIZED
    if (reply.document is None and not unauthorized) or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unreachable(Text("the alarm's cloud cannot answer just now (HTTP {status})", status=str(status)))
    refused = WRONG_LOGIN & codes or unauthorized
    if login and (refused or status in (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN)):
        return LoginRefused(said(Text("the cloud refused the login: check user and password")))
    if refused or SESSION in codes:
        return SessionExpired(said(Text("the cloud does not accept this session")))
    if status == HTTPStatus.FORBIDDEN and not codes:
        # Of a gateway, as far as is known: neither about the session, nor proof that nothing was done.
        text = Text("the alarm's cloud lets nothing in: too many requests, or this address is blocked")
        return Unreachable(said(text))
    if is_unread(reply.errors, status, begun=reply.begun) or any(one.startswith(CHECKED) for one in codes):
        return Rejected(said(Text("the cloud does not take this request, and has done nothing")))
    return Unreachable(said(Text("the cloud has trouble")))


def quiet_until(limited: Limited, retry_after: str, now: float) -> float:
    """Return the end of the silence after a limit, in epoch seconds: for a block, the end of the day."""
    if limited.blocked:
        today = datetime.fromtimestamp(now).astimezone()
        midnight = today.replace(hour=0, minute=0, second=0, microsecond=0)
        if (today - midnight).total_seconds() >= NIGHT_S:
            return (midnight + timedelta(days=1)).timestamp() + AFTER_MIDNIGHT_S
    asked = float(retry_after) if retry_after.isdecimal() else LIMIT_S
    return now + min(max(asked, LIMIT_LEAST_S), LIMIT_MOST_S)
