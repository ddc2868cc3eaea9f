"""The answer to a browser that came by a name which is not ours: where the page is, and nothing else."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from emulator.lan.headers import SECURITY, inline_source
from emulator.lan.web import PLACE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Render = Callable[[str, str], str]
"""Called with the languages that the browser accepts and the right address; returns HTML."""


def elsewhere(render: Render, style: str) -> "WSGIApplication":
    """Return an app that shows what `render` returns; its `style` is in the page, as nothing is served by that name."""
    policy = f"default-src 'none'; style-src {inline_source(style)}; base-uri 'none'; frame-ancestors 'none'"
    more = {"Content-Security-Policy": policy, "Cache-Control": "no-store", "Vary": "Accept-Language"}

    def tell(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        address = f"{environ[PLACE].url(environ['SERVER_PORT'])}/"
        html = render(environ.get("HTTP_ACCEPT_LANGUAGE", ""), address).encode()
        headers = SECURITY | more | {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(html))}
        start(f"{HTTPStatus.FORBIDDEN.value} {HTTPStatus.FORBIDDEN.phrase}", list(headers.items()))
        return [html]

    return tell
