"""Checks of the targets of notifications. Nothing is sent: that is `emulator notify --test`."""

from emulator.app.targets import apprise_target
from emulator.config import credentials
from emulator.doctor.case import Case
from emulator.doctor.finding import Finding, ok, problem, skipped
from emulator.errors import ConfigError


def notifications(_case: Case) -> Finding:
    """Check that `emulator run` can notify: it does not start with a target that cannot be used."""
    check = "notifications"
    try:
        targets = credentials.targets()
        for url in targets:
            apprise_target(url)
    except ConfigError as error:
        return problem(check, "; ".join(map(str, error.problems)), "mend that; the program does not start before")
    if not targets:
        return skipped(check, "nobody is told when something fails: VERISURE_NOTIFY is not set")
    return ok(check, f"{len(targets)} target(s); try them with `emulator notify --test`")
