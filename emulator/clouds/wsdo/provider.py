"""The row of the XML API of the app before today's.

Facts: the user's API document, verisure-wsdo.md §4.
"""

from emulator.alarm.cloud import Cloud
from emulator.clock import Clock
from emulator.clouds import Country, Polling, Provider
from emulator.clouds.account import Account, Reach
from emulator.words.text import Text

HOST = "mob2217.securitasdirect.es:12010"
"""One host for every country (API document)."""

LANGUAGES = {"ES": "es", "IT": "it", "FR": "fr", "GB": "en", "PT": "pt"}
"""Country → language (API document, "Known supported countries")."""

POLL_EVERY_S, POLL_AT_LEAST_S = 60.0, 20.0
"""The usual interval of polls, and the shortest that clients of the real server lived with (§4)."""

SPACING_S = 1.0
"""Least time between two requests: the server detects flooding (§4)."""


def _open(account: Account, reach: Reach, clock: Clock) -> Cloud:
    from emulator.clouds.http import HttpTransport
    from emulator.clouds.wsdo.cloud import WsdoCloud
    from emulator.clouds.wsdo.gate import Gate

    gate = reach.shared.setdefault((Gate, account.user, reach.url), Gate(reach.spacing_s, reach.vault))
    # A caller that wants a new cloud has decided that a refused login may be tried once more.
    gate.refusal = None
    return WsdoCloud(account, HttpTransport(reach.url, reach.request_s), clock, reach.command_s, gate)


ROW = Provider(
    title=Text("the XML API before it"),
    api="wsdo",
    countries={country: Country(HOST, lang) for country, lang in LANGUAGES.items()},
    path="/WebService/ws.do",
    polling=Polling(POLL_EVERY_S, POLL_AT_LEAST_S, SPACING_S, activity_s=0.0),
    open=_open,
    after_refusal=Text(
        "Nothing more is sent to this account, so that it is not locked. A change of the settings or of the "
        "environment counts after a restart; `emulator status` has the same login tried once more (and again only with "
        "--retry-login)."
    ),
    again="type `emulator status`, which tries it once more",
)
