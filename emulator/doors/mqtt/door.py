"""The MQTT door: its thread keeps a connection to the broker, and publishes; the library's thread obeys."""

import logging
import random
from collections.abc import Callable, Sequence

from emulator.alarm.hub import Switch
from emulator.clock import Heartbeat, Moment, boottime
from emulator.doors import DoorContext
from emulator.doors.mqtt import messages, panel
from emulator.doors.mqtt.broker import AGAIN_S, MOST_S, Broker, BrokerTrouble
from emulator.doors.mqtt.kept import program_id
from emulator.doors.mqtt.link import Link, Will, connect
from emulator.doors.mqtt.listener import Listener
from emulator.doors.mqtt.settings import MqttSettings
from emulator.doors.mqtt.speaker import Speaker
from emulator.doors.mqtt.topics import OFFLINE
from emulator.lan.door import Life

LOG = logging.getLogger(__name__)

LOOK_S = 1.0
"""Interval of the thread where nothing happens."""

GAP_S = 4.0
"""Excess over that from which what arrives may have waited in the socket meanwhile."""

STEADY_S = 60.0
"""Duration of a connection after which the back-off begins anew."""

QUIET_S = 60.0
"""Longest time until what changes without an event, such as another door's obstacles, is published."""

BIRTH_S = 10.0
"""Time over which homes on one broker spread their states when Home Assistant starts."""


class Mqtt:
    """The alarms and their switches at a broker."""

    def __init__(
        self,
        context: DoorContext,
        settings: MqttSettings,
        broker: Broker,
        *,
        boot: Callable[[], float] = boottime,
        spread_s: Callable[[], float] = lambda: random.uniform(0, BIRTH_S),  # noqa: S311  # no secret
    ) -> None:
        self._context = context
        self._broker = broker
        program = program_id(context.journal)
        self._client_id = settings.client_id or f"verisure-{program}"
        self._topics = topics = settings.topics(program)
        self._switches = [switch for switch in context.hub.switches if "mqtt" in switch.doors]
        arms = {
            name: panel.arms(switch.mode for switch in context.hub.switches if switch.installation == name)
            for name in context.hub.installations
        }
        self._speaker = Speaker(context, topics, settings, self._switches, arms, str(broker))
        self._listener = Listener(
            context,
            topics,
            self._switches,
            arms,
            f"broker {broker.host}",
            arm_code=settings.arm_code,
            stood_still=self._stood_still,
            clear=self._clear,
            answered=self._speaker.repeat,
            looked=self._looked,
            born=self._born,
        )
        self._spread_s = spread_s
        self._heartbeat = Heartbeat(context.clock, boot, beat_s=LOOK_S, gap_s=GAP_S)
        self._link: Link | None = None
        self._trouble = ""
        self._failures = 0
        self._due_at = self._since = self._said_at = self._again_at = float("-inf")
        self._is_dirty = True
        self._unsubscribe: Callable[[], None] = lambda: None
        self._life = Life("mqtt", opening=self._open, look=self._look, closing=self._close, look_s=LOOK_S)

    def start(self) -> None:
        """Return when the broker was tried once; what is in the way is logged, and tried again."""
        self._life.start()

    def stop(self) -> None:
        """Say that the program leaves, and close the connection."""
        self._life.stop()

    def urls(self) -> Sequence[tuple[Switch, str]]:
        """Return the switches, each with the broker and the topic of its commands, while there is a connection."""
        if not self._link:
            return ()
        topic = self._topics.switch
        return [
            (one, f"{self._broker}/{topic(one.installation, one.identity.serial, 'set')}") for one in self._switches
        ]

    def obstacles(self) -> Sequence[str]:
        """Return what keeps the broker from serving, as it was logged."""
        link = self._link
        if self._trouble or not link:
            return (self._trouble,) if self._trouble else ()
        denied = [f"may not read {one}" for one in link.denied]
        denied += [f"may not write {self._topics.status}"] if self._speaker.is_denied else []
        return [f"{self._broker}: its ACL is too narrow: this program {one}; see docs/mqtt.md" for one in denied]

    def report(self, switch: Switch) -> str:
        """Return what is published of a switch."""
        return messages.SWITCH_WORDS[self._context.hub.state(switch).on]

    # -- on the library's thread, and on those of alarms ----------------------------------------------------

    def _stood_still(self) -> bool:
        clock = self._context.clock
        if not self._heartbeat.skipped_since(Moment(clock.monotonic(), clock.time())):
            return False
        if link := self._link:
            link.end(_stale())
            self._life.hurry()
        return True

    def _clear(self, topic: str) -> None:
        if link := self._link:
            link.publish(topic, "", retain=True)

    def _looked(self, at_once: bool) -> None:
        self._is_dirty = True
        if at_once:
            self._life.hurry()

    def _born(self) -> None:
        self._again_at = self._context.clock.monotonic() + self._spread_s()

    # -- on the door's thread -------------------------------------------------------------------------------

    def _open(self) -> None:
        self._unsubscribe = self._context.hub.subscribe(lambda _installation: self._looked(True))
        self._due_at = float("-inf")

    def _look(self) -> None:
        now = self._context.clock.monotonic()
        if self._heartbeat.beat() and self._link:
            self._link.end(_stale())
        if self._link and self._link.ended.done():
            self._lose(self._link.ended.result(), now)
        if not self._link and now >= self._due_at:
            self._connect(now)
        if self._link:
            self._publish(now)

    def _publish(self, now: float) -> None:
        if self._again_at > float("-inf") and now >= self._again_at:
            self._again_at = float("-inf")
            self._speaker.forget()
            self._is_dirty = True
        if self._is_dirty or now - self._said_at >= QUIET_S:
            self._is_dirty, self._said_at = False, now
            self._speaker.speak()

    def _connect(self, now: float) -> None:
        try:
            link = connect(self._broker, self._client_id, Will(self._topics.status, OFFLINE), self._listener.take)
        except BrokerTrouble as trouble:
            self._fail(trouble, now)
            return
        # Connecting may have taken longer than a gap, and nothing that is old can be in a new connection.
        self._heartbeat.beat()
        self._link, self._trouble, self._since = link, "", now
        link.ended.add_done_callback(lambda _why: self._life.hurry())
        link.subscribe([*self._topics.orders, *([self._topics.birth] if self._topics.discovery else [])])
        self._speaker.begin(link)
        self._is_dirty, self._said_at = False, now
        LOG.info("connected to %s as %s, topics below %s", self._broker, self._client_id, self._topics.base)

    def _lose(self, why: BrokerTrouble, now: float) -> None:
        if self._link:
            self._link.close()
        self._link = None
        self._speaker.lost()
        if now - self._since >= STEADY_S:
            self._failures = 0
        self._fail(why, now)

    def _fail(self, why: BrokerTrouble, now: float) -> None:
        """Note what is in the way, and when to try again."""
        pause_s = min(AGAIN_S * 2.0**self._failures, MOST_S) if why.pause_s is None else why.pause_s
        self._failures = min(self._failures + 1, 10)
        self._due_at = now + pause_s
        if str(why) != self._trouble:
            self._trouble = str(why)
            LOG.warning("%s; it is tried again", why)

    def _close(self) -> None:
        self._unsubscribe()
        self._speaker.end()
        if self._link:
            self._link.close()
        self._link = None


def _stale() -> BrokerTrouble:
    return BrokerTrouble("this program stood still: commands that waited meanwhile are dropped", 0.0)
