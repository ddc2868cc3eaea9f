"""Checks of the LAN: our addresses, multicast on each interface, and the answers to a search of ours."""

import socket
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence

from emulator.doctor import lease
from emulator.doctor.case import Case
from emulator.doctor.finding import Finding, ok, problem, skipped, warning
from emulator.lan import network, search, ssdp
from emulator.lan.network import IFF_LOOPBACK, IFF_MULTICAST, IFF_RUNNING, IFF_UP, Place

HEAR_S = 0.5
"""Wait for a datagram of ours to come back to us, which takes less than a millisecond."""

TRIES = 3
"""Datagrams of a multicast check, as UDP may lose one."""

SEARCH_S = 4.0
"""Wait for answers: devices spread theirs over the 3 s that a search allows."""

CONNECT = "connect it to the network; or name the interface with --interface, or in lan.interfaces"
LET_THROUGH = f"let the firewall of this machine pass UDP to and from {ssdp.GROUP} port {ssdp.PORT}"
HEAR_AND_ANSWER = f"mend what stands above; if there is nothing, {LET_THROUGH}; see also the program's log"
LET_ANSWER = "let the firewall of this machine pass these ports; see also what the program's log says"


def addresses(case: Case) -> Iterator[Finding]:
    """Check that there are addresses to serve at, and whether they will stay."""
    if not case.places:
        yield problem("address", network.nowhere(network.nics(), None), CONNECT)
    try:
        leased = lease.leased()
    except (OSError, AttributeError):  # no Linux, no netlink
        leased = frozenset()
    for place in case.places:
        yield _address(place, network.flags(place.interface), place.host in leased)


def _address(place: Place, flags: int, leased: bool) -> Finding:
    check = f"address {place.interface}"
    if not flags & IFF_UP:
        return problem(check, f"{place.host}, but it is down", f"sudo ip link set {place.interface} up")
    if not flags & IFF_RUNNING:
        return problem(check, f"{place.host}, but it has no link", "see to its cable or its Wi-Fi")
    if place.network.is_link_local:
        return warning(
            check, f"{place.host}: it got none from the router", "see why DHCP gives this machine no address"
        )
    if place.advertised != place.host:
        found = f"{place.host}, but clients are told {place.advertised}, which is not an address of this machine"
        return warning(check, found, "leave out lan.address, unless that address leads here")
    if leased:
        return ok(check, f"{place.host}, leased: reserve it in the router, as Echos remember it")
    return ok(check, f"{place.host}, fixed")


def multicast(case: Case) -> Iterator[Finding]:
    """Check on each interface that a datagram to the group of searches is sent and received."""
    if not case.places:
        yield skipped("multicast", "no address to send from")
    for place in case.places:
        yield _multicast(place, network.flags(place.interface))


def _multicast(place: Place, flags: int) -> Finding:
    check = f"multicast {place.interface}"
    if not flags & IFF_UP:
        return skipped(check, "it is down")
    if not flags & (IFF_MULTICAST | IFF_LOOPBACK):
        fix = f"sudo ip link set {place.interface} multicast on"
        return problem(check, "blocked: it is switched off on this interface", fix)
    # A search for a device that does not exist.
    probe = search.request(f"uuid:{uuid.uuid4()}")
    try:
        ear = network.receiver(place.host)
    except OSError:
        return skipped(check, f"there is nothing to hear it with; see port {ssdp.PORT}/udp")
    try:
        with ear, network.sender(place.host, 0) as mouth:
            for _ in range(TRIES):
                mouth.sendto(probe, (ssdp.GROUP, ssdp.PORT))
                if _hears(ear, probe):
                    return ok(check, "sent and received")
    except OSError as error:
        return problem(check, f"blocked: it cannot be sent from {place.host} ({error.strerror})", LET_THROUGH)
    return problem(check, f"blocked: what {place.host} sends to the group does not arrive", LET_THROUGH)


def _hears(ear: socket.socket, probe: bytes) -> bool:
    end = time.monotonic() + HEAR_S
    while (left_s := end - time.monotonic()) > 0:
        ear.settimeout(left_s)
        try:
            if ear.recv(len(probe) + 1) == probe:
                return True
        except TimeoutError:
            break
    return False


def answers(case: Case) -> Finding:
    """Check that our switches and our bridge answer a search and describe themselves, as a LAN peer would see it."""
    check = "search"
    if not case.running:
        return skipped(check, "`emulator run` does not run with this state folder, so nothing could answer")
    wanted = case.memory.devices
    if not wanted or not case.places:
        return skipped(check, "there is nothing to find")
    return _heard(wanted, search.search(tuple({place.interface for place in case.places}), SEARCH_S))


def _heard(wanted: Mapping[str, str], devices: Sequence[search.Found]) -> Finding:
    check, found = "search", {one.udn: one.name for one in devices}
    silent = [name for udn, name in wanted.items() if udn not in found]
    if silent:
        return problem(check, f"no answer from {', '.join(silent)}", HEAR_AND_ANSWER)
    mute = [name for udn, name in wanted.items() if not found[udn]]
    if mute:
        return problem(check, f"answered, but cannot be asked who they are: {', '.join(mute)}", LET_ANSWER)
    others = len(found.keys() - wanted.keys())
    return ok(check, f"all {len(wanted)} of ours answered, and {others} other devices")
