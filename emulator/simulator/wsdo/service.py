"""Answers of ws.do: a PET document for each request (the API document; verisure-wsdo.md)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from emulator.model import Arm, ArmMode, Axes, Disarm, Interior
from emulator.simulator import texts
from emulator.simulator.accounts import SimulatedAccount
from emulator.simulator.backend import Backend, Denied, Reason
from emulator.simulator.bounded import keep
from emulator.simulator.panel.actions import Check, Request
from emulator.simulator.panel.operation import PanelOperation, PanelRefusal
from emulator.simulator.panel.panel import Busy
from emulator.simulator.told import told
from emulator.simulator.wsdo import documents
from emulator.simulator.wsdo.options import WsdoOptions
from emulator.simulator.wsdo.sessions import Sessions

COMMANDS: dict[str, Request] = {
    "EST": Check(),
    "ARM": Arm(ArmMode(interior=Interior.TOTAL)),
    "ARMDAY": Arm(ArmMode(interior=Interior.DAY)),
    "ARMNIGHT": Arm(ArmMode(interior=Interior.NIGHT)),
    "PERI": Arm(ArmMode(perimeter=True)),
    "DARM": Disarm(),
    "ARMANNEX": Arm(ArmMode(annex=True)),
    "DARMANNEX": Disarm(main=False, annex=True),
}
"""The two-phase requests: X1 submits, X2 asks for the outcome (verisure-wsdo.md §1.4)."""

MOST_OPERATIONS = 200
"""Operations whose outcome is remembered; the oldest is evicted first."""

LOG_DAYS = {"1": 1, "2": 7, "3": 30, "4": 90, "5": 365}
"""timefilter → days. A larger one reaches further back; the spans are a guess (verisure-wsdo.md §1.2)."""

DAY_S = 86_400.0

SOURCES = {"AND": "Android", "IPH": "iPhone"}
"""Start of `callby` → source of the log row."""

DENIALS = {
    Reason.NO_USER: ("KO", "60091"),
    Reason.PASSWORD: ("KO", "60091"),
    Reason.LOCKED: ("LOCK", "60052"),
    Reason.UNIDENTIFIED: ("ERROR", "60067"),
    Reason.EXPIRED: ("ERROR", "60022"),
}
"""Reason → RES and ERR."""

REFUSALS = {PanelRefusal.NOT_FITTED: "4", PanelRefusal.OTHER_MODE: "106", PanelRefusal.OPEN_WINDOW: "102"}
"""Refusal → ERR. The numbers are those of the successor; none is known here (verisure-wsdo.md §2.3,
verisure-owa.md §5.6)."""

BUSY, UNKNOWN = "11", "4"


@dataclass(frozen=True, slots=True)
class Query:
    """One request. `Country` and `country` are the same, and the case of its value and of lang does not matter
    (verisure-wsdo.md §8.1)."""

    name: str
    params: Mapping[str, str]

    @property
    def country(self) -> str:
        return (self.params.get("Country") or self.params.get("country") or "").upper()

    @property
    def texts(self) -> dict[str, str]:
        """The texts of the language asked for; Spanish if there is no such language."""
        return texts.TEXTS.get(self["lang"].lower(), texts.TEXTS["es"])

    def __getitem__(self, key: str) -> str:
        return self.params.get(key, "")


class PetError(Exception):
    """The answer to a request is an ERROR with this number and text."""

    def __init__(self, err: str, text: str, number: str = "") -> None:
        self.err, self.text, self.number = err, text, number
        super().__init__(err)


@dataclass(slots=True)
class WsdoService:
    """Answers to queries. Guarded by the panel's lock."""

    backend: Backend
    options: WsdoOptions
    sessions: Sessions
    _operations: dict[tuple[str, str, str], PanelOperation] = field(default_factory=dict)

    def answer(self, query: Query) -> bytes:
        """Carry out a request and return its PET document."""
        try:
            return self._answer(query)
        except Denied as denied:
            res, err = DENIALS[denied.reason]
            return documents.failure(query.texts, res, denied.reason.value, err)
        except PetError as error:
            return documents.failure(query.texts, "ERROR", error.text, error.err, error.number)

    def _answer(self, query: Query) -> bytes:
        if texts.LANGUAGES.get(query.country) != query["lang"].lower():
            raise PetError("60057", "country")
        if query.name == "LOGIN":
            return self._login(query)
        account = self.sessions.enter(query["hash"], query["user"])
        base, phase = query.name[:-1], query.name[-1:]
        if base in COMMANDS and phase in "12":
            self._check_installation(query, account, "numinst", "panel")
            return (self._submit if phase == "1" else self._outcome)(query, account, base)
        plain = PLAIN.get(query.name)
        if plain is None:
            raise PetError(UNKNOWN, "unknown")
        return plain(self, query, account)

    def _check_installation(self, query: Query, account: SimulatedAccount, *needed: str) -> None:
        """Require numinst and panel of the account: the needed ones, and any other that was sent."""
        for key, right in (("numinst", account.number), ("panel", account.panel)):
            if (key in needed or query[key]) and query[key] != right:
                raise PetError(UNKNOWN, "unknown")

    def _login(self, query: Query) -> bytes:
        if self.backend.faults.strike("retired", query.name):
            raise PetError("60161", "retired")
        token = self.sessions.open(query["user"], query["pwd"], query.country)
        return documents.login(query.texts, query["lang"].upper(), token)

    def _submit(self, query: Query, account: SimulatedAccount, base: str) -> bytes:
        """Answer X1, which is refused without callby since November 2020 (verisure-wsdo.md §1.5)."""
        if not query["callby"]:
            raise PetError("60060", "app", account.number)
        if not query["ID"]:
            raise PetError(UNKNOWN, "unknown", account.number)
        if self.backend.faults.strike("refuse", query.name):
            raise PetError("5304", "failed", account.number)
        source = SOURCES.get(query["callby"][:3], "Web")
        try:
            operation = self.backend.panel.submit(COMMANDS[base], source=source, user=account.user)
        except Busy:
            raise PetError(BUSY, "busy", account.number) from None
        keep(self._operations, (account.number, base, query["ID"]), operation, MOST_OPERATIONS)
        self.backend.accepted[query.name] += 1
        return documents.plain(query.texts, "sent")

    def _outcome(self, query: Query, account: SimulatedAccount, base: str) -> bytes:
        """Answer X2; its ID names the X1 (verisure-wsdo.md §1.3)."""
        operation = self._operations.get((account.number, base, query["ID"]))
        if operation is None:
            raise PetError(UNKNOWN, "unknown", account.number)
        ending = operation.ending
        if ending is None or self.backend.faults.strike("wait", query.name):
            return documents.waiting(query.texts)
        if ending.refusal:
            raise PetError(REFUSALS[ending.refusal], ending.refusal.value, account.number)
        zero = self.options.zero_after_arm and isinstance(operation.request, Arm)
        status = "0" if zero else documents.letter(ending.axes, letter_a=self.options.letter_a)
        return documents.outcome(status, _message(operation.request, ending.axes, query.texts), account.number)

    def _logout(self, query: Query, _: SimulatedAccount) -> bytes:
        self.sessions.close(query["hash"])
        return documents.plain(query.texts, "cls")

    def _installations(self, query: Query, account: SimulatedAccount) -> bytes:
        return documents.installations(query.texts, account)

    def _services(self, query: Query, account: SimulatedAccount) -> bytes:
        self._check_installation(query, account, "numinst")
        return documents.services(query.texts, account)

    def _installation(self, query: Query, account: SimulatedAccount) -> bytes:
        self._check_installation(query, account, "numinst")
        return documents.details(query.texts, account, self.backend.panel.equipment.zones)

    def _activity(self, query: Query, account: SimulatedAccount) -> bytes:
        self._check_installation(query, account, "numinst")
        days = LOG_DAYS.get(query["timefilter"] or "2")
        if days is None:
            raise PetError(UNKNOWN, "unknown")
        since = self.backend.now() - days * DAY_S
        rows = [row for row in self.backend.panel.log if row.at >= since]
        rows = told(self.backend, query.name, rows, self.options.log_clock)
        return documents.activity(query.texts, rows, self.backend.local)


PLAIN: dict[str, Callable[[WsdoService, Query, SimulatedAccount], bytes]] = {
    "CLS": WsdoService._logout,
    "INS": WsdoService._installations,
    "SRV": WsdoService._services,
    "SVR": WsdoService._services,  # so spelt in the final API document
    "MYINSTALLATION": WsdoService._installation,
    "ACT_V2": WsdoService._activity,
}
"""The requests with one phase."""

NAMES = frozenset(("LOGIN", *PLAIN, *(base + phase for base in COMMANDS for phase in "12")))
"""The requests that are known."""


def _message(command: Request, axes: Axes, words: dict[str, str]) -> str:
    """Return the MSG of an outcome: where the panel stands, or what was just disarmed."""
    if not isinstance(command, Disarm):
        return texts.standing(axes, words)
    if not command.main:
        return words["annex disarmed"]
    return ". ".join([words["disarmed"], *([words["annex"]] if axes.annex else [])])
