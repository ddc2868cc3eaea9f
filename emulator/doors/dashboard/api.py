"""The local API: JSON in, JSON out, checked both ways against bodies.py and schema.py."""

from dataclasses import replace
from http import HTTPStatus
from typing import TypeVar

from flask import Blueprint, Response, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException

from emulator.doors import Changes
from emulator.doors.dashboard import bodies, decisions, health, openapi
from emulator.doors.dashboard.access import Access, line_of
from emulator.doors.dashboard.overview import Overview, status_of
from emulator.errors import EmulatorError, ProtocolError
from emulator.model import DISARMS, Arm, ArmMode, Disarm, Origin
from emulator.store import activity
from emulator.views import metrics, schema
from emulator.words.text import Text

Body = TypeVar("Body", bound=BaseModel)

CHECKED_S = 15.0
"""Longest time until devices.yaml is checked: a Raspberry Pi needs one second, and more while it starts something."""


def blueprint(overview: Overview, access: Access) -> Blueprint:
    """Build the API, and the health and metrics beside it."""
    api = Blueprint("api", __name__)
    started = overview.now()

    @api.before_request
    def check() -> None:
        if request.path.startswith("/api/"):
            access.check_token(request, line_of(request))
        if request.method == "POST":
            access.check_page(request)

    @api.get("/api/state")
    def state() -> Response:
        since = request.args.get("since", "")
        if len(since) > openapi.SINCE_LIMIT:
            raise ProtocolError(f"since: at most {openapi.SINCE_LIMIT} characters")
        if since == overview.news.revision:
            overview.news.wait(str(request.remote_addr), since)
        return bodies.answer(overview.state())

    @api.get("/api/journal")
    def journal() -> Response:
        limit = _number("limit", openapi.JOURNAL_LIMIT) or openapi.JOURNAL_DEFAULT
        entries = overview.journal.commands(limit, _number("before", openapi.LARGEST_ID))
        return bodies.answer(schema.JournalView(entries=[schema.EntryView.of(entry) for entry in entries]))

    @api.get("/api/activity")
    def logged() -> Response:
        found = activity.events(
            overview.journal, None, _number("limit", openapi.JOURNAL_LIMIT) or openapi.JOURNAL_DEFAULT
        )
        return bodies.answer(schema.ActivityView(events=[schema.EventView.of(one) for one in found]))

    @api.post("/api/command")
    def command() -> Response:
        asked = _body(bodies.CommandRequest)
        wanted = Arm(ArmMode.parse(asked.arm)) if asked.arm else DISARMS[asked.disarm or "main"]
        action = replace(wanted, code=asked.code)
        installation = overview.find(asked.installation)
        if isinstance(action, Disarm):
            access.check_person(request, asked.pin, str(action), installation)
        ticket = overview.hub.command(installation, action, Origin("api", str(request.remote_addr)))
        accepted = bodies.Accepted(entry=ticket.entry, installation=installation, action=str(action))
        return bodies.answer(accepted, HTTPStatus.ACCEPTED)

    @api.post("/api/arm")
    def arm() -> Response:
        asked = _body(bodies.ArmRequest)
        taken = decisions.take(overview, access, asked.refusal, asked.pin, "api")
        return bodies.answer(taken, HTTPStatus.ACCEPTED)

    @api.post("/api/pair")
    def pair() -> Response:
        asked = _body(bodies.PressRequest)
        access.check_person(request, asked.pin, "press the link button")
        return bodies.answer(bodies.Pressed(seconds=overview.press()))

    @api.post("/api/pin")
    def set_pin() -> Response:
        asked = _body(bodies.NewPin)
        access.check_machine(request, "set the PIN")
        access.pin.set(asked.pin)
        overview.news.changed()
        return bodies.answer(bodies.PinSet(pin_set=asked.pin is not None))

    @api.post("/api/reload")
    def take_settings() -> Response:
        asked = _body(bodies.ReloadRequest)
        if access.pin.is_set:
            access.check_person(request, asked.pin, "take the changed settings")
        return bodies.answer(bodies.Reloaded(message=_checked(overview.changes)), HTTPStatus.ACCEPTED)

    @api.get("/api/openapi.json")
    def describe() -> Response:
        return Response(openapi.document(), content_type=bodies.JSON)

    @api.get("/healthz")
    def healthz() -> Response:
        return bodies.answer(*health.healthz(overview))

    @api.get("/metrics")
    def measure() -> Response:
        samples = metrics.text(overview.state(), overview.journal.counts(started))
        return Response(samples, content_type="text/plain; version=0.0.4; charset=utf-8")

    return api


def refusal(error: Exception) -> Response:
    """Build the answer of a request that failed."""
    if isinstance(error, HTTPException):
        reply = bodies.answer(bodies.ProblemView(error=error.description or error.name), error.code or 500)
        reply.headers.extend([header for header in error.get_headers() if header[0] == "Allow"])
        return reply
    text = str(error) if isinstance(error, EmulatorError) else "a defect of this program; its log tells more"
    return bodies.answer(bodies.ProblemView(error=text), status_of(error))


def _checked(changes: Changes | None) -> str:
    """Have the changed settings taken; return what is to be said of it once they are checked."""
    if changes is None:
        raise ProtocolError(Text("this program takes no changed settings: restart it"), HTTPStatus.CONFLICT)
    try:
        return changes.ask().result(CHECKED_S)
    except TimeoutError:
        raise ProtocolError(
            Text("they are not checked yet: the page and the log will say"), HTTPStatus.SERVICE_UNAVAILABLE
        ) from None
    except EmulatorError as error:
        raise ProtocolError(str(error), HTTPStatus.CONFLICT) from None


def _body(model: type[Body]) -> Body:
    if not request.is_json:
        raise ProtocolError("send application/json", HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    try:
        return model.model_validate_json(request.get_data())
    except ValidationError as error:
        # Never quote the input: it may be a PIN.
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
        message = first["msg"].removeprefix("Value error, ")
        raise ProtocolError(f"{where}: {message}" if where else message) from None


def _number(name: str, largest: int) -> int | None:
    text = request.args.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(largest)) and 1 <= int(text) <= largest):
        raise ProtocolError(f"{name}: use a whole number from 1 to {largest}")
    return int(text)
