"""An isolated network namespace: all ports are free there, and no multicast search leaves it."""

import os
import subprocess
import sys
from pathlib import Path

INSIDE = "--inside"
COMMANDS = (("link", "set", "lo", "up"), ("route", "add", "239.0.0.0/8", "dev", "lo"))

PORTS = "10000 49000"
"""Local ports of clients, which open ten thousand connections a second; switches listen above."""


def enter(module: str) -> list[str]:
    """Start `python -m module` again inside the namespace, or set it up there. Return the command line's arguments."""
    chosen = [each for each in sys.argv[1:] if each != INSIDE]
    if INSIDE not in sys.argv:
        mapped = [] if os.geteuid() == 0 else ["--map-root-user"]
        command = ["unshare", *mapped, "--net", sys.executable, "-m", module, INSIDE, *chosen]
        os.execvp(command[0], command)  # noqa: S606  # no shell is wanted
    for command in COMMANDS:
        subprocess.run(["ip", *command], check=True)
    Path("/proc/sys/net/ipv4/ip_local_port_range").write_text(PORTS)
    return chosen
