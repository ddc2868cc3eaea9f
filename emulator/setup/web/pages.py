"""The pages of set-up: claim, a page for each step, save. Only GETs that change nothing, and forms of our own page."""

from collections.abc import Callable
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from emulator import doors
from emulator.doors.mounted import Refused
from emulator.errors import ConfigError, EmulatorError
from emulator.lan import access
from emulator.setup import door_choices, steps
from emulator.setup.claim import ClaimRefused
from emulator.setup.set_up import SetUp
from emulator.setup.web import forms
from emulator.setup.web.desk import BrowserSession, FormForged, FormTooOld, SetUpDesk
from emulator.words.speech import spoken_in
from emulator.words.text import Text

COOKIE = "setup"

OPEN = frozenset({"setup.claim", "setup.static", "setup.look"})
"""Endpoints for a browser that has not shown the code."""

LOOKS = {"dashboard.css": "text/css", "icon.svg": "image/svg+xml"}
"""Files of the page that these pages share, and their types."""

STATUS = {FormTooOld: HTTPStatus.CONFLICT, FormForged: HTTPStatus.FORBIDDEN, ClaimRefused: HTTPStatus.FORBIDDEN}


def blueprint(
    desk: SetUpDesk,
    *,
    finish: Callable[[], str],
    refused: Refused = lambda _peer, _asked, _why: None,
    has_pin: Callable[[], bool] | None = None,
    forget: Callable[[str], None] | None = None,
) -> Blueprint:
    """Build the pages. `finish` is called after each save, and returns a text for the person.

    `has_pin` is for a house that is set up: it tells whether there is a PIN, which is asked for instead of the code.
    Each step can be changed by itself then, and `forget` forgets the login of an alarm.
    """
    pages = Blueprint("setup", __name__, template_folder="templates", static_folder="static", static_url_path="/static")
    later = has_pin is not None
    saved: dict[str, dict[str, Any]] = {}
    """Stamp of the form that was saved last → what its answer says: a second tap on its button gets the same."""

    def session() -> BrowserSession | None:
        # Another port of this host may have set one of the same name: cookies know no ports.
        found = (desk.session(token, str(request.remote_addr)) for token in request.cookies.getlist(COOKIE))
        return next(filter(None, found), None)

    def shown(template: str, status: int = HTTPStatus.OK, **values: Any) -> Response:
        mine, told = session(), desk.told
        if mine:
            desk.told = ""
        stamp = desk.stamp(mine) if mine else ""
        html = render_template(f"setup/{template}.html", stamp=stamp, told=told if mine else "", later=later, **values)
        return Response(html, status, content_type="text/html; charset=utf-8")

    def claim_page(problem: str = "", status: int = HTTPStatus.OK) -> Response:
        return shown("claim", status, problem=problem, by_pin=bool(has_pin and has_pin()))

    def step_page(name: str, problem: str = "", status: int = HTTPStatus.OK) -> AnyResponse:
        try:
            with desk.reading() as one:
                step = steps.BY_NAME.get(name)
                if step is None or not step.applies(one) or not _may_show(name, one):
                    if problem and name in steps.ACCOUNT:  # of an account that will not do, whose step is over
                        desk.told = problem
                        desk.done.discard("login")
                    return redirect(url_for("setup.show"), HTTPStatus.SEE_OTHER)
                values = forms.SHOW[name](one, spoken_in()) | {"walk": [] if later else steps.path(one), "step": step}
                typed = request.form if problem else {}
                return shown("step", status, done=desk.done, problem=problem, typed=typed, **values)
        except EmulatorError as error:
            return shown("wait", HTTPStatus.SERVICE_UNAVAILABLE, problem=_in_words(error))

    def _may_show(name: str, one: SetUp) -> bool:
        if later:
            return True
        before = [step.name for step in steps.path(one)]
        return name in before and desk.done >= set(before[: before.index(name)])

    def current(one: SetUp) -> str:
        return next((step.name for step in steps.path(one) if step.name not in desk.done), "review")

    @pages.before_request
    def guard() -> AnyResponse | None:
        if request.method == "POST":
            origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
            own = f"{request.scheme}://{request.host}"
            if why := access.why_not_change(origin, site, own, is_json=False):
                refused(str(request.remote_addr), f"{request.method} {request.path}", why)
                return claim_page(Text("That form was not from this page, so nothing was done."), HTTPStatus.FORBIDDEN)
        if request.endpoint in OPEN or session() or is_saved():
            return None
        return claim_page("", HTTPStatus.OK if request.method == "GET" else HTTPStatus.FORBIDDEN)

    @pages.get("/")
    def show() -> AnyResponse:
        try:
            with desk.reading() as one:
                if not later:
                    return redirect(url_for("setup.step", name=current(one)), HTTPStatus.SEE_OTHER)
                changeable = [step for step in steps.STEPS if step.later]
                return shown("settings", steps=changeable, one=one, accounts=one.was.accounts)
        except EmulatorError as error:
            return shown("wait", HTTPStatus.SERVICE_UNAVAILABLE, problem=_in_words(error))

    @pages.post("/claim")
    def claim() -> AnyResponse:
        peer = str(request.remote_addr)
        try:
            label = Text("PIN") if has_pin and has_pin() else Text("Code")
            made = desk.claim(forms.field(request.form, "code", label), peer)
        except EmulatorError as error:
            refused(peer, "POST /setup/claim", str(error))
            return claim_page(_in_words(error), HTTPStatus.FORBIDDEN)
        answer = redirect(url_for("setup.show"), HTTPStatus.SEE_OTHER)
        path = url_for("setup.show")
        answer.set_cookie(COOKIE, made.token, httponly=True, samesite="Strict", path=path)
        return answer

    @pages.get("/<name>")
    def step(name: str) -> AnyResponse:
        return step_page(name)

    @pages.post("/<name>")
    def take(name: str) -> AnyResponse:
        mine = session()
        if mine is None or name not in forms.TAKE:
            return redirect(url_for("setup.show"), HTTPStatus.SEE_OTHER)
        try:
            with desk.changing(mine, request.form.get("form", "")) as one:
                if not (steps.BY_NAME[name].applies(one) and _may_show(name, one)):
                    raise FormTooOld(Text("That page was old, so nothing was done. This is how it stands now."))
                if request.form.get("do") == "skip" and steps.BY_NAME[name].is_optional:
                    answered = True
                else:
                    answered = forms.TAKE[name](one, request.form, desk)
                if answered:
                    _note(name, one)
        except EmulatorError as error:
            return step_page(name, _in_words(error), STATUS.get(type(error), HTTPStatus.UNPROCESSABLE_ENTITY))
        if not answered:
            return redirect(url_for("setup.step", name=name), HTTPStatus.SEE_OTHER)
        if later and name in steps.ACCOUNT and (following := _following(name, one)):
            return redirect(url_for("setup.step", name=following), HTTPStatus.SEE_OTHER)
        return redirect(url_for("setup.show"), HTTPStatus.SEE_OTHER)

    def _note(name: str, one: SetUp) -> None:
        """Take note that a step is answered; what depends on it is asked anew."""
        order = [each.name for each in steps.STEPS]
        if name in steps.ACCOUNT:
            desk.done -= set(order[order.index(name) : order.index("pin")])
        desk.done.add(name)
        if name == "login" and one.login and not one.login.needs_code:
            desk.done.add("code")

    def _following(name: str, one: SetUp) -> str:
        """Return the step that has to follow another one; empty if none has to."""
        following = steps.after(one, name).name
        return following if following in steps.ACCOUNT or (following == "switches" and not one.login_of) else ""

    def is_saved() -> bool:
        return request.endpoint == "setup.save" and request.form.get("form", "") in saved

    @pages.post("/save")
    def save() -> AnyResponse:
        mine, stamp = session(), request.form.get("form", "")
        try:
            if mine and not is_saved():
                with desk.changing(mine, stamp) as one:
                    backup = one.save()
                    saved.clear()
                    saved[stamp] = {"path": str(one.path), "backup": str(backup or ""), "said": finish()}
                desk.leave()
        except EmulatorError as error:
            if not is_saved():
                return step_page("review", _in_words(error), STATUS.get(type(error), HTTPStatus.UNPROCESSABLE_ENTITY))
        if (answer := saved.get(stamp)) is None:  # the session has ended meanwhile
            return claim_page("", HTTPStatus.FORBIDDEN)
        html = shown("done", **answer)
        html.delete_cookie(COOKIE, path=url_for("setup.show"))
        return html

    @pages.post("/account")
    def account() -> AnyResponse:
        """Begin a new login for an alarm, or forget the one there is."""
        mine = session()
        if mine is None or not later:
            return redirect(url_for("setup.show"), HTTPStatus.SEE_OTHER)
        what, _, alarm = request.form.get("do", "").partition(" ")
        try:
            with desk.changing(mine, request.form.get("form", "")) as one:
                if what == "forget" and forget:
                    if alarm not in {each.name for each in one.was.accounts}:
                        raise FormTooOld(Text("There is no such alarm."))
                    forget(alarm)
                    desk.told = Text("The login of {alarm} is forgotten.", alarm=alarm)
                    return redirect(url_for("setup.show"), HTTPStatus.SEE_OTHER)
                one.log_in_again(alarm)
        except EmulatorError as error:
            desk.told = _in_words(error)
            return redirect(url_for("setup.show"), HTTPStatus.SEE_OTHER)
        return redirect(url_for("setup.step", name="login"), HTTPStatus.SEE_OTHER)

    @pages.post("/leave")
    def leave() -> AnyResponse:
        desk.leave()
        return redirect(f"{request.script_root}/" if later else url_for("setup.show"), HTTPStatus.SEE_OTHER)

    @pages.get("/look/<file>")
    def look(file: str) -> Response:
        """Serve the page's own files, which set-up looks like."""
        if file not in LOOKS:
            abort(HTTPStatus.NOT_FOUND)
        return Response((looks() / file).read_bytes(), mimetype=LOOKS[file])

    return pages


def looks() -> Path:
    """Return the folder of the files that these pages share with the page."""
    name, _ = door_choices.page_door()
    return Path(import_module(doors.DOORS[name]).__file__ or "").parent / "static"


def _in_words(error: EmulatorError) -> str:
    return "\n".join(map(str, error.problems)) if isinstance(error, ConfigError) else str(error)
