"""The ws.do face: URL-encoded parameters in, PET documents out (the API document; verisure-wsdo.md)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, request

from emulator.simulator import texts
from emulator.simulator.accounts import Unit
from emulator.simulator.backend import Backend
from emulator.simulator.face import FaceType, block_page, page
from emulator.simulator.faults import COMMON, ConnectionDropped
from emulator.simulator.wsdo import documents
from emulator.simulator.wsdo.options import WsdoOptions
from emulator.simulator.wsdo.service import NAMES, Query, WsdoService
from emulator.simulator.wsdo.sessions import Sessions

PATH = "/WebService/ws.do"

KINDS = {
    **COMMON,
    "ban": "HTTP 403 and the firewall's page, and nothing is carried out",
    "ban_page": "the firewall's page with HTTP 200, and nothing is carried out",
    "bomb": "XML with an entity bomb in it, and nothing is carried out",
    "trouble": "ERR 3000, and nothing is carried out",
    "refuse": "the submission of a command is refused",
    "retired": "the login is refused: the account has moved to the new app (60161)",
}
"""Kind of a fault → its effect."""

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE PET [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True))
    + "]><PET><RES>OK</RES><MSG>&j;</MSG></PET>"
)

EARLY: dict[str, Callable[[Query], Response]] = {
    "unavailable": lambda _: page("503 Service Temporarily Unavailable", 503),
    "html": lambda _: page("Mantenimiento"),
    "ban": lambda _: block_page(403),
    "ban_page": lambda _: block_page(200),
    "bomb": lambda _: _document(BOMB),
    "trouble": lambda query: _document(documents.failure(query.texts, "ERROR", "trouble", "3000")),
    "echo": lambda query: _document(
        documents.failure({"echo": f"{dict(query.params)} {urlencode(query.params)}"}, "ERROR", "echo", "")
    ),
}
"""Faults that come before the request is carried out."""


@dataclass(slots=True)
class Wsdo:
    """A face (face.py); guarded by the panel's lock."""

    backend: Backend
    options: WsdoOptions
    sessions: Sessions = field(init=False)
    service: WsdoService = field(init=False)

    def __post_init__(self) -> None:
        self.sessions = Sessions(self.backend, self.options)
        self.service = WsdoService(self.backend, self.options, self.sessions)

    @property
    def actions(self) -> Mapping[str, Callable[[], None]]:
        """The page can expire every session."""
        return {"sessions/kill": self.sessions.kill}

    def state(self) -> dict[str, Any]:
        """Return the STATUS, and the number of live sessions."""
        letter = documents.letter(self.backend.panel.axes, letter_a=self.options.letter_a)
        return {"letter": letter, "sessions": self.sessions.living()}

    def reset(self) -> None:
        """Do nothing: it has no counters of its own."""

    def pages(self) -> Blueprint:
        """Return the endpoint."""
        pages = Blueprint("wsdo", __name__)

        @pages.route(PATH, methods=["GET", "POST"], provide_automatic_options=False)
        def ws_do() -> Response:
            if request.method == "HEAD":  # Flask adds it to GET; it must not arm anything
                abort(405)
            params = {**request.form, **request.args}
            query = Query(params.get("request", ""), params)
            if query.name not in NAMES:
                query = replace(query, name="unknown")  # a bound on the counters
            with self.backend.panel.held():
                self.backend.received(query.name)
                reply = self._reply(query)
                delivery = self.backend.faults.delivery(query.name)
            return delivery.of(reply, self.backend.sleep)

        return pages

    def _reply(self, query: Query) -> Response:
        faults = self.backend.faults
        if faults.strike("down", query.name):
            raise ConnectionDropped("the cloud is down")
        if self._flooded(query["user"]):
            return page("403 Forbidden", 403)
        for kind, early in EARLY.items():
            if faults.strike(kind, query.name):
                return early(query)
        if faults.strike("expire", query.name):
            self.sessions.kill()
        answer = self.service.answer(query)
        return _document(documents.steer(answer) if self.options.steering else answer)

    def _flooded(self, user: str) -> bool:
        """Count a request. Return whether its account is banned; unknown users count as one."""
        options, floods = self.options, self.backend.floods
        client = user if any(account.user == user for account in self.backend.accounts) else ""
        if not options.flood_limit:
            return False
        if floods.banned(client):
            return True
        flooded = floods.over(client, options.flood_limit, options.flood_window)
        if flooded:
            floods.ban(client, options.flood_ban)
        return flooded


def _document(pet: bytes | str) -> Response:
    return Response(pet, mimetype="text/xml")


WSDO = FaceType(
    lambda backend, _, options: Wsdo(backend, options),
    WsdoOptions,
    PATH,
    NAMES,
    KINDS,
    countries=texts.LANGUAGES,
    units={"es-perimeter": Unit()},
    has_annex=True,
)
