"""Explain why the bridge cannot have its port, and the ways out, as docs/hue.md has them at length. Pure."""

import errno
from collections.abc import Sequence

from emulator.words.text import Text


def port_taken(port: int, hosts: Sequence[str], error: OSError) -> Text:
    """Return why the bridge cannot listen on these addresses, and what would be right."""
    return Text(
        "The Hue bridge cannot use TCP port {port} on {hosts} ({why}): {way_out}. Everything else goes on; the port is "
        "tried again",
        port=str(port),
        hosts=tuple(hosts),
        why=str(error.strerror),
        way_out=_way_out(error.errno, str(port)),
    )


def _way_out(code: int | None, port: str) -> Text:
    if code == errno.EACCES:
        return Text(
            "this user may not open ports below 1024. Either let it (sudo setcap cap_net_bind_service=+ep on the real "
            "path of python3, or AmbientCapabilities=CAP_NET_BIND_SERVICE in the systemd unit), or let systemd open it "
            "(a .socket unit with ListenStream={port}), or set another doors.hue.port and redirect (sudo iptables -t "
            "nat -A PREROUTING -p tcp --dport {port} -j REDIRECT --to-ports 8080)",
            port=port,
        )
    if code == errno.EADDRINUSE:
        return Text(
            "another program has it. Stop that one, or set another doors.hue.port: apps then find the bridge all the "
            "same, Echos only ever ask port 80"
        )
    return Text("choose another with doors.hue.port")
