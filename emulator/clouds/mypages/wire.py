"""One request at a time to My Pages: turns, silence, and which of the two hosts is asked.

Facts: verisure-mypages.md §1 and §9.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus

from emulator.clock import Clock
from emulator.clouds.account import Account
from emulator.clouds.line import Before, Line, Sender
from emulator.clouds.mypages import codec, failures
from emulator.clouds.mypages.codec import PagesReply, PagesRequest
from emulator.clouds.mypages.failures import LIMIT_MOST_S, Elsewhere, Limited
from emulator.clouds.turnstile import Turnstile
from emulator.clouds.vault import Device, Login, Vault
from emulator.errors import CloudError, CommandError, Unreachable
from emulator.words.text import Text

LOG = logging.getLogger(__name__)


Failure = CloudError | CommandError


class PagesWire(Line):
    """Requests of one account; owned by one thread, while turnstile and vault are shared. `senders`: one for each host.

    A request is sent to the other host as well where nothing can come of that: it changes nothing, or it was proved
    not to have been taken.
    """

    def __init__(
        self, account: Account, senders: Sequence[Sender], clock: Clock, turnstile: Turnstile, vault: Vault
    ) -> None:
        super().__init__(account, clock, turnstile, vault, account.password, account.code, account.user)
        self._senders = list(senders)
        self._alone = False
        self._until = float("inf")

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Begin no request in this context once the time is over."""
        self._until = self.clock.monotonic() + seconds
        try:
            yield
        finally:
            self._until = float("inf")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Lock the login against any other renewal; reentrant."""
        if self._alone:
            yield
            return
        with self.vault.alone():
            self._alone = True
            try:
                yield
            finally:
                self._alone = False

    @property
    def user(self) -> str:
        """The user: the account's, or who has logged in."""
        login = self.vault.load() if not self.account.user else None
        return login.user if login else self.account.user

    def ask(
        self, request: PagesRequest, before: Before = lambda: None, *, login: bool = False
    ) -> tuple[PagesReply, Failure | None]:
        """Send once to a host, and once to the other where that is harmless; return the answer and its error.

        `before` is called directly before each time; if it raises, nothing is sent. Raises Unreachable if there is no
        answer, or none that tells anything; its `sent` tells whether the request may have arrived.
        """
        self.conceal(*request.cookies.values())
        first: Failure | None = None
        for left in reversed(range(len(self._senders))):
            self._keep_silence()
            if self.clock.monotonic() >= self._until:
                raise first or Unreachable(Text("there is no time left to ask the cloud"), sent=False)
            reply, failure = self._tried(request, before, login=login)
            if reply and not self._is_weather(reply):
                break
            self._turn_to_other(request, failure)
            if not (left and isinstance(failure, Unreachable) and (request.repeated or not failure.sent)):
                break
            first = failure
        if isinstance(failure, Elsewhere) and not isinstance(first, Elsewhere | None):
            failure = first  # the active host is the one that did not answer
        if reply is None or isinstance(failure, Unreachable):
            raise failure or Unreachable(Text("the alarm's cloud does not answer"))
        return reply, failure

    def _tried(self, request: PagesRequest, before: Before, *, login: bool) -> tuple[PagesReply | None, Failure | None]:
        """Send once; return the answer, None if there is none, and its error."""
        try:
            reply = self._exchanged(request, before)
        except Unreachable as error:
            return None, error
        failure = failures.error(reply, self.told, login=login)
        if isinstance(failure, Limited):
            raise self._fall_silent(failure, reply)
        return reply, failure

    @staticmethod
    def _is_weather(reply: PagesReply) -> bool:
        """Return whether an answer is about this host, and the other one may do better."""
        unread = reply.document is None and reply.status != HTTPStatus.UNAUTHORIZED
        return unread or failures.NOT_ACTIVE in reply.codes or reply.status >= failures.TROUBLE

    def _turn_to_other(self, request: PagesRequest, error: Exception | None) -> None:
        """Ask the other host from now on."""
        if len(self._senders) > 1:
            LOG.info("%s: the other host is asked: %s", request.name, error)
            self._senders.reverse()

    def _exchanged(self, request: PagesRequest, before: Before) -> PagesReply:
        what = request.method, request.path, request.sent_headers(), request.body
        answer = self._once(request.name, before, lambda: self._senders[0].request(*what))
        # Those that were sent last of all: an answer may set any number, and may quote what it was sent.
        self.conceal(*codec.merged({}, answer.cookies).values(), *request.cookies.values())
        return codec.parse(answer)

    def _keep_silence(self) -> None:
        """Raise Unreachable, not sent, during the silence that this account owes the cloud."""
        login = self.vault.load()
        until = login.quiet_until if login else 0.0
        # A clock that was set back must not make a day of silence into a year.
        if 0 < until - self.clock.time() <= 2 * LIMIT_MOST_S:
            again = datetime.fromtimestamp(until).astimezone()
            text = Text("the cloud was asked too often: nothing is sent until {time}", time=f"{again:%H:%M}")
            raise Unreachable(text, sent=False)

    def _fall_silent(self, limited: Limited, reply: PagesReply) -> Unreachable:
        until = failures.quiet_until(limited, reply.retry_after, self.clock.time())
        again = datetime.fromtimestamp(until).astimezone()
        why = Text("{why}: nothing is sent until {time}", why=str(limited), time=f"{again:%H:%M}")
        LOG.warning("%s", why)
        with self.alone():
            self.vault.save(replace(self.login(), quiet_until=until))
        return Unreachable(why, sent=False)

    def login(self) -> Login:
        """Return the account's login, a new one that is not finished before the first."""
        unfinished = Text("the login is not finished: type `emulator login`")
        return self.vault.load() or Login(self.account.user, Device("", "", ""), trouble=unfinished)

    def close(self) -> None:
        """Close the connections."""
        for sender in self._senders:
            sender.close()
