"""One command to My Pages: a look at what is open, submitted once, and polled until the alarm has ended it.

Facts: verisure-mypages.md §5 and §6.
"""

import logging
from collections import Counter
from collections.abc import Mapping
from typing import Any

from emulator.alarm.cloud import Phase, Report
from emulator.clouds import values
from emulator.clouds.mypages import operations
from emulator.clouds.mypages.failures import WrongCode
from emulator.clouds.mypages.session import PagesHome, PagesSession
from emulator.clouds.mypages.wire import PagesWire
from emulator.clouds.outcome import POLL_S, follow, submitted
from emulator.errors import CloudError, EmulatorError, OpenZones, Rejected, Unconfirmed, Unreachable
from emulator.model import Action, Arm
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

DRY_RUN_S = 20.0
"""Deadline of the look at what is open: most of a minute is left for the command itself (§6)."""

GUESSES, GUESS_PAUSE_S = 3, 900.0
"""Typed codes that may be wrong in a row, and the pause after them: they lock the code at the alarm (§5), and whoever
reaches the page could guess it."""

OK, FAILED = "OK", "STATE_CHANGE_FAILED"
"""Ends of a command (§5); anything else is no end."""

UNNAMED = Text("a door or window")
"""One that has no name: it could be any, so nobody can decide about it."""

UNTOLD = Text("whatever is open, as the cloud did not tell")

OPEN = "DOOR_WINDOW_OPEN"
"""Violation of a door or window (§6)."""


