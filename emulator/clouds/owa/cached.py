"""Whether the state that the cloud has cached is news, or from before what was commanded. Pure.

Facts: verisure-owa.md §4.1.
"""

from dataclasses import dataclass, replace

LAG_S = 180.0
"""The cached state follows the panel with a delay that nobody has measured. For this long after a command, a state that
has not moved since before it, or that an earlier command led to, is taken for old news."""

Seen = tuple[str, str]
"""A letter, and when the cloud says that it came."""


@dataclass(frozen=True, slots=True)
class _Wait:
    """For the state after a command: sent at `since`, when the cache held `old`.

    `owed` are the letters that earlier commands led to and the cache has not shown yet, empty where nobody knows which.
    `told` is what the panel itself has said since, and `doubted` what the cache has shown that contradicts it.
    """

    since: float = float("-inf")
    old: Seen | None = None
    owed: tuple[str, ...] = ()
    told: str = ""
    doubted: Seen | None = None


class Cached:
    """What the cache has shown, and what it may show yet of the time before the last command; owned by one thread."""

    def __init__(self) -> None:
        self._wait = self._before = _Wait()
        self.seen: Seen | None = None

    def commanded(self, letter: str, now: float) -> None:
        """A command is sent to a panel that stands at `letter`, empty where nobody knows."""
        self._before = self._wait
        waiting = now - self._wait.since < LAG_S
        owed = (*self._wait.owed, "" if self.seen and self.seen[0] == letter else letter) if waiting else ()
        self._wait = _Wait(now, self.seen, owed)

    def told(self, letter: str, now: float) -> None:
        """The panel itself has said where it stands, after a command or because it was asked."""
        doubted = self._wait.doubted
        if doubted and doubted[0] == letter:
            self.seen, self._wait = doubted, _Wait()  # it has caught up
        else:
            old = doubted or self._wait.old or self.seen
            self._wait = replace(self._wait, since=now, old=old, told=letter, doubted=None)

    def doubts(self, seen: Seen) -> bool:
        """Whether this contradicts what the panel said, so that only the panel can tell which of them is older.

        Perhaps a keypad was used before the command, and nobody has seen that yet; perhaps after it.
        """
        return seen == self._wait.doubted

    def nothing_done(self) -> None:
        """That command was not carried out."""
        if not self._wait.told:
            self._wait = self._before

    def is_news(self, seen: Seen, now: float) -> bool:
        """Whether this is the panel's state, as far as can be told."""
        wait = self._wait
        if now - wait.since < LAG_S:
            if seen == wait.old:
                return False
            passed = next((at for at, letter in enumerate(wait.owed) if letter in ("", seen[0])), None)
            if passed is not None:
                self.seen, self._wait = seen, replace(wait, old=seen, owed=wait.owed[passed + 1 :])
                return False
            if wait.told and seen[0] != wait.told:
                self._wait = replace(wait, doubted=seen)
                return False
        self.seen, self._wait = seen, _Wait()
        return True
