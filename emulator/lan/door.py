"""The life of a door that looks at the interfaces: opened, then looked after by a thread of its own, then closed."""

import logging
import threading
from collections.abc import Callable

LOG = logging.getLogger(__name__)

LOOK_S = 5.0
"""Between looks at the interfaces, and between attempts at a port that was taken."""

LEAVE_S = 2.0
"""For the thread to go; it may be waiting for an address that does not answer, and the whole stop takes 5 s at most."""


class Life:
    """From start to stop, both of which may be repeated and called from any thread.

    `opening` and `closing` run on the caller's thread, each `look` on the thread `name`. `start` waits for the first
    look, `first_look_s` at most.
    """

    def __init__(
        self,
        name: str,
        *,
        opening: Callable[[], object],
        look: Callable[[], object],
        closing: Callable[[], object],
        look_s: float = LOOK_S,
        first_look_s: float | None = None,
    ) -> None:
        self._name = name
        self._opening = opening
        self._look = look
        self._closing = closing
        self._look_s = look_s
        self._first_look_s = first_look_s
        self._lock = threading.Lock()
        self._looked = threading.Event()
        self._wake = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Open, and return after the first look; what fails then is tried again."""
        with self._lock:
            if self._thread:
                return
            self._wake.clear()
            self._looked.clear()
            self._stopping = False
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._opening()
            self._thread.start()
            self._looked.wait(self._first_look_s)

    def stop(self) -> None:
        """Close; the thread has ended before."""
        with self._lock:
            thread, self._thread = self._thread, None
            if thread is None:
                return
            self._stopping = True
            self._wake.set()
            if thread.ident is not None:  # where no further thread could be started it has none
                thread.join(LEAVE_S)
            self._closing()

    @property
    def is_stopping(self) -> bool:
        """True from `stop` on; what a look that outlasts it opens is closed by nobody else."""
        return self._stopping

    def hurry(self) -> None:
        """Let the next look come at once."""
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.clear()
            # After that: a stop that comes meanwhile wakes the wait.
            if self._stopping:
                return
            self._look_once()
            self._looked.set()
            self._wake.wait(self._look_s)

    def _look_once(self) -> None:
        try:
            self._look()
        except Exception:  # the door outlives whatever an interface does; the next look is another chance
            LOG.exception("%s: a look failed; the next one is another chance", self._name)
