"""Judgement of the state that the cloud has cached: news, or from before the last command. Pure.

Facts: verisure-owa.md §4.1.
"""

from dataclasses import dataclass, replace

LAG_S = 180.0
"""Longest delay of the cached state behind the panel, a guess since it is not known. For so long after a command, a
state that has not changed since before it, or that an earlier command led to, counts as old."""

Seen = tuple[str, str]
"""A letter, and its time by the cloud."""


@dataclass(frozen=True, slots=True)
class _Wait:
    """Wait for the state after a command that was sent at `since`, when the cache held `old`.

    `owed` are the letters that earlier commands led to and the cache has not shown yet, "" for an unknown one. `told`
    is the letter by the panel itself since then, and `doubted` a state in the cache that contradicts it.
    """

    since: float = float("-inf")
    old: Seen | None = None
    owed: tuple[str, ...] = ()
    told: str = ""
    doubted: Seen | None = None


class Cached:
    """The states that the cache has shown, and may yet show from before the last command; owned by one thread."""

    def __init__(self) -> None:
        self._wait = self._before = _Wait()
        self.seen: Seen | None = None

    def commanded(self, letter: str, now: float) -> None:
        """Note a command to a panel whose state is `letter`, empty if unknown."""
        self._before = self._wait
        waiting = now - self._wait.since < LAG_S
        owed = (*self._wait.owed, "" if self.seen and self.seen[0] == letter else letter) if waiting else ()
        self._wait = _Wait(now, self.seen, owed)

    def told(self, letter: str, now: float) -> None:
        """Note the state by the panel itself, after a command or because it was asked."""
        doubted = self._wait.doubted
        if doubted and doubted[0] == letter:
            self.seen, self._wait = doubted, _Wait()  # it has caught up
        else:
            old = doubted or self._wait.old or self.seen
            self._wait = replace(self._wait, since=now, old=old, told=letter, doubted=None)

    def doubts(self, seen: Seen) -> bool:
        """Return whether this contradicts the panel's word, so that only the panel can tell which of them is older.

        A keypad may have been used before the command, and the cache shows that only now; or after the command.
        """
        return seen == self._wait.doubted

    def nothing_done(self) -> None:
        """Note that the last command was not carried out."""
        if not self._wait.told:
            self._wait = self._before

    def is_news(self, seen: Seen, now: float) -> bool:
        """Return whether this is the panel's state of now, as far as can be known."""
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
