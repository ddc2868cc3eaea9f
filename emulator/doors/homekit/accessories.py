"""The accessories of the bridge: a security system for each alarm, and a switch for each switch. On the loop's thread.

The order in which services and characteristics are added numbers them for ever (their IIDs): add further ones last.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from pyhap.accessory import Accessory, Bridge
from pyhap.accessory_driver import AccessoryDriver
from pyhap.characteristic import Characteristic
from pyhap.const import CATEGORY_ALARM_SYSTEM, CATEGORY_SWITCH

from emulator import __version__
from emulator.alarm.hub import Guard, Hub, Switch, Ticket
from emulator.doors.homekit.security import DOOR, Security
from emulator.doors.homekit.words import DISARMED, TRIGGERED, WORDS, speakable
from emulator.errors import EmulatorError
from emulator.model import Origin

LOG = logging.getLogger(__name__)

MAKER = "verisure-emulator"

Submit = Callable[[str, Callable[[], object]], bool]
"""Hand work of a peer over to a thread that may block; False when the peer asks for too much."""

Post = Callable[..., None]
"""Call on the loop's thread, from any."""


class Refused(EmulatorError):
    """A write that is not carried out; the library answers it with an error."""


class QuietBridge(Bridge):
    """A bridge whose setup code is not printed."""

    def setup_message(self) -> None:
        """Print nothing: the library would write the code to standard output."""


class Shown(Accessory):
    """An accessory that shows what the hub says, and hands over what a controller writes.

    The library takes a value as soon as it is written, and keeps it even if the write is refused: until the hub knows
    of it the value stands, and after that the truth does, as an event to every controller.
    """

    def __init__(
        self, driver: AccessoryDriver, name: str, aid: int, model: str, serial: str, submit: Submit, post: Post
    ) -> None:
        super().__init__(driver, speakable(name), aid=aid)
        self.set_info_service(__version__, MAKER, model, serial)
        self._submit = submit
        self._post = post
        self._known = False
        self._writes = 0
        self._asked: Any = None

    @property
    def available(self) -> bool:
        """False while nothing may be said: reads are then answered with an error, which the Home app shows."""
        return self._known

    def refresh(self) -> None:
        """Show what the hub says now."""
        raise NotImplementedError

    def carry_out(self, value: Any, peer: str) -> Callable[[], Ticket]:
        """Return the call that submits a written value, which is asked for now."""
        raise NotImplementedError

    def show(self, characteristic: Characteristic, value: Any) -> None:
        """Show a value, or none at all while it is not known; controllers are told of a change."""
        if value is None:
            characteristic.value = None
        else:
            characteristic.set_value(value)

    def written(self, value: Any, sender_client_addr: tuple[str, int]) -> None:
        """Take note of a write, and return at once: the library waits, and with it the loop. Raises Refused.

        The second argument has to have this name: by it the library knows that the address is wanted.
        """
        peer, number = sender_client_addr[0], self._writes + 1
        if not self._submit(peer, partial(self._carry_out, number, self.carry_out(value, peer))):
            LOG.warning("%s asks %r for too much at once: refused", peer, self.display_name)
            self.refresh()
            raise Refused("too many commands at once")
        self._writes, self._asked = number, value

    def _carry_out(self, number: int, submit: Callable[[], Ticket]) -> None:
        try:
            ticket = submit()
        except EmulatorError as error:
            LOG.warning("%s: %s", self.display_name, error)
        except Exception:  # whatever it was: the controller is shown the truth
            LOG.exception("%s: command failed", self.display_name)
        else:
            ticket.done.add_done_callback(lambda _: self._post(self.refresh))
        self._post(self._handed_over, number)

    def _handed_over(self, number: int) -> None:
        """Show what the hub says of a write, unless another one came after it."""
        if number == self._writes:
            self._asked = None
        self.refresh()


class AlarmAccessory(Shown):
    """One alarm as a security system."""

    category = CATEGORY_ALARM_SYSTEM

    def __init__(
        self, driver: AccessoryDriver, name: str, aid: int, security: Security, submit: Submit, post: Post
    ) -> None:
        super().__init__(driver, name, aid, "Alarm", f"alarm-{aid}", submit, post)
        self.security = security
        offered = {WORDS[word]: word for word in (*security.vocabulary.modes, DISARMED)}
        service = self.add_preload_service("SecuritySystem", ["StatusFault"])
        self._current = service.configure_char(
            "SecuritySystemCurrentState", valid_values={**offered, "triggered": TRIGGERED}
        )
        self._target = service.configure_char(
            "SecuritySystemTargetState", valid_values=offered, setter_callback=self.written
        )
        self._fault = service.configure_char("StatusFault")
        self.refresh()

    def refresh(self) -> None:
        """Show where the panel stands and where it is going; nothing while that is not known."""
        standing = self.security.standing()
        self._known = standing is not None
        self.show(self._current, standing and standing.current)
        self.show(self._target, standing and (standing.target if self._asked is None else self._asked))
        self.show(self._fault, int(self.security.is_faulty))

    def carry_out(self, value: Any, peer: str) -> Callable[[], Ticket]:
        """Return the call that arms or disarms."""
        return partial(self.security.write, int(value), peer, self.security.hub.ask())


class SwitchAccessory(Shown):
    """One switch as a switch, with the rules of all switches."""

    category = CATEGORY_SWITCH

    def __init__(self, driver: AccessoryDriver, aid: int, hub: Hub, switch: Switch, submit: Submit, post: Post) -> None:
        super().__init__(driver, switch.name, aid, "Switch", switch.identity.serial, submit, post)
        self.switch = switch
        self._hub = hub
        self._on = self.add_preload_service("Switch").configure_char("On", setter_callback=self.written)
        self.refresh()

    def refresh(self) -> None:
        """Show whether it is on; nothing while that is not known."""
        on = self._hub.state(self.switch).on
        self._known = on is not None
        self.show(self._on, on if on is None or self._asked is None else self._asked)

    def carry_out(self, value: Any, peer: str) -> Callable[[], Ticket]:
        """Return the call that turns it on or off."""
        origin = Origin(DOOR, peer, self.switch.name)
        return partial(self._hub.submit, self.switch, bool(value), origin, Guard.OFFS, self._hub.ask())
