"""Pages of set-up for what cannot be shown, and for a browser that came by another name. As those of the page."""

from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, Response, g, render_template, url_for
from werkzeug.exceptions import HTTPException

from emulator.lan.headers import SECURITY, inline_source
from emulator.lan.web import PLACE
from emulator.setup.web import pages
from emulator.words.language import Language, accepted
from emulator.words.text import Text

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

TITLES = {
    404: (Text("there is no such page"), Text("The address may be old, or mistyped.")),
    405: (Text("not by this way"), Text("Nothing was done: only the buttons of the page change something.")),
    413: (Text("that was too much"), Text("Nothing was done: the request was larger than the page ever sends.")),
}
"""HTTP status → title, and what a person may do."""

REFUSED = (Text("that was not understood"), Text("Go back to the page, and try it there once more."))
DEFECT = (Text("something is wrong"), Text("The program could not show this; its log tells more."))


def page(error: Exception) -> Response:
    """Return the page for an error, with its status and the headers that go with it."""
    status = int(error.code or 500) if isinstance(error, HTTPException) else 500
    title, text = TITLES.get(status, DEFECT if status >= HTTPStatus.INTERNAL_SERVER_ERROR else REFUSED)
    html = render_template("setup/error.html", title=title, text=text, address=url_for("setup.show"))
    reply = Response(html, status, content_type="text/html; charset=utf-8")
    if isinstance(error, HTTPException):
        reply.headers.extend([header for header in error.get_headers() if header[0] == "Allow"])
    return reply


def misnamed(app: Flask, house: Language) -> "WSGIApplication":
    """Return an app that tells a browser which came by another name where set-up is: nothing else is shown by it.

    Its style is in the page, as nothing of ours is served by such a name.
    """
    style = (pages.looks() / "dashboard.css").read_text() + (Path(__file__).parent / "static/setup.css").read_text()

    def tell(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        with app.app_context():
            g.language = accepted(environ.get("HTTP_ACCEPT_LANGUAGE", ""), house)
            html = render_template(
                "setup/error.html",
                title=Text("the alarm is at another address"),
                text=Text("Anybody could have made this name. So nothing is shown here, and nothing can be pressed."),
                address=f"{environ[PLACE].url(environ['SERVER_PORT'])}/",
                shows_address=True,
                style=style,
                trouble="",  # which names alarms
            )
        policy = f"default-src 'none'; style-src {inline_source(style)}; base-uri 'none'; frame-ancestors 'none'"
        headers = SECURITY | {"Content-Security-Policy": policy, "Cache-Control": "no-store", "Vary": "Accept-Language"}
        reply = Response(html, HTTPStatus.FORBIDDEN, headers, content_type="text/html; charset=utf-8")
        return reply(environ, start)

    return tell
