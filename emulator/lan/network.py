"""The interfaces to serve, and sockets that stay on them (lan-emulation.md §1.6)."""

import fcntl
import re
import socket
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv4Network
from pathlib import Path

import ifaddr

from emulator.lan import ssdp
from emulator.lan.kept import LISTENERS
from emulator.words.text import Text

# Bridges of Docker, Home Assistant's add-ons, libvirt, podman and LXC: no client of ours lives behind them. Not veth*:
# that is also what the inner end of a container's or a namespace's only interface is called.
VIRTUAL = re.compile(
    r"docker0|docker_gwbridge|hassio|br-[0-9a-f]{12}|virbr\d+(-nic)?|podman\d+|cni-podman\d+|(lx[cd]|incus)br\d+|cni\d+|(flannel|vxlan).*"
)

# Tunnels by their usual names: a peer behind one is not at home, and no hub searches there.
TUNNEL = re.compile(r"(tun|tap|wg|utun|ppp|tailscale|nebula|ipsec|vti|gre|gretap|tunl|sit)\d+|(wg|zt|nordlynx).*")

# linux/sockios.h and linux/if.h (netdevice(7)).
SIOCGIFFLAGS = 0x8913
IFF_UP, IFF_LOOPBACK, IFF_POINTOPOINT, IFF_RUNNING, IFF_MULTICAST = 0x1, 0x8, 0x10, 0x40, 0x1000
INTERFACES = Path("/sys/class/net")
IFREQ = struct.Struct("=16sH22x")

TTL = 2
"""Hops, as UDA 1.1 has it."""

ENDED = (7, 8)
"""TCP_CLOSE and TCP_CLOSE_WAIT of Linux: the far end was reset, or sends no more."""

BACKLOG = 64
"""Connections that the kernel keeps until they are accepted."""


@dataclass(frozen=True, slots=True)
class Nic:
    """An IPv4 address of an interface; `index` tells an interface from a later one of the same name."""

    name: str
    address: IPv4Interface
    index: int = 0
    point_to_point: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """An address to serve: where to bind (`host`), which peers are local, and which address to tell them."""

    interface: str
    host: str
    network: IPv4Network
    advertised: str
    index: int = 0

    def url(self, port: int | str) -> str:
        """Return what clients are told of a server here, without a path."""
        return f"http://{self.advertised}:{port}"


def nics() -> list[Nic]:
    """Return every IPv4 address of this host, in the order of the system."""
    return [
        Nic(
            adapter.name, IPv4Interface(f"{ip.ip}/{ip.network_prefix}"), adapter.index or 0, _has_two_ends(adapter.name)
        )
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
        if ip.is_IPv4
    ]


def flags(interface: str) -> int:
    """Return the flags of an interface; those of a working one where the system does not tell."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            answer = fcntl.ioctl(sock, SIOCGIFFLAGS, IFREQ.pack(interface.encode(), 0))
        except OSError:
            return IFF_UP | IFF_RUNNING | IFF_MULTICAST
    return int(IFREQ.unpack(answer)[1])


def _has_two_ends(interface: str) -> bool:
    """Return whether it is a tunnel; each interface of Linux's tun driver is one, even a `tap`."""
    return bool(flags(interface) & IFF_POINTOPOINT) or (INTERFACES / interface / "tun_flags").exists()


def places(found: Iterable[Nic], interfaces: Sequence[str] | None, address: str | None) -> tuple[Place, ...]:
    """Return the places to serve.

    Default: each interface with a private or link-local address, none of Docker's and no tunnel. `interfaces` names
    them instead. `address`, when it is one of ours, is the only place; any other is told to clients in place of ours.
    """
    found = list(found)
    mine = [nic for nic in found if str(nic.address.ip) == address]
    chosen = mine or [nic for nic in found if (_usual(nic) if interfaces is None else nic.name in interfaces)]
    # One address for each network of an interface: a second one would answer every search twice.
    first = {(nic.name, nic.address.network): nic for nic in reversed(chosen)}
    return tuple(
        Place(nic.name, str(nic.address.ip), nic.address.network, address or str(nic.address.ip), nic.index)
        for nic in chosen
        if first[nic.name, nic.address.network] is nic
    )


