"""Checks of the ports that the doors listen on: free, taken by the running program, or by which other."""

import errno
import os
import socket
from collections.abc import Iterator, Sequence

from emulator import doors
from emulator.doctor import sockets
from emulator.doctor.case import Case
from emulator.doctor.finding import Finding, ok, problem, skipped, warning
from emulator.doctor.sockets import Bound
from emulator.doors import ClosedPort, SharedPort
from emulator.lan import network, ssdp
from emulator.system.lock import LOCK

PROBE_S = 1.0
"""For our own address to refuse a connection."""

ROOT = 0
"""User number of root."""

APP = "emulator"
"""Name of our process for the kernel, if it was started by that name."""

SYSTEMD = (1, "systemd")
"""Number and name of systemd's process; in a container another program has that number."""

OF_SWITCH = "stop that one, or set another `port` for this switch"
RIGHTS = "let systemd open it, with the units of `emulator init --systemd`; docs/hue.md has other ways, under “Port 80”"
LOOK_AT_LOG = "see what the program's log says of it; it tries again every few seconds"
OURSELVES = "that may be this program, with another state folder: name it with --state-dir"
SHARE = "stop that one, or make it share the port (SO_REUSEADDR)"


def switches(case: Case) -> Iterator[Finding]:
    """Check the port of each switch of a door that listens at a port for each."""
    for door, section in case.settings.doors.opened.items() if case.settings else ():
        if find := doors.row(door).first_port:
            yield from _ports_of_switches(case, door, find(section))


def _ports_of_switches(case: Case, door: str, first_port: int) -> Iterator[Finding]:
    for place, switch in enumerate(case.settings.switches if case.settings else ()):
        if not switch.is_at(door):
            continue
        known = case.memory.switches.get(switch.name)
        kept = known.port if known and known.port >= first_port else 0
        if port := switch.port or kept:
            yield _port(case, port, f"{port}/tcp {switch.name}", OF_SWITCH)
        else:
            yield _likely(case, first_port + place, switch.name)


def others(case: Case) -> Iterator[Finding]:
    """Check the ports of the doors besides those of switches, and those that have to refuse."""
    for name, section in case.settings.doors.opened.items() if case.settings else ():
        row = doors.row(name)
        for port in row.ports(section):
            yield _port(case, port.number, f"{port.number}/tcp {row.title}", port.if_taken)
        for closed in row.closed_ports:
            yield _closed(case, closed)


def searches(case: Case) -> Finding:
    """Check that searches can be received beside the other programs that do."""
    check = f"port {ssdp.PORT}/udp searches"
    if not case.places:
        return skipped(check, "no address to hear them at")
    for place in case.places:
        try:
            network.receiver(place.host).close()
        except OSError as error:
            who = _whose(sockets.bound("udp", ssdp.PORT, case.proc))
            return problem(check, f"cannot be had on {place.interface} ({error.strerror}); held by {who}", SHARE)
    return ok(check, "can be had")


def shared(case: Case) -> Iterator[Finding]:
    """Check the UDP ports of doors that several programs may have, such as that of mDNS."""
    wanted: dict[SharedPort, None] = {}
    for name, section in case.settings.doors.opened.items() if case.settings else ():
        wanted |= dict.fromkeys(doors.row(name).shared_ports(section))
    for port in wanted:
        yield _shared(case, port)


def _shared(case: Case, port: SharedPort) -> Finding:
    check = f"port {port.number}/udp {port.title}"
    found = sockets.bound("udp", port.number, case.proc)
    others = [one for one in found if not _is_ours(one, case)]
    if port.is_alone and found and not others:
        return ok(check, "the running program has it")
    try:
        network.sharing(port.number).close()
    except OSError as error:
        remedy = port.if_others if port.is_alone else SHARE
        return problem(check, f"cannot be had ({error.strerror}); held by {_whose(others)}", remedy)
    if others and port.is_alone:
        return problem(check, f"taken by {_whose(others)}", port.if_others)
    if others:
        return warning(check, f"{_whose(others)} listens there, too", port.if_others)
    return ok(check, "can be had")


