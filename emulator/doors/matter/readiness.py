"""The fitness of this machine for Matter: Node.js, the installed bridge, and IPv6 (matter.md §3, §4)."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from emulator.doors import Trouble
from emulator.doors.matter import bundle
from emulator.errors import EmulatorError
from emulator.lan.network import Place
from emulator.words.text import Text

NO_IPV6 = Text("Matter needs IPv6, and the network here has none: switch it on in router and system")

INET6 = Path("/proc/self/net/if_inet6")
"""The IPv6 addresses of this machine: address, index, length, scope, flags, interface (proc(5)).

Not `/proc/net`: the unit for systemd hides what belongs to no process.
"""


def has_ipv6(places: Sequence[Place], table: Path = INET6) -> bool:
    """Return whether one of the interfaces has an IPv6 address; where that cannot be read, it is taken as given."""
    found = _interfaces(table)
    return found is None or any(place.interface in found for place in places)


def _interfaces(table: Path) -> frozenset[str] | None:
    try:
        return frozenset(line.split()[-1] for line in table.read_text().splitlines() if line)
    except FileNotFoundError:  # the kernel has none
        return frozenset()
    except OSError:
        return None


def troubles(state_dir: Path, table: Path = INET6) -> Iterator[Trouble]:
    """Yield what is in the way, for `emulator check`."""
    try:
        bundle.find(state_dir)
    except EmulatorError as error:
        yield Trouble(str(error), "install what is missing; the other doors go on without")
    found = _interfaces(table)
    if found is not None and not found - {"lo"}:
        yield Trouble("no interface has an IPv6 address, and Matter needs one", "switch IPv6 on in router and system")
