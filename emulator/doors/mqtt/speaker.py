"""Publish what has changed, and announce the alarms to Home Assistant."""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future

from emulator.alarm.hub import Switch
from emulator.doors import DoorContext
from emulator.doors.mqtt import discovery, messages
from emulator.doors.mqtt.kept import Kept
from emulator.doors.mqtt.link import NOT_AUTHORIZED, Link
from emulator.doors.mqtt.settings import MqttSettings
from emulator.doors.mqtt.topics import OFFLINE, ONLINE, Topics
from emulator.model import ArmMode
from emulator.store import history
from emulator.store.journal import Entry, newest_ended

LOG = logging.getLogger(__name__)

LOOKED_THROUGH = 100
"""Journal entries that are searched for the last command of each alarm, and for news."""

OLD_NEWS_S = 600.0
"""Age of an outcome that is not told any more when the broker comes back."""

SUMMARY_S = 300.0
"""Longest time between two summaries; they carry the time of the last reading, which moves every minute or two."""


class Speaker:
    """The messages of this program. Not locked: the door's thread calls it, but for `repeat`."""

    def __init__(
        self,
        context: DoorContext,
        topics: Topics,
        settings: MqttSettings,
        switches: Sequence[Switch],
        arms: Mapping[str, Mapping[str, ArmMode]],
        broker: str,
    ) -> None:
        self._context = context
        self._topics = topics
        self._settings = settings
        self._switches = switches
        self._arms = arms
        self._broker = broker
        self._link: Link | None = None
        self._said: dict[str, str] = {}
        self._told: dict[tuple[int, int], None] | None = None
        self._summary: Mapping[str, object] = {}
        self._summary_at = 0.0
        self._greeting: Future[int] | None = None

    @property
    def is_denied(self) -> bool:
        """True if the broker does not let us publish our status."""
        return bool(self._greeting and self._greeting.done() and self._greeting.result() == NOT_AUTHORIZED)

    def begin(self, link: Link) -> None:
        """Announce the alarms and say everything; what is there no more is taken back."""
        self._link = link
        self.forget()
        kept = Kept.load(self._context.journal, self._broker)
        announced = self._announcements(kept) if self._settings.discovery else {}
        for topic, found in announced.items():
            self._say(topic, messages.text(found))
        self.speak()
        for topic in kept.save(self._context.journal, {*self._said, self._topics.status}):
            link.publish(topic, "", retain=True)
        # Last: whoever is told that we are there finds everything else in place.
        self._greeting = link.ask(self._topics.status, ONLINE, retain=True)

    def end(self) -> None:
        """Say that the program leaves, if there is still a connection."""
        if self._link:
            self._link.publish(self._topics.status, OFFLINE, retain=True)
        self._link = None

    def lost(self) -> None:
        """Note that the connection has gone; what happens until the next one is told then."""
        self._link = None

    def forget(self) -> None:
        """Let everything be said again."""
        self._said = {}
        self._summary_at = float("-inf")

    def repeat(self, topic: str) -> None:
        """Let a state be said again, for a client that believes that its command was obeyed. For any thread."""
        self._said.pop(topic, None)

    def speak(self) -> None:
        """Publish what has changed."""
        journal, hub = self._context.journal, self._context.hub
        last: dict[str, Entry | None] = {}
        entries = journal.commands(LOOKED_THROUGH, quiet=False)
        for name in self._arms:
            last[name] = newest_ended(entries, name)
            view, health, changed = hub.view(name), hub.health(name), history.last_change(journal, name)
            for topic, payload in messages.of_alarm(self._topics, name, view, health, changed, last[name]).items():
                self._say(topic, payload)
        for topic, payload in messages.of_switches(self._topics, hub, self._switches).items():
            self._say(topic, payload)
        self._say_summary(last)
        self._tell_events()

    def _announcements(self, kept: Kept) -> dict[str, discovery.Component]:
        found: dict[str, discovery.Component] = {}
        for name, commands in self._arms.items():
            mine = [switch for switch in self._switches if switch.installation == name]
            entities = discovery.components(self._topics, name, commands, mine, arm_code=self._settings.arm_code)
            if self._settings.per_entity:
                found |= discovery.by_entity(self._topics, name, entities)
            else:
                platforms = {key: str(entity["platform"]) for key, entity in entities.items()}
                gone = kept.gone(self._topics.device(name), platforms)
                found |= discovery.by_device(self._topics, name, entities, gone)
        return found

    def _say_summary(self, last: Mapping[str, Entry | None]) -> None:
        hub, now = self._context.hub, self._context.clock.monotonic()
        obstacles = [obstacle for door in self._context.opened.values() for obstacle in door.obstacles()]
        trouble = [*filter(None, [self._context.journal.trouble]), *dict.fromkeys(obstacles)]
        found = messages.summary(hub, list(self._arms), last, trouble)
        if _timeless(found) != self._summary or now - self._summary_at >= SUMMARY_S:
            self._summary, self._summary_at = _timeless(found), now
            self._say(self._topics.summary, messages.text(found))

    def _tell_events(self) -> None:
        now = self._context.clock.time()
        ended = [entry for entry in self._context.journal.commands(LOOKED_THROUGH) if entry.ended_at and entry.result]
        news = {(entry.id, entry.times): entry for entry in ended if entry.installation in self._arms}
        for key, entry in reversed(news.items()):
            is_new = self._told is not None and key not in self._told
            if is_new and self._link and now - (entry.ended_at or now) < OLD_NEWS_S:
                self._link.publish(self._topics.alarm(entry.installation, "event"), messages.event(entry), retain=False)
        if self._link or self._told is None:
            self._told = dict.fromkeys(news)

    def _say(self, topic: str, payload: str) -> None:
        if self._link and self._said.get(topic) != payload:
            self._said[topic] = payload
            self._link.publish(topic, payload, retain=True)


def _timeless(found: Mapping[str, object]) -> Mapping[str, object]:
    """Return a summary without the times of readings."""
    alarms = found["installations"]
    assert isinstance(alarms, list)  # noqa: S101  # made in messages.py
    return {**found, "installations": [{**alarm, "read_at": None} for alarm in alarms]}
