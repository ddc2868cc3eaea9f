"""Listeners that stay open while doors are closed for a moment: nobody is refused, and nobody else gets the port."""

import socket
from contextlib import suppress

import pytest

from emulator.lan.kept import KEPT_S, KeptListeners
from tests.support.fakes import FakeClock

HOST = "127.0.0.1"


def a_listener(kept: KeptListeners) -> tuple[socket.socket, tuple[str, int]]:
    listening = socket.create_server((HOST, 0))
    kept.add(listening)
    return listening, listening.getsockname()


def test_whoever_connects_meanwhile_waits_and_is_served_by_the_next() -> None:
    kept = KeptListeners()
    listening, address = a_listener(kept)
    with kept.keeping():
        listening.close()
        with socket.create_connection(address) as client, pytest.raises(OSError, match="in use"):
            socket.create_server(address, reuse_port=False)
        with socket.create_connection(address) as client:
            client.sendall(b"late")
            again = kept.take(address)
            assert again
            with again:
                served = [again.accept()[0] for _ in range(2)]
                assert b"late" in [one.recv(9) for one in served]
                for one in served:
                    one.close()
    assert kept.take(address) is None


def test_what_nobody_takes_is_closed_at_the_end() -> None:
    kept = KeptListeners()
    listening, address = a_listener(kept)
    with kept.keeping():
        listening.close()
    with socket.create_server(address):
        pass


def test_a_client_that_would_have_waited_for_too_long_is_refused(clock: FakeClock) -> None:
    """It has gone on to something else: what it asked for then is not done now."""
    kept = KeptListeners(clock.monotonic)
    listening, address = a_listener(kept)
    with kept.keeping():
        listening.close()
        with socket.create_connection(address) as client:
            clock.now += KEPT_S + 1
            assert kept.take(address) is None
            with suppress(ConnectionResetError):
                assert client.recv(1) == b""
        with socket.create_server(address):
            pass


def test_what_was_closed_before_is_not_kept() -> None:
    kept = KeptListeners()
    listening, address = a_listener(kept)
    listening.close()
    with kept.keeping():
        assert kept.take(address) is None


def test_it_may_be_kept_again_and_again() -> None:
    kept = KeptListeners()
    listening, address = a_listener(kept)
    for _ in range(3):
        with kept.keeping():
            listening.close()
            taken = kept.take(address)
            assert taken
            listening = taken
    socket.create_connection(address).close()
    listening.close()
