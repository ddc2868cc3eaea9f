"""Pages of our own for what cannot be shown: a wrong address, a form that makes no sense, a defect, another name."""

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Flask, Response, g, render_template, url_for
from werkzeug.exceptions import HTTPException

from emulator.doors.dashboard.inline import inline
from emulator.doors.dashboard.overview import status_of
from emulator.errors import EmulatorError
from emulator.lan.elsewhere import elsewhere
from emulator.words import refused
from emulator.words.language import Language, accepted
from emulator.words.text import Text

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

TITLES = refused.TITLES | {
    403: (Text("that is not allowed"), Text("Nothing was done. Go back to the page, and try it there once more.")),
    409: (Text("not now"), Text("Nothing was done. The page shows how things stand.")),
}
"""HTTP status → title, and what a person may do."""

DEFECT = (Text("something is wrong"), Text("The program could not show this; its log tells more. It goes on watching."))


def page(error: Exception) -> Response:
    """Return the page for an error, with its status and the headers that go with it."""
    status = int(error.code or 500) if isinstance(error, HTTPException) else int(status_of(error))
    title, text = TITLES.get(status, DEFECT if status >= HTTPStatus.INTERNAL_SERVER_ERROR else refused.NOT_UNDERSTOOD)
    if isinstance(error, EmulatorError):
        text = error.args[0] if error.args else text
    html = render_template("error.html", title=title, text=text, address=url_for("pages.show"))
    reply = Response(html, status, content_type="text/html; charset=utf-8")
    if isinstance(error, HTTPException):
        reply.headers.extend([header for header in error.get_headers() if header[0] == "Allow"])
    return reply


def misnamed(app: Flask, house: Language) -> "WSGIApplication":
    """Return an app that tells a browser which came by another name where the page is: nothing else is shown by it."""
    style, _ = inline("dashboard.css")

    def render(languages: str, address: str) -> str:
        with app.app_context():
            g.language = accepted(languages, house)
            title, text = refused.ELSEWHERE
            return render_template(
                "error.html", title=title, text=text, address=address, shows_address=True, style=style
            )

    return elsewhere(render, style)
