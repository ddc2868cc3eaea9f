"""The gate of one account at the ws.do server: turns, silence, and the end of all logins after a refusal.

Facts: verisure-wsdo.md §4.
"""

import threading

from emulator.clouds.firewall import Bans, Barrier
from emulator.errors import CloudError


class Gate(Barrier):
    """Gate shared by all sessions of one account: they take turns, and after a refused login none of them tries again.

    A ban of the firewall stops them all, over restarts, as `bans` remembers it.

    Floods are counted by account, and accounts get locked after three wrong passwords; a household may have that many
    installations.
    """

    def __init__(self, spacing_s: float, bans: Bans) -> None:
        super().__init__()
        self._spacing_s = spacing_s
        self.bans = bans
        self.login = threading.Lock()
        self.refusal: CloudError | None = None
        self._next = float("-inf")

    def wait_s(self, now: float) -> float:
        """Take the next turn to send; return the seconds until then."""
        with self._lock:
            moment = max(now, self._next)
            self._next = moment + self._spacing_s
        return moment - now
