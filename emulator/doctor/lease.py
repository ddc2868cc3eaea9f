"""Addresses of this machine that have a lease: rtnetlink(7), RTM_GETADDR. Linux only."""

import socket
import struct
from collections.abc import Iterator

# linux/rtnetlink.h, linux/netlink.h and linux/if_addr.h.
NETLINK_ROUTE, RTM_NEWADDR, RTM_GETADDR = 0, 20, 22
NLM_F_REQUEST_DUMP = 0x301
NLMSG_ERROR, NLMSG_DONE = 2, 3
IFA_LOCAL, IFA_F_PERMANENT = 2, 0x80

_HEADER = struct.Struct("=IHHII")
"""Length, type, flags, sequence, port."""

_ADDRESS = struct.Struct("=BBBBI")
"""Family, prefix length, flags, scope, interface."""

_ATTRIBUTE = struct.Struct("=HH")
"""Length, type."""

_ALIGN_BYTES = 4
"""Alignment of messages and attributes."""

DATAGRAM_BYTES = 65536
"""Largest datagram that is read; the kernel sends 32 KiB at most."""

PATIENCE_S = 1.0
"""Time-out of the kernel's answer, which comes at once."""


def leased() -> frozenset[str]:
    """Return the IPv4 addresses that expire unless they are renewed, as those from DHCP do.

    Raises OSError where the kernel does not tell.
    """
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_ROUTE) as kernel:
        kernel.settimeout(PATIENCE_S)
        question = _ADDRESS.pack(socket.AF_INET, 0, 0, 0, 0)
        length = _HEADER.size + len(question)
        kernel.send(_HEADER.pack(length, RTM_GETADDR, NLM_F_REQUEST_DUMP, 1, 0) + question)
        found: set[str] = set()
        while True:
            for kind, message in messages(kernel.recv(DATAGRAM_BYTES)):
                if kind in (NLMSG_DONE, NLMSG_ERROR):
                    return frozenset(found)
                if kind == RTM_NEWADDR:
                    found |= ending(message)


def messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield type and content of each message of a datagram."""
    while len(data) >= _HEADER.size:
        length, kind, *_ = _HEADER.unpack_from(data)
        if length < _HEADER.size:
            return
        yield kind, data[_HEADER.size : length]
        data = data[_aligned(length) :]


def ending(message: bytes) -> set[str]:
    """Return the address in a RTM_NEWADDR message, if it expires."""
    if _ADDRESS.unpack_from(message)[2] & IFA_F_PERMANENT:
        return set()
    return {socket.inet_ntoa(value) for value in _local(message)}


def _local(message: bytes) -> Iterator[bytes]:
    """Yield the address itself from the attributes of a message."""
    rest = message[_ADDRESS.size :]
    while len(rest) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(rest)
        if length < _ATTRIBUTE.size:
            return
        if kind == IFA_LOCAL:
            yield rest[_ATTRIBUTE.size : length]
        rest = rest[_aligned(length) :]


def _aligned(length: int) -> int:
    return (length + _ALIGN_BYTES - 1) // _ALIGN_BYTES * _ALIGN_BYTES
