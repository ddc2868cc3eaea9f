"""A panel operation: X1 submitted once, and X2 polled until it ends.

Facts: verisure-wsdo.md §1.3, §4 and §8.
"""

import logging
import math
from collections.abc import Callable

from emulator.alarm.cloud import Phase, Report
from emulator.clock import Clock
from emulator.clouds.wsdo import pet, refusals
from emulator.clouds.wsdo.session import Session
from emulator.errors import CloudError, SessionExpired, Unconfirmed, Unreachable
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

POLL_X2_S = 2.0
"""Interval of X2: clients that lived well with the server polled every 1 to 5 s (verisure-wsdo.md §4)."""

READ_FAILURES = 3
"""Number of lost answers after which EST is given up; a command is followed to its deadline."""


class PanelOperations:
    """Panel operations of one session, one at a time; `deadline_s` bounds the wait for the panel."""

    def __init__(self, session: Session, clock: Clock, deadline_s: float) -> None:
        self._session = session
        self._clock = clock
        self._deadline_s = deadline_s

    def follow(self, base: str, report: Report, within_s: float = math.inf) -> tuple[pet.PetReply, bool]:
        """Submit and poll one operation; return its last answer, and whether X1 or the session got lost on the way.

        Raises CloudError if X1 was not taken, Rejected if it was refused, Unconfirmed if no answer came.
        """
        operation = self._session.new_id()
        self._session.installation()
        self._session.login()
        lost = self._submit(base, operation, lambda: report(Phase.SENDING, f"{base}1"))
        if not lost:
            report(Phase.ACCEPTED, f"{base}1")
        renewed, failures = False, 0
        started = self._clock.monotonic()
        deadline_s = min(self._deadline_s, within_s)
        while self._clock.monotonic() - started < deadline_s:
            if not self._clock.sleep(POLL_X2_S):
                raise Unconfirmed(Text("the program stopped before the panel answered"))
            try:
                reply = self._session.panel_request(f"{base}2", operation)
            except SessionExpired as error:
                if renewed:
                    text = Text(
                        "the command was under way when the cloud ended its session twice: {why}", why=str(error)
                    )
                    raise Unconfirmed(text) from None
                renewed = True
                self._renew()
                continue
            except Unreachable as error:
                LOG.debug("%s2: %s", base, error)
                failures += 1
                if base == "EST" and failures >= READ_FAILURES:
                    raise
                continue
            if reply.res == pet.WAIT or (reply.res != pet.OK and isinstance(refusals.error(reply), Unreachable)):
                report(Phase.WAITING, f"{base}2, {self._clock.monotonic() - started:.0f} s so far")
                continue
            return reply, lost or renewed
        raise Unconfirmed(Text("the panel has not answered within {s} s", s=f"{deadline_s:g}"))

    def _submit(self, base: str, operation: str, before: Callable[[], None]) -> bool:
        """Send X1 once; return True if its answer was lost, so that it may or may not have arrived."""
        try:
            reply = self._submit_once(base, operation, before)
        except SessionExpired:
            # The server did not take the request, by its own words, so sending it again is no repetition (§8).
            self._session.renew()
            reply = self._submit_once(base, operation, before)
        if reply is None:
            return True
        if reply.res in (pet.OK, pet.WAIT):
            return False
        refused = refusals.error(reply)
        if isinstance(refused, Unreachable):
            # Trouble behind the server leaves open whether the request got through.
            LOG.warning("%s1 ended in trouble (%s); asking what became of it", base, refused)
            return True
        raise refused

    def _submit_once(self, base: str, operation: str, before: Callable[[], None]) -> pet.PetReply | None:
        try:
            return self._session.panel_request(f"{base}1", operation, before)
        except Unreachable as error:
            if not error.sent:
                raise
            LOG.warning("the answer to %s1 was lost (%s); asking what became of it", base, error)
            return None

    def _renew(self) -> None:
        try:
            self._session.renew()
        except CloudError as error:
            text = Text("the session ended while the command was under way, and login failed: {why}", why=str(error))
            raise Unconfirmed(text) from None
