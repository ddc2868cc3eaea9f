"""The MQTT door: its thread keeps a connection to the broker, and publishes; the library's thread obeys."""

import logging
import random
from collections.abc import Callable, Sequence
from contextlib import suppress

from emulator.alarm.hub import Asked, Switch
from emulator.clock import Heartbeat, Moment, boottime
from emulator.doors import DoorContext
from emulator.doors.mqtt import messages
from emulator.doors.mqtt.broker import AGAIN_S, MOST_S, Broker, BrokerTrouble
from emulator.doors.mqtt.home import Home
from emulator.doors.mqtt.link import NOBODY, Link, Received, connect
from emulator.doors.mqtt.obedience import Obedience
from emulator.doors.mqtt.settings import MqttSettings
from emulator.doors.mqtt.speaker import Speaker
from emulator.errors import EmulatorError, ProtocolError
from emulator.lan.arrivals import Arrivals
from emulator.lan.door import Life
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

LOOK_S = 1.0
"""Interval of the thread where nothing happens."""

START_S = 2.0
"""Longest time that a start waits for the broker: the others of the house do not."""

GAP_S = 4.0
"""Excess over that from which what arrives may have waited in the socket meanwhile."""

STEADY_S = 60.0
"""Duration of a connection after which the back-off begins anew."""

CONTESTED = 3
"""Connections in a row that broke sooner than that, from which another program is suspected: mosquitto 2.0.11, and each
broker of MQTT 3.1.1, does not say that it took the session over."""

QUIET_S = 60.0
"""Longest time until what changes without an event, such as another door's obstacles, is published."""

BIRTH_S = 10.0
"""Time over which homes on one broker spread their states when Home Assistant starts."""

