"""The terminal from which a program was started: SIGHUP means that it was closed, or that the settings changed."""

import errno
import logging
import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress

import click

LOG = logging.getLogger(__name__)

STANDARD = (0, 1, 2)
"""File descriptors of standard input, output and error."""


class Terminal:
    """The terminal of this process, if it has one and is to end with it."""

    def __init__(self) -> None:
        # `nohup` has the signal ignored, and means that the program goes on.
        self._was_there = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN and _is_there()
        self._shown_on = [number for number in STANDARD if os.isatty(number)]

    @property
    def is_closed(self) -> bool:
        """True once it is gone: whoever has closed it does not expect that the program runs on."""
        return self._was_there and not _is_there()

    def echo(self, text: str) -> None:
        """Say something, where there is somebody to read it. That nobody can ends nothing.

        A program that was told to go on without its terminal, as by `disown`, goes on; one that was not is about to get
        the signal. Who reads a pipe may have ended, and the disk of a file may be full.
        """
        try:
            click.echo(text)
        except OSError as error:
            if self.is_closed:
                self.leave()
            else:
                LOG.warning("nothing more is written to standard output: %s", error.strerror)
                self.fall_silent()

    def leave(self) -> None:
        """Write nothing to it any more, which would fail."""
        _discard(self._shown_on)

    def fall_silent(self) -> None:
        """Write nothing to standard output any more, not even what is left in its buffer at the end."""
        with suppress(OSError):  # a stream of a test has no number
            _discard([sys.stdout.fileno()])


def hold_standard() -> None:
    """Open what is closed of standard input, output and error.

    The journal would get such a number, and with it whatever a library writes there.
    """
    for number in STANDARD:
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free


def _discard(numbers: Iterable[int]) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in numbers:
        os.dup2(nowhere, number)
    os.close(nowhere)


def _is_there() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError as error:
        return error.errno in (errno.EMFILE, errno.ENFILE)  # which says nothing of it
    return True
