"""Pages of our own for what cannot be shown: a wrong address, a form that makes no sense, a defect, another name."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Flask, Response, g, render_template, url_for
from werkzeug.exceptions import HTTPException

from emulator.doors.dashboard.inline import inline
from emulator.doors.dashboard.overview import status_of
from emulator.errors import EmulatorError
from emulator.lan.web import PLACE
from emulator.words.language import Language, accepted
from emulator.words.text import Text

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

TITLES = {
    400: (Text("that was not understood"), Text("Go back to the page, and try it there once more.")),
    403: (Text("that is not allowed"), Text("Nothing was done. Go back to the page, and try it there once more.")),
    404: (Text("there is no such page"), Text("The address may be old, or mistyped.")),
    405: (Text("not by this way"), Text("Nothing was done: only the buttons of the page change something.")),
    409: (Text("not now"), Text("Nothing was done. The page shows how things stand.")),
    413: (Text("that was too much"), Text("Nothing was done: the request was larger than the page ever sends.")),
}
"""HTTP status → title, and what a person may do."""

REFUSED = TITLES[400]
DEFECT = (Text("something is wrong"), Text("The program could not show this; its log tells more. It goes on watching."))


def page(error: Exception) -> Response:
    """Return the page for an error, with its status and the headers that go with it."""
    status = int(error.code or 500) if isinstance(error, HTTPException) else int(status_of(error))
    title, text = TITLES.get(status, DEFECT if status >= HTTPStatus.INTERNAL_SERVER_ERROR else REFUSED)
    if isinstance(error, EmulatorError):
        text = error.args[0] if error.args else text
    html = render_template("error.html", title=title, text=text, address=url_for("pages.show"))
    reply = Response(html, status, content_type="text/html; charset=utf-8")
    if isinstance(error, HTTPException):
        reply.headers.extend([header for header in error.get_headers() if header[0] == "Allow"])
    return reply


def misnamed(app: Flask, house: Language, security: dict[str, str]) -> "WSGIApplication":
    """Return an app that tells a browser which came by another name where the page is: nothing else is shown by it.

    Its style is in the page, as nothing of ours is served by such a name.
    """

    style, source = inline("dashboard.css")

    def tell(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        with app.app_context():
            g.language = accepted(environ.get("HTTP_ACCEPT_LANGUAGE", ""), house)
            html = render_template(
                "error.html",
                title=Text("the alarm is at another address"),
                text=Text("Anybody could have made this name. So nothing is shown here, and nothing can be pressed."),
                address=f"{environ[PLACE].url(environ['SERVER_PORT'])}/",
                shows_address=True,
                style=style,
            )
        policy = f"default-src 'none'; style-src {source}; base-uri 'none'; frame-ancestors 'none'"
        headers = security | {"Content-Security-Policy": policy, "Cache-Control": "no-store", "Vary": "Accept-Language"}
        reply = Response(html, HTTPStatus.FORBIDDEN, headers, content_type="text/html; charset=utf-8")
        return reply(environ, start)

    return tell