def nowhere(found: Iterable[Nic], interfaces: Sequence[str] | None) -> str:
    """Return the message when there is no place to serve."""
    found = list(found)
    there = tuple(f"{nic.name} {nic.address}" for nic in found) or Text("none at all")
    if interfaces:
        return Text(
            "no interface called {wanted} has a local IPv4 address to serve; there is {there}",
            wanted=tuple(interfaces),
            there=there,
        )
    if interfaces is None and any(_is_left_out(nic) for nic in found):
        return Text(
            "no interface has a local IPv4 address to serve; there is {there} (tunnels and Docker's are left out "
            "unless lan.interfaces names them)",
            there=there,
        )
    return Text("no interface has a local IPv4 address to serve; there is {there}", there=there)


def _usual(nic: Nic) -> bool:
    ip = nic.address.ip
    return (ip.is_private or ip.is_link_local) and not ip.is_loopback and not _is_left_out(nic)


def _is_left_out(nic: Nic) -> bool:
    """Return whether it is virtual or a tunnel; off Linux a tunnel is known by its name alone."""
    return nic.point_to_point or bool(VIRTUAL.fullmatch(nic.name) or TUNNEL.fullmatch(nic.name))


def listener(host: str, port: int) -> socket.socket:
    """Return a TCP socket that listens on this address only; the one that was kept for it, if there is one."""

    def prepare(sock: socket.socket) -> None:
        sock.bind((host, port))
        sock.listen(BACKLOG)

    found = LISTENERS.take((host, port))
    if found is None:
        found = _ready(socket.SOCK_STREAM, prepare)
        LISTENERS.add(found)
    return found


def answers(host: str, port: int, timeout: float) -> bool | None:
    """Return whether something accepts connections there; None when nothing says yes or no in time."""
    try:
        socket.create_connection((host, port), timeout).close()
    except TimeoutError:
        return None
    except OSError:
        return False
    return True


def hung_up(descriptor: int) -> bool:
    """Return whether the far end of a TCP connection has closed it, or its half, even if bytes are still unread.

    The system call keeps the interpreter's lock: poll releases it, and under load has to wait for it.
    """
    if not hasattr(socket, "TCP_INFO"):
        return False
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, fileno=descriptor)
    try:
        return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] in ENDED
    finally:
        sock.detach()


def receiver(host: str) -> socket.socket:
    """Return a UDP socket that hears searches sent to the group on the interface of `host`.

    It may hear those of other interfaces too: switching that off (IP_MULTICAST_ALL) makes Linux share searches out
    among all sockets that share the port, and with two interfaces half of them went to the socket of the other one.
    """

    def prepare(sock: socket.socket) -> None:
        try:
            sock.bind((ssdp.GROUP, ssdp.PORT))
        except OSError:  # a system that binds no group address
            sock.bind(("", ssdp.PORT))
        membership = socket.inet_aton(ssdp.GROUP) + socket.inet_aton(host)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)

    return _ready(socket.SOCK_DGRAM, prepare)


def sender(host: str, port: int) -> socket.socket:
    """Return a UDP socket that sends from `host`, to the group too, and hears unicast."""

    def prepare(sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(host))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, TTL)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)  # for a hub on this same host
        sock.bind((host, port))

    return _ready(socket.SOCK_DGRAM, prepare)


def sharing(port: int) -> socket.socket:
    """Return a UDP socket at a port that other programs may have, too."""
    return _ready(socket.SOCK_DGRAM, lambda sock: sock.bind(("", port)))


def _ready(kind: socket.SocketKind, prepare: Callable[[socket.socket], object]) -> socket.socket:
    """Return a prepared socket that shares its port where the system lets it; closed again when that fails."""
    sock = socket.socket(socket.AF_INET, kind)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if kind == socket.SOCK_DGRAM:
            # Both, and before bind: a program that set only one of them shares with none that lacks it.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        prepare(sock)
    except OSError:
        sock.close()
        raise
    return sock
