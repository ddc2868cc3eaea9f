"""The activity log of one alarm: when it is read, what of it people are notified of, and whether the alarm goes off."""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from emulator.alarm.cloud import Cloud
from emulator.alarm.pending import PendingCommands
from emulator.alarm.unfinished import Records
from emulator.errors import EmulatorError
from emulator.model import Axes, Interior, Notice
from emulator.model.activity import AlarmEvent, EventKind
from emulator.store import activity
from emulator.store.activity import LogMemory
from emulator.words import happened

LOG = logging.getLogger(__name__)

POLLS = 11
"""Least number of polls from one read of the log to the next while nothing changes, where it costs a request of its
own: with what a change costs, it stays below a tenth of the polls."""

BACKOFF_LIMIT_S, BACKOFF_DOUBLINGS = 6 * 3600.0, 10
"""Longest pause after a log that could not be read, and the most doublings on the way there."""

LATE_S = 86_400.0
"""Age of a row, when the log was read last, from which it is no news however new it is: it would have been there."""

NOTED_S = 3600.0
"""Longest time until it is written down that the log was read, where it brought nothing: memory cards wear out."""

DOUBTED_S = 600.0
"""Age of an alarm from which "off" ends it in any case: some clouds show late what the panel says, and the log not."""

MOST_TOLD = 5
"""Most notices of one kind from one read; the journal has the rest."""

NOTICES = {
    EventKind.ALARM: Notice.ALARM,
    EventKind.TAMPER: Notice.TAMPER,
    EventKind.MAINS_LOST: Notice.MAINS,
    EventKind.MAINS_BACK: Notice.MAINS,
}
"""Events that people hear of without having asked; of power cuts, see `_cuts`."""


