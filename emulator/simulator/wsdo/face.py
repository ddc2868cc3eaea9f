"""The ws.do face: URL-encoded parameters in, PET documents out (the API document; verisure-wsdo.md)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, request

from emulator.model import Arm, ArmMode, Axes, Disarm, Interior
from emulator.simulator import settings
from emulator.simulator.backend import Backend, Denied, Reason, SimulatedAccount, WsdoOptions
from emulator.simulator.face import ConnectionDropped, block_page, page
from emulator.simulator.faults import KINDS
from emulator.simulator.panel.actions import Check, Request
from emulator.simulator.panel.operation import PanelOperation, PanelRefusal
from emulator.simulator.panel.panel import Busy
from emulator.simulator.wsdo import documents, texts

PATH = "/WebService/ws.do"

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
"""Operations whose outcome is remembered; the oldest is forgotten first."""

LOG_DAYS = {"1": 1, "2": 7, "3": 30, "4": 90, "5": 365}
"""timefilter → days. A larger one reaches further back; the spans are a guess (verisure-wsdo.md §1.2)."""

SOURCES = {"AND": "Android", "IPH": "iPhone"}

DENIALS = {
    Reason.NO_USER: ("KO", "60091"),
    Reason.PASSWORD: ("KO", "60091"),
    Reason.LOCKED: ("LOCK", "60052"),
    Reason.UNIDENTIFIED: ("ERROR", "60067"),
    Reason.EXPIRED: ("ERROR", "60022"),
}

# The numbers are those of the successor; none is known here (verisure-wsdo.md §2.3, verisure-owa.md §5.6).
REFUSALS = {PanelRefusal.NOT_FITTED: "4", PanelRefusal.OTHER_MODE: "106", PanelRefusal.OPEN_WINDOW: "102"}
BUSY, UNKNOWN = "11", "4"

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE PET [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True))
    + "]><PET><RES>OK</RES><MSG>&j;</MSG></PET>"
)


class PetError(Exception):
    """This request is answered with an ERROR, its number and its text."""

    def __init__(self, err: str, text: str, number: str = "") -> None:
        self.err, self.text, self.number = err, text, number
        super().__init__(err)


@dataclass(frozen=True, slots=True)
class Query:
    """One request. Country may be spelt either way, and either case of its value and of lang is taken
    (verisure-wsdo.md §8.1)."""

    name: str
    params: Mapping[str, str]

    @property
    def country(self) -> str:
        return (self.params.get("Country") or self.params.get("country") or "").upper()

    @property
    def texts(self) -> dict[str, str]:
        """The words of the language asked for; Spanish when there is no such language."""
        return texts.TEXTS.get(self["lang"].lower(), texts.TEXTS["es"])

    def __getitem__(self, key: str) -> str:
        return self.params.get(key, "")


@dataclass(slots=True)
class Wsdo:
    """A face (face.py); owned by the house's lock."""

    backend: Backend
    zone: tzinfo | None = None
    _operations: dict[tuple[str, str, str], PanelOperation] = field(default_factory=dict)

    path = PATH
    kinds = KINDS
    settings = settings.WSDO

    @property
    def names(self) -> frozenset[str]:
        """The requests that it knows."""
        return NAMES

    @property
    def options(self) -> WsdoOptions:
        """Those of the back-end."""
        return self.backend.options

    @property
    def actions(self) -> Mapping[str, Callable[[], None]]:
        """Every session dies; its owner is told 60022."""
        return {"sessions/kill": self.backend.kill_sessions}

    def state(self) -> dict[str, Any]:
        """The STATUS, and how many sessions live."""
        axes = self.backend.panel.axes
        return {
            "letter": documents.letter(axes, letter_a=self.options.letter_a),
            "sessions": self.backend.sessions(),
        }

    def reset(self) -> None:
        """It counts nothing by itself."""

    def pages(self) -> Blueprint:
        """The endpoint."""
        return blueprint(self)

    def answer(self, query: Query) -> bytes:
        """The PET document for a query that has come through."""
        try:
            self._check_country(query)
            if query.name == "LOGIN":
                return self._login(query)
            account = self.backend.enter(query["hash"], query["user"])
            base, phase = query.name[:-1], query.name[-1:]
            if base in COMMANDS and phase in "12":
                self._check_installation(query, account, "numinst", "panel")
                return (self._submit if phase == "1" else self._outcome)(query, account, base)
            plain = PLAIN.get(query.name)
            if plain is None:
                raise PetError(UNKNOWN, "unknown")
            return plain(self, query, account)
        except Denied as denied:
            res, err = DENIALS[denied.reason]
            return documents.failure(query.texts, res, denied.reason.value, err)
        except PetError as failed:
            return documents.failure(query.texts, "ERROR", failed.text, failed.err, failed.number)

    def _check_country(self, query: Query) -> None:
        if texts.LANGUAGES.get(query.country) != query["lang"].lower():
            raise PetError("60057", "country")

    def _check_installation(self, query: Query, account: SimulatedAccount, *needed: str) -> None:
        """numinst and panel must be those of the account: the needed ones, and any other that was sent."""
        for key, right in (("numinst", account.number), ("panel", account.panel)):
            if (key in needed or query[key]) and query[key] != right:
                raise PetError(UNKNOWN, "unknown")

    def _login(self, query: Query) -> bytes:
        if self.backend.faults.strike("retired", query.name):
            raise PetError("60161", "retired")
        token = self.backend.login(query["user"], query["pwd"], query.country)
        return documents.login(query.texts, query["lang"].upper(), token)

    def _submit(self, query: Query, account: SimulatedAccount, base: str) -> bytes:
        """X1. Refused without callby since November 2020 (verisure-wsdo.md §1.5)."""
        if not query["callby"]:
            raise PetError("60060", "app", number=account.number)
        if not query["ID"]:
            raise PetError(UNKNOWN, "unknown", number=account.number)
        if self.backend.faults.strike("refuse", query.name):
            raise PetError("5304", "failed", number=account.number)
        source = SOURCES.get(query["callby"][:3], "Web")
        try:
            operation = self.backend.panel.submit(COMMANDS[base], source=source, user=account.user)
        except Busy:
            raise PetError(BUSY, "busy", number=account.number) from None
        while len(self._operations) >= MOST_OPERATIONS:
            del self._operations[next(iter(self._operations))]
        self._operations[account.number, base, query["ID"]] = operation
        self.backend.accepted[query.name] += 1
        return documents.plain(query.texts, "sent")

    def _outcome(self, query: Query, account: SimulatedAccount, base: str) -> bytes:
        """X2. The ID is what ties it to its X1 (verisure-wsdo.md §1.3)."""
        operation = self._operations.get((account.number, base, query["ID"]))
        if operation is None:
            raise PetError(UNKNOWN, "unknown", number=account.number)
        ending = operation.ending
        if ending is None or self.backend.faults.strike("wait", query.name):
            return documents.waiting(query.texts)
        if ending.refusal:
            raise PetError(REFUSALS[ending.refusal], ending.refusal.value, number=account.number)
        options = self.backend.options
        zero = options.zero_after_arm and isinstance(operation.request, Arm)
        status = "0" if zero else documents.letter(ending.axes, letter_a=options.letter_a)
        return documents.outcome(status, _told(operation.request, ending.axes, query.texts), account.number)

    def _logout(self, query: Query, _: SimulatedAccount) -> bytes:
        self.backend.leave(query["hash"])
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
        panel = self.backend.panel
        days = LOG_DAYS.get(query["timefilter"] or "2")
        if days is None:
            raise PetError(UNKNOWN, "unknown")
        since = panel.now() - days * 86_400  # seconds of a day
        rows = [row for row in panel.log if row.at >= since]
        if self.backend.faults.strike("empty_log", query.name):
            rows = []
        return documents.activity(query.texts, rows, self.zone)


