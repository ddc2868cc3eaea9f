"""The tokens of one account: an access token for minutes, renewed by a refresh token that works once.

The vault holds the truth for every thread and process. Hardly anything is remembered here.
Facts: verisure-owa.md §2.
"""

import logging
from dataclasses import replace
from datetime import datetime

from emulator.clouds import values
from emulator.clouds.owa import failures, operations
from emulator.clouds.owa.failures import Failure, Locked, Unauthorized
from emulator.clouds.owa.login import LoginRequests, content_of
from emulator.clouds.owa.refusals import because
from emulator.clouds.owa.wire import Throttled, Wire
from emulator.clouds.vault import Login
from emulator.errors import LoginRefused, SessionExpired, Unreachable
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

MARGIN_S = 30.0
"""A token with less to live is renewed before use: a request may take 20 s."""

KNOCK_S = 30.0
"""A refresh token is risked only on a cloud that has answered within this time, preferably without trouble."""

CRASHES = 3
"""Renewals in a row over which the server crashes while it answers all else: then the token is dead (§2.4, §12)."""

APART_S = 30.0
"""Crashes closer together in one program count once: people press a switch again and again."""

AT_ONCE_S = 5.0
"""The same between the processes of an account, whose alarms are read at the same moment. A person who types `emulator
status` until it works is counted every second time."""

PASSWORD_PAUSE_S = 3600.0
"""Least time between two logins with the password: a login needed more often mends nothing."""

PASSWORDS = 2
"""Number of logins with the password in a row whose answers may get lost; each may have counted as a wrong one."""

DISOWNED = Text("the cloud does not know this program any more")


class Tokens:
    """Access token of one account, renewed when needed; owned by one thread."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._vault = wire.vault
        self._clock = wire.clock
        self._requests = LoginRequests(wire)
        self._crashed_at = float("-inf")

    def access(self, margin_s: float = MARGIN_S) -> Login:
        """Return a login whose access token lives for that much longer. Raises LoginNeeded and Unreachable."""
        login = self._wire.known()
        return login if self._good(login, margin_s) else self.renew(login.access, margin_s)

    def at_hand(self) -> bool:
        """Return whether there is a login whose access token still lives for a request."""
        login = self._vault.load()
        return login is not None and not login.trouble and self._good(login, MARGIN_S)

    def renew(self, stale: str, margin_s: float = MARGIN_S) -> Login:
        """Replace an access token that no longer works, or not for long, unless another thread or process just did."""
        # The holder of the vault takes precedence over polls of others: a command of theirs may wait for the vault.
        with self._vault.alone(), self._wire.command():
            login = self._requests.kept(self._wire.known())
            if login.access != stale and self._good(login, margin_s):
                return login
            if not login.refresh:
                return self._by_password(login, Text("the login has ended, and no token is left to renew it with"))
            try:
                return self._rotate(login)
            except Locked as error:
                raise self._wire.needed(self._wire.known(), _then(error)) from None
            except (SessionExpired, LoginRefused) as error:
                ended = DISOWNED if isinstance(error, Unauthorized) else Text("the login has ended")
                if login.spent:
                    ended = Text("{what}, after the answer to a renewal had got lost", what=ended)
                # The language may have been learned meanwhile.
                dead = replace(self._wire.known(), refresh="", spent=False, crashes=0)
                return self._by_password(dead, because(ended, str(error)))

    def disowned(self, stale: str, refusal: SessionExpired) -> None:
        """Replace a login that the cloud does not accept, although it has just renewed it, unless that was just done.

        Raises LoginNeeded and Unreachable.
        """
        with self._vault.alone(), self._wire.command():
            login = self._requests.kept(self._wire.known())
            if login.access == stale:
                self._by_password(login, because(DISOWNED, str(refusal)))

    def _good(self, login: Login, margin_s: float) -> bool:
        return bool(login.access) and self._clock.time() < login.access_until - margin_s

    def _rotate(self, login: Login) -> Login:
        """Exchange the refresh token for a new pair. It is marked as spent before it is sent.

        After a lost answer it is sent again later: the server may not have read it, and at worst refuses it. Raises
        SessionExpired and LoginRefused if it is useless, and Unreachable if that is open.
        """
        served = self._knock(login)
        try:
            # Marked when its turn has come: a process that is killed before loses nothing.
            reply, asked = self._requests.refresh(login, lambda: self._vault.save(replace(login, spent=True)))
            if reply.failure and failures.is_vague(reply.failure):
                self._count_crash(asked, reply.failure, counts=served)
            content = content_of(reply)
        except Unreachable as error:
            if not error.sent:
                self._vault.save(login)
            raise Unreachable(Text("the login could not be renewed: {why}", why=str(error)), sent=error.sent) from None
        renewed = self._requests.accept(asked, content, login.refresh)
        if renewed is None:
            raise SessionExpired(values.text(content, "msg") or Text("the cloud gave no new tokens"))
        LOG.debug("the login was renewed")
        return renewed

    def _count_crash(self, login: Login, failure: Failure, *, counts: bool) -> None:
        """Count a crash of the server. Raises SessionExpired at the end of a streak, and Unreachable before."""
        now = self._clock.time()
        at_once = login.crashed_at <= now < login.crashed_at + AT_ONCE_S
        if counts and not at_once and self._clock.monotonic() - self._crashed_at >= APART_S:
            self._crashed_at = self._clock.monotonic()
            login = replace(login, crashes=login.crashes + 1, crashed_at=now)
        self._vault.save(login)
        words = failure.said or failure.message or Text("it answers without content")
        if login.crashes >= CRASHES:
            raise SessionExpired(
                Text('the cloud fails each time over its renewal, and only there ("{words}")', words=words)
            )
        raise Unreachable(Text("the cloud has trouble: {words}", words=words))

    def _knock(self, login: Login) -> bool:
        """Check that the cloud answers before a refresh token is risked; return whether it does so without trouble."""
        now = self._clock.monotonic()
        if now - self._wire.served_at > KNOCK_S:
            self._wire.ask(operations.INSTALLATIONS, {}, login)
        return now - self._wire.served_at <= KNOCK_S

    def _by_password(self, login: Login, why: str) -> Login:
        """Log in with the password if there is one; otherwise raise LoginNeeded, as only a person can."""
        now, again = self._clock.time(), login.password_at + PASSWORD_PAUSE_S
        soon = login.password_at <= now < again
        lost = login.passwords_lost
        if not self._wire.account.password or (soon and not lost) or lost >= PASSWORDS:
            if lost:
                why = Text("{why}; nor was the login with the password answered", why=why)
            raise self._wire.needed(login, Text("{why}; type `emulator login`", why=why))
        if soon:
            at = datetime.fromtimestamp(again).astimezone()
            text = Text("the login with the password was not answered; once more at {time}", time=f"{at:%H:%M}")
            raise Unreachable(text, sent=False)
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
            raise self._wire.needed(trying, _then(error)) from None
        if renewed is None:
            text = Text("the cloud wants this program to be confirmed by SMS: type `emulator login`")
            raise self._wire.needed(trying, text)
        return renewed


def _then(error: Exception) -> Text:
    return Text("{why}; then type `emulator login`", why=str(error))