@dataclass(eq=False)
class LogReader:
    """Reads the log of one alarm; only for its thread.

    `every_s` is the least time between two reads, 0 where the log comes with each poll, None where the cloud has none.
    """

    records: Records
    commands: PendingCommands
    every_s: float | None
    poll_every_s: float

    def __post_init__(self) -> None:
        self._memory = LogMemory.load(self.records.journal, self.records.name)
        self._noted = self._memory
        self._seen: dict[str, float] = {}
        self._due_at = -math.inf
        self._failures = 0
        self._moved = False
        self._doubted_until = -math.inf
        self._show()

    def saw(self, axes: Axes, *, ours: bool) -> None:
        """Take note of where the panel stands; `ours` if a command of ours led there, which is not shown late."""
        if ours or not _is_off(axes):
            self._doubted_until = -math.inf
        if self._memory.alarm_at is not None and self._believes_off(axes):
            self._memory = replace(self._memory, alarm_at=None)
            self._note()
            self._show()

    def polled(self, cloud: Cloud, *, moved: bool) -> None:
        """Read the log after a poll, if it is time, or `moved` says that the panel stands elsewhere than before.

        A command that waits goes first.
        """
        self._moved |= moved
        if self.every_s is None or self.commands.queue:
            return
        if self.commands.now().monotonic >= self._due_at or (self._moved and not self._failures):
            self.read(cloud)

    def read(self, cloud: Cloud) -> None:
        """Read the log. That it fails is no failure of the alarm: it is tried again, ever more rarely."""
        self._moved = False
        now = self.commands.now().monotonic
        usual_s = max(self.every_s or 0.0, POLLS * self.poll_every_s if self.every_s else 0.0)
        try:
            self._take(cloud.activity())
        except Exception as error:
            pause_s = max(usual_s, self.poll_every_s) * 2.0 ** min(self._failures, BACKOFF_DOUBLINGS)
            self._due_at = now + min(pause_s, BACKOFF_LIMIT_S)
            if not isinstance(error, EmulatorError):
                LOG.exception("%s: reading its activity log ended in a defect of this program", self.records.name)
            elif not self._failures:
                LOG.info("%s: its activity log cannot be read: %s", self.records.name, error)
            self._failures += 1
        else:
            self._due_at, self._failures = now + usual_s, 0

    def _take(self, rows: Sequence[AlarmEvent]) -> None:
        """Keep what is new of rows, newest first, and notify people: each once, and nothing of the first read."""
        name, journal, now = self.records.name, self.records.journal, self.records.clock.time()
        # An answer may have a row twice.
        found = {event.key: event for event in reversed(rows)}
        unknown = found.keys() - self._seen.keys()
        old = self._seen | (activity.known(journal, name, unknown) if unknown else {})
        # A row keeps its first time: one that cannot be read is always now, and one of the hour that a clock set back
        # repeats may be read as the other.
        timed = [replace(event, at=old.get(key, min(event.at, now))) for key, event in found.items()]
        events = sorted(timed, key=lambda one: one.at)
        fresh = [event for event in events if event.key not in old]
        since, self._seen = self._memory.read_at, {event.key: event.at for event in events}
        if fresh:
            kept = [found[event.key] for event in fresh]
            self.records.write(lambda: activity.keep(journal, name, kept, now), again=True)
        news = [] if since is None else [event for event in fresh if event.at >= min(since, now) - LATE_S]
        cuts, lost_at = _cuts(news, self._memory.lost_at)
        self._memory = LogMemory(now, self._alarm(events, news), lost_at)
        self._note()
        self._show()
        for kind, notice in NOTICES.items():
            of_kind = [one for one in news if one.kind is kind]
            for event in [one for one in of_kind if notice is not Notice.MAINS or one.key in cuts][-MOST_TOLD:]:
                LOG.warning("%s: its activity log tells of: %s", name, kind)
                self.records.tell(notice, happened.sentence(event, now, cuts.get(event.key, now)))

    def _alarm(self, events: list[AlarmEvent], news: list[AlarmEvent]) -> float | None:
        """Return when the alarm went off that goes on, by events, oldest first; None if there is none.

        Only an alarm of the news is one: the first read may be of any age. An unknown state of the panel ends none, nor
        does "off" for a while where the log says that it was armed before.
        """
        armed = False
        alarm_at = self._memory.alarm_at
        later = [event for event in events if event.at > (alarm_at or math.inf)]
        for place, event in enumerate(events):
            if event.kind in (EventKind.ARMED, EventKind.DISARMED):
                armed = event.kind is EventKind.ARMED
            if event.kind is EventKind.ALARM and event in news:
                alarm_at, later = event.at, events[place:]
                self._doubted_until = alarm_at + DOUBTED_S if armed else -math.inf
        over = self._believes_off(self.commands.view.axes) or any(map(_is_end, later))
        return None if over else alarm_at

    def _believes_off(self, axes: Axes) -> bool:
        return _is_off(axes) and self.records.clock.time() >= self._doubted_until

    def _show(self) -> None:
        self.commands.trigger(self._memory.alarm_at)

    def _note(self) -> None:
        """Write the memory down where it matters."""
        last = self._noted.read_at or -math.inf
        is_old = not last <= (self._memory.read_at or 0.0) < last + NOTED_S
        if is_old or replace(self._memory, read_at=last) != replace(self._noted, read_at=last):
            self._noted = memory = self._memory
            self.records.write(lambda: memory.save(self.records.journal, self.records.name), again=True)


def _is_off(axes: Axes) -> bool:
    """Return whether the panel has said that nothing is on."""
    return axes.interior is Interior.OFF and axes.perimeter is False and axes.annex is not True


def _is_end(event: AlarmEvent) -> bool:
    """Return whether an alarm does not go on after this; a part that is disarmed may leave another on that rings."""
    return event.kind is EventKind.RESOLVED or (event.kind is EventKind.DISARMED and not event.part)


def _cuts(news: list[AlarmEvent], lost_at: float | None) -> tuple[dict[str, float], float | None]:
    """Return when the power went, by the event to tell of it, and since when it has been gone; news oldest first.

    A loss is told unless the return is known as well; a return where the loss was told or comes with it.
    """
    cuts: dict[str, float] = {}
    for event in news:
        if event.kind is EventKind.MAINS_LOST:
            lost_at = event.at
        elif event.kind is EventKind.MAINS_BACK and lost_at is not None:
            cuts[event.key], lost_at = lost_at, None
    return cuts | {one.key: one.at for one in news if one.kind is EventKind.MAINS_LOST and one.at == lost_at}, lost_at
