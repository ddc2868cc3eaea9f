"""The desk at which one browser at a time sets the house up: its session, its draft, and the age of its forms."""

import hmac
import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field

from emulator.errors import EmulatorError, Unreachable
from emulator.lan import turns
from emulator.setup.set_up import SetUp
from emulator.words.text import Text

IDLE_S = 30 * 60.0
"""Time without a request after which a browser has to show its code, or PIN, again."""

ALONE_S = 1.0
"""Longest wait for another request of the set-up; one to the cloud takes longer, and is answered so."""

LOOK_S = 0.05
"""Pause between looks whether the cloud has answered, or the program stops."""


class DeskBusy(EmulatorError):
    """Another request of this set-up is under way."""


class FormTooOld(EmulatorError):
    """The form is of a page that no longer stands: sent twice, or from another window."""


class FormForged(EmulatorError):
    """The form is not from a page of this session."""


@dataclass(slots=True)
class BrowserSession:
    """A browser that has shown the code. The token is in its cookie alone; `secret` is in each of its forms."""

    peer: str
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(16), repr=False)
    used_at: float = 0.0
    edition: str = ""
    """Edition of the PIN that it has shown."""


class SetUpDesk:
    """One set-up and its browser. For any thread.

    `begin` makes a set-up; a new browser gets the draft of the one before if `goes_on`. `check` raises EmulatorError
    unless it is given the right code, or PIN, by a peer. A session ends once `edition`, that of the PIN, is another.
    """

    def __init__(
        self,
        begin: Callable[[], SetUp],
        check: Callable[[str, str], None],
        monotonic: Callable[[], float],
        *,
        goes_on: bool,
        edition: Callable[[], str] = str,
    ) -> None:
        self._begin = begin
        self._check = check
        self._monotonic = monotonic
        self._goes_on = goes_on
        self._edition = edition
        self._lock = threading.Lock()
        self._set_up: SetUp | None = None
        self._session: BrowserSession | None = None
        self.stopping = threading.Event()
        self.done: set[str] = set()
        """Names of the steps that are answered."""
        self.revision = 0
        self.told = ""
        """Told once, on the next page."""

    def claim(self, secret: str, peer: str) -> BrowserSession:
        """Let a browser in that shows the code, or PIN; the one before is out. Raises EmulatorError."""
        with self._alone():
            self._check(secret, peer)
            if self._set_up is None or not self._goes_on:
                self._set_up, self.done = self._begin(), set()
            self.revision += 1
            self._session = BrowserSession(peer, used_at=self._monotonic(), edition=self._edition())
            return self._session

    def session(self, token: str, peer: str) -> BrowserSession | None:
        """Return the session that a cookie stands for; None if it stands for none, at this address and time."""
        found, now = self._session, self._monotonic()
        if found is None or not hmac.compare_digest(token.encode(), found.token.encode()):
            return None
        if peer != found.peer or now - found.used_at > IDLE_S or found.edition != self._edition():
            return None
        found.used_at = now
        return found

    def renew(self) -> None:
        """Let the session go on with the PIN that it has just set."""
        if self._session:
            self._session.edition = self._edition()

    def leave(self) -> None:
        """End the session, and forget the draft."""
        self._session, self._set_up, self.done = None, None, set()

    def stamp(self, session: BrowserSession) -> str:
        """Return what each form of the present page carries."""
        return f"{session.secret}.{self.revision}"

    @contextmanager
    def reading(self) -> Iterator[SetUp]:
        """Yield the set-up to be shown. Raises DeskBusy."""
        with self._alone():
            yield self._mine()

    @contextmanager
    def changing(self, session: BrowserSession, stamp: str) -> Iterator[SetUp]:
        """Yield the set-up to be changed by a form. Raises DeskBusy, FormTooOld and FormForged, with nothing done."""
        secret, _, revision = stamp.partition(".")
        if not hmac.compare_digest(secret.encode(), session.secret.encode()):
            raise FormForged(Text("That form was not from this page, so nothing was done."))
        with self._alone():
            if revision != str(self.revision):
                raise FormTooOld(Text("That page was old, so nothing was done. This is how it stands now."))
            # Whatever comes of it, the form counts once.
            self.revision += 1
            yield self._mine()

    def ask(self, act: Callable[[], object]) -> None:
        """Call the cloud while the other threads of the page compute. Unreachable if the program stops meanwhile."""
        answer: Future[None] = Future()

        def carry_out() -> None:
            try:
                act()
            except BaseException as error:
                answer.set_exception(error)
            else:
                answer.set_result(None)

        threading.Thread(target=carry_out, name="setup-ask", daemon=True).start()
        with turns.WEB.pass_on():
            while not answer.done() and not self.stopping.wait(LOOK_S):
                pass
        if not answer.done():
            raise Unreachable(Text("The program stopped before the cloud answered."))
        answer.result()

    def _mine(self) -> SetUp:
        if self._set_up is None:
            raise FormTooOld(Text("The set-up was left: begin anew."))
        return self._set_up

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with turns.WEB.pass_on():
            got = self._lock.acquire(timeout=ALONE_S)
        if not got:
            raise DeskBusy(Text("The request before is still under way: wait a moment."))
        try:
            yield
        finally:
            self._lock.release()
