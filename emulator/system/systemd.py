"""Interface to systemd without its library: sd_notify(3) and the journal's stream (systemd.exec(5))."""

import logging
import os
import socket
from collections.abc import Mapping
from io import UnsupportedOperation
from typing import TextIO

LOG = logging.getLogger(__name__)


TAKEN_S = 1.0
"""Longest wait for a service manager that does not read: the thread that tells it is the one that stops the program."""


def notify(*lines: str, environ: Mapping[str, str] = os.environ) -> None:
    """Notify the service manager, if there is one: READY=1, STOPPING=1, STATUS=…"""
    address = environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):
        address = "\0" + address[1:]  # an abstract socket, which has no file
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
            manager.settimeout(TAKEN_S)
            manager.sendto("\n".join(lines).encode(), address)
    except OSError as error:
        # Nothing of ours depends on it; a manager that waits for READY=1 reports that itself.
        LOG.warning("the service manager cannot be told %s (%s)", lines[0], error.strerror or error)


def is_journal(stream: TextIO | None, environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether the stream goes to the journal, and was neither redirected nor closed."""
    if stream is None:
        return False
    try:
        found = os.fstat(stream.fileno())
    except (OSError, UnsupportedOperation):
        return False
    return environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"