def _port(case: Case, port: int, name: str, way_out: str) -> Finding:
    check = f"port {name}"
    holders = _holders(case, port)
    foreign = [one for one in holders if not _is_ours(one, case)]
    if holders and not foreign:
        return ok(check, "the running program has it")
    if foreign and all(_is_systemds(one) for one in foreign):
        return ok(check, "systemd has it, for the program that its socket unit names")
    if foreign and case.running and all(_may_be_systemds(one) for one in foreign):
        found = "a program of user root has it: systemd, if it is to open this port"
        return warning(check, found, "type this command with sudo, which can tell; see also the search below")
    if foreign:
        ourselves = any(program.name == APP for one in foreign for program in one.programs)
        return problem(check, f"taken by {_whose(foreign)}", OURSELVES if ourselves else way_out)
    if case.running:
        # It may have been told on its command line where to serve.
        elsewhere = [one for one in sockets.bound("tcp", port, case.proc) if _is_ours(one, case)]
        if elsewhere:
            return ok(check, f"the running program has it at {', '.join(one.address for one in elsewhere)}")
        if not sockets.are_told(case.proc):
            return skipped(check, "this system does not tell whether it is the running program that has it")
        return problem(check, "not open, though the program runs", LOOK_AT_LOG)
    for place in case.places:
        refused = _refused(place.host, port)
        if refused == errno.EACCES:
            return problem(check, "this user may not open ports below 1024", RIGHTS)
        if refused:
            return problem(check, f"cannot be opened on {place.host}: {os.strerror(refused)}", way_out)
    return ok(check, "free")


def _likely(case: Case, port: int, name: str) -> Finding:
    """Check the port that a switch gets at the first run, if it is free then."""
    check = f"port {port}/tcp {name}"
    holders = _holders(case, port)
    return ok(check, f"taken by {_whose(holders)}: the first run takes another" if holders else "free")


def _closed(case: Case, port: ClosedPort) -> Finding:
    check = f"port {port.number}/tcp refuses"
    for place in case.places:
        try:
            answers = network.answers(place.host, port.number, PROBE_S)
        except OSError:
            continue
        if answers:
            who = _whose(_holders(case, port.number))
            return warning(check, f"{who} answers there: {port.if_answered}", "move that one if devices fail")
        if answers is None:
            found = f"neither answers nor refuses on {place.host}: {port.if_dropped}"
            return warning(check, found, "let the firewall reject it instead of dropping it")
    return ok(check, "it does, as it should")


def _holders(case: Case, port: int) -> list[Bound]:
    """Return the listeners there on an address that we would serve."""
    hosts = {place.host for place in case.places}
    return [one for one in sockets.bound("tcp", port, case.proc) if one.everywhere or one.address in hosts]


def _is_ours(one: Bound, case: Case) -> bool:
    """Return whether the running program has it: the process that holds the lock of the state folder."""
    lock = case.state_dir / LOCK
    if one.programs:
        # A door may have started the one that has it.
        ours = [pid for each in one.programs for pid in (each.pid, sockets.parent(each.pid, case.proc))]
        return case.running and any(sockets.has_open(pid, lock, case.proc) for pid in ours if pid)
    # With a capability of its own a program hides what it has open even from its own user.
    return case.running and lock.stat().st_uid == one.uid


def _is_systemds(one: Bound) -> bool:
    return [(program.pid, program.name) for program in one.programs] == [SYSTEMD]


def _may_be_systemds(one: Bound) -> bool:
    """Return whether it is root's and its program hidden; the search then shows if the bridge answers."""
    return not one.programs and one.uid == ROOT


def _refused(host: str, port: int) -> int:
    """Return the error number of opening a port; 0 where it can be opened."""
    with socket.socket() as probe:
        # As the doors do it: connections that have just ended are not in the way.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno or errno.EIO
    return 0


def _whose(found: Sequence[Bound]) -> str:
    return "; ".join(dict.fromkeys(one.who for one in found)) or "a program that this system does not tell of"
