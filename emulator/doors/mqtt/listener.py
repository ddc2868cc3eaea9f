"""Obey messages: nothing that is old, retained or repeated, and no disarm without a PIN or a rule that allows it."""

import logging
from collections.abc import Callable, Mapping, Sequence

from emulator.alarm.hub import Guard, Switch
from emulator.doors import DoorContext
from emulator.doors.mqtt import orders, panel
from emulator.doors.mqtt.link import Received
from emulator.doors.mqtt.topics import Topics
from emulator.errors import EmulatorError, ProtocolError
from emulator.model import ArmMode, Disarm, Origin

LOG = logging.getLogger(__name__)

RETAINED = "it was sent to be retained, and may be old: send it without `retain`"
REPEATED = "it may have been sent before"
STALE = "this program stood still while it waited: ask again"

NOT_ALLOWED = (
    "a broker does not tell who asks: this switch disarms through mqtt only if its `disarm` in devices.yaml has "
    "`doors` with mqtt among them; the alarm panel disarms with the PIN"
)

SWITCH_PATH = 4
"""Parts of the path of a switch's command: alarm, `switch`, serial number, `set`."""


class Listener:
    """Carries out messages on the library's thread.

    `stood_still` returns whether what arrives now may have waited in the socket; `clear` removes a retained message;
    `answered` is called with the topic of a switch's state when a client has asked, whatever came of it; `looked` when
    there is something to tell, at once if the argument is True; `born` when Home Assistant starts.
    """

    def __init__(
        self,
        context: DoorContext,
        topics: Topics,
        switches: Sequence[Switch],
        arms: Mapping[str, Mapping[str, ArmMode]],
        peer: str,
        *,
        arm_code: bool,
        stood_still: Callable[[], bool],
        clear: Callable[[str], None],
        answered: Callable[[str], None],
        looked: Callable[[bool], None],
        born: Callable[[], None],
    ) -> None:
        self._context = context
        self._topics = topics
        self._switches = {(one.installation, one.identity.serial): one for one in switches}
        self._arms = arms
        self._peer = peer
        self._arm_code = arm_code
        self._stood_still = stood_still
        self._clear = clear
        self._answered = answered
        self._looked = looked
        self._born = born

    def take(self, message: Received) -> None:
        """Obey a message, or write down why not."""
        if message.topic == self._topics.birth:
            if message.payload == b"online":
                self._born()
            return
        path = self._topics.path(message.topic)
        # An empty one clears what was retained.
        if not path or not message.payload:
            return
        where = path[0] if path[0] in self._arms else ""
        is_late = self._stood_still()
        try:
            if message.retained is not False:
                self._clear(message.topic)
            if message.retained:
                raise ProtocolError(RETAINED)
            if message.repeated:
                raise ProtocolError(REPEATED)
            if is_late:
                raise ProtocolError(STALE)
            if not where:
                raise ProtocolError("there is no alarm of that name")
            self._obey(where, path[1:], message.payload)
        except EmulatorError as error:
            self._refuse("/".join(path), str(error), where)

    def _obey(self, where: str, path: Sequence[str], payload: bytes) -> None:
        match path:
            case ["set"]:
                self._command(where, orders.parse(payload))
            case ["refresh"]:
                orders.pressed(payload)
                self._context.hub.refresh(where)
            case ["switch", serial, "set"]:
                switch = self._switches.get((where, serial))
                if switch is None:
                    raise ProtocolError("there is no switch with that serial number")
                self._turn(switch, orders.turned(payload))
            case _:
                raise ProtocolError("that is no topic for commands")

    def _command(self, where: str, order: orders.Order) -> None:
        hub = self._context.hub
        action = panel.action(order.action, self._arms[where], hub.view(where).soon)
        if action is None:
            if order.action not in panel.ARMS:
                raise ProtocolError("it is no command of an alarm panel")
            raise ProtocolError(f"no switch of this alarm has a mode for {order.action}")
        if isinstance(action, Disarm) or self._arm_code:
            self._context.pin.check(order.code, self._peer)
        try:
            hub.command(where, action, Origin("mqtt", self._peer))
        except EmulatorError as error:  # it was written down, or cannot be
            LOG.error("%s: %s", where, error)
        self._looked(True)

    def _turn(self, switch: Switch, on: bool) -> None:
        origin = Origin("mqtt", self._peer, switch.name)
        if not on and switch.off_disarms and "mqtt" not in switch.narrowing.doors:
            self._context.hub.ignore(switch, on, origin, NOT_ALLOWED)
        else:
            self._context.hub.submit(switch, on, origin, Guard.OFFS)
        self._answered(self._topics.switch(switch.installation, switch.identity.serial, "state"))
        self._looked(True)

    def _refuse(self, asked: str, why: str, where: str) -> None:
        try:
            now = self._context.clock.time()
            is_new = self._context.journal.refuse(Origin("mqtt", self._peer), asked, why, now, where)
        except EmulatorError as error:
            LOG.error("%s", error)
            is_new = True
        if is_new:
            LOG.warning("%s asked for %r: refused: %s", self._peer, asked, why)
        self._looked(is_new)
