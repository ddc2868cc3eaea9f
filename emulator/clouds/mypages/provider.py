"""The row of My Pages, the API of customers in the Nordics and Benelux.

Facts: verisure-mypages.md §1, §5 and §9.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from emulator.alarm.cloud import Cloud
from emulator.clock import Clock
from emulator.clouds import Country, Polling, Provider
from emulator.clouds.account import Account, Reach
from emulator.clouds.enrolment import Enrolment
from emulator.clouds.turnstile import Turnstile
from emulator.model import ArmMode, Interior
from emulator.words.text import Text

if TYPE_CHECKING:
    from emulator.clouds.mypages.wire import PagesWire

FIRST, SECOND = "automation01", "automation02"
"""Names of the two hosts, of which one is active (§1)."""

HOST = f"{FIRST}.verisure.com"

UNTRIED = Text("not yet tried against the real service; please report")

COUNTRIES = {
    "SE": Country(HOST, "sv", sure=UNTRIED),
    "NO": Country(HOST, "nb", sure=UNTRIED),
    "DK": Country(HOST, "da", sure=UNTRIED),
    "FI": Country(HOST, "fi", sure=UNTRIED),
    "NL": Country(HOST, "nl", sure=UNTRIED),
    "BE": Country(HOST, "nl", sure=UNTRIED),
}
"""One pair of hosts serves all (§1). The API is told no language: that of a country is for people alone."""

MODES = tuple(ArmMode(interior) for interior in (Interior.TOTAL, Interior.DAY, Interior.NIGHT))
"""Away, and home by one of two names; nothing else can be armed (§5)."""

POLL_EVERY_S, POLL_AT_LEAST_S = 120.0, 60.0
"""The usual interval of polls, and that of others; who polled faster was blocked for a day (§9)."""

REREAD_AFTER_S = 15.0
"""Polls are rare here, so the state is read once more that soon after a command (§9)."""

LAG_S = 30.0
"""For so long the state may be that from before a command (§9)."""

SPACING_S = 1.0
"""From the end of a request to the next one: our own prudence (§9)."""


THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


def hosts(url: str) -> Sequence[str]:
    """Return the endpoints at which a URL's cloud may be reached, the given one first.

    A simulated alarm on this machine has its second host on the next port.
    """
    for here, there in ((FIRST, SECOND), (SECOND, FIRST)):
        if here in url:
            return url, url.replace(here, there)
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname in THIS_MACHINE and parts.port:
        return url, url.replace(f":{parts.port}", f":{parts.port + 1}", 1)
    return (url,)


def _open(account: Account, reach: Reach, clock: Clock) -> Cloud:
    from emulator.clouds.mypages.cloud import MyPagesCloud

    turnstile = reach.shared.setdefault((Turnstile, reach.url), Turnstile(reach.spacing_s))
    return MyPagesCloud(_wire(account, reach, clock, turnstile), reach.command_s)


def _enrol(account: Account, reach: Reach, clock: Clock) -> Enrolment:
    from emulator.clouds.mypages.enrol import MyPagesEnrolment

    return MyPagesEnrolment(_wire(account, reach, clock, Turnstile(reach.spacing_s)))


def _wire(account: Account, reach: Reach, clock: Clock, turnstile: Turnstile) -> "PagesWire":
    from emulator.clouds.http import HttpTransport
    from emulator.clouds.mypages.wire import PagesWire

    senders = [HttpTransport(url, reach.request_s) for url in hosts(reach.url)]
    return PagesWire(account, senders, clock, turnstile, reach.vault)


ROW = Provider(
    title=Text("My Pages, in the Nordics and Benelux"),
    api="mypages",
    countries=COUNTRIES,
    path="",
    polling=Polling(POLL_EVERY_S, POLL_AT_LEAST_S, SPACING_S, REREAD_AFTER_S, LAG_S),
    open=_open,
    enrol=_enrol,
    forces=True,
    codes=True,
    modes=MODES,
    one_partial=True,
)
