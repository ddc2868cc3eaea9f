"""Obey commands: no disarm without the PIN, or a rule that allows it to this very door."""

import logging
from collections.abc import Sequence

from emulator.alarm.hub import ARM_WITHIN_S, DISARM_WITHIN_S, Asked, Guard, Switch
from emulator.doors.mqtt import orders, panel
from emulator.doors.mqtt.home import Home
from emulator.errors import EmulatorError, ProtocolError
from emulator.model import Disarm, Origin
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

NOT_ALLOWED = Text(
    "a broker does not tell who asks: this switch disarms through mqtt only if its `disarm` in devices.yaml has "
    "`doors` with mqtt among them; the alarm panel disarms with the PIN"
)

NO_COMMAND = Text("it is no command of an alarm panel")

SHOWN = 100
"""Characters of a topic that are written down."""


class Obedience:
    """Carries out commands; for any thread but an event loop."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._by_serial = {(one.installation, one.identity.serial): one for one in home.switches}

    def obey(self, path: Sequence[str], payload: bytes, asked: Asked) -> str | None:
        """Carry out a command to a topic that came at `asked`; EmulatorError says why it is not even tried.

        Return the topic of the state that its sender may believe to have changed; empty if there is none, and None if
        nothing was to be done.
        """
        match path:
            case [where, *_] if where not in self._home.arms:
                raise ProtocolError(Text("there is no alarm of that name"))
            case [where, "set"]:
                self._command(where, self._parsed(payload), asked)
            case [where, "refresh"]:
                orders.pressed(payload)
                return "" if self._home.context.hub.refresh(where) else None
            case [where, "switch", serial, "set"]:
                if (switch := self._by_serial.get((where, serial))) is None:
                    raise ProtocolError(Text("there is no switch with that serial number"))
                self._turn(switch, orders.turned(self._parsed(payload)), asked)
                return self._home.topics.switch(where, serial, "state")
            case _:
                raise ProtocolError(Text("that is no topic for commands"))
        return ""

    def refuse(self, path: Sequence[str], why: str) -> bool:
        """Write down what is not obeyed, and why; return whether that is new, and not only counted."""
        # A topic may be long, and hold what a terminal obeys.
        asked, where = ascii("/".join(path)[:SHOWN])[1:-1], path[0] if path[0] in self._home.arms else ""
        context, origin = self._home.context, Origin("mqtt", self._home.peer)
        try:
            is_new = context.journal.refuse(origin, asked, why, context.clock.time(), where)
        except EmulatorError as error:  # of which the watch over the state folder tells people
            LOG.debug("%s", error)
            return False
        if is_new:
            LOG.warning("%s asked for %r: refused: %s", self._home.peer, asked, why)
        return is_new

    def _parsed(self, payload: bytes) -> orders.PanelOrder:
        """Return a command, unless it says that it is old. ProtocolError."""
        order, now = orders.parse(payload), self._home.context.clock.time()
        s = DISARM_WITHIN_S if order.action in (panel.DISARM, orders.OFF) else ARM_WITHIN_S
        old = Text("it says that it was asked for {s} s ago or more: ask again, or set that clock right", s=round(s))
        if order.at is not None and now - order.at >= s:
            raise ProtocolError(old)
        return order

    def _command(self, where: str, order: orders.PanelOrder, asked: Asked) -> None:
        hub, view = self._home.context.hub, self._home.context.hub.view(where)
        action = panel.action(order.action, self._home.arms[where], view.axes, view.soon)
        if action is None:
            no_switch = Text("no switch of this alarm has a mode for {command}", command=order.action)
            raise ProtocolError(no_switch if order.action in panel.ARMS else NO_COMMAND)
        if isinstance(action, Disarm) or self._home.settings.arm_code:
            self._home.context.pin.check(order.code or "", self._home.peer)
        hub.command(where, action, Origin("mqtt", self._home.peer), asked)

    def _turn(self, switch: Switch, on: bool, asked: Asked) -> None:
        is_let = on or not switch.off_disarms or "mqtt" in switch.narrowing.doors
        origin, why_not = Origin("mqtt", self._home.peer, switch.name), "" if is_let else NOT_ALLOWED
        self._home.context.hub.submit(switch, on, origin, Guard.OFFS, asked, why_not)