PLAIN: dict[str, Callable[[Wsdo, Query, SimulatedAccount], bytes]] = {
    "CLS": Wsdo._logout,
    "INS": Wsdo._installations,
    "SRV": Wsdo._services,
    "SVR": Wsdo._services,  # so spelt in the final API document
    "MYINSTALLATION": Wsdo._installation,
    "ACT_V2": Wsdo._activity,
}
NAMES = frozenset(("LOGIN", *PLAIN, *(base + phase for base in COMMANDS for phase in "12")))


def _told(command: Request, axes: Axes, words: dict[str, str]) -> str:
    """The MSG of an outcome: where the panel stands, or what was just disarmed."""
    if not isinstance(command, Disarm):
        return texts.standing(axes, words)
    if not command.main:
        return words["annex disarmed"]
    return ". ".join([words["disarmed"], *([words["annex"]] if axes.annex else [])])


# Faults that come before the request is looked at.
EARLY: dict[str, Callable[[Query], Response]] = {
    "unavailable": lambda _: page("503 Service Temporarily Unavailable", 503),
    "html": lambda _: page("Mantenimiento"),
    "ban": lambda _: block_page(403),
    "ban_page": lambda _: block_page(200),
    "bomb": lambda _: Response(BOMB, mimetype="text/xml"),
    "trouble": lambda query: Response(documents.failure(query.texts, "ERROR", "trouble", "3000"), mimetype="text/xml"),
    "echo": lambda query: Response(
        documents.failure({"echo": f"{dict(query.params)} {urlencode(query.params)}"}, "ERROR", "echo", ""),
        mimetype="text/xml",
    ),
}


def blueprint(face: Wsdo) -> Blueprint:
    """The endpoint."""
    backend = face.backend
    pages = Blueprint("wsdo", __name__)

    def handle(query: Query) -> Response:
        faults = backend.faults
        if faults.strike("down", query.name):
            raise ConnectionDropped("the cloud is down")
        if backend.flooded(query["user"]):
            return page("403 Forbidden", 403)
        for kind, early in EARLY.items():
            if faults.strike(kind, query.name):
                return early(query)
        if faults.strike("expire", query.name):
            backend.kill_sessions()
        answer = face.answer(query)
        return Response(documents.steer(answer) if face.options.steering else answer, mimetype="text/xml")

    @pages.route(PATH, methods=["GET", "POST"], provide_automatic_options=False)
    def ws_do() -> Response:
        if request.method == "HEAD":  # Flask adds it to GET; it must not arm anything
            abort(405)
        params = {**request.form, **request.args}
        query = Query(params.get("request", ""), params)
        if query.name not in NAMES:
            query = replace(query, name="unknown")  # a bound on the counters
        with backend.panel.held():
            backend.received(query.name)
            reply = handle(query)
            late = backend.faults.strike("late", query.name)
            lost = backend.faults.strike("lost", query.name)
        if late:
            backend.sleep(late.seconds)
        if lost:
            raise ConnectionDropped("the answer got lost")
        return reply

    return pages
