"""The page: rendered here whole, so that it reads without JavaScript; dashboard.js only swaps in what has changed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from emulator.doors.dashboard import events, schema, timeline
from emulator.doors.dashboard.access import Access
from emulator.doors.dashboard.boxes import boxes
from emulator.doors.dashboard.overview import Overview, said
from emulator.errors import EmulatorError, ProtocolError
from emulator.model import DISARMS, Action, Arm, ArmMode, Disarm, Origin
from emulator.store import history

ROWS = 40
"""Events on the page: the newest at once, the rest behind a button."""

MARKED, QUIET_ROWS = 500, 20
"""Journal entries that are looked through for a week's marks; what changed nothing has a few places of its own."""

NEWS_S = 1.5
"""How long a page waits for a change before it is told that there is none: it has to notice within 5 s that nobody
answers, and a request less each second is one less for a Raspberry Pi."""

LATE_S = 10.0
"""How old a tap may be: one that a phone kept until its network came back is not what its owner wants now."""

FORM_LIMIT = 100
"""Characters of a field; the longest real one is an alarm's name."""


@dataclass(frozen=True, slots=True)
class Question:
    """Whether a mode is to be armed although one is: `over` is what a person saw who says yes."""

    installation: str
    mode: ArmMode
    over: str
    then: str


class NotSure(EmulatorError):
    """A person has to say yes first."""

    def __init__(self, question: Question) -> None:
        self.question = question
        super().__init__(f"{question.over} is armed")


def blueprint(overview: Overview, access: Access) -> Blueprint:
    """The page and its forms."""
    pages = Blueprint("pages", __name__, template_folder="templates", static_folder="static", static_url_path="/static")

    def page(
        problem: str = "", status: HTTPStatus | int = HTTPStatus.OK, at: str = "", question: Question | None = None
    ) -> Response:
        """The page; `at` is the field that the problem is about."""
        state = overview.state()
        can_press = state.bridge and state.bridge.pairing == "button" and not state.bridge.pressed
        fields = [f"pin-{one.name}" for one in state.installations] + ["pin-bridge"] * bool(can_press)
        days = 7 if request.values.get("days") == "7" else 1
        entries = overview.journal.commands(MARKED, quiet=False) + overview.journal.commands(QUIET_ROWS, quiet=True)
        start = state.now - days * timeline.DAY_S
        spans = {one.name: _lasting(overview, one, start) for one in state.installations}
        mine = {one: [entry for entry in entries if entry.installation in (one, "")] for one in spans}
        html = render_template(
            "page.html",
            state=state,
            problem=problem,
            at=at if state.pin_set and at in fields else "",
            question=question,
            closed=[one for one in request.args.getlist("close") if one != "problem"],
            days=days,
            pictures={one: timeline.draw(spans[one], mine[one], state.now, days) for one in spans},
            events={one: events.listed(mine[one], spans[one], ROWS) for one in spans},
            boxes={
                one.name: boxes(one, overview.hub.view(one.name).axes, state.now, state.trouble)
                for one in state.installations
            },
        )
        return Response(html, status, content_type="text/html; charset=utf-8")

    def carry_out(act: Callable[[], object], at: str = "") -> AnyResponse:
        try:
            access.check_page(request)
            _check_age(overview.now())
            act()
        except NotSure as error:
            return page(status=HTTPStatus.CONFLICT, question=error.question)
        except EmulatorError as error:
            return page(str(error), said(error), at)
        return redirect(url_for("pages.show", days=request.form.get("days") or None), HTTPStatus.SEE_OTHER)

    def submit(action: Action) -> None:
        installation = overview.find(_field("installation"))
        if isinstance(action, Arm):
            over = overview.armed_over(installation, action.mode)
            if over is not None and str(over) != _field("over"):
                raise NotSure(Question(installation, action.mode, str(over), str(over.after(action))))
        else:
            access.check_person(request, _field("pin"), str(action), installation)
        overview.hub.command(installation, action, Origin("dashboard", str(request.remote_addr)))

    @pages.get("/")
    def show() -> Response:
        return page()

    @pages.get("/news")
    def news() -> Response:
        """The revision and the time, as soon as the first is another than `since`, or a little later."""
        if (since := request.args.get("since")) == overview.news.revision:
            overview.news.wait(str(request.remote_addr), since, NEWS_S)
        return Response(f"{overview.news.revision} {overview.now()}", content_type="text/plain; charset=utf-8")

    @pages.post("/arm")
    def arm() -> AnyResponse:
        return carry_out(lambda: submit(Arm(_mode())))

    @pages.post("/disarm")
    def disarm() -> AnyResponse:
        names = overview.hub.installations
        return carry_out(lambda: submit(_disarm()), at=f"pin-{request.form.get('installation', names[0])}")

    @pages.post("/pair")
    def pair() -> AnyResponse:
        def press() -> None:
            access.check_person(request, _field("pin"), "press the link button")
            overview.press()

        return carry_out(press, at="pin-bridge")

    @pages.app_template_filter()
    def moment(epoch_s: float) -> str:
        """A time as a household says it: of today the clock alone, else with the day."""
        at, today = datetime.fromtimestamp(epoch_s).astimezone(), datetime.fromtimestamp(overview.now()).astimezone()
        return f"{at:%H:%M:%S}" if at.date() == today.date() else f"{at:%a %H:%M}"

    @pages.app_template_filter()
    def iso(epoch_s: float) -> str:
        return datetime.fromtimestamp(epoch_s).astimezone().isoformat(timespec="seconds")

    @pages.app_template_filter()
    def ago(epoch_s: float) -> str:
        return f"{timeline.length(max(0.0, overview.now() - epoch_s))} ago"

    return pages


def _lasting(overview: Overview, one: schema.InstallationView, since: float) -> list[history.Span]:
    """What is known of the time since then, down to what the panel said last."""
    spans = history.spans(overview.journal, one.name, since)
    view = overview.hub.view(one.name)
    if spans and view.state and spans[-1].axes == view.state.axes:
        spans[-1] = replace(spans[-1], until=max(spans[-1].until, view.state.read_at))
    return spans


def _field(name: str) -> str:
    text = request.form.get(name, "")
    if len(text) > FORM_LIMIT:
        raise ProtocolError(f"{name}: at most {FORM_LIMIT} characters")
    return text


def _check_age(now: float) -> None:
    """Refuse what was tapped long ago; a form that does not say when, as without JavaScript, is taken."""
    try:
        at = float(_field("at") or now)
    except ValueError:
        raise ProtocolError("at: use the time in seconds") from None
    if not now - at <= LATE_S:
        raise ProtocolError("it came too late, so it was not done: tap again", HTTPStatus.CONFLICT)


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
