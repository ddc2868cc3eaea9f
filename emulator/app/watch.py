"""Look at what cannot speak for itself: alarms whose thread hangs, the state folder, and time that was missed."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from emulator.clock import Clock, boottime
from emulator.errors import EmulatorError
from emulator.model import Moment
from emulator.store.journal import Journal

LOG = logging.getLogger(__name__)

BEAT_S = 5.0
"""Between looks: what people see is never older, and a look costs next to nothing."""

GAP_S = 10.0
"""So much more than a beat is no busy machine, but a process that was stopped, or a machine that slept."""

PROBE_S, PROBE_AGAIN_S = 600.0, 30.0
"""How long after the last write the state folder is tried by a tiny one: polls write every minute or two, and a memory
card wears out. One that failed wears nothing, and is repeated sooner."""

BACKLOG_S = 2.0
"""After a gap, in which what comes in may have waited in a socket all the while."""

_PROBE = "tried to write"
"""The journal's note that a probe writes."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Time in which this process did not run. The monotonic clock has counted `stopped_s`, and not `slept_s`."""

    stopped_s: float
    slept_s: float

    def __str__(self) -> str:
        if self.slept_s >= GAP_S:
            return f"this machine slept for {self.slept_s:.0f} s, or its clock was set forward"
        return f"this program was stopped for {self.stopped_s:.0f} s, or the machine was too busy to run it"


class Heartbeat:
    """Notices at each beat how much time has gone since the last one, by every clock there is."""

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
        """Tell whether there was a gap after `asked`, or ended so shortly before that this may have waited in a socket.

        For any thread, which may be asked before the first beat after the gap.
        """
        return asked.monotonic < self._gap_ended + BACKLOG_S or _between(self._last, self._read()) is not None


def _between(last: tuple[float, ...], now: tuple[float, ...]) -> Gap | None:
    counted_s, *others = (after - before for after, before in zip(now, last, strict=True))
    # A virtual machine that was paused shows by the time of day alone, once that is set right.
    gap = Gap(max(0.0, counted_s - BEAT_S), max(0.0, max(others) - counted_s))
    return gap if max(gap.stopped_s, gap.slept_s) >= GAP_S else None


class StateFolder:
    """Tries the state folder where nobody else has for long, or where the last write failed."""

    def __init__(self, journal: Journal, clock: Clock, changed: Callable[[], None]) -> None:
        self._journal = journal
        self._clock = clock
        self._changed = changed
        self._trouble = ""
        self._writes = -1
        self._at = float("-inf")

    def look(self) -> None:
        """Try a tiny write if it is time; tell subscribers and the log when what is said of the folder has changed."""
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
    """Beats on a thread of its own from `start` until the clock stops: `looks` each time, `gaps` after a gap."""

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
        """Look once; what fails keeps nothing else from being looked at."""
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
            # Nothing may end this thread: nobody else would tell what it tells.
            LOG.exception("a defect of this program; going on")

    def _run(self) -> None:
        while self._clock.sleep(BEAT_S):
            self.beat()
