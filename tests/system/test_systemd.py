"""What systemd is told, on real sockets, and whether a stream is the journal's."""

import io
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from emulator.system import systemd


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """A service manager, and how NOTIFY_SOCKET names it."""
    path = str(tmp_path / "notify")
    named = path if request.param == "path" else f"@{path}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(named.replace("@", "\0", 1))
        sock.setblocking(False)
        yield sock, named


def test_the_manager_is_told_in_one_message(manager: tuple[socket.socket, str]) -> None:
    sock, named = manager
    systemd.notify("READY=1", "STATUS=4 of 4 switches", environ={"NOTIFY_SOCKET": named})
    assert sock.recv(4096) == b"READY=1\nSTATUS=4 of 4 switches"


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1234"}])
def test_where_nobody_listens_nobody_is_told(environ: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    systemd.notify("READY=1", environ=environ)
    assert not caplog.records


def test_a_manager_that_has_gone_is_no_reason_to_stop(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    systemd.notify("STOPPING=1", environ={"NOTIFY_SOCKET": str(tmp_path / "gone")})
    assert "STOPPING=1" in caplog.text


def test_a_manager_that_does_not_read_holds_nothing_up(
    manager: tuple[socket.socket, str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program could not be stopped any more."""
    monkeypatch.setattr(systemd, "TAKEN_S", 0.01)
    _, named = manager
    while not caplog.records:
        systemd.notify("READY=1", environ={"NOTIFY_SOCKET": named})
    assert "READY=1" in caplog.text


def identity_of(stream: TextIO) -> str:
    found = os.fstat(stream.fileno())
    return f"{found.st_dev}:{found.st_ino}"


def test_only_the_stream_that_systemd_named_is_the_journal(tmp_path: Path) -> None:
    with (tmp_path / "one").open("w") as one, (tmp_path / "two").open("w") as two:
        environ = {"JOURNAL_STREAM": identity_of(one)}
        assert systemd.is_journal(one, environ)
        assert not systemd.is_journal(two, environ)
        assert not systemd.is_journal(one, {})


def test_a_stream_without_a_file_is_not() -> None:
    assert not systemd.is_journal(io.StringIO(), {"JOURNAL_STREAM": "1:1"})
    assert not systemd.is_journal(None, {"JOURNAL_STREAM": "1:1"})
