"""The ws.do cloud: LOGIN → X1 → X2 … → CLS, over an injected transport and clock.

Facts: the user's API document, verisure-wsdo.md §1, §4, §5 and §8.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from emulator.errors import CloudError, LoginRefused, Rejected, Retired, SessionExpired, Unconfirmed, Unreachable
from emulator.model import Action, Arm, ArmMode, Axes, Disarm, Interior, PanelState
from emulator.verisure import pet
from emulator.verisure.cloud import Clock, Details, Phase, Report

log = logging.getLogger(__name__)

URL = "https://mob2217.securitasdirect.es:12010/WebService/ws.do"
"""One host for every country (API document)."""

SPACING_S = 1.0
"""Between any two requests: the server detects flooding (verisure-wsdo.md §4)."""

POLL_X2_S = 2.0
"""Clients that lived well with the server polled every 1 to 5 s (verisure-wsdo.md §4)."""

CLOSE_TIMEOUT_S = 2.0
"""CLS is a courtesy; the program has to stop within 5 s."""

PANEL_CHECK_S = 6 * 3600.0
"""EST wakes the panel and writes a row in the customer's log. Between checks the activity log tells what changed,
but a key without tracking never shows there, so the panel is asked now and then (verisure-wsdo.md §4, §5)."""

ASK_AGAIN_S = 3600.0
"""At most one EST an hour on account of log rows that nobody can read (successor API users are told ≥ 1 h)."""

TIMEFILTER = "3"
"""The activity log's window; 2 came back empty at times, 3 did not (verisure-wsdo.md §1.2)."""

ARM_REQUESTS = {
    # A single arm mode to its request (API document; annex from verisure-wsdo.md §1.4).
    ArmMode(Interior.TOTAL): "ARM",
    ArmMode(Interior.DAY): "ARMDAY",
    ArmMode(Interior.NIGHT): "ARMNIGHT",
    ArmMode(perimeter=True): "PERI",
    ArmMode(annex=True): "ARMANNEX",
}


class Transport(Protocol):
    """Delivers one request, once."""

    def send(self, method: str, params: Mapping[str, str], timeout_s: float | None = None) -> bytes:
        """The body of the answer; Unreachable where there is none."""

    def close(self) -> None:
        """Let go of the connections."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whose alarm it is. `number` and `panel` may be empty: INS tells them. Never shown: it holds the password."""

    user: str
    password: str
    country: str
    lang: str
    number: str = ""
    panel: str = ""
    callby: str = "AND_61"

    def __repr__(self) -> str:
        return f"Account({self.country})"


