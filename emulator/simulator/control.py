"""The control page and its JSON API: hands in the house, and trouble in the cloud.

GET  /control                 the page
GET  /control/state           everything as JSON; each POST answers with the same
POST /control/keypad          {"arm": "total"} or {"disarm": "main" | "annex" | "all"}; 409 when the panel refuses.
                              "who": "Ana" with it, if the code is a person's own
POST /control/incident        {"kind": "alarm", "zone": "Cocina"}, that is: it goes off; or photo_alarm, resolved,
                              tamper, sabotage, mains_lost, mains_back
POST /control/window          {"zone": "Entrada", "open": true}
POST /control/settings        any of {"answer_after": 3, "letter_a": false, "zero_after_arm": false,
                              "session_idle": 900, "steering": false, "log_clock": 0, "flood_limit": 20,
                              "flood_window": 5, "flood_ban": 60}; with owa and mypages the fields of their options
POST /control/fault           {"fault": "lost", "request": "ARM1", "times": 1, "seconds": 10}; only `fault` is needed:
                              without `request` it hits any, without `times` it lasts until cleared
                              {"fault": "lost", "on": false} clears it, {"fault": "all", "on": false} clears all
POST /control/sessions/kill   every session expires: ERR 60022 (owa: hashes and capabilities, mypages: access tokens)
POST /control/tokens/revoke   owa, mypages: every refresh token is unknown from now on
POST /control/devices/forget  owa, mypages: no device is trusted any more
POST /control/users/unblock   mypages: no user is blocked for the rest of the day any more
POST /control/unlock          accounts are unlocked, flood bans end
POST /control/reset           the counters are set to zero

The faults are KINDS of each face. The state of owa has sms, refresh_reused, client_faults, banned_requests, bypassed
and times on top; that of mypages has posts, wrong_codes and refused_requests beside some of these.
A body is JSON or a form; 400 says what was wrong and what would be right. Requests are served only if their Host is an
address or localhost, and no page of another site may post (403).
"""

from dataclasses import asdict
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from emulator.simulator.changes import CHANGES, Body, KeypadRefused
from emulator.simulator.face import Face
from emulator.simulator.panel.activity import INCIDENTS
from emulator.simulator.settings import labels

PAGE_ROWS = 30
"""Log rows on the page; a phone shows them in a few swipes."""


def state(face: Face) -> dict[str, Any]:
    """Return everything, as the JSON has it. No password, session or code word is in it."""
    backend, panel = face.backend, face.backend.panel
    with panel.held():
        axes, pending = panel.axes, panel.pending
        return {
            "axes": asdict(axes),
            "standing": str(axes),
            "fitted": [str(mode) for mode in panel.equipment.modes()],
            "incidents": list(INCIDENTS),
            "zones": [zone.name for zone in panel.equipment.zones],
            "windows": list(panel.windows),
            "busy": pending is not None,
            "pending": pending and {"request": str(pending.request), "ends_in": pending.due - panel.now()},
            "answer_after": panel.answer_after,
            "settings": {"answer_after": panel.answer_after, **asdict(face.options)},
            "faults": [asdict(fault) for fault in backend.faults.active],
            "fault_hits": dict(backend.faults.hits),
            "requests": dict(backend.requests),
            "accepted": dict(backend.accepted),
            "locked": backend.locked(),
            "log": [asdict(row) for row in panel.log],
            **face.state(),
        }


def blueprint(face: Face) -> Blueprint:
    """Return the page and the API."""
    pages = Blueprint("control", __name__, url_prefix="/control", template_folder="templates")

    def page(message: str = "", status: int = 200) -> Response:
        now = state(face)
        local = face.backend.local
        rows = [{**row, "time": f"{local(row['at']):%d/%m %H:%M:%S}"} for row in now["log"][:PAGE_ROWS]]
        counts = [(name, now["requests"][name], now["accepted"].get(name)) for name in sorted(now["requests"])]
        html = render_template(
            "control.html",
            state=now,
            rows=rows,
            counts=counts,
            kinds=face.backend.faults.kinds,
            actions=face.actions,
            labels=labels(face.options),
            message=message,
        )
        return Response(html, status, mimetype="text/html")

    @pages.before_request
    def only_from_here() -> Response | None:
        host = request.headers.get("Host", "")
        if not _local_name(host):
            return _plain("call this page by an IP address or localhost, not by a name", 403)
        origin = request.headers.get("Origin")
        if request.method == "POST" and origin is not None and origin != f"{request.scheme}://{host}":
            return _plain("another site may not use this page", 403)
        return None

    @pages.after_request
    def without_frames(reply: Response) -> Response:
        reply.headers["Content-Security-Policy"] = "frame-ancestors 'none'"
        reply.headers["Cache-Control"] = "no-store"
        return reply

    @pages.get("")
    def show() -> Response:
        return page()

    @pages.get("/state")
    def read() -> Response:
        return jsonify(state(face))

    @pages.post("/<path:thing>")
    def change(thing: str) -> AnyResponse:
        human = request.mimetype != "application/json" and request.accept_mimetypes.accept_html
        human = human and "text/html" in request.headers.get("Accept", "")
        message, status = _carry_out(face, thing)
        if human:
            return page(message, status) if message else redirect(url_for("control.show"), 303)
        if message:
            reply = jsonify(error=message)
            reply.status_code = status
            return reply
        return jsonify(state(face))

    return pages


def _carry_out(face: Face, thing: str) -> tuple[str, int]:
    """Carry out a POST. Return an error message and the status; the message is empty if it was done."""
    post, act = CHANGES.get(thing), face.actions.get(thing)
    if post is None and act is None:
        return f"there is no {thing!r}; use one of {', '.join([*CHANGES, *face.actions])}", 404
    try:
        with face.backend.panel.held():
            if act:
                act()
            elif post:
                post(face, _body())
    except ValueError as error:
        return str(error), 400
    except KeypadRefused as refused:
        return str(refused), 409
    return "", 200


def _body() -> Body:
    if not request.is_json:
        return request.form.to_dict()
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise ValueError("the body is not a JSON object")
    return body


def _plain(text: str, status: int) -> Response:
    return Response(f"{text}\n", status, mimetype="text/plain")


def _local_name(netloc: str) -> bool:
    """Return whether a Host header is an address or localhost: DNS could point any other name at this host."""
    try:
        name = urlsplit(f"//{netloc}").hostname or ""
        return name == "localhost" or bool(ip_address(name))
    except ValueError:
        return False
