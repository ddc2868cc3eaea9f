"""The row of the GraphQL API of today's customers.

Facts: verisure-owa.md §1.1, §7 and §12.
"""

from typing import TYPE_CHECKING

from emulator.alarm.cloud import Cloud
from emulator.clock import Clock
from emulator.clouds import Country, Polling, Provider
from emulator.clouds.account import Account, Reach
from emulator.clouds.enrolment import Enrolment
from emulator.clouds.owa.cached import LAG_S
from emulator.clouds.turnstile import Turnstile
from emulator.words.text import Text

if TYPE_CHECKING:
    from emulator.clouds.owa.wire import Wire

TOLD, ONE = Text("users say that it works there"), Text("one other program has it; please report")

COUNTRIES = {
    "ES": Country("customers.verisure.es", "es"),
    "FR": Country("customers.securitasdirect.fr", "fr"),
    "IT": Country("customers.verisure.it", "it"),
    "GB": Country("customers.verisure.co.uk", "en"),
    "PT": Country("customers.verisure.pt", "pt"),
    "IE": Country("customers.verisure.ie", "en", sure=TOLD),
    "BR": Country("customers.verisure.com.br", "pt", "br", sure=TOLD),
    "CL": Country("customers.verisure.cl", "es", sure=ONE),
    "AR": Country("customers.verisure.com.ar", "es", "ar", sure=ONE),
    "PE": Country("customers.verisure.pe", "es", sure=ONE),
}
"""Hosts and languages (§1.1). Hosts have changed before, so `url` takes precedence. The other languages are those that
other clients send (§1.1, §12)."""

POLL_EVERY_S, POLL_AT_LEAST_S = 120.0, 60.0
"""The usual interval of polls, and the shortest that clients of the real server lived with (§7)."""

REREAD_AFTER_S = 15.0
"""Polls are rare here, so the state is read once more that soon after a command (§7)."""

ACTIVITY_S = 900.0
"""Least time between two reads of the activity log, unless the state has changed; others read it only while somebody
looks (§7)."""

SPACING_S = 2.0
"""From the end of a request to the next one; some 20 within 2 s led to a ban (§7)."""


def _open(account: Account, reach: Reach, clock: Clock) -> Cloud:
    from emulator.clouds.owa.cloud import OwaCloud

    turnstile = reach.shared.setdefault((Turnstile, reach.url), Turnstile(reach.spacing_s))
    return OwaCloud(_wire(account, reach, clock, turnstile), reach.command_s)


def _enrol(account: Account, reach: Reach, clock: Clock) -> Enrolment:
    from emulator.clouds.owa.enrol import OwaEnrolment

    return OwaEnrolment(_wire(account, reach, clock, Turnstile(reach.spacing_s)))


def _wire(account: Account, reach: Reach, clock: Clock, turnstile: Turnstile) -> "Wire":
    from emulator.clouds.http import HttpTransport
    from emulator.clouds.owa.wire import Wire

    return Wire(account, HttpTransport(reach.url, reach.request_s), clock, turnstile, reach.vault)


ROW = Provider(
    title=Text("the API of today's app"),
    api="owa",
    countries=COUNTRIES,
    path="/owa-api/graphql",
    polling=Polling(POLL_EVERY_S, POLL_AT_LEAST_S, SPACING_S, REREAD_AFTER_S, LAG_S, ACTIVITY_S),
    open=_open,
    enrol=_enrol,
    forces=True,
)
