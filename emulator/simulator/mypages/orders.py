"""Commands and dry runs of My Pages: submit, and ask for the outcome (verisure-mypages.md §5, §6)."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from emulator.model import ArmMode, Interior
from emulator.simulator.accounts import SimulatedAccount
from emulator.simulator.backend import Backend
from emulator.simulator.bounded import keep
from emulator.simulator.mypages import failures
from emulator.simulator.mypages.calls import MypagesCall
from emulator.simulator.mypages.options import MypagesOptions
from emulator.simulator.mypages.profiles import Vbox
from emulator.simulator.panel.actions import Move
from emulator.simulator.panel.equipment import Zone
from emulator.simulator.panel.operation import PanelOperation, PanelRefusal
from emulator.simulator.panel.panel import Busy

MOST_TRANSACTIONS = 200
"""Transactions whose outcome is remembered; the oldest is evicted first."""

DRY_RUN_S = 0.5
"""Seconds that a dry run takes (§6)."""

OK, FAILED, OPEN = "OK", "STATE_CHANGE_FAILED", "DOOR_WINDOW_OPEN"


@dataclass(frozen=True, slots=True)
class Transaction:
    """A command that was accepted; without an operation at the panel it fails."""

    at: float
    operation: PanelOperation | None = None


@dataclass(frozen=True, slots=True)
class DryRun:
    """A dry run, and the zones that were open."""

    at: float
    open: tuple[Zone, ...] = ()


@dataclass(slots=True)
class MypagesOrders:
    """Recent transactions; guarded by the panel's lock."""

    backend: Backend
    unit: Vbox
    options: MypagesOptions
    wrong_codes: int = 0
    _transactions: dict[str, Transaction] = field(default_factory=dict)
    _runs: dict[str, DryRun] = field(default_factory=dict)

    def submit(self, call: MypagesCall, account: SimulatedAccount) -> str | None:
        """Answer armAway, armHome and disarm: return a transaction id."""
        strike, panel, now = self.backend.faults.strike, self.backend.panel, self.backend.now()
        if call.variables["code"] != account.code or strike("wrong_code", call.name):
            self.wrong_codes += 1
            raise failures.wrong_code()
        if strike("busy", call.name):
            raise failures.busy()
        if strike("no_transaction", call.name):
            return None
        if strike("opens", call.name):
            closed = [zone.name for zone in panel.equipment.zones if zone.name not in panel.windows]
            panel.window(closed[0], is_open=True)
        operation = None
        if not strike("refuse", call.name):
            try:
                operation = panel.submit(self._move(call), source="Web", user=account.person)
            except Busy:
                raise failures.busy() from None
        self.backend.accepted[call.name] += 1
        transaction = secrets.token_hex(12)
        keep(self._transactions, transaction, Transaction(now, operation), MOST_TRANSACTIONS)
        return transaction

    def _move(self, call: MypagesCall) -> Move:
        if call.name == "disarm":
            return Move(Interior.OFF)
        interior = Interior.TOTAL if call.name == "armAway" else self.unit.home
        mode = Move.arming(ArmMode(interior))
        return Move(mode.interior, starts=mode.starts, forced=bool(call.variables.get("forceArm")))

    def outcome(self, call: MypagesCall) -> dict[str, Any]:
        """Answer pollArmState."""
        transaction = self._transactions.get(str(call.variables.get("transactionId")))
        if transaction is None:
            raise failures.not_found()
        result = {"result": self._result(call, transaction), "createTime": stamp(transaction.at)}
        return {"armStateChangePollResult": result}

    def _result(self, call: MypagesCall, transaction: Transaction) -> str | None:
        if transaction.operation is None:
            return FAILED
        ending = transaction.operation.ending
        if ending is None or self.backend.faults.strike("wait", call.name):
            return None
        if self.backend.faults.strike("silent", call.name):
            return FAILED
        if ending.refusal is PanelRefusal.OPEN_WINDOW and self.options.windows_wait:
            return None
        return FAILED if ending.refusal else OK

    def try_out(self) -> str:
        """Answer ArmStateDryRun: return a transaction id."""
        panel, transaction = self.backend.panel, secrets.token_hex(12)
        found = tuple(zone for zone in panel.equipment.zones if zone.name in panel.windows)
        keep(self._runs, transaction, DryRun(self.backend.now(), found), MOST_TRANSACTIONS)
        return transaction

    def tried(self, call: MypagesCall) -> dict[str, Any]:
        """Answer ArmStateDryRunStatus."""
        run = self._runs.get(str(call.variables["transactionId"]))
        if run is None:
            raise failures.not_found()
        is_done = self.backend.now() >= run.at + DRY_RUN_S and not self.backend.faults.strike("wait", call.name)
        at = stamp(run.at)
        violations = [{"deviceLabel": label(zone), "violation": OPEN, "occurred": at} for zone in run.open]
        result = {"created": at, "received": at, "deviceViolations": violations}
        status = {"status": "DONE" if is_done else "STARTED", "createTime": at, "changeTime": at}
        return {"armState": {"dryRunStatus": {"status": status, "result": result if is_done else None}}}


def label(zone: Zone) -> str:
    """Return the label of a sensor: twice four letters or digits."""
    return f"DW{zone.code:>02} {zone.type:Z>4}"


def stamp(at: float) -> str:
    """Return a time as the API writes it."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}.{int(at * 1000) % 1000:03}Z"