class WsdoCloud:
    """One session with the ws.do server; owned by one thread. `deadline_s` bounds the wait for a panel's answer."""

    def __init__(self, account: Account, transport: Transport, clock: Clock, deadline_s: float) -> None:
        self._account = account
        self._transport = transport
        self._clock = clock
        self._deadline_s = deadline_s
        self._hash = ""
        self._refusal: CloudError | None = None
        self._installation: pet.Listed | None = None
        self._sent_at = float("-inf")
        self._last_id_ms = 0
        self._session_id = self._new_id()
        self._state: PanelState | None = None
        self._rows_seen: frozenset[tuple[str, ...]] = frozenset()
        self._checked_at = float("-inf")

    # -- the contract ---------------------------------------------------------------------------------------

    def read(self, *, ask_panel: bool = False) -> PanelState:
        """The activity log's news on top of the last state; EST where there is no such state, or it is asked for."""
        rows = self._log_rows()
        known = self._state
        fresh = [row for row in rows if row.key not in self._rows_seen]
        gap = bool(self._rows_seen and rows) and len(fresh) == len(rows)
        self._rows_seen = frozenset(row.key for row in rows) or self._rows_seen
        age_s = self._clock.monotonic() - self._checked_at
        if ask_panel or known is None or gap or age_s >= PANEL_CHECK_S:
            return self._ask_panel()
        if age_s >= ASK_AGAIN_S and any(self._unreadable(row) for row in fresh):
            return self._ask_panel()
        axes, raw = known.axes, known.raw
        for row in reversed(fresh):
            if row.type in pet.LOG_CHANGES:
                mode = pet.LOG_CHANGES[row.type]
                axes, raw = axes.after(Disarm() if mode is None else Arm(mode)), row.type
        return self._remember(axes, raw, "ACT_V2")

    def execute(self, action: Action, report: Report) -> PanelState:
        """Run the requests that `action` needs, in order; the first that fails ends it."""
        done: list[Action] = []
        state = None
        for base, part in self._plan(action):
            try:
                state = self._run(base, part, report)
            except Rejected as error:
                if not done:
                    raise
                raise Rejected(f"{' and '.join(map(str, done))} done, but {part} was refused: {error}") from None
            except CloudError as error:
                if not done:
                    raise
                raise Unconfirmed(f"{' and '.join(map(str, done))} done, but {part} was not sent: {error}") from None
            done.append(part)
        assert state is not None, "every action has at least one request"  # noqa: S101  # narrows for mypy
        return state

    def close(self) -> None:
        """CLS, if there is a session."""
        if self._hash:
            try:
                # The document's numinst is "(null)" in its table and empty in its example; both are accepted.
                self._send("CLS", self._session_id, {"numinst": "(null)"}, timeout_s=CLOSE_TIMEOUT_S)
            except CloudError as error:
                log.debug("CLS: %s", error)
            self._hash = ""
        self._transport.close()

    def describe(self) -> Details:
        """What INS, MYINSTALLATION and SRV tell of the installation. Raises CloudError."""
        listed = self._listed()
        mine = self._request("MYINSTALLATION", method="POST", extra={"numinst": listed.number})
        try:
            services = self._request("SRV", extra={"numinst": listed.number, "panel": listed.panel}).services
        except Rejected as error:
            log.debug("SRV: %s", error)
            services = ()
        return Details(listed.number, listed.panel, listed.alias or mine.alias, mine.devices, mine.services + services)

    # -- commands -------------------------------------------------------------------------------------------

    def _plan(self, action: Action) -> list[tuple[str, Action]]:
        if isinstance(action, Disarm):
            wanted = [("DARM", Disarm())] if action.main else []
            return wanted + ([("DARMANNEX", Disarm(main=False, annex=True))] if action.annex else [])
        parts = [Arm(mode) for mode in action.mode.parts()]
        if self._state is not None:
            # Arming what is armed may be refused and would end the sum before its missing part was sent.
            missing = [part for part in parts if self._state.axes.has(part.mode) is not True]
            parts = missing or parts
        return [(ARM_REQUESTS[part.mode], part) for part in parts]

    def _run(self, base: str, action: Action, report: Report) -> PanelState:
        """X1 once, X2 until it ends, and the state that the panel told."""
        before = self._state.axes if self._state else Axes()
        operation = self._new_id()
        report(Phase.SENDING, f"{base}1")
        reply, doubt = self._follow(base, operation, report)
        if reply.res != pet.OK:
            refused = pet.error(reply)
            if doubt or not isinstance(refused, Rejected):
                raise Unconfirmed(f"the cloud lost track of {base}: {refused}")
            raise refused
        axes = pet.read_outcome(reply.status, reply.message, before.after(action))
        if axes is None:
            try:
                state = self._ask_panel()
            except CloudError as error:
                raise Unconfirmed(f"{base} ended, but the panel could not be asked for its state: {error}") from None
        else:
            state = self._remember(axes, reply.status or "", f"{base}2")
        reached = state.axes.reached(action)
        if reached is None:
            raise Unconfirmed(f"{base} ended, but the panel's answer ({state.raw}) does not say in which state")
        if not reached:
            raise Rejected(f"the panel ended {base} without doing it: it is {state.axes}")
        return state

    def _follow(self, base: str, operation: str, report: Report) -> tuple[pet.Reply, bool]:
        """Submit and poll one panel operation: its last answer, and whether X1 or the session were in doubt."""
        doubt = self._submit(base, operation)
        if not doubt:
            report(Phase.ACCEPTED, f"{base}1")
        started = self._clock.monotonic()
        while (waited_s := self._clock.monotonic() - started) < self._deadline_s:
            if not self._clock.sleep(POLL_X2_S):
                raise Unconfirmed(f"the program stopped before the panel answered {base}")
            try:
                reply = self._panel_request(f"{base}2", operation)
            except SessionExpired:
                doubt = True
                self._renew_for(base)
                continue
            except Unreachable as error:
                log.debug("%s2: %s", base, error)
                continue
            if reply.res == pet.WAIT or (reply.res != pet.OK and isinstance(pet.error(reply), Unreachable)):
                report(Phase.WAITING, f"{base}2, {waited_s:.0f} s")
                continue
            return reply, doubt
        raise Unconfirmed(f"the panel has not answered {base} within {self._deadline_s:g} s")

    def _submit(self, base: str, operation: str) -> bool:
        """X1, once: True when its answer was lost and nobody knows whether it arrived."""
        self._login()
        try:
            reply = self._panel_request(f"{base}1", operation)
        except SessionExpired:
            # The server said that it did not take the request, so sending it again is no repetition (§8).
            self._renew()
            reply = self._panel_request(f"{base}1", operation)
        except Unreachable as error:
            if not error.sent:
                raise
            log.warning("the answer to %s1 was lost (%s); asking what became of it", base, error)
            return True
        if reply.res not in (pet.OK, pet.WAIT):
            raise pet.error(reply)
        return False

    def _renew_for(self, base: str) -> None:
        try:
            self._renew()
        except CloudError as error:
            raise Unconfirmed(f"the session ended while {base} was under way, and login failed: {error}") from None

    # -- state ----------------------------------------------------------------------------------------------

    def _ask_panel(self) -> PanelState:
        operation = self._new_id()
        try:
            reply, _ = self._follow("EST", operation, lambda _phase, _text: None)
        except Unconfirmed as error:
            raise Unreachable(str(error)) from None
        if reply.res != pet.OK:
            raise Unreachable(f"the panel did not tell its state: {pet.error(reply)}")
        if not reply.status:
            raise Unreachable("the panel's answer has no status")
        self._checked_at = self._clock.monotonic()
        return self._remember(pet.read_status(reply.status, reply.message), reply.status, "EST2")

    def _log_rows(self) -> tuple[pet.LogRow, ...]:
        listed = self._listed()
        extra = {
            "numinst": listed.number,
            "panel": listed.panel,
            "timefilter": TIMEFILTER,
            "activityfilter": "0",
        }
        return self._request("ACT_V2", extra=extra).log or ()

    @staticmethod
    def _unreadable(row: pet.LogRow) -> bool:
        return row.type not in pet.LOG_CHANGES and row.type not in pet.LOG_SILENT

    def _remember(self, axes: Axes, raw: str, source: str) -> PanelState:
        self._state = PanelState(axes, self._clock.time(), raw, source)
        return self._state

    # -- session --------------------------------------------------------------------------------------------

    def _login(self) -> None:
        if self._hash:
            return
        if self._refusal:
            # Accounts get locked: after one refusal this object never tries again.
            raise self._refusal
        self._session_id = self._new_id()
        # No callby here: accounts that logged in without it lived longer (verisure-wsdo.md §1.5).
        reply = self._send("LOGIN", self._session_id, {"pwd": self._account.password}, method="POST")
        if reply.res != pet.OK or not reply.hash:
            refused = pet.error(reply, login=True)
            if isinstance(refused, LoginRefused | Retired):
                self._refusal = refused
            raise refused
        self._hash = reply.hash

    def _renew(self) -> None:
        self._hash = ""
        self._login()

    def _listed(self) -> pet.Listed:
        """Number and panel of the installation, from the settings or from INS."""
        account = self._account
        if self._installation is None and account.number and account.panel:
            self._installation = pet.Listed(account.number, account.panel, "")
        if self._installation is None:
            found = self._request("INS", extra={}).installations
            mine = [item for item in found if account.number in ("", item.number)]
            if len(mine) == 1:
                chosen = mine[0]
            elif account.number and not found:
                chosen = pet.Listed(account.number, "", "")
            else:
                numbers = ", ".join(item.number for item in found) or "none"
                raise LoginRefused(f"set `number` of the installation in devices.yaml; this account has: {numbers}")
            panel = account.panel or chosen.panel or pet.DEFAULT_PANEL
            self._installation = pet.Listed(chosen.number, panel, chosen.alias)
        return self._installation

    # -- requests -------------------------------------------------------------------------------------------

    def _request(self, request: str, *, method: str = "GET", extra: Mapping[str, str]) -> pet.Reply:
        """A request without phases, with the session renewed once; raises what a refusal means."""
        self._login()
        try:
            return self._checked(self._send(request, self._session_id, extra, method=method))
        except SessionExpired:
            self._renew()
            return self._checked(self._send(request, self._session_id, extra, method=method))

    def _panel_request(self, request: str, operation: str) -> pet.Reply:
        listed = self._listed()
        extra = {"numinst": listed.number, "panel": listed.panel, "callby": self._account.callby}
        reply = self._send(request, operation, extra)
        if reply.res not in (pet.OK, pet.WAIT) and isinstance(refused := pet.error(reply), SessionExpired):
            raise refused
        return reply

    @staticmethod
    def _checked(reply: pet.Reply) -> pet.Reply:
        if reply.res not in (pet.OK, pet.WAIT):
            raise pet.error(reply)
        return reply

    def _send(
        self,
        request: str,
        operation: str,
        extra: Mapping[str, str],
        *,
        method: str = "GET",
        timeout_s: float | None = None,
    ) -> pet.Reply:
        wait_s = self._sent_at + SPACING_S - self._clock.monotonic()
        if wait_s > 0:
            self._clock.sleep(wait_s)
        params = {
            "request": request,
            "ID": operation,
            "Country": self._account.country,
            "lang": self._account.lang,
            "user": self._account.user,
        }
        if self._hash:
            params["hash"] = self._hash
        log.debug("%s", request)
        try:
            reply = pet.parse(self._transport.send(method, params | dict(extra), timeout_s))
        finally:
            self._sent_at = self._clock.monotonic()
        log.debug("%s: %s%s", request, reply.res, f" {reply.err}" if reply.err else "")
        return reply

    def _new_id(self) -> str:
        """An ID that no other operation of this process has: X2 must repeat that of its X1 (verisure-wsdo.md §1.3)."""
        self._last_id_ms = max(int(self._clock.time() * 1000), self._last_id_ms + 1)
        moment = datetime.fromtimestamp(self._last_id_ms / 1000, UTC)
        family = self._account.callby.partition("_")[0]
        return f"{family}{'_' * 25}{self._account.user}{moment:%Y%m%d%H%M%S}{self._last_id_ms % 1000:03d}"
