"""A face: one API of the simulated cloud, as the server and the control page see it."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple, Protocol

from flask import Blueprint, Response

from emulator.simulator.accounts import Unit
from emulator.simulator.backend import Backend

HOST = "simulator.host"
"""Key of the WSGI environment: the number of the host that a request went to, if the face has several."""

HTML = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"

INCAPSULA = (
    '<html><head><META NAME="robots" CONTENT="noindex,nofollow"></head><body><iframe src="/_Incapsula_Resource?'
    'SWUDNSAI=9">Request unsuccessful. Incapsula incident ID: 0-0</iframe></body></html>'
)


class Face(Protocol):
    """Hold the panel's lock around everything but `pages`."""

    @property
    def backend(self) -> Backend:
        """The back-end that it serves."""

    @property
    def options(self) -> Any:
        """A dataclass of settings (settings.py)."""

    @property
    def actions(self) -> Mapping[str, Callable[[], None]]:
        """Further actions of the control page."""

    def pages(self) -> Blueprint:
        """Return the endpoint. It raises ConnectionDropped where a real one would close the connection."""

    def state(self) -> dict[str, Any]:
        """Return its part of the state on the control page; `letter` and `sessions` at least."""

    def reset(self) -> None:
        """Set its counters to zero."""


class FaceType(NamedTuple):
    """A row of server.FACES."""

    open: Callable[[Backend, Any, Any], Face]
    """Make the face of a back-end, from one of `units` and an instance of `options`."""
    options: type[Any]
    path: str
    """Path of the endpoint."""
    requests: Collection[str]
    """Names of the requests that it knows."""
    faults: Mapping[str, str]
    """Kind of a fault → its effect."""
    countries: Collection[str]
    units: Mapping[str, Unit]
    """Profile → the central unit; the first is the default."""
    has_annex: bool
    """Any unit may have an annex; otherwise the profile decides."""
    hosts: int = 1
    """Hosts of the cloud, each with a port of its own."""
    asks_code: bool = False
    """A command has to have the code of a person."""


def page(title: str, status: int = 200) -> Response:
    """Return a web server's own page."""
    return Response(HTML.format(title), status, mimetype="text/html")


def block_page(status: int) -> Response:
    """Return the firewall's page, which may come with any status (verisure-owa.md §1.6, §12)."""
    return Response(INCAPSULA, status, mimetype="text/html")
