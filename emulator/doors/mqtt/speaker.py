"""Publish what has changed, and announce the alarms to Home Assistant."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from emulator.doors.mqtt import discovery, messages
from emulator.doors.mqtt.home import Home
from emulator.doors.mqtt.link import Link
from emulator.doors.mqtt.topics import CONFIG, OFFLINE, ONLINE
from emulator.store import history
from emulator.store.broker_memory import BrokerMemory
from emulator.store.journal import Entry

LOOKED_THROUGH = 100
"""Journal entries that are searched for the last command of each alarm, and for news."""

OLD_NEWS_S = 600.0
"""Age of an outcome that is not told any more when the broker comes back."""

SUMMARY_S = 300.0
"""Longest time between two summaries; they carry the time of the last reading, which moves every minute or two."""

READ_AT = re.compile(r'"read_at":"[^"]*",')
"""That time, in a summary."""


@dataclass(eq=False)
class Speaker:
    """The messages of this program. Not locked: the door's thread calls it, but for `repeat`."""

    home: Home

    def __post_init__(self) -> None:
        self._link: Link | None = None
        self._said: dict[str, str] = {}
        self._announced: Mapping[str, str] = {}
        self._told: dict[tuple[int, int], None] | None = None
        self._summary, self._summary_at = "", 0.0

    def begin(self, link: Link) -> None:
        """Announce the alarms and say everything; what is there no more is taken back."""
        self._link = link
        self.forget()
        kept = BrokerMemory.load(self.home.context.journal, str(self.home.broker))
        announced = self._announcements(kept) if self.home.settings.discovery else {}
        # First: an id that is still announced elsewhere is not taken a second time.
        for topic in [one for one in kept.topics if one.endswith(CONFIG) and one not in announced]:
            link.publish(topic, "", retain=True)
        self._announced = {topic: messages.text(found) for topic, found in announced.items()}
        self.speak()
        # Said once something has happened; a start after that must know of them, to take them back.
        later = {self.home.topics.alarm(name, leaf) for name in self.home.arms for leaf in ("changed", "outcome")}
        for topic in kept.save(self.home.context.journal, {*self._said, *later, self.home.topics.status}):
            link.publish(topic, "", retain=True)
        # Last: whoever is told that we are there finds everything else in place.
        link.publish(self.home.topics.status, ONLINE, retain=True, qos=1)

    def end(self) -> None:
        """Say that the program leaves; what happens from now on is told at the next connection."""
        if self._link:
            self._link.publish(self.home.topics.status, OFFLINE, retain=True)
        self._link = None

    def forget(self) -> None:
        """Let everything be said again.

        Announcements, too: Home Assistant clears that of a whole device when its user deletes one entity.
        """
        self._said = {}
        self._summary_at = float("-inf")

    def repeat(self, topic: str) -> None:
        """Let a state be said again, for a client that believes that its command was obeyed. For any thread."""
        self._said.pop(topic, None)

    def speak(self) -> None:
        """Publish what has changed."""
        journal, hub, topics = self.home.context.journal, self.home.context.hub, self.home.topics
        entries = self.home.context.names.commands(LOOKED_THROUGH, quiet=False)
        last = {name: history.newest_ended(entries, name) for name in self.home.arms}
        said = {**self._announced}
        for one in self.home.switches:
            shown = messages.SWITCH_WORDS[hub.state(one).on]
            said[topics.switch(one.installation, one.identity.serial, "state")] = shown
        for name in self.home.arms:
            view, health, changed = hub.view(name), hub.health(name), history.last_change(journal, name)
            said |= messages.of_alarm(topics, name, view, health, changed, last[name], self.home.say)
        for topic, payload in said.items():
            self._say(topic, payload)
        self._say_summary(last)
        self._tell_events()

    def _announcements(self, kept: BrokerMemory) -> dict[str, discovery.Component]:
        topics, settings, found = self.home.topics, self.home.settings, dict[str, discovery.Component]()
        for name, commands in self.home.arms.items():
            mine = [switch for switch in self.home.switches if switch.installation == name]
            entities = discovery.components(topics, name, commands, mine, self.home.say, arm_code=settings.arm_code)
            if settings.per_entity:
                found |= discovery.by_entity(topics, name, entities)
            else:
                platforms = {key: str(entity["platform"]) for key, entity in entities.items()}
                found |= discovery.by_device(topics, name, entities, kept.gone(topics.device(name), platforms))
        return found

    def _say_summary(self, last: Mapping[str, Entry | None]) -> None:
        hub, now = self.home.context.hub, self.home.context.clock.monotonic()
        obstacles = [obstacle for door in self.home.context.opened().values() for obstacle in door.obstacles()]
        trouble = [*filter(None, [self.home.context.journal.trouble]), *dict.fromkeys(obstacles)]
        found = messages.text(messages.summary(hub, list(self.home.arms), last, trouble))
        if (timeless := READ_AT.sub("", found)) != self._summary or now - self._summary_at >= SUMMARY_S:
            self._summary, self._summary_at = timeless, now
            self._say(self.home.topics.summary, found)

    def _tell_events(self) -> None:
        now, entries = self.home.context.clock.time(), self.home.context.names.commands(LOOKED_THROUGH)
        news = {(one.id, one.times): one for one in entries if one.ended_at and one.installation in self.home.arms}
        for key, entry in reversed(news.items()):
            is_new = self._told is not None and key not in self._told
            if is_new and self._link and now - (entry.ended_at or now) < OLD_NEWS_S:
                self._link.publish(*messages.event(self.home.topics, entry, self.home.say), retain=False)
        if self._link or self._told is None:
            self._told = dict.fromkeys(news)

    def _say(self, topic: str, payload: str) -> None:
        if self._link and self._said.get(topic) != payload:
            self._said[topic] = payload
            self._link.publish(topic, payload, retain=True)