class PagesCommands:
    """Commands of one installation, one at a time; `deadline_s` bounds the wait for its panel."""

    def __init__(self, wire: PagesWire, session: PagesSession, deadline_s: float) -> None:
        self._wire = wire
        self._session = session
        self._clock = wire.clock
        self._deadline_s = deadline_s
        self._guesses, self._guessed_at = 0, float("-inf")

    def code(self, home: PagesHome, action: Action) -> str:
        """Return the code for an action: what was typed, or else what is kept. Raises Rejected; nothing is sent."""
        code = action.code or self._wire.account.code
        self._wire.conceal(code)
        if not code:
            raise Rejected(
                Text(
                    "this alarm wants a code, and the program has none: put that of a user of its own into "
                    "VERISURE_CODE, and restart"
                )
            )
        if home.code_length and len(code) != home.code_length:
            text = Text("a code of this alarm has {n} digits; nothing was sent", n=str(home.code_length))
            raise Rejected(text)
        if self._wire.vault.is_wrong(self._owner(home), code):
            raise Rejected(
                Text(
                    "the alarm has refused this code before, so it was not sent again; if it is right by now, type "
                    "`emulator login`"
                )
            )
        if self._is_guessed(code) and self._clock.monotonic() - self._guessed_at < GUESS_PAUSE_S:
            raise Rejected(Text("too many codes were wrong: type one again in some minutes; nothing was sent"))
        return code

    def _is_guessed(self, code: str) -> bool:
        """Return whether a code would be one guess too many. The one that is kept is no guess."""
        return self._guesses >= GUESSES and code != self._wire.account.code

    def _owner(self, home: PagesHome) -> str:
        """Return the name under which a wrong code is remembered, until the next login of a person."""
        return f"code of {home.number} {self._wire.login().device.uuid}"

    def violations(self, number: str) -> tuple[str, ...]:
        """Return the names of what is open, by a dry run; none where the cloud knows no dry run, or does not end it.

        Raises CloudError: the cloud does not answer, and nothing was done.
        """
        about = {"giid": number}
        try:
            transaction = self._session.call(operations.DRY_RUN, about)
        except Rejected as error:
            LOG.info("armed without a dry run: %s", error)
            return ()
        found = self._dry_run(about | {"transactionId": str(transaction)}) if transaction else None
        if found is None:
            LOG.info("armed without the result of a dry run")
        return self._named(number, found or [])

    def _dry_run(self, about: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
        started = self._clock.monotonic()
        while self._clock.monotonic() - started < DRY_RUN_S:
            status = self._session.look(operations.DRY_RUN_STATUS, about)
            result = status.get("result") if isinstance(status, dict) else None
            if isinstance(result, dict):
                return values.items(result, "deviceViolations")
            if not self._clock.sleep(POLL_S):
                raise Unreachable(Text("the program stopped before this was sent"), sent=False)
        return None

    def _named(self, number: str, violations: list[Mapping[str, Any]]) -> tuple[str, ...]:
        """Return the names of what violates: of doors and windows their places, otherwise with the kind."""
        if not violations:
            return ()
        try:
            areas = {values.text(row.get("device"), "deviceLabel"): row for row in self.openings(number)}
        except EmulatorError as error:
            LOG.info("the names of what is open are not known: %s", error)
            areas = {}
        found = [(values.text(row, "deviceLabel"), values.text(row, "violation")) for row in violations]
        return tuple(self._name(areas.get(label), label, kind) for label, kind in found)

    def openings(self, number: str) -> list[Mapping[str, Any]]:
        """Return the doors and windows. Raises CloudError."""
        return values.rows(self._session.look(operations.OPENINGS, {"giid": number}))

    def force(self, number: str, action: Arm) -> tuple[str, ...]:
        """Return what is open and may be passed; OpenZones if something else is."""
        found = self.violations(number)
        if found and not action.passes(found):
            raise OpenZones(found, passable=UNNAMED not in found)
        if found:
            LOG.warning("arming by force, past what is open: %s", ", ".join(found))
        return found

    def left_open(self, number: str, known: tuple[str, ...]) -> tuple[str, ...]:
        """Return what is open after an arming by force: what is `known`, and what the look before did not show."""
        try:
            rows = self.openings(number)
        except CloudError as error:
            LOG.info("what is open after the arming is not known: %s", error)
            return known or (UNTOLD,)
        names = [self._name(row) for row in rows if values.text(row, "state") == "OPEN"]
        return (*known, *(Counter(names) - Counter(known)).elements())

    def _name(self, row: Mapping[str, Any] | None, label: str = "", kind: str = OPEN) -> str:
        """Return the place of a door or window, or else its label; with the kind of any other violation."""
        name = values.text(row, "area") or label
        return self._wire.told(name if kind == OPEN else f"{name} {kind}".strip()) or UNNAMED

    def submit(self, home: PagesHome, wanted: str, code: str, report: Report, *, force: bool = False) -> str:
        """Submit once; return the transaction. Raises Rejected, Unconfirmed, or CloudError if it was never sent."""
        operation = operations.CHANGES[wanted]
        variables: dict[str, Any] = {"giid": home.number, "code": code}
        if wanted != operations.DISARMED:
            variables["forceArm"] = force

        def sending() -> None:
            self._wire.conceal(code)  # anew: the cookies of a long dry run may have washed it out
            report(Phase.SENDING, operation.name)

        try:
            content = submitted(lambda: self._session.call(operation, variables, sending))
        except WrongCode:
            self._guesses, self._guessed_at = self._guesses + 1, self._clock.monotonic()
            self._wire.vault.note_password(self._owner(home), code, wrong=True)
            raise
        if not (isinstance(content, str) and content):
            raise Unconfirmed(Text("the cloud took the command, but does not say how to ask for its outcome"))
        if code != self._wire.account.code:
            self._guesses = 0
        report(Phase.ACCEPTED, operation.name)
        return content

    def follow(self, number: str, wanted: str, transaction: str, report: Report) -> bool:
        """Poll for the outcome; return False if the alarm has ended it without doing it. Raises Unconfirmed."""
        about = {"giid": number, "transactionId": transaction, "futureState": wanted}
        content = follow(
            operations.CHANGES[wanted].name,
            lambda: self._session.call(operations.OUTCOME, about),
            lambda told: values.text(told, "result") in (OK, FAILED),
            report,
            self._clock,
            self._deadline_s,
        )
        return values.text(content, "result") == OK
