"""Watch over what cannot report by itself: alarms whose thread hangs, the state folder, and gaps in time."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from emulator.clock import Clock, Moment, boottime
from emulator.errors import EmulatorError
from emulator.store.journal import Journal

LOG = logging.getLogger(__name__)

BEAT_S = 5.0
"""Interval of the checks: people see nothing older, and a check costs next to nothing."""

GAP_S = 10.0
"""Excess over a beat from which the process was stopped or the machine slept, rather than was busy."""

PROBE_S, PROBE_AGAIN_S = 600.0, 30.0
"""Time after the last write until the state folder is probed by a tiny one: polls write every minute or two, and a
memory card wears out. A failed probe wears nothing, and is repeated sooner."""

BACKLOG_S = 2.0
"""After a gap: a request that arrives may have waited in a socket all the while."""

_PROBE = "tried to write"
"""Name of the journal's note that a probe writes."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Time in which this process did not run. The monotonic clock has counted `stopped_s`, but not `slept_s`."""

    stopped_s: float
    slept_s: float

    def __str__(self) -> str:
        if self.slept_s >= GAP_S:
            return f"this machine slept for {self.slept_s:.0f} s, or its clock was set forward"
        return f"this program was stopped for {self.stopped_s:.0f} s, or the machine was too busy to run it"


class Heartbeat:
    """Measures at each beat the time since the last one, by every clock there is."""

    def __init__(self, clock: Clock, boot: Callable[[], float] = boottime) -> None:
        self._clocks = (clock.monotonic, boot, clock.time)
        self._last = self._read()
        self._gap_ended = float("-inf")

    def _read(self) -> tuple[float, ...]:
        return tuple(read() for read in self._clocks)

    def beat(self) -> Gap | None:
        """Return the gap since the last beat, if there was one."""
        now = self._read()
        gap = _between(self._last, now)
        if gap:
            # Before the beat itself: there is no moment in which `skipped_since` knows of neither.
            self._gap_ended = now[0]
        self._last = now
        return gap

    def skipped_since(self, asked: Moment) -> bool:
        """Return whether a gap came after `asked`, or ended so shortly before that the request waited in a socket.

        Any thread may call it, even before the first beat after the gap.
        """
        return asked.monotonic < self._gap_ended + BACKLOG_S or _between(self._last, self._read()) is not None


def _between(last: tuple[float, ...], now: tuple[float, ...]) -> Gap | None:
    counted_s, *others = (after - before for after, before in zip(now, last, strict=True))
    # A virtual machine that was paused shows by the time of day alone, once that is corrected.
    gap = Gap(max(0.0, counted_s - BEAT_S), max(0.0, max(others) - counted_s))
    return gap if max(gap.stopped_s, gap.slept_s) >= GAP_S else None


class StateFolder:
    """Probes the state folder after a long time without writes, or after a failed one."""

    def __init__(self, journal: Journal, clock: Clock, changed: Callable[[], None]) -> None:
        self._journal = journal
        self._clock = clock
        self._changed = changed
        self._trouble = ""
        self._writes = -1
        self._at = float("-inf")

    def look(self) -> None:
        """Probe if it is time; notify subscribers and log when the folder has failed or recovered."""
        now, trouble = self._clock.monotonic(), self._journal.trouble
        if self._journal.writes != self._writes:
            self._writes, self._at = self._journal.writes, now
        vanished = self._journal.is_gone and not trouble
        if vanished or now - self._at >= (PROBE_AGAIN_S if trouble else PROBE_S):
            self._at = now
            try:
                self._journal.note(_PROBE, f"{self._clock.time():.0f}")
            except EmulatorError:
                LOG.debug("the state folder still refuses writes")
            self._writes, trouble = self._journal.writes, self._journal.trouble
        if bool(trouble) != bool(self._trouble):
            if trouble:
                LOG.error("%s; no command is taken until that is mended", trouble)
            else:
                LOG.info("the journal can be written again")
            self._changed()
        self._trouble = trouble


class Watch:
    """Beats on a thread of its own from `start` until the clock stops; calls `looks` each time, `gaps` after a gap."""

    def __init__(
        self,
        clock: Clock,
        looks: Sequence[Callable[[], None]],
        gaps: Sequence[Callable[[Gap], None]],
        heartbeat: Heartbeat | None = None,
    ) -> None:
        self._clock = clock
        self._looks = looks
        self._gaps = gaps
        self._heartbeat = heartbeat or Heartbeat(clock)
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Wait for the end; the clock must be stopping."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def beat(self) -> None:
        """Call every look once; one that fails does not keep the others from it."""
        if gap := self._heartbeat.beat():
            LOG.warning("%s: whatever was read before is read again", gap)
            for tell in self._gaps:
                self._attempt(partial(tell, gap))
        for look in self._looks:
            self._attempt(look)

    def _attempt(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception:
            # Nothing may end this thread: nothing else would report these troubles.
            LOG.exception("a defect of this program; going on")

    def _run(self) -> None:
        while self._clock.sleep(BEAT_S):
            self.beat()
