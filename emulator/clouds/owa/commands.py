"""One request of a command: submitted once, and polled until the panel has ended it.

Facts: verisure-owa.md §4 to §7.
"""

import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

from emulator.alarm.cloud import Phase, Report
from emulator.clock import Clock
from emulator.clouds import values
from emulator.clouds.outcome import POLL_S, follow, submitted
from emulator.clouds.owa import operations, refusals
from emulator.clouds.owa.graphql import OK, REFUSED, WAIT
from emulator.clouds.owa.operations import Operation
from emulator.clouds.owa.profiles import LETTERS, effect
from emulator.clouds.owa.refusals import ZoneRefusal, said
from emulator.clouds.owa.session import OwaSession
from emulator.clouds.owa.state import StateReader
from emulator.errors import EmulatorError, Rejected, Unconfirmed, Unreachable
from emulator.model import Action, Arm, Disarm
from emulator.words import spoken
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

ZONES_S = 20.0
"""Deadline for the names of open zones; some panels never tell them (§5.5)."""


class Submitted(NamedTuple):
    """A request that the cloud has accepted, and the poll for its outcome."""

    request: str
    poll: Operation
    variables: Mapping[str, Any]


class Commands:
    """Requests of one installation, one at a time; `deadline_s` bounds the wait for its panel."""

    def __init__(self, session: OwaSession, reader: StateReader, clock: Clock, deadline_s: float) -> None:
        self._session = session
        self._reader = reader
        self._clock = clock
        self._deadline_s = deadline_s

    def run(self, request: str, action: Action, report: Report) -> None:
        """Submit one request once and follow it to its end; anew past open zones, once, if `action` says so.

        Only the cloud's word of this moment tells what is open, so a decision begins with a request without force, too.
        Raises CommandError and CloudError.
        """
        try:
            self._once(request, report, {})
        except ZoneRefusal as error:
            key = error.key(action)
            LOG.warning("arming by force, past what is %s", error)
            self._once(request, report, key, error.zones)

    def _once(self, request: str, report: Report, force: Mapping[str, str], bypassed: tuple[str, ...] = ()) -> None:
        try:
            self._follow(self._submit(request, report, force), report, bypassed)
        except EmulatorError as error:
            LOG.info("%s: %s", request, error)
            if isinstance(error, Rejected):
                self._reader.cached.nothing_done()
            raise

    def _submit(self, request: str, report: Report, force: Mapping[str, str]) -> Submitted:
        """Submit a request. Raises Unconfirmed if the cloud may or may not have accepted it."""
        number, panel = self._session.installation()
        base = {"numinst": number, "request": request, "panel": panel}
        if isinstance(effect(request), Disarm):
            operation, poll, extra = operations.DISARM, operations.DISARM_STATUS, {}
        else:
            operation, poll = operations.ARM, operations.ARM_STATUS
            extra = {"currentStatus": self._reader.letter or None, "armAndLock": False, **force}
        self._session.ready()
        known = self._reader.letter
        self._reader.cached.commanded(known if known in LETTERS else "", self._clock.monotonic())
        try:
            content = submitted(
                lambda: self._session.call(operation, base | extra, lambda: report(Phase.SENDING, request))
            )
        except EmulatorError as error:
            if not isinstance(error, Unconfirmed):
                self._reader.cached.nothing_done()
            raise
        if values.text(content, "res") in REFUSED:
            raise Rejected(Text("the cloud refused: {why}", why=said(content)))
        reference = values.text(content, "referenceId")
        if values.text(content, "res") != OK or not reference:
            raise Unconfirmed(Text("the cloud took the command, but does not say how to ask for its outcome"))
        report(Phase.ACCEPTED, request)
        more = {key: value for key, value in extra.items() if key in ("armAndLock", "forceArmingRemoteId")}
        return Submitted(request, poll, base | {"referenceId": reference} | more)

    def _follow(self, submitted: Submitted, report: Report, bypassed: tuple[str, ...]) -> None:
        """Poll for the outcome. Raises Rejected, or Unconfirmed at the deadline."""
        counter = 0

        def ask() -> Any:
            nonlocal counter
            counter += 1
            try:
                return self._session.call(submitted.poll, {**submitted.variables, "counter": counter})
            except Unreachable as error:
                if not error.sent:
                    counter -= 1  # the cloud counts only the polls that reach it
                raise

        self._judge(
            submitted, follow(submitted.request, ask, _has_ended, report, self._clock, self._deadline_s), bypassed
        )

    def _judge(self, submitted: Submitted, content: Any, bypassed: tuple[str, ...]) -> None:
        if values.text(content, "res") in REFUSED:
            raise self._refusal(submitted, content)
        letter = values.text(content, "protomResponse").upper()
        if values.text(content, "res") != OK or not letter:
            raise Unconfirmed(Text("the command ended, but the cloud does not tell the panel's state"))
        state = self._reader.told(letter, submitted.poll.name, bypassed)
        wanted = effect(submitted.request)
        if isinstance(wanted, Arm) and state.axes.reached(wanted) is False:
            axes = spoken.axes(state.axes)
            raise Rejected(Text("the panel ended the command without doing it: it is {axes}", axes=axes))

    def _refusal(self, submitted: Submitted, content: Any) -> EmulatorError:
        LOG.info("%s: %s", submitted.request, said(content))
        found = refusals.refusal(content, arming=submitted.poll is operations.ARM_STATUS)
        return found.named(self._open_zones(found.ask)) if isinstance(found, ZoneRefusal) and found.ask else found

    def _open_zones(self, key: Mapping[str, str]) -> tuple[str, ...]:
        """Return the names of the open zones; none if the cloud does not tell them to this user (§5.5)."""
        number, panel = self._session.installation()
        base = {"numinst": number, "panel": panel, **key}
        started = self._clock.monotonic()
        counter = 0
        while self._clock.monotonic() - started < ZONES_S:
            counter += 1
            try:
                content = self._session.call(operations.EXCEPTIONS, {**base, "counter": counter})
            except EmulatorError as failed:
                LOG.debug("the open zones are not known: %s", failed)
                return ()
            if values.text(content, "res") != WAIT:
                return refusals.zones(content)
            if not self._clock.sleep(POLL_S):
                break
        return ()


def _has_ended(content: Any) -> bool:
    return values.text(content, "res") != WAIT
