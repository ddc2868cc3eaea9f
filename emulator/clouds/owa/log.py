"""The activity log. Facts: verisure-owa.md §8."""

from collections.abc import Mapping
from typing import Any

from emulator.clouds import logged, values
from emulator.clouds.logged import LoggedRow
from emulator.clouds.owa import operations
from emulator.clouds.owa.session import OwaSession
from emulator.model.activity import AlarmEvent

WINDOW, ROWS = "LASTMONTH", 40
"""Time filter, and number of rows: more than happens between two reads."""


def read(session: OwaSession, user: str, now: float) -> tuple[AlarmEvent, ...]:
    """Return the newest events, newest first; `user` is that of the account. Raises EmulatorError."""
    content = session.peek(operations.ACTIVITY, {"numRows": ROWS, "offset": 0, "timeFilter": WINDOW})
    found = values.items(content, "reg")[: logged.MOST_ROWS]
    return logged.newest(logged.event(_row(one), user, now) for one in found)


def _row(row: Mapping[str, Any]) -> LoggedRow:
    def text(name: str) -> str:
        return values.text(row, name)

    return LoggedRow(
        key=(text("idSignal"), text("time"), text("type"), text("device")),
        type=text("type"),
        time=text("time"),
        said=text("alias"),
        source=text("source"),
        interface=text("interface"),
        device=text("device"),
        zone=text("deviceName"),
        user=text("myVerisureUser"),
        tag=text("keyname"),
    )
