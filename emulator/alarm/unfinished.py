"""What an alarm's thread has not finished: ends to write down, and commands to settle."""

import logging
from collections import deque
from collections.abc import Callable

from emulator.errors import EmulatorError

LOG = logging.getLogger(__name__)

SETTLE_S, SETTLE_LIMIT_S = 10.0, 3600.0
"""After an unconfirmed command the panel is asked at once; one that does not tell, after this long, and twice that …"""


class Records:
    """Writes to the journal that must not end the thread: those that fail are logged, and some written later."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._unwritten: deque[Callable[[], None]] = deque()

    def write(self, write: Callable[[], None], *, again: bool = False) -> None:
        """Write now, or with `again` as soon as that is possible."""
        try:
            write()
        except EmulatorError as error:
            LOG.error("%s: %s", self._name, error)
            if again:
                # As many as commands were begun; none is begun that cannot be written down.
                self._unwritten.append(write)

    def catch_up(self) -> None:
        """Write down what could not be written when it was time."""
        while self._unwritten:
            try:
                self._unwritten[0]()
            except EmulatorError:
                return
            self._unwritten.popleft()


class Unsettled:
    """Commands that ended unconfirmed, by their numbers in the journal, and when the panel is asked about them next."""

    def __init__(self, entries: list[int], now: float, lag_s: float) -> None:
        self._entries = entries
        self._pause_s = SETTLE_S
        self.at = now
        self.may_have_armed = bool(entries)
        """Whether one of them was an arm: then another mode may be on than the last state says."""
        self.believable_at = now + lag_s if entries else now
        """Whatever the cloud shows by itself may be older than those that an earlier run of the program left."""

    def __bool__(self) -> bool:
        return bool(self._entries)

    @property
    def last(self) -> int | None:
        """The newest of them: what they may have done is laid at its door."""
        return self._entries[-1] if self._entries else None

    def add(self, entry: int, now: float, *, armed: bool) -> None:
        """One more, which the panel is to be asked about at once (monotonic seconds, as everywhere here)."""
        self._entries.append(entry)
        self.may_have_armed |= armed
        self.at, self._pause_s = now, SETTLE_S

    def asked(self, now: float) -> None:
        """The panel is being asked; said before it is known whether it answers, or a silent one were woken often."""
        self.at = now + self._pause_s
        self._pause_s = min(self._pause_s * 2, SETTLE_LIMIT_S)

    def take(self) -> list[int]:
        """All of them; they are settled."""
        taken, self._entries, self.may_have_armed = self._entries, [], False
        return taken
