"""Watch over what cannot report by itself: alarms whose thread hangs, the state folder, and gaps in time."""

import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial

from emulator.clock import BEAT_S, Clock, Gap, Heartbeat
from emulator.errors import EmulatorError
from emulator.store.journal import Journal

LOG = logging.getLogger(__name__)

PROBE_S, PROBE_AGAIN_S = 600.0, 30.0
"""Time after the last write until the state folder is probed by a tiny one: polls write every minute or two, and a
memory card wears out. A failed probe wears nothing, and is repeated sooner."""

_PROBE = "tried to write"
"""Name of the journal's note that a probe writes."""


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
