"""The programs that have a port: the kernel's tables /proc/net and /proc/<pid>/fd (proc(5)). Linux only.

A user who is not root sees every socket, but only the names of the user's own programs.
"""

import os
import pwd
import re
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PROC = Path("/proc")
Kind = Literal["tcp", "udp"]

STATES: dict[Kind, str] = {"tcp": "0A", "udp": "07"}
"""State of a bound socket (include/net/tcp_states.h): TCP_LISTEN; a UDP socket without a peer shows as TCP_CLOSE."""

_MAPPED = bytes(10) + b"\xff\xff"


@dataclass(frozen=True, slots=True)
class Program:
    """A process, by its short name: a whole command line may hold a secret."""

    pid: int
    name: str

    def __str__(self) -> str:
        return f"{self.name} (pid {self.pid})"


@dataclass(frozen=True, slots=True)
class Bound:
    """A socket that is bound to a port, and those of its programs that can be seen."""

    address: str
    uid: int
    programs: tuple[Program, ...]

    @property
    def everywhere(self) -> bool:
        """True if it is bound to every address."""
        return self.address in ("0.0.0.0", "::")  # noqa: S104  # theirs

    @property
    def who(self) -> str:
        """The programs in words, or the user where those cannot be seen."""
        if self.programs:
            return ", ".join(map(str, self.programs))
        return f"a program of user {_user(self.uid)}, which only root can name (sudo)"


def are_told(proc: Path = PROC) -> bool:
    """Return whether this system tells which program has a port."""
    return (proc / "net" / "tcp").exists()


def bound(kind: Kind, port: int, proc: Path = PROC) -> list[Bound]:
    """Return the sockets that have a port, listening ones for TCP; empty where the system does not tell."""
    rows = [row for table in (kind, f"{kind}6") for row in _rows(proc / "net" / table, STATES[kind], port)]
    owners = _owners({inode for _, _, inode in rows}, proc) if rows else {}
    return [Bound(address, uid, tuple(owners.get(inode, ()))) for address, uid, inode in rows]


def has_open(pid: int, path: Path, proc: Path = PROC) -> bool:
    """Return whether a process has this file open; False where that cannot be seen."""
    with suppress(OSError):
        wanted = path.stat()
        for link in (proc / str(pid) / "fd").iterdir():
            with suppress(OSError):
                if os.path.samestat(link.stat(), wanted):
                    return True
    return False


def parent(pid: int, proc: Path = PROC) -> int:
    """Return the process that started this one; 0 where that cannot be seen."""
    with suppress(OSError, ValueError, IndexError):
        # The name is in parentheses, and may have blanks and parentheses itself.
        return int((proc / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    return 0


def _rows(table: Path, state: str, port: int) -> Iterator[tuple[str, int, int]]:
    """Yield address, user and inode of each socket of a table that has the port."""
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError:  # no such system, or no IPv6
        return
    for line in lines:
        fields = line.split()
        address, _, number = fields[1].partition(":")
        if fields[3] == state and int(number, 16) == port:
            yield _address(address), int(fields[7]), int(fields[9])


def _address(words: str) -> str:
    """Parse 32-bit words in the byte order of the machine: `0100007F` → `127.0.0.1`."""
    packed = b"".join(struct.pack("=I", int(words[at : at + 8], 16)) for at in range(0, len(words), 8))
    if packed.startswith(_MAPPED):
        packed = packed[-4:]
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)


def _owners(inodes: set[int], proc: Path) -> dict[int, list[Program]]:
    """Return the programs that have sockets open, by inode; those that this user may not inspect are left out."""
    found: dict[int, list[Program]] = {}
    for folder in sorted(proc.iterdir()):
        if not folder.name.isdecimal():
            continue
        for inode in _sockets(folder) & inodes:
            with suppress(OSError):
                name = (folder / "comm").read_text().strip()
                found.setdefault(inode, []).append(Program(int(folder.name), name))
    return found


def _sockets(folder: Path) -> set[int]:
    found = set()
    # A process may end, or close files, while we look.
    with suppress(OSError):
        for link in (folder / "fd").iterdir():
            with suppress(OSError):
                if match := re.fullmatch(r"socket:\[(\d+)\]", str(link.readlink())):
                    found.add(int(match[1]))
    return found


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
