"""The page: rendered here whole, so that it reads without JavaScript; dashboard.js only swaps in what has changed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from emulator import history
from emulator.dashboard import events, schema, timeline
from emulator.dashboard.access import Access
from emulator.dashboard.house import House, said
from emulator.errors import EmulatorError, ProtocolError
from emulator.model import DISARMS, Action, Arm, ArmMode, Disarm, Origin

ROWS = 40
"""Events on the page: the newest at once, the rest behind a button."""

MARKED, QUIET_ROWS = 500, 20
"""Journal entries that are looked through for a week's marks; what changed nothing has a few places of its own."""

TROUBLE_S = 3600.0
"""How long a command that failed stays at the top of the page, unless another one follows."""

FORM_LIMIT = 100
"""Characters of a field; the longest real one is an alarm's name."""

TROUBLES = ("rejected", "failed", "unconfirmed")


def blueprint(house: House, access: Access) -> Blueprint:
    """The page and its forms."""
    pages = Blueprint("pages", __name__, template_folder="templates", static_folder="static", static_url_path="/static")

    def page(problem: str = "", status: HTTPStatus | int = HTTPStatus.OK) -> Response:
        state = house.state()
        days = 7 if request.values.get("days") == "7" else 1
        entries = house.journal.commands(MARKED, quiet=False) + house.journal.commands(QUIET_ROWS, quiet=True)
        start = state.now - days * timeline.DAY_S
        spans = {one.name: _lasting(house, one, start) for one in state.installations}
        mine = {one: [entry for entry in entries if entry.installation in (one, "")] for one in spans}
        html = render_template(
            "page.html",
            state=state,
            problem=problem,
            days=days,
            pictures={one: timeline.draw(spans[one], mine[one], state.now, days) for one in spans},
            events={one: events.listed(mine[one], spans[one], ROWS) for one in spans},
            trouble={one.name: _trouble(one, state.now) for one in state.installations},
        )
        return Response(html, status, content_type="text/html; charset=utf-8")

    def carry_out(act: Callable[[], object]) -> AnyResponse:
        try:
            access.check_page(request)
            act()
        except EmulatorError as error:
            return page(str(error), said(error))
        return redirect(url_for("pages.show", days=request.form.get("days") or None), HTTPStatus.SEE_OTHER)

    def submit(action: Action) -> None:
        installation = house.find(_field("installation"))
        if not isinstance(action, Arm):
            access.check_person(request, _field("pin"), str(action), installation)
        house.command(installation, action, Origin("dashboard", str(request.remote_addr)))

    @pages.get("/")
    def show() -> Response:
        return page()

    @pages.post("/arm")
    def arm() -> AnyResponse:
        return carry_out(lambda: submit(Arm(_mode())))

    @pages.post("/disarm")
    def disarm() -> AnyResponse:
        return carry_out(lambda: submit(_disarm()))

    @pages.post("/pair")
    def pair() -> AnyResponse:
        def press() -> None:
            access.check_person(request, _field("pin"), "press the link button")
            house.press()

        return carry_out(press)

    @pages.app_template_filter()
    def moment(epoch_s: float) -> str:
        """A time as a household says it: of today the clock alone, else with the day."""
        at, today = datetime.fromtimestamp(epoch_s).astimezone(), datetime.fromtimestamp(house.now()).astimezone()
        return f"{at:%H:%M:%S}" if at.date() == today.date() else f"{at:%a %H:%M}"

    @pages.app_template_filter()
    def iso(epoch_s: float) -> str:
        return datetime.fromtimestamp(epoch_s).astimezone().isoformat(timespec="seconds")

    @pages.app_template_filter()
    def ago(epoch_s: float) -> str:
        return f"{timeline.length(max(0.0, house.now() - epoch_s))} ago"

    return pages


def _lasting(house: House, one: schema.Installation, since: float) -> list[history.Span]:
    """What is known of the time since then, down to what the panel said last."""
    spans = history.spans(house.journal, one.name, since)
    view = house.hub.view(one.name)
    if spans and view.state and spans[-1].axes == view.state.axes:
        spans[-1] = replace(spans[-1], until=max(spans[-1].until, view.state.read_at))
    return spans


def _trouble(one: schema.Installation, now: float) -> schema.Entry | None:
    """The last command of an alarm, if people should see at once that it did not do what was asked."""
    last = one.last
    if last is None or last.result not in TROUBLES or now - (last.ended_at or last.at) > TROUBLE_S:
        return None
    return last


def _field(name: str) -> str:
    text = request.form.get(name, "")
    if len(text) > FORM_LIMIT:
        raise ProtocolError(f"{name}: at most {FORM_LIMIT} characters")
    return text


def _mode() -> ArmMode:
    try:
        return ArmMode.parse(_field("mode"))
    except ValueError as error:
        raise ProtocolError(str(error)) from None


def _disarm() -> Disarm:
    what = _field("what") or "main"
    if what not in DISARMS:
        raise ProtocolError(f"what: use one of {', '.join(DISARMS)}")
    return DISARMS[what]
