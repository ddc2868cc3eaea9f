"""The page, rendered as a whole so that it reads without JavaScript; dashboard.js only swaps in what has changed."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from ipaddress import ip_address

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from emulator import doors
from emulator.doors import Invitation
from emulator.doors.dashboard import decisions
from emulator.doors.dashboard.access import Access
from emulator.doors.dashboard.bodies import CODE_SHAPE
from emulator.doors.dashboard.overview import Overview, status_of
from emulator.doors.dashboard.script_words import script_words
from emulator.errors import EmulatorError, ProtocolError
from emulator.model import DISARMS, Action, Arm, ArmMode, Axes, Disarm, Origin
from emulator.system import output
from emulator.views.boxes import PAST
from emulator.words import dates, spoken
from emulator.words.speech import spoken_in
from emulator.words.text import Text

NEWS_S = 1.5
"""Long-poll time-out of the page: short, because it has to notice within 5 s that the program does not answer; not
shorter, because every request costs a Raspberry Pi."""

LATE_S = 10.0
"""Greatest age of a tap: a phone may keep it until its network is back, when its owner no longer wants it."""

FORM_LIMIT = 100
"""Characters of a field; the longest real one is an alarm's name."""

LABELS = {"pin": Text("PIN"), "code": Text("Code of the alarm")}
"""Field that a person fills in → its label."""

NAME = "name a device"
"""The deed, as the journal has it."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request to arm over an armed mode, `over`: a person has to confirm that `then` is wanted.

    With `asks_code` the alarm's code is typed once more: no page ever holds it.
    """

    installation: str
    mode: ArmMode
    over: Axes
    then: Axes
    asks_code: bool


Answer = Question | Invitation
"""A form may lead to it, besides the page as it is then."""


def blueprint(overview: Overview, access: Access) -> Blueprint:
    """Build the page and its forms."""
    pages = Blueprint("pages", __name__, template_folder="templates", static_folder="static", static_url_path="/static")

    def page(problem: str = "", status: int = HTTPStatus.OK, at: str = "", answer: Answer | None = None) -> Response:
        """Render the page; `at` is the field that the problem is about."""
        days = 7 if request.values.get("days") == "7" else 1
        sheet = overview.sheet(days, str(request.remote_addr))
        html = render_template(
            "page.html",
            sheet=sheet,
            problem=problem,
            at=at if at in sheet.fields else "",
            question=answer if isinstance(answer, Question) else None,
            invited=answer if isinstance(answer, Invitation) else None,
            closed=[one for one in request.args.getlist("close") if one != "problem"],
            days=days,
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
        asks_code = overview.hub.asks_code(installation)
        if isinstance(action, Arm):
            over = overview.armed_over(installation, action.mode)
            if over is not None and str(over) != _field("over"):
                return Question(installation, action.mode, over, over.after(action), asks_code)
        else:
            access.check_person(request, _field("pin"), str(action), installation)
        code = _field("code")
        if asks_code and not code:
            raise ProtocolError(Text("this alarm asks for its own code with each command: type it, and press again"))
        if not re.fullmatch(CODE_SHAPE, code):
            raise ProtocolError(Text("the alarm's code has digits alone"))
        overview.hub.command(installation, replace(action, code=code), Origin("dashboard", str(request.remote_addr)))
        return None

    @pages.get("/")
    def show() -> Response:
        return page()

    @pages.get("/manifest.webmanifest")
    def manifest() -> Response:
        """Tell a phone how to put the page on its home screen."""
        return Response(render_template("manifest.json"), content_type="application/manifest+json")

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

    @pages.post(PAST)
    def past() -> AnyResponse:
        """Arm past what was open at a refusal, as a person decided."""

        def decide() -> None:
            refusal = _field("refusal")
            if not refusal.isdecimal():
                raise ProtocolError(Text("refusal: use the number of its entry in the journal"))
            decisions.take(overview, access, int(refusal), _field("pin"), "dashboard")

        return carry_out(decide, at=f"pin-past-{request.form.get('installation')}")

    @pages.post("/pair")
    def pair() -> AnyResponse:
        def press() -> None:
            access.check_person(request, _field("pin"), "press the link button")
            overview.press()

        return carry_out(press, at="pin-bridge")

    @pages.post("/name")
    def rename() -> AnyResponse:
        """Give a device of the house a name. Needs the PIN where one is set: a name tells people whom to trust."""

        def give() -> None:
            if overview.pin.is_set:
                access.check_person(request, _field("pin"), NAME)
            address, name = (request.form.get(field, "")[:FORM_LIMIT] for field in ("address", "name"))
            # A zone of IPv6 could hold any letters.
            address = address.replace("%", " ").strip()
            try:
                overview.names.give(address, name)
            except ValueError as error:
                raise ProtocolError(str(error)) from None
            peer = str(ip_address(address))
            told = Text("{address} is {name}", address=peer, name=overview.names.named(peer))
            overview.journal.did(Origin("dashboard", str(request.remote_addr)), NAME, told, overview.now())
            overview.news.changed()

        return carry_out(give, at="pin-names")

    @pages.post("/invite")
    def invite() -> AnyResponse:
        """Show the code of a door to a person who gives the PIN."""

        def show_code() -> Invitation:
            access.check_person(request, _field("pin"), "show the code for pairing")
            return doors.invitation(overview.doors(), _field("door"))

        return carry_out(show_code, at=f"code-{request.form.get('door')}-pin")

    filters: dict[str, Callable[..., str]] = {
        "moment": lambda epoch_s: dates.moment(epoch_s, overview.now()),
        "since_when": lambda epoch_s: dates.since(epoch_s, overview.now()),
        "ago": lambda epoch_s: dates.ago(overview.now() - epoch_s),
        "iso": output.iso,
        "length_of": spoken.length,
        "mode": spoken.mode,
        "axes": spoken.axes,
    }
    for name, each in filters.items():
        pages.add_app_template_filter(each, name)
    pages.add_app_template_global(lambda: script_words(spoken_in()), "script_words")
    return pages


def _field(name: str) -> str:
    text = request.form.get(name, "")
    if len(text) > FORM_LIMIT:
        raise ProtocolError(Text("{name}: at most {limit} characters", name=LABELS.get(name, name), limit=FORM_LIMIT))
    return text


def _check_age(now: float) -> None:
    """Refuse an old tap. A form without JavaScript does not say when it was tapped, and is taken."""
    try:
        at = float(_field("at") or now)
    except ValueError:
        raise ProtocolError(Text("at: use the time in seconds")) from None
    if not now - at <= LATE_S:
        raise ProtocolError(Text("it came too late, so it was not done: tap again"), HTTPStatus.CONFLICT)


def _mode() -> ArmMode:
    try:
        return ArmMode.parse(_field("mode"))
    except ValueError as error:
        raise ProtocolError(Text("mode: {why}", why=str(error))) from None


def _disarm() -> Disarm:
    what = _field("what") or "main"
    if what not in DISARMS:
        raise ProtocolError(Text("what: use one of {names}", names=tuple(DISARMS)))
    return DISARMS[what]
