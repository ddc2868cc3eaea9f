"""Pages of set-up for what cannot be shown, and for a browser that came by another name. As those of the page."""

from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, Response, g, render_template, url_for
from werkzeug.exceptions import HTTPException

from emulator.lan.elsewhere import elsewhere
from emulator.setup.web import pages
from emulator.words import refused
from emulator.words.language import Language, accepted
from emulator.words.text import Text

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

DEFECT = (Text("something is wrong"), Text("The program could not show this; its log tells more."))


def page(error: Exception) -> Response:
    """Return the page for an error, with its status and the headers that go with it."""
    status = int(error.code or 500) if isinstance(error, HTTPException) else 500
    title, text = refused.TITLES.get(
        status, DEFECT if status >= HTTPStatus.INTERNAL_SERVER_ERROR else refused.NOT_UNDERSTOOD
    )
    html = render_template("setup/error.html", title=title, text=text, address=url_for("setup.show"))
    reply = Response(html, status, content_type="text/html; charset=utf-8")
    if isinstance(error, HTTPException):
        reply.headers.extend([header for header in error.get_headers() if header[0] == "Allow"])
    return reply


def misnamed(app: Flask, house: Language) -> "WSGIApplication":
    """Return an app that tells a browser which came by another name where set-up is: nothing else is shown by it."""
    style = (pages.looks() / "dashboard.css").read_text() + (Path(__file__).parent / "static/setup.css").read_text()

    def render(languages: str, address: str) -> str:
        with app.app_context():
            g.language = accepted(languages, house)
            title, text = refused.ELSEWHERE
            shown = {"address": address, "shows_address": True, "style": style}
            return render_template("setup/error.html", title=title, text=text, trouble="", **shown)  # it names alarms

    return elsewhere(render, style)
