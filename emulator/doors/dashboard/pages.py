"""The page, rendered as a whole so that it reads without JavaScript; dashboard.js only swaps in what has changed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from emulator import doors
from emulator.doors import Invitation
from emulator.doors.dashboard import timeline
from emulator.doors.dashboard.access import Access
from emulator.doors.dashboard.boxes import boxes
from emulator.doors.dashboard.overview import Overview, status_of
from emulator.errors import EmulatorError, ProtocolError
from emulator.model import DISARMS, Action, Arm, ArmMode, Axes, Disarm, Origin
from emulator.store import history
from emulator.system import output

ROWS = 40
"""Events in the list: the newest are visible, the rest behind a button."""

MARKED, QUIET_ROWS = 500, 20
"""Journal entries that are read for a week's marks: those that changed something, and a few of those that did not."""

NEWS_S = 1.5
"""Long-poll time-out of the page: short, because it has to notice within 5 s that the program does not answer; not
shorter, because every request costs a Raspberry Pi."""

LATE_S = 10.0
"""Greatest age of a tap: a phone may keep it until its network is back, when its owner no longer wants it."""

FORM_LIMIT = 100
"""Characters of a field; the longest real one is an alarm's name."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request to arm over an armed mode, `over`: a person has to confirm that `then` is wanted."""

    installation: str
    mode: ArmMode
    over: Axes
    then: Axes


Answer = Question | Invitation
"""A form may lead to it, besides the page as it is then."""


def blueprint(overview: Overview, access: Access) -> Blueprint:
    """Build the page and its forms."""
    pages = Blueprint("pages", __name__, template_folder="templates", static_folder="static", static_url_path="/static")

    def page(problem: str = "", status: int = HTTPStatus.OK, at: str = "", answer: Answer | None = None) -> Response:
        """Render the page; `at` is the field that the problem is about."""
        state = overview.state()
        can_press = state.bridge and state.bridge.pairing == "button" and not state.bridge.pressed
        fields = [f"pin-{one.name}" for one in state.installations] + ["pin-bridge"] * bool(can_press)
        fields += [f"code-{door.name}-pin" for door in state.doors]
        days = 7 if request.values.get("days") == "7" else 1
        entries = overview.journal.commands(MARKED, quiet=False) + overview.journal.commands(QUIET_ROWS, quiet=True)
        pictures, lists, notices = {}, {}, {}
        for one in state.installations:
            mine = [entry for entry in entries if entry.installation in (one.name, "")]
            spans = _spans(overview, one.name, state.now - days * timeline.DAY_S)
            pictures[one.name] = timeline.draw(spans, mine, state.now, days)
            lists[one.name] = timeline.listed(mine, spans, ROWS)
            notices[one.name] = boxes(
                one, overview.hub.view(one.name).axes, state.now, state.trouble, overview.not_taken
            )
        html = render_template(
            "page.html",
            state=state,
            rows=doors.rows(),
            problem=problem,
            at=at if state.pin_set and at in fields else "",
            question=answer if isinstance(answer, Question) else None,
            invited=answer if isinstance(answer, Invitation) else None,
            closed=[one for one in request.args.getlist("close") if one != "problem"],
            days=days,
            pictures=pictures,
            events=lists,
            boxes=notices,
        )
        return Response(html, status, content_type="text/html; charset=utf-8")

    def carry_out(act: Callable[[], Answer | None], at: str = "") -> AnyResponse:
        """Answer a form: do `act`, and say at the field `at` if that fails."""
        try:
            access.check_page(request)
            _check_age(overview.now())
            if answer := act():
                return page(status=HTTPStatus.CONFLICT if isinstance(answer, Question) else 200, answer=answer)
        except EmulatorError as error:
            return page(str(error), status_of(error), at)
        return redirect(url_for("pages.show", days=request.form.get("days") or None), HTTPStatus.SEE_OTHER)

    def submit(action: Action) -> Question | None:
        installation = overview.find(_field("installation"))
        if isinstance(action, Arm):
            over = overview.armed_over(installation, action.mode)
            if over is not None and str(over) != _field("over"):
                return Question(installation, action.mode, over, over.after(action))
        else:
            access.check_person(request, _field("pin"), str(action), installation)
        overview.hub.command(installation, action, Origin("dashboard", str(request.remote_addr)))
        return None

    @pages.get("/")
    def show() -> Response:
        return page()

    @pages.get("/news")
    def news() -> Response:
        """Answer with the revision and the time: once the revision is not `since`, or after NEWS_S."""
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

    @pages.post("/invite")
    def invite() -> AnyResponse:
        """Show the code of a door to a person who gives the PIN."""

        def show_code() -> Invitation:
            access.check_person(request, _field("pin"), "show the code for pairing")
            return doors.invitation(overview.doors(), _field("door"))

        return carry_out(show_code, at=f"code-{request.form.get('door')}-pin")

    @pages.app_template_filter()
    def moment(epoch_s: float) -> str:
        """Return a time as people say it: without the day if that is today."""
        at, today = timeline.local(epoch_s), timeline.local(overview.now())
        return f"{at:%H:%M:%S}" if at.date() == today.date() else f"{at:%a %H:%M}"

    @pages.app_template_filter()
    def ago(epoch_s: float) -> str:
        return f"{timeline.length(max(0.0, overview.now() - epoch_s))} ago"

    pages.add_app_template_filter(output.iso)
    return pages


def _spans(overview: Overview, installation: str, since: float) -> list[history.Span]:
    """Return the known states since then; the last one lasts until the panel was last read."""
    spans = history.spans(overview.journal, installation, since)
    read = overview.hub.view(installation).state
    if spans and read and spans[-1].axes == read.axes:
        spans[-1] = replace(spans[-1], until=max(spans[-1].until, read.read_at))
    return spans


def _field(name: str) -> str:
    text = request.form.get(name, "")
    if len(text) > FORM_LIMIT:
        raise ProtocolError(f"{name}: at most {FORM_LIMIT} characters")
    return text


def _check_age(now: float) -> None:
    """Refuse an old tap. A form without JavaScript does not say when it was tapped, and is taken."""
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
