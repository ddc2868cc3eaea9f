"""Checks of what doors depend on: libraries, and programs such as a broker. Each door knows how to try its own."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from emulator import doors
from emulator.doctor.case import Case
from emulator.doctor.finding import Finding, ok, problem, warning
from emulator.errors import ConfigError, EmulatorError
from emulator.store.journal import Journal


@contextmanager
def _journal(case: Case) -> Iterator[Journal | None]:
    """Open the journal, if there is one yet."""
    try:
        journal = Journal(case.state_dir, read_only=True)
    except EmulatorError:
        yield None
    else:
        with closing(journal):
            yield journal


def programs(case: Case) -> Iterator[Finding]:
    """Look for the libraries of each door, and try each program on which one depends."""
    for name, section in case.settings.doors.opened.items() if case.settings else ():
        row = doors.row(name)
        try:
            row.require(section)
            if row.probe is None:
                continue
            with _journal(case) as journal:
                troubles = list(row.probe(section, journal, case.state_dir))
        except ConfigError as error:
            yield problem(
                row.title, "; ".join(map(str, error.problems)), "mend that; the program does not start before"
            )
            continue
        for one in troubles:
            yield (warning if one.is_warning else problem)(row.title, one.found, one.fix)
        if not troubles:
            yield ok(row.title, "what it depends on answers as it should")
