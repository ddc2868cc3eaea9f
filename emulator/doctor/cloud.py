"""Checks of the clouds: that they can be reached, and that our clock agrees with theirs.

One HEAD at the root of each host: no login and no call of the API. Nothing is sent while the firewall bans us.
"""

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from emulator.app.login_store import JournalVault
from emulator.app.settings import Settings
from emulator.clouds.http import USER_AGENT, secure
from emulator.doctor.case import Case
from emulator.doctor.finding import Finding, ok, problem, skipped, warning
from emulator.errors import EmulatorError
from emulator.store.journal import Journal
from emulator.system import output, zone

PATIENCE_S = 5.0
"""Time-out of each step: to resolve the name, to connect, to agree on TLS, to answer."""

CLOCK_ERROR_S = 300.0
"""Greatest clock error that does no harm."""

FIRST_YEAR = 2026
"""The year in which this program was written: a machine without a battery wakes up in 1970."""

SET_CLOCK = "sudo timedatectl set-ntp true; without it the hours in the settings and the times in the journal are wrong"
CONNECTION = (
    "look at this machine's internet connection, and at its firewall for outgoing connections; no proxy is used"
)


@dataclass(frozen=True, slots=True)
class Reached:
    """An answer of a cloud: its status, and the cloud's time if it tells."""

    status: int
    date: datetime | None


class Unreached(Exception):
    """No answer: the reason, and how to fix that."""

    def __init__(self, why: str, fix: str) -> None:
        self.why, self.fix = why, fix
        super().__init__(why)


def clouds_and_clock(case: Case) -> Iterator[Finding]:
    """Check that each cloud answers; then that our clock is right, by a cloud's clock if there is one."""
    dates = []
    for url, names in _urls(case).items():
        check = f"cloud {', '.join(names)}"
        host = urlsplit(url).netloc
        if not url:
            yield skipped(check, "simulated: there is nothing to reach")
        elif (until := _shut_until(case, host)) > case.clock.time():
            yield warning(
                check, f"{host} has blocked this network until {output.moment(until)}", "wait, without trying"
            )
        else:
            try:
                reached = reach(url)
            except Unreached as error:
                yield problem(check, f"{host} {error.why}", error.fix)
            else:
                dates += [reached.date] if reached.date else []
                yield _answered(check, host, reached.status)
    yield _clock(case.clock.time(), dates[0] if dates else None)
    if case.settings and _hours(case.settings) and zone.is_plain_utc():
        yield warning("time zone", "`between` counts hours of UTC here, which are not the household's", zone.REMEDY)


def reach(
    url: str, patience_s: float = PATIENCE_S, resolve: Callable[[str, None], object] = socket.getaddrinfo
) -> Reached:
    """Connect as the program does, and ask for the headers only. Raises Unreached."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    _resolve(host, patience_s, resolve)
    connection = (
        http.client.HTTPSConnection(host, parts.port, timeout=patience_s, context=secure())
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, parts.port, timeout=patience_s)
    )
    try:
        connection.request("HEAD", "/", headers={"User-Agent": USER_AGENT, "Connection": "close"})
        answer = connection.getresponse()
        return Reached(answer.status, _date(answer.headers.get("Date", "")))
    except ssl.SSLCertVerificationError as error:
        fix = "see that this machine's clock is right, and that nothing on the way opens TLS connections"
        raise Unreached(f"has a certificate that does not verify ({error.verify_message})", fix) from None
    except ConnectionRefusedError:
        raise Unreached("refuses the connection", CONNECTION) from None
    except TimeoutError:
        raise Unreached(f"does not answer within {patience_s:g} s", CONNECTION) from None
    except (OSError, http.client.HTTPException) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise Unreached(f"gave no usable answer ({why})", CONNECTION) from None
    finally:
        connection.close()


def _resolve(host: str, patience_s: float, resolve: Callable[[str, None], object]) -> None:
    """Resolve a name within `patience_s`: the resolver itself waits longer for a dead server. Raises Unreached."""
    known: Future[None] = Future()

    def ask() -> None:
        try:
            resolve(host, None)
            known.set_result(None)
        except (OSError, UnicodeError) as error:
            known.set_exception(error)

    threading.Thread(target=ask, name=f"resolve {host}", daemon=True).start()
    try:
        known.result(patience_s)
    except TimeoutError:
        raise Unreached(f"has a name that does not resolve within {patience_s:g} s", CONNECTION) from None
    except (OSError, UnicodeError):
        raise Unreached("has a name that does not resolve", CONNECTION) from None


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _urls(case: Case) -> dict[str, list[str]]:
    """Return the names of the alarms by their cloud's URL."""
    urls: dict[str, list[str]] = {}
    for name, settings in case.settings.installations.items() if case.settings else ():
        urls.setdefault(settings.endpoint, []).append(name)
    return urls


def _hours(settings: Settings) -> bool:
    """Return whether a switch may disarm only at some hours."""
    return any(switch.narrowing.between for switch in settings.switches)


def _shut_until(case: Case, host: str) -> float:
    """Return the end of the firewall's ban of this network (epoch seconds); a request during it prolongs it."""
    try:
        with closing(Journal(case.state_dir, read_only=True)) as book:
            return JournalVault(book, case.state_dir, host).banned_until()
    except EmulatorError:
        return 0.0


def _answered(check: str, host: str, status: int) -> Finding:
    if status == HTTPStatus.FORBIDDEN:
        found = f"{host} answers HTTP {status}: it may have blocked this network"
        return warning(check, found, "if commands fail too, let the program rest for an hour")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return warning(check, f"{host} answers HTTP {status}: it has trouble of its own", "wait")
    return ok(check, f"{host} answers (HTTP {status})")


def _clock(now: float, theirs: datetime | None) -> Finding:
    check, ours = "clock", datetime.fromtimestamp(now, UTC)
    if ours.year < FIRST_YEAR:
        return problem(check, f"it is not {ours.year}", SET_CLOCK)
    if theirs is None:
        return ok(check, f"{output.moment(now)}; there is no cloud's to compare it with")
    off_s = (ours - theirs).total_seconds()
    if abs(off_s) > CLOCK_ERROR_S:
        return problem(check, f"{abs(off_s) / 60:.0f} min {'fast' if off_s > 0 else 'slow'} by the cloud's", SET_CLOCK)
    return ok(check, f"{output.moment(now)}, as the cloud's")
