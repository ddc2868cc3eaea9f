"""Decisions about open windows: taken on the page, by a program, or behind the link or button of a notice.

Arming needs no PIN, and a decision does less than `force: true`; everybody hears of one. `force_pin` is for whom that
is not enough.
"""

import hmac
from http import HTTPStatus

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from emulator.alarm.hub import Offer
from emulator.doors.dashboard.access import Access
from emulator.doors.dashboard.bodies import PIN_LIMIT, Accepted, ProblemView, answer
from emulator.doors.dashboard.overview import Overview, status_of
from emulator.errors import EmulatorError, OfferOver
from emulator.model import Origin
from emulator.views.boxes import answers

NOTICE = "notice"
"""Door in the journal of a decision behind the link or button of a notice."""


def take(overview: Overview, access: Access, refusal: int, pin: str | None, door: str) -> Accepted:
    """Carry out a decision, once. Raises OfferOver, or ProtocolError where the PIN is missing."""
    if overview.force_pin:
        access.check_person(request, pin, "arm past what is open")
    for name, offer in overview.hub.offers.items():
        if offer.entry == refusal:
            ticket = overview.hub.decide(name, refusal, Origin(door, str(request.remote_addr)))
            return Accepted(entry=ticket.entry, installation=name, action=str(offer.arm))
    raise OfferOver


def named(overview: Overview, token: str) -> tuple[str, Offer]:
    """Return the alarm and the offer that a token names. Raises OfferOver where that is over, or never was."""
    for name, offer in overview.hub.offers.items():
        if hmac.compare_digest(offer.token.encode(), token.encode()):
            return name, offer
    raise OfferOver


def blueprint(overview: Overview, access: Access) -> Blueprint:
    """Build the page behind the link of a notice. Its token is in the query, which nothing logs or writes down."""
    decide = Blueprint("decide", __name__)

    def page(problem: str = "", status: int = HTTPStatus.OK) -> Response:
        try:
            name, offer = named(overview, request.args.get("t", ""))
        except OfferOver as error:
            html = render_template("decide.html", problem=str(error))
            return Response(html, status_of(error), content_type="text/html; charset=utf-8")
        path, asks_code = f"/decide?t={offer.token}", overview.hub.asks_code(name)
        deeds = answers(name, offer, path, pin=overview.force_pin, code=asks_code)
        html = render_template("decide.html", installation=name, offer=offer, deeds=deeds, problem=problem)
        return Response(html, status, content_type="text/html; charset=utf-8")

    @decide.get("/decide")
    def show() -> Response:
        """Show the decision; a phone that looks at links in advance decides nothing."""
        return page()

    @decide.post("/decide")
    def choose() -> AnyResponse:
        try:
            access.check_page(request)
            _, offer = named(overview, request.args.get("t", ""))
            taken = take(overview, access, offer.entry, request.form.get("pin", "")[:PIN_LIMIT], NOTICE)
        except EmulatorError as error:
            if request.is_json:
                return answer(ProblemView(error=str(error)), status_of(error))
            return page(str(error), status_of(error))
        if request.is_json:
            return answer(taken, HTTPStatus.ACCEPTED)
        return redirect(url_for("pages.show"), HTTPStatus.SEE_OTHER)

    return decide
