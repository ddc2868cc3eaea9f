"""The OpenAPI 3.1 document of the local API, made of the models that check requests and answers."""

import json
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from emulator import __version__
from emulator.doors.dashboard import schema
from emulator.doors.dashboard.metrics import Healthz
from emulator.doors.dashboard.news import LONGEST_S

JOURNAL_DEFAULT, JOURNAL_LIMIT = 50, 500
"""Entries of a page; some screens, and what is still quick on a Raspberry Pi."""

LARGEST_ID = 2**63 - 1
"""Largest row number in SQLite."""

SINCE_LIMIT = 64
"""Characters of a revision; ours have some twenty."""

REFUSED = "Another site's page, or a Host that is not ours, or a peer that is not on this LAN."

OF_A_CHANGE = {
    "409": "There is no such thing in this house.",
    "413": "More bytes than anything real has.",
    "415": "The body is not application/json.",
    "503": "It cannot be written down, so it is not done.",
}
"""Errors that only a request with a body can have."""

SUFFIX = re.compile(r'(?<=[a-z])(View|Request)(?=")')
"""Ends of class names, which tell them from what they are views of. Clients know the components without."""

Object = dict[str, Any]


@cache
def document() -> str:
    """Return the whole document as JSON; made at the first request for it."""
    _, schemas = models_json_schema(
        [(model, "validation") for model in schema.Model.__subclasses__()],
        ref_template="#/components/schemas/{model}",
    )
    token = {
        "type": "http",
        "scheme": "bearer",
        "description": "From api.json in the state folder; stands for the PIN, on this machine only.",
    }
    info = {
        "title": "Verisure emulator",
        "version": __version__,
        "description": "The alarm at home: for local peers only, called by address. Times are epoch seconds.",
        "license": {"name": "MIT", "identifier": "MIT"},
    }
    components = {"schemas": schemas["$defs"], "securitySchemes": {"token": token}}
    whole = {"openapi": "3.1.0", "info": info, "paths": _paths(), "components": components}
    return SUFFIX.sub("", json.dumps(whole))


def _paths() -> Object:
    since = f"A revision: the answer waits up to {LONGEST_S:g} s for another one."
    number = {"type": "integer", "minimum": 1}
    page = [
        _query("limit", number | {"maximum": JOURNAL_LIMIT, "default": JOURNAL_DEFAULT}),
        _query("before", number | {"maximum": LARGEST_ID}, "Only entries with a smaller number."),
    ]
    state = _reads(
        "state",
        "Everything that may be known now",
        schema.StateView,
        [_query("since", {"type": "string", "maxLength": SINCE_LIMIT}, since)],
    )
    pair = _changes("pair", "Press the link button of the Hue bridge", schema.PressRequest, schema.Pressed)
    healthz = {
        "200": _answer("Nothing that a restart would mend", Healthz),
        "503": _answer("A restart may help", Healthz),
    }
    samples = {"description": "Prometheus' text format", "content": {"text/plain": {"schema": {"type": "string"}}}}
    return {
        "/api/state": {"get": state},
        "/api/journal": {"get": _reads("journal", "Commands and refusals, newest first", schema.JournalView, page)},
        "/api/command": {
            "post": _changes("command", "Arm or disarm", schema.CommandRequest, schema.Accepted, success="202")
        },
        "/api/pair": {"post": pair},
        "/api/pin": {"post": _changes("pin", "Set or remove the PIN", schema.NewPin, schema.PinSet)},
        "/healthz": {"get": _operation("healthz", "A word for each part", healthz)},
        "/metrics": {"get": _operation("metrics", "Numbers for Prometheus", {"200": samples})},
    }


def _operation(name: str, summary: str, answers: Object) -> Object:
    return {"operationId": name, "summary": summary, "responses": answers}


def _reads(name: str, summary: str, gives: type[BaseModel], parameters: Sequence[Object]) -> Object:
    return _operation(name, summary, _answers("200", summary, gives)) | {"parameters": parameters}


def _changes(name: str, summary: str, takes: type[BaseModel], gives: type[BaseModel], success: str = "200") -> Object:
    answers = _answers(success, summary, gives, f"{REFUSED} Or: no PIN, a wrong one, too many of them.")
    answers |= {status: _answer(text, schema.ProblemView) for status, text in OF_A_CHANGE.items()}
    body = {"required": True, "content": _content(takes)}
    return _operation(name, summary, answers) | {"requestBody": body, "security": [{}, {"token": []}]}


def _answers(success: str, summary: str, gives: type[BaseModel], refused: str = REFUSED) -> Object:
    return {
        success: _answer(summary, gives),
        "400": _answer("Not what this document asks for.", schema.ProblemView),
        "403": _answer(refused, schema.ProblemView),
    }


def _query(name: str, values: Object, description: str = "") -> Object:
    described = {"description": description} if description else {}
    return {"name": name, "in": "query", "required": False, **described, "schema": values}


def _answer(description: str, model: type[BaseModel]) -> Object:
    return {"description": description, "content": _content(model)}


def _content(model: type[BaseModel]) -> Object:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}
