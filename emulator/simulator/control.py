"""The control page and its JSON API: somebody is in the house, or the cloud is in trouble.

GET  /control                 the page
GET  /control/state           everything as JSON; each POST answers with the same
POST /control/keypad          {"arm": "total"} or {"disarm": "main" | "annex" | "all"}; 409 when the panel refuses
POST /control/window          {"zone": "Entrada", "open": true}
POST /control/settings        any of {"answer_after": 3, "letter_a": false, "zero_after_arm": false,
                              "session_idle": 900, "steering": false, "flood_limit": 20,
                              "flood_window": 5, "flood_ban": 60};
                              with owa the fields of options.OwaOptions
POST /control/fault           {"fault": "lost", "request": "ARM1", "times": 1, "seconds": 10}; only `fault` is needed:
                              without `request` it hits any, without `times` it lasts until cleared
                              {"fault": "lost", "on": false} clears it, {"fault": "all", "on": false} clears all
POST /control/sessions/kill   every session dies; its owner is told 60022 (owa: hashes and capabilities die)
POST /control/tokens/revoke   owa: every refresh token is unknown from now on
POST /control/devices/forget  owa: no device is trusted any more
POST /control/unlock          accounts are unlocked, flood bans end
POST /control/reset           the counters start at nought

The faults are the rows of faults.KINDS, with owa of faults.OWA_KINDS; the state of owa has sms, refresh_reused,
client_faults, banned_requests, bypassed and times on top. A body is JSON or a form; 400 says what was wrong and what
would be right. Only hosts named by address or localhost are served, and no page of another site may post (403).
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, tzinfo
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from emulator.model import Action, Arm, ArmMode, Disarm
from emulator.simulator.face import Face
from emulator.simulator.faults import LATE_S, LATEST_S, InjectedFault
from emulator.simulator.settings import HOUSE, flag, number, whole

DISARMS = {"main": Disarm(), "annex": Disarm(main=False, annex=True), "all": Disarm(annex=True)}

LABELS = {
    # Setting → its button.
    "letter_a": "Total is A",
    "zero_after_arm": "STATUS 0 after arming",
    "allow_forcing": "Forcing allowed",
    "exceptions_wait": "Open zones stay unnamed",
    "zones_by_number": "Open zones without their code",
    "no_capabilities": "No capabilities",
    "lacks": "Fields that the schema lacks",
    "steering": "Names steer terminals",
    "terms_missing": "Terms not accepted",
    "tells_tries": "Tells the tries left",
    "otp_tokens": "Tokens after the code",
    "refresh_crash": "Spent refresh crashes",
    "refresh_grace": "Refresh good until its successor is used",
}

PAGE_ROWS = 30
"""Log rows on the page; what a phone shows in a few swipes."""

Body = Mapping[str, Any]


class KeypadRefused(Exception):
    """The panel does not do what the keypad asked."""


def keypad(face: Face, body: Body) -> None:
    """Somebody arms or disarms in the house."""
    if ("arm" in body) == ("disarm" in body):
        raise ValueError('use {"arm": a mode} or {"disarm": "main", "annex" or "all"}')
    action: Action
    if "arm" in body:
        action = Arm(ArmMode.parse(str(body["arm"])))
    else:
        disarm = DISARMS.get(str(body["disarm"]))
        if disarm is None:
            raise ValueError(f"disarm is {body['disarm']!r}; use one of {', '.join(DISARMS)}")
        action = disarm
    refusal = face.backend.panel.keypad(action)
    if refusal:
        raise KeypadRefused(f"the panel refused to {action}: {refusal}")


def window(face: Face, body: Body) -> None:
    """Somebody opens or closes a window."""
    face.backend.panel.window(str(body.get("zone", "")), is_open=flag("open", body.get("open")))


def settings(face: Face, body: Body) -> None:
    """Change the settings that are named, all or none."""
    readers = {**HOUSE, **face.settings}
    unknown = [key for key in body if key not in readers]
    if unknown or not body:
        raise ValueError(f"unknown setting {', '.join(map(repr, unknown)) or 'none'}; use {', '.join(readers)}")
    for key, value in [(key, readers[key](key, value)) for key, value in body.items()]:
        setattr(face.backend.panel if key in HOUSE else face.options, key, value)


def fault(face: Face, body: Body) -> None:
    """Put a fault in force or clear it."""
    kind, name = str(body.get("fault", "")), str(body.get("request", ""))
    on = flag("on", body.get("on", True))
    if name and name not in face.names:
        raise ValueError(f"there is no request {name!r}; use one of {', '.join(sorted(face.names))}")
    if kind not in face.kinds and (on or kind != "all"):
        raise ValueError(f"there is no fault {kind!r}; use {'' if on else 'all or '}one of {', '.join(face.kinds)}")
    if not on:
        face.backend.faults.clear("" if kind == "all" else kind, name or None)
        return
    times = body.get("times")
    face.backend.faults.add(
        InjectedFault(
            kind,
            name,
            None if times in (None, "") else whole(1, 1000)("times", times),  # more is until cleared
            number(0, LATEST_S)("seconds", body.get("seconds", LATE_S)),
        )
    )


def reset(face: Face, _: Body) -> None:
    """Start every counter at nought."""
    face.backend.reset()
    face.reset()


POSTS: dict[str, Callable[[Face, Body], None]] = {
    "keypad": keypad,
    "window": window,
    "settings": settings,
    "fault": fault,
    "unlock": lambda face, _: face.backend.forgive(),
    "reset": reset,
}


def state(face: Face) -> dict[str, Any]:
    """Everything, as JSON will have it; no password, session or code word is in it."""
    backend, panel = face.backend, face.backend.panel
    with panel.held():
        axes, pending = panel.axes, panel.pending
        return {
            "axes": asdict(axes),
            "standing": str(axes),
            "fitted": [str(mode) for mode in panel.equipment.modes()],
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


def blueprint(face: Face, *, zone: tzinfo | None = None) -> Blueprint:
    """The page and the API."""
    pages = Blueprint("control", __name__, url_prefix="/control", template_folder="templates")

    def page(message: str = "", status: int = 200) -> Response:
        now = state(face)
        rows = [
            {**row, "time": f"{datetime.fromtimestamp(row['at'], UTC).astimezone(zone):%d/%m %H:%M:%S}"}
            for row in now["log"][:PAGE_ROWS]
        ]
        counts = [(name, now["requests"][name], now["accepted"].get(name)) for name in sorted(now["requests"])]
        html = render_template(
            "control.html",
            state=now,
            rows=rows,
            counts=counts,
            kinds=face.kinds,
            actions=face.actions,
            labels=LABELS,
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
    def framed_by_nobody(reply: Response) -> Response:
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
    """Do what was posted; the message is empty when it was done."""
    post, act = POSTS.get(thing), face.actions.get(thing)
    if post is None and act is None:
        return f"there is no {thing!r}; use one of {', '.join([*POSTS, *face.actions])}", 404
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
    """Whether a Host header names an address or localhost; a name could be an attacker's, pointed at us."""
    try:
        name = urlsplit(f"//{netloc}").hostname or ""
        return name == "localhost" or bool(ip_address(name))
    except ValueError:
        return False
