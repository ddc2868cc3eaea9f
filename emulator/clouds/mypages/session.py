"""A session with My Pages: access renewed before its end, and a login with the password where that is not enough.

The vault holds the truth for every thread and process. Facts: verisure-mypages.md §2 and §3.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from emulator.clouds import values
from emulator.clouds.account import Listed, refuse_blank
from emulator.clouds.line import Before
from emulator.clouds.mypages import codec, operations
from emulator.clouds.mypages.codec import ACCESS, REFRESH, PagesReply
from emulator.clouds.mypages.failures import CodesExhausted
from emulator.clouds.mypages.operations import PagesOperation
from emulator.clouds.mypages.wire import PagesWire
from emulator.clouds.vault import Login
from emulator.errors import CloudError, LoginRefused, Rejected, SessionExpired, Unreachable
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

LIFE_S = 900.0
"""Life of an access: a quarter of an hour (§2)."""

EARLY_S = 180.0
"""An access with less to live is renewed before use, while the old one still works."""

PASSWORD_PAUSE_S, MOST_DOUBLINGS = 900.0, 5
"""Least time between two logins with the password by this program, and how often it doubles while none is answered:
each may cost a code, and too many the account."""

PASSWORDS_LOST = 2
"""Logins with the password in a row that the cloud may take without opening a session: more would bring nothing."""

RENEW_AGAIN_S = 60.0
"""After a renewal that did not help, the next one: an outcome is asked for every two seconds."""

MOST_DIGITS = 2
"""Digits of a `pinCodeLength` that is believed; Python itself refuses to read thousands."""


class PagesHome(NamedTuple):
    """The installation: its number, its name, and the number of digits of its codes (0 if unknown)."""

    number: str
    alias: str = ""
    code_length: int = 0


def accepted(login: Login, reply: PagesReply, now: float) -> Login | None:
    """Return a login with the cookies of an answer; None if they open nothing."""
    cookies = codec.merged(login.cookies, reply.cookies)
    if not (cookies.get(ACCESS) and ACCESS in reply.cookies):
        return None
    return replace(login, cookies=cookies, access_until=now + LIFE_S, trouble="", passwords_lost=0)


class PagesSession:
    """Session of one installation; owned by one thread."""

    def __init__(self, wire: PagesWire) -> None:
        self._wire = wire
        self._vault = wire.vault
        self._home: PagesHome | None = None
        self._in_vain_at = float("-inf")

    # -- operations -----------------------------------------------------------------------------------------

    def call(self, operation: PagesOperation, variables: Mapping[str, Any], before: Before = lambda: None) -> Any:
        """Return the result of an operation; an access that has ended is renewed once.

        `before` is called directly before each time that it is sent. Raises Rejected if the cloud refused, and
        CloudError.
        """
        login = self._access()
        reply, failure = self._wire.ask(codec.ask(operation, variables, login.cookies), before)
        now = self._wire.clock.monotonic()
        if isinstance(failure, SessionExpired) and now - self._in_vain_at >= RENEW_AGAIN_S:
            login = self._renewed(login)
            reply, failure = self._wire.ask(codec.ask(operation, variables, login.cookies), before)
            self._in_vain_at = now if isinstance(failure, SessionExpired) else self._in_vain_at
        if isinstance(failure, SessionExpired):
            # The cloud has said that it did not execute the operation.
            text = Text("{why}; if this lasts, type `emulator login`", why=str(failure))
            raise Unreachable(text, sent=False)
        if failure:
            raise failure
        return reply.value(operation)

    def look(self, operation: PagesOperation, variables: Mapping[str, Any]) -> Any:
        """Call a question; a refusal is Unreachable. Raises CloudError."""
        try:
            return self.call(operation, variables)
        except Rejected as error:
            raise Unreachable(Text("the cloud refused to answer: {why}", why=str(error))) from None

    def home(self) -> PagesHome:
        """Return the installation that is meant, by the account's list. Raises CloudError."""
        if self._home is None:
            number = self._wire.account.number
            try:
                found = self.homes()
            except Unreachable as error:
                if not number:
                    raise
                LOG.info("going on without the list of installations: %s", error)
                found = []
            if not found and not number:
                # Also where the cloud has trouble: no reason to stop all logins.
                raise Unreachable(Text("the cloud does not tell the account's installations"), sent=False)
            listed = [Listed(one.number, alias=one.alias) for one in found] or [Listed(number)]
            chosen = self._wire.account.choose(listed).number
            self._home = next((one for one in found if one.number == chosen), PagesHome(chosen))
        return self._home

    def homes(self) -> list[PagesHome]:
        """Return the account's installations. Raises CloudError."""
        content = self.look(operations.INSTALLATIONS, {"email": self._wire.user})
        return [
            PagesHome(values.text(row, "giid"), self._wire.told(values.text(row, "alias")), _digits(row))
            for row in values.rows(content)
            if values.text(row, "giid")
        ]

    def close(self) -> None:
        """Close the connections; the login is kept."""
        self._wire.close()

    # -- access ---------------------------------------------------------------------------------------------

    def _access(self) -> Login:
        """Return a login whose access lives for a while, of a command just now. Raises LoginNeeded and Unreachable."""
        login, now = self._known(), self._wire.clock.time()
        if now < login.access_until - (0.0 if self._wire.hurries else EARLY_S):
            return login
        try:
            return self._renewed(login)
        except Unreachable as error:
            # The early renewal can wait as long as the old access works.
            if now >= login.access_until:
                raise
            LOG.debug("not renewed ahead of time: %s", error)
            return login

    def _known(self) -> Login:
        login = self._wire.known()
        self._wire.conceal(login.user)
        return login

    def _renewed(self, stale: Login) -> Login:
        """Return the login with a new access, unless another thread or process has just made one.

        Raises LoginNeeded, and Unreachable, as nothing but the renewal was sent.
        """
        try:
            with self._wire.alone(), self._wire.command():
                login = self._known()
                if login.cookies.get(ACCESS) != stale.cookies.get(ACCESS) and self._lives(login):
                    return login
                return self._renew(login)
        except Unreachable as error:
            raise Unreachable(Text("the login could not be renewed: {why}", why=str(error)), sent=False) from None

    def _lives(self, login: Login) -> bool:
        return self._wire.clock.time() < login.access_until - EARLY_S

    def _renew(self, login: Login) -> Login:
        if not login.cookies.get(REFRESH):
            return self._by_password(login, Text("the login has ended"))
        reply, failure = self._wire.ask(codec.renew(login.cookies))
        made = None if failure else accepted(login, reply, self._wire.clock.time())
        if failure:
            return self._by_password(login, str(failure))
        if made is None:
            # No refusal: where nobody has set a password, this alone must not end in a stop until a person comes.
            why = Text("the cloud has given no new access")
            if not self._wire.account.password:
                raise Unreachable(Text("{why}; if this lasts, type `emulator login`", why=why))
            return self._by_password(login, why)
        self._vault.save(made)
        LOG.debug("the login was renewed")
        return made

    def _by_password(self, login: Login, why: str) -> Login:
        """Log in with the password and the trust of the last login; LoginNeeded where only a person can."""
        account, now = self._wire.account, self._wire.clock.time()
        user = self._wire.user
        lost = login.passwords_lost
        if not account.password or self._vault.is_wrong(user, account.password):
            raise self._wire.needed(login, Text("{why}; type `emulator login`", why=why))
        if login.password_at <= now < login.password_at + PASSWORD_PAUSE_S * 2 ** min(lost, MOST_DOUBLINGS):
            raise Unreachable(Text("{why}; the next login with the password waits for some minutes", why=why))
        LOG.warning("%s; logging in with the password", why)
        trying = replace(login, password_at=now, passwords_lost=lost + 1)
        self._vault.save(trying)
        try:
            reply = self.log_in(user, trying)
        except LoginRefused as error:
            raise self._wire.needed(trying, Text("{why}; then type `emulator login`", why=str(error))) from None
        if reply.wants_code:
            text = Text("the cloud wants this program to be confirmed by a code: type `emulator login`")
            raise self._wire.needed(trying, text)
        made = accepted(trying, reply, now)
        if made is None:
            text = Text("the cloud took user and password, but opens no session")
            if trying.passwords_lost >= PASSWORDS_LOST:
                raise self._wire.needed(trying, Text("{why}; type `emulator login`", why=text))
            raise Unreachable(text)
        made = replace(made, login_at=now)
        self._vault.save(made)
        return made

    def log_in(self, user: str, login: Login) -> PagesReply:
        """Send user and password once. Raises LoginRefused and Unreachable."""
        refuse_blank(user, self._wire.account.password)
        secret = (user, self._wire.account.password)
        reply, failure = self._wire.ask(codec.log_in(*secret, login.cookies), login=True)
        if isinstance(failure, LoginRefused) and not isinstance(failure, CodesExhausted):
            self._vault.note_password(*secret, wrong=True)
        if failure:
            raise failure if isinstance(failure, CloudError) else LoginRefused(str(failure))
        self._vault.note_password(*secret, wrong=False)
        return reply


def _digits(row: Mapping[str, Any]) -> int:
    found = values.text(row, "pinCodeLength")
    return int(found) if found.isdecimal() and len(found) <= MOST_DIGITS else 0
