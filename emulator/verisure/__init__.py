"""The far side: what speaks to Verisure. A new cloud is a file and a row here."""

from collections.abc import Callable

from emulator.verisure import wsdo
from emulator.verisure.cloud import Clock
from emulator.verisure.http import HttpTransport
from emulator.verisure.session import Account
from emulator.verisure.wsdo import WsdoCloud


def _wsdo(account: Account, url: str, request_s: float, command_s: float, clock: Clock) -> WsdoCloud:
    return WsdoCloud(account, HttpTransport(url or wsdo.URL, request_s), clock, command_s)


CLOUDS: dict[str, Callable[[Account, str, float, float, Clock], WsdoCloud]] = {"wsdo": _wsdo, "simulator": _wsdo}
"""`cloud:` in the settings → account, URL (empty: the real one), seconds for a request and a command, and the clock."""
