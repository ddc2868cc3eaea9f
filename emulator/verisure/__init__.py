"""The far side: what speaks to Verisure. A new cloud is a file and a row here."""

from collections.abc import Callable
from dataclasses import dataclass

from emulator.verisure import wsdo
from emulator.verisure.cloud import Clock
from emulator.verisure.http import HttpTransport
from emulator.verisure.session import Account, Gate
from emulator.verisure.wsdo import WsdoCloud


@dataclass(frozen=True, slots=True)
class Reach:
    """How to reach a cloud: its URL (empty: the real one), and how long a request and a command may take."""

    url: str
    request_s: float
    command_s: float


def _wsdo(account: Account, reach: Reach, clock: Clock, gate: Gate) -> WsdoCloud:
    return WsdoCloud(account, HttpTransport(reach.url or wsdo.URL, reach.request_s), clock, reach.command_s, gate)


CLOUDS: dict[str, Callable[[Account, Reach, Clock, Gate], WsdoCloud]] = {"wsdo": _wsdo, "simulator": _wsdo}
"""`cloud:` in the settings → what makes one."""
