"""Judge since when a message that is read from a server may have waited behind others. Pure; not locked."""

import secrets
from collections.abc import Callable

from emulator.clock import Moment

IDLE_S = 0.5
"""Time without a message after which none waits in the socket: the next one is read at once."""

MARK_S = 5.0
"""Time without such a pause until a mark is sent: far below the age at which a disarm is dropped."""

LOST_S = 60.0
"""Time after which a mark that has not come back is lost: servers drop messages of a client that is too slow."""


class Arrivals:
    """Messages from one server, which come one after the other.

    Where they come without a pause, a mark tells how old they are: it is sent to ourselves by way of the server, which
    delivers in order, so that whatever comes after it was sent after it. Nobody can guess one.
    """

    def __init__(self, now: Moment, token: Callable[[], str] = secrets.token_hex) -> None:
        self._since = self._done = self._marked = now
        self._mark = ""
        self._token = token

    def since(self, now: Moment) -> Moment:
        """Return since when a message that is read now may have waited."""
        if self._done.age_s(now) >= IDLE_S:
            self._since = now
        return self._since

    def done(self, now: Moment) -> None:
        """Note that nothing more is done about a message: until now the next one may have waited for that."""
        self._done = now

    def mark(self, now: Moment) -> str:
        """Return the mark that is to be sent now; empty for none."""
        if self._since.age_s(now) < MARK_S or (self._mark and self._marked.age_s(now) < LOST_S):
            return ""
        self._mark, self._marked = self._token(), now
        return self._mark

    def is_mark(self, payload: bytes) -> bool:
        """Return whether a message is the mark, come back."""
        if not self._mark or payload != self._mark.encode():
            return False
        self._mark = ""
        if self._since.age_s(self._marked) > 0:
            self._since = self._marked
        return True
