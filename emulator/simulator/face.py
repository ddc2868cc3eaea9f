"""A face: one protocol by which the cloud is spoken to, as the server and the control page see it."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from flask import Blueprint, Response

from emulator.errors import EmulatorError
from emulator.simulator.backend import Backend
from emulator.simulator.settings import Reader

HTML = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


class ConnectionDropped(EmulatorError):
    """The connection is to be closed without an answer; test clients see this exception instead."""


def page(title: str, status: int = 200) -> Response:
    """What a web server says by itself."""
    return Response(HTML.format(title), status, mimetype="text/html")


class Face(Protocol):
    """Hold the house's lock around everything but `pages`."""

    @property
    def backend(self) -> Backend:
        """What it serves."""

    @property
    def path(self) -> str:
        """Of the endpoint."""

    @property
    def names(self) -> Collection[str]:
        """The requests that it knows."""

    @property
    def kinds(self) -> Mapping[str, str]:
        """The faults that it knows, and what each does."""

    @property
    def settings(self) -> Mapping[str, Reader]:
        """The fields of `options` that may be set."""

    @property
    def options(self) -> Any:
        """A dataclass."""

    @property
    def actions(self) -> Mapping[str, Callable[[], None]]:
        """What else the control page can do."""

    def pages(self) -> Blueprint:
        """The endpoint. Raises ConnectionDropped where a real one would close the connection."""

    def state(self) -> dict[str, Any]:
        """What it adds to the state on the control page; `letter` and `sessions` at least."""

    def reset(self) -> None:
        """Start its counters at nought."""


INCAPSULA = (
    '<html><head><META NAME="robots" CONTENT="noindex,nofollow"></head><body><iframe src="/_Incapsula_Resource?'
    'SWUDNSAI=9">Request unsuccessful. Incapsula incident ID: 0-0</iframe></body></html>'
)


def block_page(status: int) -> Response:
    """The firewall's page, which may come with any status (verisure-owa.md §1.6, §12)."""
    return Response(INCAPSULA, status, mimetype="text/html")
