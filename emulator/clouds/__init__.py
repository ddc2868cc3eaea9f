"""The far side: what speaks to Verisure. A new cloud is a file and a row here."""

from collections.abc import Callable
from dataclasses import dataclass

from emulator.alarm.cloud import Cloud
from emulator.clock import Clock
from emulator.clouds.account import Account
from emulator.clouds.http import HttpTransport
from emulator.clouds.owa.wire import Turnstile
from emulator.clouds.vault import Vault
from emulator.clouds.wsdo.cloud import URL, WsdoCloud
from emulator.clouds.wsdo.session import Gate


@dataclass(frozen=True, slots=True)
class Reach:
    """How to reach a cloud: its URL, how long a request and a command may take, and what is shared by all who do.

    `gate` and `vault` belong to the account, `turnstile` to the server.
    """

    url: str
    request_s: float
    command_s: float
    gate: Gate
    turnstile: Turnstile
    vault: Vault


def _wsdo(account: Account, reach: Reach, clock: Clock) -> Cloud:
    return WsdoCloud(account, HttpTransport(reach.url, reach.request_s), clock, reach.command_s, reach.gate)


def _owa(account: Account, reach: Reach, clock: Clock) -> Cloud:
    from emulator.clouds.owa.cloud import OwaCloud  # with its queries and profiles, which no other cloud needs

    transport = HttpTransport(reach.url, reach.request_s)
    return OwaCloud(account, transport, clock, reach.command_s, reach.turnstile, reach.vault)


CLOUDS: dict[str, Callable[[Account, Reach, Clock], Cloud]] = {"wsdo": _wsdo, "simulator": _wsdo, "owa": _owa}
"""`cloud:` in the settings → what makes one."""

_WSDO_AGAIN = (
    "Nothing more is sent to this account, so that it is not locked. A change of the settings or of the environment "
    "counts after a restart; `emulator status` has the same login tried once more (and again only with --retry-login)."
)
AFTER_REFUSAL = {
    "wsdo": _WSDO_AGAIN,
    "simulator": _WSDO_AGAIN,
    "owa": "Nothing more is sent to this account, so that it is not locked. Mend that, then type `emulator login`.",
}
"""`cloud:` in the settings → what a person can do once the cloud has refused the login."""


def url_of(cloud: str, country: str) -> str:
    """Where the real cloud is; empty for the simulator, which brings its own."""
    if cloud == "owa":
        from emulator.clouds.owa.cloud import HOSTS, PATH

        return f"https://{HOSTS.get(country, '')}{PATH}"
    return URL if cloud == "wsdo" else ""
