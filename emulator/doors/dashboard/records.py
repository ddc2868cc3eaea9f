"""The journal as a page of its own, filtered by alarm, person and outcome, and as a table to take along (CSV)."""

import csv
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice

from flask import Blueprint, Response, render_template, request

from emulator.doors.dashboard.openapi import LARGEST_ID
from emulator.doors.dashboard.overview import Overview
from emulator.lan import turns
from emulator.model import Result
from emulator.store import activity
from emulator.store.activity import LoggedEvent
from emulator.store.journal import Entry, Journal
from emulator.system import output
from emulator.views import events, lookup, seen
from emulator.words.speech import spoken_in
from emulator.words.text import Text

ROWS, CSV_ROWS = 50, 5000
"""Rows of a page, and of a table: a busy house asks for fewer in a year."""

LOGGED = 500
"""Most rows of the alarms' own logs on a page, between its commands."""

READ_AT_ONCE = 250
"""Entries that are read at once while those wanted are looked for; between them, others have a turn."""

FILTER_LIMIT = 200
"""Characters of a filter; the longest real one is an alarm's name."""

FORMULA = re.compile(r"(^|;\s*|[\t\r\n])(?=[=+@\t\r-])")
"""Begins of a cell that a spreadsheet would carry out. Where commas part decimals, Excel parts cells at semicolons."""

HEAD = (Text("Time"), Text("Alarm"), Text("Command"), Text("Asked by"), Text("Outcome"), Text("Why"), Text("Times"))


def find(journal: Journal, wanted: lookup.JournalFilter) -> Iterator[Entry]:
    """Yield the wanted entries, newest first."""
    before = _below(journal, wanted, wanted.before)
    while before and (entries := journal.commands(READ_AT_ONCE, before)):
        yield from filter(wanted.fits, entries)
        before = _below(journal, wanted, entries[-1].id)
        with turns.WEB.pass_on():
            pass


def _below(journal: Journal, wanted: lookup.JournalFilter, before: int | None) -> int:
    """Return a number just above the next entry that may be wanted, 0 if there is none; any peer may look for none."""
    results = [one for one in ("", *Result) if wanted.has_outcome(one or None)]
    query = (
        "SELECT max(id) FROM commands WHERE (? IS NULL OR id < ?) AND ? IN ('', door, peer) "  # noqa: S608  # question marks
        f"AND (? = '' OR coalesce(result, '') IN ({', '.join('?' * len(results))}))"
    )
    [(newest,)] = journal.rows(query, before, before, wanted.who, wanted.outcome, *results)
    return int(newest or -1) + 1


def blueprint(overview: Overview) -> Blueprint:
    """Build the page and the table."""
    records = Blueprint("records", __name__, template_folder="templates")

    @records.get("/journal")
    def show() -> str:
        wanted, journal = _wanted(), overview.journal
        found = list(islice(find(journal, wanted), ROWS + 1))
        shown, older = found[:ROWS], found[ROWS - 1].id if len(found) > ROWS else None
        rows = [(entry.installation, events.event(entry, overview.named)) for entry in shown]
        rows += seen.others(_logged(overview, wanted, shown[-1].at if older else -math.inf))
        return render_template(
            "journal.html",
            wanted=wanted,
            events=sorted(rows, key=lambda row: row[1].at, reverse=True),
            older=replace(wanted, before=older) if older else None,
            alarms=[(name, name) for name in overview.hub.installations],
            people=lookup.people(journal.commands(READ_AT_ONCE), wanted.who, overview.named),
            outcomes=lookup.OUTCOMES,
        )

    @records.get("/journal.csv")
    def table() -> Response:
        found = islice(find(overview.journal, _wanted()), CSV_ROWS)
        headers = {"Content-Disposition": 'attachment; filename="alarm-journal.csv"'}
        return Response(_csv(found, overview.named), content_type="text/csv; charset=utf-8", headers=headers)

    return records


def _logged(overview: Overview, wanted: lookup.JournalFilter, since: float) -> list[LoggedEvent]:
    """Return what the alarms' own logs have between the entries of a page; nothing if only some commands are wanted."""
    if wanted.who or wanted.outcome or wanted.alarm not in ("", *overview.hub.installations):
        return []
    before = overview.journal.commands(1, min(wanted.before, LARGEST_ID - 1) + 1) if wanted.before else []
    found = activity.events(overview.journal, wanted.alarm or None, LOGGED, since=since)
    return [one for one in found if not before or one.at < before[0].at]


def _wanted() -> lookup.JournalFilter:
    asked = {name: request.args.get(name, "")[:FILTER_LIMIT] for name in ("alarm", "who", "outcome", "before")}
    before = asked.pop("before")
    is_number = before.isascii() and before.isdecimal() and 0 < int(before) <= LARGEST_ID
    return lookup.JournalFilter(**asked, before=int(before) if is_number else None)


def _csv(entries: Iterable[Entry], named: Callable[[str], str]) -> str:
    """Return the entries in the reader's language."""
    say, file = spoken_in().say, io.StringIO()
    rows = csv.writer(file)
    rows.writerow([say(title) for title in HEAD])
    for entry in entries:
        shown = events.event(replace(entry, times=1), named)
        said = (entry.installation, shown.what, shown.who, shown.result, shown.why)
        rows.writerow([output.iso(entry.at), *(_cell(say(text)) for text in said), entry.times])
    # Excel takes it for UTF-8 by this sign alone.
    return "\N{ZERO WIDTH NO-BREAK SPACE}" + file.getvalue()


def _cell(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: names come from strangers."""
    return FORMULA.sub(r"\1'", text)
