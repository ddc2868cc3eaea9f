"""The row of a simulated alarm, which speaks ws.do."""

from emulator.clouds import Polling
from emulator.clouds.wsdo import provider

POLL_EVERY_S = 5.0
"""Interval of polls: a simulated alarm bears any, and this shows its changes soon."""

SPACING_S = 0.5
"""Least time between two requests: our own simulated alarm lets this program and a typed command through together."""

ROW = provider.ROW._replace(title="", polling=Polling(POLL_EVERY_S, 0.0, SPACING_S, activity_s=0.0), simulated=True)
