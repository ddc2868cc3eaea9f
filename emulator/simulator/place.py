"""The place of a simulated alarm on this machine: its port, which it keeps, and whether one answers there."""

import json
import logging
import secrets
import urllib.request
from typing import TYPE_CHECKING

from emulator.errors import ConfigError

if TYPE_CHECKING:
    from emulator.simulator.server import SimulatedAlarm

LOG = logging.getLogger(__name__)

PORTS = range(20_000, 30_000)
"""Below those that Linux gives to connections (from 32768), so that none has it when the program starts again. One of
many, so that a second program with another state folder does not answer in the place of the first."""

TRIES = 20
"""New ports that are tried before the system chooses one."""

PROBE_S = 1.0
"""Time-out of the probe of a simulated alarm that another process of this machine has started."""


def start(alarm: "SimulatedAlarm", name: str, kept: str | None) -> str:
    """Start on the port that was kept, else on another one; return the port to keep.

    A port that is taken stays the one to keep: a bookmark is right again as soon as it is free. Raises Hindered.
    """
    new = [PORTS.start + secrets.randbelow(len(PORTS)) for _ in range(TRIES)]
    for port in [*([int(kept)] if kept else []), *new]:
        alarm.port = port
        try:
            alarm.start()
        except ConfigError:
            continue
        break
    else:
        alarm.port = 0
        alarm.start()
    if kept and alarm.port != int(kept):
        LOG.warning("%s: port %s of its house is taken; this time it is at %s", name, kept, alarm.control_url)
    return kept or str(alarm.port)


def answers(control_url: str) -> bool:
    """Return whether a simulated alarm answers there."""
    # A proxy of the environment cannot reach this machine's loopback.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{control_url}/state", timeout=PROBE_S) as answer:
            return "axes" in json.load(answer)
    except (OSError, ValueError):
        return False
