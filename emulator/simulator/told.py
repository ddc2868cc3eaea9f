"""The activity log as a face tells it: after the faults, and by the clock of the cloud. Pure."""

from collections.abc import Iterable
from dataclasses import replace

from emulator.simulator.backend import Backend
from emulator.simulator.panel.activity import UNKNOWN_TYPE, ActivityRow

HUGE = "<script>alert(1)</script> {n} %s \x1b[31m \u202e" + "x" * 100_000
"""A text that is too long, and that no reader may take for anything but text."""


def told(backend: Backend, request: str, rows: Iterable[ActivityRow], clock_off_s: float) -> list[ActivityRow]:
    """Return the rows, newest first, as the answer to a request has them; `clock_off_s` is how fast the clock is."""
    found = [replace(row, at=row.at + clock_off_s) for row in rows]
    faults = backend.faults
    if faults.strike("empty_log", request):
        return []
    if faults.strike("log_gap", request):
        found = found[1::2]
    if faults.strike("log_order", request):
        found = found[1::2] + found[::2]
    if found and faults.strike("log_unknown", request):
        found[0] = replace(found[0], type=UNKNOWN_TYPE, label="unknown")
    if found and faults.strike("log_huge", request):
        found[0] = replace(found[0], said=HUGE, zone=HUGE, user=HUGE if found[0].user else "")
    return found
