"""The tokens of one account: an access token for minutes, renewed by a refresh token that is good for one answer.

The vault is the truth, for every thread and process. Little is remembered here: above all what it could not take.
Facts: verisure-owa.md §2.
"""

import logging
from dataclasses import replace
from datetime import datetime

from emulator.clouds.owa import failures, graphql, operations
from emulator.clouds.owa.failures import Failure, Locked, Unauthorized
from emulator.clouds.owa.login import LoginRequests, content_of
from emulator.clouds.owa.wire import Throttled, Wire
from emulator.clouds.vault import Login
from emulator.errors import LoginNeeded, LoginRefused, SessionExpired, Unreachable

LOG = logging.getLogger(__name__)

MARGIN_S = 30.0
"""A token with less to live is renewed before it is used: a request may take 20 s."""

KNOCK_S = 30.0
"""A refresh token is only risked on a cloud that has answered in this time, and best without trouble."""

CRASHES = 3
"""Renewals in a row over which the server breaks off while it answers all else: the token is dead (§2.4, §12)."""

APART_S = 30.0
"""Crashes that follow each other sooner in one program are counted once: people press a switch again and again."""

AT_ONCE_S = 5.0
"""The same for those that others of the account meet, whose alarms are read at one moment. A person who types `emulator
status` until it works gets on with every second one."""

PASSWORD_PAUSE_S = 3600.0
"""Between two logins with the password: one that is needed more often does not mend anything."""

PASSWORDS = 2
"""Logins with the password in a row whose answers may get lost; each may have counted as a wrong one."""

DISOWNED = "the cloud does not know this program any more"
TYPE_LOGIN = "type `emulator login`"


class Tokens:
    """Gives out the access token, and renews it when needed; owned by one thread."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._vault = wire.vault
        self._clock = wire.clock
        self._requests = LoginRequests(wire)
        self._crashed_at = float("-inf")

    def access(self, margin_s: float = MARGIN_S) -> Login:
        """A login with an access token that is good for so long yet. Raises LoginNeeded and Unreachable."""
        login = self._known()
        return login if self._good(login, margin_s) else self.renew(login.access, margin_s)

    def renew(self, stale: str, margin_s: float = MARGIN_S) -> Login:
        """Replace an access token that no longer works, or not for long, unless somebody else just did."""
        # Who holds the vault lets no poll of others go before: a command of theirs may be waiting for the vault.
        with self._vault.alone(), self._wire.command():
            login = self._requests.kept(self._known())
            if login.access != stale and self._good(login, margin_s):
                return login
            if not login.refresh:
                return self._by_password(login, "the login has ended, and no token is left to renew it with")
            try:
                return self._rotate(login)
            except Locked as error:
                raise self._needed(self._known(), f"{error}; then {TYPE_LOGIN}") from None
            except (SessionExpired, LoginRefused) as error:
                ended = DISOWNED if isinstance(error, Unauthorized) else "the login has ended"
                lost = ", after the answer to a renewal had got lost" if login.spent else ""
                # The language may have been learned meanwhile.
                dead = replace(self._known(), refresh="", spent=False, crashes=0)
                return self._by_password(dead, f"{ended}{lost}: {error}")

    def disowned(self, stale: str, refusal: SessionExpired) -> None:
        """Make a login anew in place of one that the cloud does not accept, although it has just renewed it.

        Raises LoginNeeded and Unreachable. Nothing is done where somebody else has just renewed it.
        """
        with self._vault.alone(), self._wire.command():
            login = self._requests.kept(self._known())
            if login.access == stale:
                self._by_password(login, f"{DISOWNED}: {refusal}")

    def _known(self) -> Login:
        login = self._vault.load()
        if login is None:
            raise LoginNeeded(f"nobody has logged in to this account yet: {TYPE_LOGIN}")
        if login.trouble:
            raise LoginNeeded(login.trouble)
        return login

    def _good(self, login: Login, margin_s: float) -> bool:
        return bool(login.access) and self._clock.time() < login.access_until - margin_s

    def _rotate(self, login: Login) -> Login:
        """Spend the refresh token for a new pair. It is marked before it is sent.

        Where the answer gets lost it is sent again some time: the server may not have read it, and refuses it at most.
        Raises SessionExpired and LoginRefused where it is of no use, and Unreachable where that is open.
        """
        served = self._knock(login)
        try:
            # A process that is killed while it waits for its turn has lost nothing.
            reply, asked = self._requests.refresh(login, lambda: self._vault.save(replace(login, spent=True)))
            if reply.failure and failures.is_vague(reply.failure):
                self._count_crash(asked, reply.failure, counts=served)
            content = content_of(reply)
        except Unreachable as error:
            if not error.sent:
                self._vault.save(login)
            raise Unreachable(f"the login could not be renewed: {error}", sent=error.sent) from None
        renewed = self._requests.accept(asked, content, login.refresh)
        if renewed is None:
            raise SessionExpired(graphql.text(content, "msg") or "the cloud gave no new tokens")
        LOG.debug("the login was renewed")
        return renewed

    def _count_crash(self, login: Login, failure: Failure, *, counts: bool) -> None:
        """Note that the server broke off. Raises SessionExpired at the end of a streak, and Unreachable before."""
        now = self._clock.time()
        at_once = login.crashed_at <= now < login.crashed_at + AT_ONCE_S
        if counts and not at_once and self._clock.monotonic() - self._crashed_at >= APART_S:
            self._crashed_at = self._clock.monotonic()
            login = replace(login, crashes=login.crashes + 1, crashed_at=now)
        self._vault.save(login)
        words = failure.said or failure.message or "it answers without content"
        if login.crashes >= CRASHES:
            raise SessionExpired(f'the cloud fails each time over its renewal, and only there ("{words}")')
        raise Unreachable(f"the cloud has trouble: {words}")

    def _knock(self, login: Login) -> bool:
        """See that the cloud answers at all, before a refresh token is risked; whether it does so without trouble."""
        now = self._clock.monotonic()
        if now - self._wire.served_at > KNOCK_S:
            self._wire.ask(operations.INSTALLATIONS, {}, self._wire.caller(login))
        return now - self._wire.served_at <= KNOCK_S

    def _by_password(self, login: Login, why: str) -> Login:
        """Log in with the password, where there is one; otherwise only a person can."""
        now, again = self._clock.time(), login.password_at + PASSWORD_PAUSE_S
        soon = login.password_at <= now < again
        lost = login.passwords_lost
        if not self._wire.account.password or (soon and not lost) or lost >= PASSWORDS:
            too = "; nor was the login with the password answered" if lost else ""
            raise self._needed(login, f"{why}{too}; {TYPE_LOGIN}")
        if soon:
            at = datetime.fromtimestamp(again).astimezone()
            raise Unreachable(f"the login with the password was not answered; once more at {at:%H:%M}", sent=False)
        LOG.warning("%s; logging in with the password", why)
        trying = replace(login, password_at=now, passwords_lost=lost + 1)
        self._vault.save(trying)
        try:
            renewed = self._requests.log_in(trying)
        except Unreachable as error:
            if not error.sent and not isinstance(error, Throttled):
                self._vault.save(login)
            raise
        except LoginRefused as error:
            raise self._needed(trying, f"{error}; then {TYPE_LOGIN}") from None
        if renewed is None:
            raise self._needed(trying, f"the cloud wants this program to be confirmed by SMS: {TYPE_LOGIN}")
        return renewed

    def _needed(self, login: Login, trouble: str) -> LoginNeeded:
        self._vault.save(replace(login, trouble=trouble))
        return LoginNeeded(trouble)
