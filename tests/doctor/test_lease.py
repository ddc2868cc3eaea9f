"""Addresses with a lease: the kernel's own answer, and messages as it writes them. tests/netns has a real lease."""

import socket
import struct

import pytest

from emulator.doctor import lease


def test_loopback_is_for_good() -> None:
    assert "127.0.0.1" not in lease.leased()


def test_messages_are_taken_apart_at_their_padding() -> None:
    data = struct.pack("=IHHII", 18, 20, 2, 1, 0) + b"ab\0\0" + struct.pack("=IHHII", 16, 3, 2, 1, 0)
    assert list(lease.messages(data)) == [(20, b"ab"), (3, b"")]


@pytest.mark.parametrize("data", [b"", b"short", struct.pack("=IHHII", 0, 20, 2, 1, 0)])
def test_what_is_no_message_ends_it(data: bytes) -> None:
    assert list(lease.messages(data)) == []


def told(flags: int, *attributes: bytes) -> bytes:
    """Build an ifaddrmsg of IPv4 with its attributes."""
    return struct.pack("=BBBBI", socket.AF_INET, 24, flags, 0, 2) + b"".join(attributes)


LABEL = struct.pack("=HH", 9, 3) + b"eth0\0" + bytes(3)  # padded to four bytes
LOCAL = struct.pack("=HH", 8, 2) + bytes([192, 168, 1, 20])


@pytest.mark.parametrize(
    ("message", "ending"),
    [
        (told(0, LABEL, LOCAL), {"192.168.1.20"}),
        (told(0x80, LABEL, LOCAL), set()),  # IFA_F_PERMANENT
        (told(0, LABEL), set()),
        (told(0, struct.pack("=HH", 0, 2), LOCAL), set()),
    ],
)
def test_an_address_ends_unless_it_is_permanent(message: bytes, ending: set[str]) -> None:
    assert lease.ending(message) == ending


def test_a_system_without_netlink_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "AF_NETLINK")
    with pytest.raises(AttributeError):
        lease.leased()
