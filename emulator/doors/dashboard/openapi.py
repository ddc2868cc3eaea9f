"""The OpenAPI 3.1 document of the local API, made of the models that check requests and answers."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from emulator import __version__
from emulator.doors.dashboard import schema
from emulator.doors.dashboard.news import LONGEST_S

JOURNAL_DEFAULT, JOURNAL_LIMIT = 50, 500
"""Entries of a page; some screens, and what is still quick on a Raspberry Pi."""

LARGEST_ID = 2**63 - 1
"""SQLite's row numbers end there."""

SINCE_LIMIT = 64
"""Characters of a revision; ours have some twenty."""

MODELS: tuple[type[BaseModel], ...] = (
    schema.State,
    schema.Journal,
    schema.Command,
    schema.Accepted,
    schema.Press,
    schema.Pressed,
    schema.NewPin,
    schema.PinSet,
    schema.Problem,
    schema.Healthz,
)

SINCE = {
    "name": "since",
    "in": "query",
    "required": False,
    "description": f"A revision: the answer waits up to {LONGEST_S:g} s for another one.",
    "schema": {"type": "string", "maxLength": SINCE_LIMIT},
}
LIMIT = {
    "name": "limit",
    "in": "query",
    "required": False,
    "schema": {"type": "integer", "minimum": 1, "maximum": JOURNAL_LIMIT, "default": JOURNAL_DEFAULT},
}
BEFORE = {
    "name": "before",
    "in": "query",
    "required": False,
    "description": "Only entries with a smaller number.",
    "schema": {"type": "integer", "minimum": 1, "maximum": LARGEST_ID},
}

REFUSED = "Another site's page, or a Host that is not ours, or a peer that is not on this LAN."


@cache
def document() -> str:
    """Return the whole document, as JSON; made when somebody first asks for it."""
    return json.dumps(_document())


def _document() -> dict[str, Any]:
    _, schemas = models_json_schema(
        [(model, "validation") for model in MODELS], ref_template="#/components/schemas/{model}"
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Verisure emulator",
            "version": __version__,
            "description": "The alarm at home: for local peers only, called by address. Times are epoch seconds.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": {
            "/api/state": {
                "get": _operation("state", "Everything that may be known now", schema.State, parameters=[SINCE])
            },
            "/api/journal": {
                "get": _operation(
                    "journal", "Commands and refusals, newest first", schema.Journal, parameters=[LIMIT, BEFORE]
                )
            },
            "/api/command": {
                "post": _operation("command", "Arm or disarm", schema.Accepted, takes=schema.Command, success="202")
            },
            "/api/pair": {
                "post": _operation(
                    "pair", "Press the link button of the Hue bridge", schema.Pressed, takes=schema.Press
                )
            },
            "/api/pin": {"post": _operation("pin", "Set or remove the PIN", schema.PinSet, takes=schema.NewPin)},
            "/healthz": {"get": _healthz()},
            "/metrics": {"get": _metrics()},
        },
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "From api.json in the state folder; stands for the PIN, on this machine only.",
                }
            },
        },
    }


def _operation(
    name: str,
    summary: str,
    gives: type[BaseModel],
    *,
    takes: type[BaseModel] | None = None,
    parameters: list[dict[str, Any]] | None = None,
    success: str = "200",
) -> dict[str, Any]:
    answers = {
        success: _answer(summary, gives),
        "400": _problem("Not what this document asks for."),
        "403": _problem(REFUSED),
    }
    operation: dict[str, Any] = {"operationId": name, "summary": summary, "responses": answers}
    if parameters:
        operation["parameters"] = parameters
    if takes:
        operation["requestBody"] = {"required": True, "content": _content(takes)}
        operation["security"] = [{}, {"token": []}]
        answers["403"] = _problem(f"{REFUSED} Or: no PIN, a wrong one, too many of them.")
        answers["409"] = _problem("There is no such thing in this house.")
        answers["413"] = _problem("More bytes than anything real has.")
        answers["415"] = _problem("The body is not application/json.")
        answers["503"] = _problem("It cannot be written down, so it is not done.")
    return operation


def _healthz() -> dict[str, Any]:
    answers = {"200": _answer("Nothing that a restart would mend", schema.Healthz)}
    answers["503"] = _answer("A restart may help", schema.Healthz)
    return {"operationId": "healthz", "summary": "A word for each part", "responses": answers}


def _metrics() -> dict[str, Any]:
    content = {"text/plain": {"schema": {"type": "string"}}}
    answers = {"200": {"description": "Prometheus' text format", "content": content}}
    return {"operationId": "metrics", "summary": "Numbers for Prometheus", "responses": answers}


def _answer(description: str, model: type[BaseModel]) -> dict[str, Any]:
    return {"description": description, "content": _content(model)}


def _problem(description: str) -> dict[str, Any]:
    return _answer(description, schema.Problem)


def _content(model: type[BaseModel]) -> Mapping[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}