RETAINED = Text("it was sent to be retained, and may be old: send it without `retain`")
REPEATED = Text("it may have been sent before")
STOOD_STILL = BrokerTrouble(Text("this program stood still: commands that waited meanwhile are dropped"), 0.0)
STALE = Text("this program stood still while it waited: ask again")


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
        self._home = Home.of(context, settings, broker)
        self._client_id = settings.client_id or f"verisure-{self._home.topics.program}"
        self._speaker, self._obedience = Speaker(self._home), Obedience(self._home)
        self._spread_s = spread_s
        self._heartbeat, self._boot = Heartbeat(context.clock, boot, beat_s=LOOK_S, gap_s=GAP_S), boot
        self._link: Link | None = None
        self._trouble, self._failures, self._broken, self._logged = "", 0, 0, frozenset[str]()
        self._due_at = self._since = self._said_at = self._again_at = float("-inf")
        self._arrivals = Arrivals(context.hub.ask().at)
        self._is_dirty = True
        self._unsubscribe: Callable[[], None] = lambda: None
        looks = {"look_s": LOOK_S, "first_look_s": START_S}
        self._life = Life("mqtt", opening=self._open, look=self._look, closing=self._close, **looks)

    def start(self) -> None:
        """Return when the broker was tried once; what is in the way is logged, and tried again."""
        self._life.start()

    def stop(self) -> None:
        """Say that the program leaves, and close the connection."""
        self._life.stop()

    def urls(self) -> Sequence[tuple[Switch, str]]:
        """Return the switches, each with the broker and the topic of its commands, while there is a connection."""
        topic, shown = self._home.topics.switch, self._home.switches if self._link else ()
        return [(one, f"{self._home.broker}/{topic(one.installation, one.identity.serial, 'set')}") for one in shown]

    def obstacles(self) -> Sequence[str]:
        """Return what keeps the broker from serving, as it was logged."""
        if self._trouble or not (link := self._link):
            return (self._trouble,) if self._trouble else ()
        topics = (*link.denied, self._home.topics.status)
        *unread, last = [{"broker": str(self._home.broker), "topic": one} for one in topics]
        found = [
            Text("{broker}: its ACL is too narrow: this program may not read {topic}; see docs/mqtt.md", **one)
            for one in unread
        ]
        mute = Text("{broker}: its ACL is too narrow: this program may not write {topic}; see docs/mqtt.md", **last)
        return [*found, mute] if link.is_mute else found

    def report(self, switch: Switch) -> str:
        """Return what is published of a switch."""
        return messages.SWITCH_WORDS[self._context.hub.state(switch).on]

    # -- on the library's thread, and on those of alarms ----------------------------------------------------

    def _take(self, message: Received) -> None:
        """Judge a message by the time since which it may have waited behind others, as it does behind a flood."""
        asked, link = self._context.hub.ask(), self._link
        if self._arrivals.is_mark(message.payload):
            return
        self._judge(message, asked._replace(at=self._arrivals.since(asked.at)))
        if link and (mark := self._arrivals.mark(asked.at)):
            link.publish(self._home.topics.alarm(NOBODY, "refresh"), mark, retain=False)
        self._arrivals.done(self._context.hub.ask().at)

    def _judge(self, message: Received, asked: Asked) -> None:
        """Obey a message, unless it may be old, or write down why not."""
        if message.topic == self._home.topics.birth:
            if message.payload == b"online":
                self._again_at = self._context.clock.monotonic() + self._spread_s()
            return
        path = self._home.topics.path(message.topic)
        # An empty one clears what was retained, or shows that we may read.
        if not path or not message.payload:
            return
        clock, link = self._context.clock, self._link
        if link and self._heartbeat.skipped_since(Moment(clock.monotonic(), clock.time())):
            link.end(STOOD_STILL)
        is_late = bool(link and link.ended.done())
        if link and message.retained is not False:
            link.publish(message.topic, "", retain=True)
        try:
            if why := RETAINED if message.retained else REPEATED if message.repeated else STALE if is_late else "":
                raise ProtocolError(why)
            if (shown := self._obedience.obey(path, message.payload, asked)) is None:
                return
            self._speaker.repeat(shown)
            is_new = True
        except EmulatorError as error:
            is_new = self._obedience.refuse(path, str(error))
        self._looked(is_new)

    def _looked(self, at_once: bool) -> None:
        self._is_dirty = True
        if at_once:
            self._life.hurry()

    # -- on the door's thread -------------------------------------------------------------------------------

    def _open(self) -> None:
        self._unsubscribe = self._context.hub.subscribe(lambda _installation: self._looked(True))
        self._due_at = float("-inf")
        with suppress(EmulatorError):  # the journal cannot be read, as the look will say
            self._speaker.speak()  # to nobody: it notes what is no news once the broker is there

    def _look(self) -> None:
        now = self._context.clock.monotonic()
        if self._link and self._heartbeat.beat():
            self._link.end(STOOD_STILL)
        if self._link and self._link.ended.done():
            self._lose(self._link.ended.result(), now)
        if not self._link and now >= self._due_at:
            self._connect(now)
        if self._link:
            self._publish(now)
        logged, self._logged = self._logged, frozenset(self.obstacles())
        for obstacle in sorted(self._logged - logged):
            LOG.warning("%s; it is tried again", obstacle)

    def _publish(self, now: float) -> None:
        if self._again_at > float("-inf") and now >= self._again_at:
            self._again_at = float("-inf")
            self._speaker.forget()
            self._is_dirty = True
        if self._is_dirty or now - self._said_at >= QUIET_S:
            self._is_dirty, self._said_at = False, now
            try:
                self._speaker.speak()
            except EmulatorError as error:  # the journal cannot be read; the next look is another chance
                LOG.debug("%s", error)
                self._is_dirty = True

    def _connect(self, now: float) -> None:
        try:
            link = connect(self._home.broker, self._client_id, self._home.topics.status, self._take)
        except BrokerTrouble as trouble:
            self._fail(trouble, now)
            return
        if self._life.is_stopping:  # and may have waited in vain for this
            link.close()
            return
        # Nothing that is old can be in a new connection, however long it took, or whatever was before.
        self._heartbeat = Heartbeat(self._context.clock, self._boot, beat_s=LOOK_S, gap_s=GAP_S)
        self._link, self._trouble, self._is_dirty, self._since, self._said_at = link, "", False, now, now
        # Before it says that it is there.
        link.subscribe(self._home.topics.read)
        try:
            self._speaker.begin(link)
        except EmulatorError as error:  # the journal cannot be read
            self._lose(BrokerTrouble(str(error)), now)
            return
        link.ended.add_done_callback(lambda _why: self._life.hurry())
        LOG.info("connected to %s as %s, topics below %s", self._home.broker, self._client_id, self._home.topics.base)

    def _lose(self, why: BrokerTrouble, now: float) -> None:
        self._leave()
        if now - self._since >= STEADY_S:
            self._failures = self._broken = 0
        self._broken += why.pause_s is None and now > self._since
        self._fail(self._home.broker.shared(self._client_id, is_guess=True) if self._broken >= CONTESTED else why, now)

    def _fail(self, why: BrokerTrouble, now: float) -> None:
        """Note what is in the way, and when to try again."""
        self._due_at = now + (min(AGAIN_S * 2.0**self._failures, MOST_S) if why.pause_s is None else why.pause_s)
        self._failures = min(self._failures + 1, 10)
        self._trouble = str(why)

    def _close(self) -> None:
        self._unsubscribe()
        self._leave()

    def _leave(self) -> None:
        self._speaker.end()
        if self._link:
            self._link.close()
        self._link = None
