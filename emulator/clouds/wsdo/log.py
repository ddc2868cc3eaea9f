"""Events of the activity log (ACT_V2), each made once. Facts: verisure-wsdo.md §2.1 and §2.2."""

from collections.abc import Callable

from emulator.clouds import logged
from emulator.clouds.logged import LoggedRow
from emulator.clouds.wsdo.pet import LogRow
from emulator.model.activity import AlarmEvent, EventKind

KINDS = {**logged.KINDS, "24": EventKind.ALARM}
"""Clients of this API count 24 among the alarms; those of its successor call it tampering (§2.2)."""


TYPE_CHARS = 2
"""Length of the type of a device."""


class EventLog:
    """The events of one log, as of the last answer; owned by one thread.

    `user` is that of the account, and `told` frees a text of secrets, which takes its time on a small machine.
    """

    def __init__(self, user: str, told: Callable[[str], str]) -> None:
        self._user = user
        self._told = told
        self._events: dict[tuple[str, ...], AlarmEvent] = {}
        self.was_read = False

    def take(self, answer: tuple[LogRow, ...], now: float) -> None:
        """Take over the newest rows of an answer."""
        self.was_read = True
        known, some = self._events, sorted(answer, key=_time, reverse=True)[: logged.MOST_ROWS]
        self._events = {row.key: known.get(row.key) or self._event(row, now) for row in some}

    @property
    def events(self) -> tuple[AlarmEvent, ...]:
        """The events, newest first."""
        return logged.newest(self._events.values())

    def _event(self, row: LogRow, now: float) -> AlarmEvent:
        def text(name: str) -> str:
            return self._told(row.attributes.get(name, "")).strip()

        user, device = text("myverisureUser") or text("user"), text("device")
        # Two letters are the type of a device, and more of them its name.
        is_type = len(device) <= TYPE_CHARS
        return logged.event(
            LoggedRow(
                row.key,
                row.type,
                _time(row),  # as it is: an ID of ours, which is struck, has a time in it
                text("alias"),
                text("source"),
                device=device if is_type else "",
                zone="" if is_type else device,
                user=user,
            ),
            self._told(self._user),  # struck like the row's, where the password is the same word
            now,
            KINDS,
        )


def _time(row: LogRow) -> str:
    return row.attributes.get("time", "")
