"""Checks of the state folder, the journal in it, the logins, and the targets of notifications.

They change and send nothing: for a notification there is `emulator notify --test`.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from urllib.parse import urlsplit

from emulator.app.alarm_settings import InstallationSettings
from emulator.app.login_store import LOCK as LOGIN_LOCK
from emulator.app.login_store import JournalVault
from emulator.app.targets import apprise_target, unnotified
from emulator.clouds.vault import Login
from emulator.config import credentials
from emulator.config.credentials import Credentials
from emulator.doctor.case import Case
from emulator.doctor.finding import Finding, Verdict, ok, problem, skipped, warning
from emulator.errors import ConfigError, EmulatorError, Hindered, LoginNeeded
from emulator.store import before_update, private, refused_logins, salvage
from emulator.store.journal import Journal
from emulator.store.journal_file import FILE
from emulator.system import kept, lock, output

ANOTHER = "make it a folder that the user of the program may write to, or choose another with --state-dir"
SEE_FOLDER = "not to be read by this user; see the state folder"
DAMAGED = "restart the program: it puts the journal aside, saves what can be read of it, and says what is lost"
RESTART = "do that, and restart the program: what waits is sent then"
OLD = "delete it once you miss nothing of it; it holds secrets, as the journal does"
CODE = "put the code of a user of its own into VERISURE_CODE, or a file with it into VERISURE_CODE_FILE"
LOGIN = "type `emulator login`"
ENVIRONMENT = "set VERISURE_USER and VERISURE_PASSWORD (or …_FILE) for this command and for the program"


def folder(case: Case) -> Finding:
    """Check that the state folder can be written to, by a temporary file, and that it and its locks are ours."""
    name, path = "state folder", case.state_dir
    at = path
    try:
        with tempfile.TemporaryFile(dir=path):
            pass
        for at in (path / each for each in (FILE, lock.LOCK, LOGIN_LOCK)):
            if at.exists():
                with at.open("r+b"):
                    pass
    except FileNotFoundError:
        parent = next(parent for parent in path.absolute().parents if parent.exists())
        if parent.is_dir() and os.access(parent, os.W_OK | os.X_OK):
            return ok(name, f"{path} is made at the first run")
        return problem(name, f"{path} does not exist, and cannot be made in {parent}", ANOTHER)
    except OSError as error:
        return problem(name, f"{at} cannot be written to: {error.strerror}", lock.remedy(path, at, error) or ANOTHER)
    if open_to_others := private.openness(path):
        return warning(name, f"{path}: {open_to_others}", private.remedy(path))
    return ok(name, f"{path} can be written to")


def journal(case: Case) -> Finding:
    """Check that SQLite finds the journal whole."""
    name = "journal"
    if folder(case).verdict is Verdict.PROBLEM:
        # SQLite writes beside a journal even to read it. A folder that refuses writes says nothing about the journal.
        return skipped(name, SEE_FOLDER)
    if not (case.state_dir / FILE).exists():
        return skipped(name, "there is none before the first run")
    try:
        with closing(Journal(case.state_dir, read_only=True)) as book:
            said = [str(row[0]) for row in book.rows("PRAGMA quick_check(3)")]
    except EmulatorError as error:
        return problem(name, str(error), DAMAGED)
    if said != ["ok"]:
        return problem(name, f"damaged: {'; '.join(said)}", DAMAGED)
    if aside := salvage.put_aside(case.state_dir):
        return warning(name, f"whole; a damaged one was put aside: {', '.join(path.name for path in aside)}", OLD)
    before = ", ".join(path.name for path in before_update.copies(case.state_dir))
    return ok(name, f"whole; kept from before an update: {before}" if before else "whole")


def logins(case: Case) -> Iterator[Finding]:
    """Check that each alarm has its credentials. No login is attempted: refused ones lock the account."""
    for name, settings in case.settings.installations.items() if case.settings else ():
        if settings.row.simulated:
            yield skipped(f"login {name}", "a simulated alarm needs none")
        else:
            yield _login(case, name, settings)
            yield from _quoted(case, name)


def _quoted(case: Case, name: str) -> Iterator[Finding]:
    """Warn of quotation marks around a user or password: `docker run --env-file` hands them on, as a file does."""
    with suppress(ConfigError, Hindered):
        given = credentials.known(name, kept.environment(case.state_dir))
        if any(one[0] == one[-1] and one[0] in "\"'" for one in (given.user, given.password) if len(one) > 1):
            found = "user or password stands in quotation marks, which are sent as a part of it"
            yield warning(f"login {name}", found, "take them out, unless they are meant")


def _login(case: Case, name: str, settings: InstallationSettings) -> Finding:
    check = f"login {name}"
    try:
        given = credentials.known(name, kept.environment(case.state_dir))
    except ConfigError as error:
        return problem(check, "; ".join(map(str, error.problems)), ENVIRONMENT)
    except Hindered:
        return skipped(check, SEE_FOLDER)
    try:
        with closing(Journal(case.state_dir, read_only=True)) as book:
            refused = refused_logins.last(book, name)
            login = _kept(book, case, settings, given)
    except LoginNeeded:
        return problem(check, "several people have logged in here", "put the one to use into VERISURE_USER")
    except EmulatorError:
        if folder(case).verdict is Verdict.PROBLEM:
            return skipped(check, SEE_FOLDER)
        refused, login = "", None
    if settings.row.enrol:
        found = _renewable(check, login)
    elif given.user and given.password:
        found = ok(check, "user and password are in the environment")
    else:
        found = problem(check, "no user and password in the environment", ENVIRONMENT)
    if settings.row.codes and not given.code and not refused and found.verdict is Verdict.OK:
        return warning(check, "works, but no code is set: nothing can be armed by voice", CODE)
    if refused and found.verdict is Verdict.OK:
        return problem(check, f"the cloud refused the last login: {refused}", f"mend that, then {settings.row.again}")
    return found


def _kept(book: Journal, case: Case, settings: InstallationSettings, given: Credentials) -> Login | None:
    if settings.row.enrol is None:
        return None
    return JournalVault(book, case.state_dir, urlsplit(settings.endpoint).netloc, given.user).load()


def _renewable(check: str, login: Login | None) -> Finding:
    """Check that a login can be used and renewed without a person (verisure-owa.md §2.4, §2.5)."""
    if login is None:
        return problem(check, "nobody has logged in to this account yet", LOGIN)
    if login.trouble:
        return problem(check, f"a person has to log in: {login.trouble}", LOGIN)
    return ok(check, f"kept since {output.moment(login.login_at)}")


def notifications(case: Case) -> Finding:
    """Check that `emulator run` can notify: it does not start with a target that cannot be used."""
    check = "notifications"
    try:
        targets = credentials.targets(kept.environment(case.state_dir))
        if targets and (lack := unnotified(targets)):
            return problem(check, f"nobody is told when something fails: VERISURE_NOTIFY {lack}", RESTART)
        for url in targets:
            apprise_target(url)
    except ConfigError as error:
        return problem(check, "; ".join(map(str, error.problems)), "mend that; the program does not start before")
    except Hindered:
        return skipped(check, SEE_FOLDER)
    if not targets:
        return skipped(check, "nobody is told when something fails: VERISURE_NOTIFY is not set")
    return ok(check, f"{len(targets)} target(s); try them with `emulator notify --test`")
