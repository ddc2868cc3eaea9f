"""Requests and answers of My Pages as Flask has them (verisure-mypages.md §2, §3)."""

from collections.abc import Sequence
from typing import Any

from flask import Response, jsonify, request

from emulator.simulator.mypages.failures import MypagesError
from emulator.simulator.mypages.logins import Granted, Visit
from emulator.simulator.texts import STEERING

DOMAIN = "verisure.com"
"""A cookie is for both hosts; whether the real ones say so is unknown, but clients change hosts with it (§2)."""


def visit(detail: str = "") -> Visit:
    """Return the contents of the current request."""
    basic = request.authorization
    user, password = (basic.username or "", basic.password or "") if basic and basic.type == "basic" else ("", "")
    detail = detail or request.args.get("type", "")
    return Visit(request.cookies, user, password, request.get_json(silent=True, force=True), detail)


def granted(given: Granted) -> Response:
    """Return an answer with its cookies."""
    reply = jsonify(given.body)
    domain = DOMAIN if (request.host or "").endswith(f".{DOMAIN}") else None
    for name, (value, life) in given.cookies.items():
        reply.set_cookie(name, value, max_age=int(life), domain=domain, httponly=True)
    return reply


def plain(error: MypagesError, status: int = 0) -> Response:
    """Return an error as a body of its own, with its own status or another one."""
    reply = jsonify(error.body())
    reply.status_code = status or error.status
    return reply


def listed(answers: Sequence[Any]) -> Response:
    """Return the answers to a list; that to a list of one is no list (§3)."""
    return jsonify(answers[0] if len(answers) == 1 else list(answers))


def steered(value: Any, key: str = "") -> Any:
    """Return `value` with names that steer terminals."""
    if isinstance(value, dict):
        return {name: steered(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [steered(one, key) for one in value]
    return f"{value}\x1b[31m\a{STEERING}" if key in ("alias", "area", "name", "userName") and value else value
