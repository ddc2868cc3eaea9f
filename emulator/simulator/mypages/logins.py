"""Login to My Pages: password, code by SMS or e-mail, trust, refresh (verisure-mypages.md §2)."""

import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from emulator.simulator.accounts import SimulatedAccount
from emulator.simulator.backend import Backend, Denied, Reason, Sms
from emulator.simulator.mypages import failures
from emulator.simulator.mypages.options import MypagesOptions
from emulator.simulator.mypages.tokens import (
    ACCESS,
    REFRESH,
    STEP_UP,
    STEP_UP_LIFE_S,
    TRUST,
    TRUST_LIFE_S,
    VID,
    Holder,
    MypagesTokens,
)

CODE_DIGITS = 6

MOST_MESSAGES = 20
"""Messages shown; more than a person requests."""

MOST_STEP_UPS, STEP_UPS_WITHIN_S = 5, 3600.0
"""Logins of an account that may ask for a code within an hour; the real figure is unknown."""


class Visit(NamedTuple):
    """Contents of a request: cookies, basic auth, a body, and the rest of the path or its query."""

    cookies: Mapping[str, str]
    user: str = ""
    password: str = ""
    body: Any = None
    detail: str = ""


class Granted(NamedTuple):
    """The body of an answer, and the cookies that it sets: name → value and life in seconds."""

    body: dict[str, Any]
    cookies: Mapping[str, tuple[str, float]] = {}


@dataclass(slots=True)
class MypagesLogins:
    """Answers to the requests under /auth. Guarded by the panel's lock."""

    backend: Backend
    options: MypagesOptions
    tokens: MypagesTokens
    messages: list[Sms] = field(default_factory=list)
    _step_ups: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=MOST_MESSAGES))

    def login(self, visit: Visit) -> Granted:
        """Answer POST /auth/login."""
        country = next((one.country for one in self.backend.accounts if one.user == visit.user), "")
        try:
            account = self.backend.check_password(visit.user, visit.password, country)
        except Denied as denied:
            unknown = denied.reason is Reason.NO_USER
            raise (failures.unknown_user() if unknown else failures.wrong_login()) from None
        if self.options.step_up and not self._is_trusted(account, visit):
            return self._ask_for_code(account)
        return self._admit(account)

    def _is_trusted(self, account: SimulatedAccount, visit: Visit) -> bool:
        trusts = [self.tokens.holder(TRUST, value) for name, value in visit.cookies.items() if name.startswith(TRUST)]
        return any(trust is not None and trust.account == account for trust in trusts)

    def _ask_for_code(self, account: SimulatedAccount) -> Granted:
        now = self.backend.now()
        recent = [at for at, user in self._step_ups if user == account.user and at > now - STEP_UPS_WITHIN_S]
        if len(recent) >= MOST_STEP_UPS:
            raise failures.too_many_codes()
        self._step_ups.append((now, account.user))
        token = self.tokens.give(STEP_UP, account, STEP_UP_LIFE_S)
        body = {"stepUpToken": token, "stepUpTokenMaxAgeSeconds": int(STEP_UP_LIFE_S)}
        return Granted(body, {STEP_UP: (token, STEP_UP_LIFE_S)})

    def _admit(self, account: SimulatedAccount) -> Granted:
        """Return the cookies of a new session."""
        vid, options = secrets.token_hex(16), self.options
        access = self.tokens.give(ACCESS, account, options.access_life, vid)
        refresh = self.tokens.give(REFRESH, account, options.refresh_life, vid)
        cookies = {ACCESS: (access, options.access_life), REFRESH: (refresh, options.refresh_life)}
        if not self.backend.faults.strike("no_vid", "auth/login"):
            cookies[VID] = (vid, options.refresh_life)
        if self.backend.faults.strike("no_cookies", "auth/login"):
            cookies = {}
        lives = {"accessTokenMaxAgeSeconds": int(options.access_life)}
        return Granted({**lives, "refreshTokenMaxAgeSeconds": int(options.refresh_life)}, cookies)

    def send_code(self, visit: Visit) -> Granted:
        """Answer POST /auth/mfa: send a code by `type`."""
        waiting = self._waiting(visit)
        account = waiting.account
        to = {"phone": account.phones[0], "email": _masked(account.user)}.get(visit.detail)
        if to is None:
            raise failures.not_found()
        if visit.detail == "phone" and self.backend.faults.strike("no_sms", "auth/mfa"):
            raise failures.no_sms()
        waiting.code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
        message = Sms(to, waiting.code, self.backend.now())
        self.messages[:] = [*self.messages, message][-MOST_MESSAGES:]
        self.backend.sent(message)
        return Granted({})

    def validate(self, visit: Visit) -> Granted:
        """Answer POST /auth/mfa/validate."""
        waiting = self._waiting(visit)
        given = visit.body.get("token") if isinstance(visit.body, dict) else None
        if not waiting.code or given != waiting.code:
            raise failures.wrong_step_up()
        self.tokens.spend(STEP_UP, visit.cookies[STEP_UP])
        return self._admit(waiting.account)

    def _waiting(self, visit: Visit) -> Holder:
        waiting = self.tokens.holder(STEP_UP, visit.cookies.get(STEP_UP))
        if waiting is None:
            raise failures.no_session()
        return waiting

    def trust(self, visit: Visit) -> Granted:
        """Answer POST /auth/trust."""
        token = self.tokens.give(TRUST, self.customer(visit), TRUST_LIFE_S)
        return Granted({"trustTokenValue": token}, {f"{TRUST}{secrets.token_hex(4)}": (token, TRUST_LIFE_S)})

    def refresh(self, visit: Visit) -> Granted:
        """Answer GET /auth/token."""
        token, options = visit.cookies.get(REFRESH, ""), self.options
        holder = self.tokens.holder(REFRESH, token)
        if holder is None or holder.vid != visit.cookies.get(VID, holder.vid):
            raise failures.no_session()
        access = self.tokens.give(ACCESS, holder.account, options.access_life, holder.vid)
        cookies = {ACCESS: (access, options.access_life)}
        if options.rotates:
            self.tokens.spend(REFRESH, token)
            fresh = self.tokens.give(REFRESH, holder.account, options.refresh_life, holder.vid)
            cookies[REFRESH] = (fresh, options.refresh_life)
        return Granted({"accessTokenMaxAgeSeconds": int(options.access_life)}, cookies)

    def distrust(self, visit: Visit) -> Granted:
        """Answer DELETE /auth/trust/<value>."""
        self.customer(visit)
        if not self.tokens.spend(TRUST, visit.detail):
            raise failures.not_found()
        return Granted({})

    def logout(self, visit: Visit) -> Granted:
        """Answer DELETE /auth/logout."""
        holder = self.tokens.holder(ACCESS, visit.cookies.get(ACCESS))
        if holder:
            self.tokens.leave(holder.vid)
        return Granted({})

    def customer(self, visit: Visit) -> SimulatedAccount:
        """Return whose session a request belongs to."""
        holder = self.tokens.holder(ACCESS, visit.cookies.get(ACCESS))
        if holder is None:
            raise failures.no_session()
        return holder.account


def _masked(user: str) -> str:
    """Return an e-mail address as it is shown."""
    name, at, host = user.partition("@")
    return f"{name[:1]}***{at}{host}"
