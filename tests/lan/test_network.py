import socket
from contextlib import ExitStack
from ipaddress import IPv4Interface, IPv4Network

import pytest

from emulator.lan import network, ssdp
from emulator.lan.network import Nic, Place
from tests.support.patience import PATIENCE_S, until


def nic(name: str, address: str) -> Nic:
    return Nic(name, IPv4Interface(address))


LO, ETH, WLAN = nic("lo", "127.0.0.1/8"), nic("eth0", "192.168.7.2/24"), nic("wlan0", "10.1.2.3/16")
LINK_LOCAL, PUBLIC, VETH = nic("eth1", "169.254.3.4/16"), nic("ppp0", "8.8.4.4/32"), nic("veth0", "172.30.0.2/24")
BRIDGES = [
    nic(name, f"172.{17 + number}.0.1/16")
    for number, name in enumerate(
        ["docker0", "docker_gwbridge", "br-0123456789ab", "virbr0", "virbr0-nic", "podman1", "cni-podman0", "lxcbr0"]
    )
]
TUNNELS = [
    *(nic(name, "10.8.0.1/24") for name in ("tun0", "tap1", "wg0", "wg-home", "ztabcdefgh", "tailscale0")),
    Nic("work", IPv4Interface("10.9.0.2/32"), point_to_point=True),
]
ALL = [LO, *BRIDGES, *TUNNELS, ETH, WLAN, LINK_LOCAL, PUBLIC, VETH]


def hosts(places: tuple[Place, ...]) -> list[str]:
    return [place.host for place in places]


def test_by_default_local_networks_are_served_and_nothing_virtual() -> None:
    assert hosts(network.places(ALL, None, None)) == ["192.168.7.2", "10.1.2.3", "169.254.3.4", "172.30.0.2"]


@pytest.mark.parametrize("name", ["br-lan", "br0", "docker", "virbr", "br-0123456789abc", "tunnel", "tapestry"])
def test_what_is_called_otherwise_is_served(name: str) -> None:
    assert hosts(network.places([nic(name, "192.168.7.2/24")], None, None)) == ["192.168.7.2"]


@pytest.mark.parametrize(
    ("names", "found"),
    [(["lo"], ["127.0.0.1"]), (["docker0", "ppp0"], ["172.17.0.1", "8.8.4.4"]), (["work"], ["10.9.0.2"])],
)
def test_named_interfaces_are_served_whatever_they_are(names: list[str], found: list[str]) -> None:
    assert hosts(network.places(ALL, names, None)) == found
    assert network.places(ALL, [], None) == network.places(ALL, ["eth9"], None) == ()


def test_where_only_a_tunnel_is_left_it_is_said_how_to_serve_it() -> None:
    assert network.places([LO, *TUNNELS], None, None) == ()
    assert "tunnels and Docker's are left out unless lan.interfaces names them" in network.nowhere([LO, *TUNNELS], None)
    assert "left out" not in network.nowhere([LO], None)
    assert "left out" not in network.nowhere([LO, *TUNNELS], ["eth9"])


def test_an_address_of_ours_is_served_alone() -> None:
    assert network.places(ALL, None, "10.1.2.3") == (
        Place("wlan0", "10.1.2.3", IPv4Network("10.1.0.0/16"), "10.1.2.3"),
    )
    assert hosts(network.places(ALL, ["eth0"], "127.0.0.1")) == ["127.0.0.1"]


def test_a_foreign_address_is_told_in_place_of_ours() -> None:
    assert [(place.host, place.advertised) for place in network.places([LO, ETH], None, "203.0.113.9")] == [
        ("192.168.7.2", "203.0.113.9")
    ]


def test_one_address_for_each_network_of_an_interface() -> None:
    found = [ETH, nic("eth0", "192.168.7.3/24"), nic("eth0", "10.0.0.1/8"), nic("eth1", "192.168.7.4/24")]
    assert hosts(network.places(found, None, None)) == ["192.168.7.2", "10.0.0.1", "192.168.7.4"]


def test_the_host_has_a_loopback() -> None:
    assert ("lo", IPv4Interface("127.0.0.1/8")) in [(each.name, each.address) for each in network.nics()]


def test_an_interface_that_was_made_anew_is_another_place() -> None:
    (before,) = network.places([Nic("eth0", ETH.address, 2)], None, None)
    (after,) = network.places([Nic("eth0", ETH.address, 7)], None, None)
    assert before != after  # the membership of the group went with the old one


def test_what_is_sent_to_the_group_arrives_from_the_address_it_was_sent_from() -> None:
    here = "127.0.0.1"
    with network.receiver(here) as first, network.receiver(here) as second, network.sender(here, 0) as sender:
        sender.sendto(b"hello", (ssdp.GROUP, ssdp.PORT))
        for receiver in (first, second):
            receiver.settimeout(PATIENCE_S)
            data, peer = receiver.recvfrom(100)
            assert (data, peer) == (b"hello", sender.getsockname())
        assert sender.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL) == 2


def test_a_system_that_binds_no_group_address_gets_the_wildcard(monkeypatch: pytest.MonkeyPatch) -> None:
    bound = []

    class Picky(socket.socket):
        def bind(self, address: tuple[str, int]) -> None:  # type: ignore[override]  # one shape is enough here
            bound.append(address)
            if address[0]:
                raise OSError(99, "Cannot assign requested address")
            super().bind(address)

    monkeypatch.setattr("socket.socket", Picky)
    monkeypatch.setattr("sys.platform", "darwin")
    network.receiver("127.0.0.1").close()
    assert bound == [(ssdp.GROUP, ssdp.PORT), ("", ssdp.PORT)]


def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_open() -> None:
    with network.listener("127.0.0.1", 0) as taken, pytest.raises(OSError, match="in use"):
        network.listener("127.0.0.1", taken.getsockname()[1])


def test_whether_something_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert network.answers("127.0.0.1", port, 1) is True
    assert network.answers("127.0.0.1", port, 1) is False


def test_what_neither_answers_nor_refuses() -> None:
    """A queue of connections that is full drops whoever knocks, as a firewall does."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, ExitStack() as full:
        for _ in range(4):
            knocking = full.enter_context(socket.socket())
            knocking.setblocking(False)
            knocking.connect_ex(server.getsockname())
        assert network.answers("127.0.0.1", server.getsockname()[1], 0.1) is None


@pytest.mark.parametrize("half", [True, False])
def test_the_end_of_a_connection_is_seen_without_reading_it(half: bool) -> None:
    with network.listener("127.0.0.1", 0) as listening:
        far = socket.create_connection(listening.getsockname())
        listening.setblocking(True)
        near, _ = listening.accept()
        with far, near:
            far.sendall(b"not read")
            assert not network.hung_up(near.fileno())
            if half:
                far.shutdown(socket.SHUT_WR)
            else:
                far.close()
            until(lambda: network.hung_up(near.fileno()))
            assert near.recv(100) == b"not read"
