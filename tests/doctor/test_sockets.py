"""Programs that have a port, by the real tables of this machine and by tables written for the test."""

import os
import socket
from pathlib import Path

import pytest

from emulator.doctor import sockets
from emulator.doctor.sockets import Bound, Program

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def row(address: str, state: str, uid: int, inode: int) -> str:
    return f"   0: {address} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000 {uid:5d} 0 {inode} 1\n"


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """Build a /proc with tables; tests add the processes."""
    (tmp_path / "net").mkdir()
    (tmp_path / "self").mkdir()
    return tmp_path


def process(proc: Path, pid: int, name: str, *links: str) -> None:
    fds = proc / str(pid) / "fd"
    fds.mkdir(parents=True)
    (proc / str(pid) / "comm").write_text(f"{name}\n")
    for number, link in enumerate(links):
        (fds / str(number)).symlink_to(link)


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_a_listening_socket_of_this_process_is_found(address: str) -> None:
    with socket.create_server((address, 0)) as server:
        port = server.getsockname()[1]
        [found] = sockets.bound("tcp", port)
        assert (found.address, found.uid, found.everywhere) == (address, os.getuid(), address == "0.0.0.0")
        assert os.getpid() in {program.pid for program in found.programs}
    assert sockets.bound("tcp", port) == []


def test_a_udp_socket_is_found() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        [found] = sockets.bound("udp", sock.getsockname()[1])
        assert found.address == "127.0.0.1"


def test_a_socket_that_speaks_both_is_everywhere_too() -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6 here")
    with socket.create_server(("", 0), family=socket.AF_INET6, dualstack_ipv6=True) as server:
        [found] = sockets.bound("tcp", server.getsockname()[1])
        assert (found.address, found.everywhere) == ("::", True)


def test_connections_are_not_in_the_way() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert sockets.bound("tcp", client.getsockname()[1]) == []


def test_everyone_who_has_it_is_named(proc: Path) -> None:
    table = HEAD + row("00000000:0050", "0A", 0, 77) + row("00000000:0050", "01", 0, 78)
    (proc / "net" / "tcp").write_text(table)
    process(proc, 1, "systemd", "socket:[77]", "/dev/null")
    process(proc, 20, "emulator", "socket:[77]")
    process(proc, 30, "other", "socket:[79]", "pipe:[77]")
    [found] = sockets.bound("tcp", 80, proc)
    assert found.programs == (Program(1, "systemd"), Program(20, "emulator"))
    assert found.who == "systemd (pid 1), emulator (pid 20)"


def test_a_mapped_address_is_read_as_ipv4(proc: Path) -> None:
    (proc / "net" / "tcp6").write_text(HEAD + row("0000000000000000FFFF00000100007F:0050", "0A", 4242424, 5))
    [found] = sockets.bound("tcp", 80, proc)
    assert found.address == "127.0.0.1"
    assert found.who == "a program of user 4242424, which only root can name (sudo)"


def test_a_system_without_these_tables_tells_nothing(tmp_path: Path) -> None:
    assert sockets.bound("tcp", 80, tmp_path / "proc") == []
    assert not sockets.are_told(tmp_path / "proc")
    assert sockets.are_told()


def test_has_open_tells_files_apart(tmp_path: Path) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    other.touch()
    with mine.open("w"):
        assert sockets.has_open(os.getpid(), mine)
        assert not sockets.has_open(os.getpid(), other)
    assert not sockets.has_open(os.getpid(), mine)
    assert not sockets.has_open(os.getpid(), tmp_path / "missing")


def test_the_user_is_named_where_the_program_cannot_be() -> None:
    assert Bound("0.0.0.0", 0, ()).who == "a program of user root, which only root can name (sudo)"
