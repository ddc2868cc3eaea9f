"""The order of requests: which came later than which, so that none that is late undoes a later one."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emulator.alarm.held import Asked, Press
from emulator.alarm.installation import Installation
from emulator.alarm.queue import makes_pointless
from emulator.alarm.switch import Switch
from emulator.clock import Clock, Moment
from emulator.model import Action, Arm, Command, Disarm

Known = tuple[dict[str, int], dict[str, int]]


@dataclass(eq=False)
class RequestOrder:
    """Numbers requests, and remembers the last arm of each alarm and the last off of each switch. Not locked.

    `ask` and `stands` may be called from any thread.
    """

    switches: Sequence[Switch]
    installations: Mapping[str, Installation]
    clock: Clock

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self._armed: dict[str, int] = {}
        self._turned_off: dict[str, int] = {}

    def ask(self) -> Asked:
        """Take note that something is asked for now, to be submitted later."""
        return Asked(next(self._numbers), Moment(self.clock.monotonic(), self.clock.time()))

    def stands(self, press: Press, switch: Switch) -> bool:
        """Return whether an announcement still holds for a switch: nothing that came later may be hidden by it."""
        if press.switch.installation != switch.installation:
            return False
        if press.on:
            return self._turned_off.get(switch.identity.key, 0) < press.asked.number
        return press.switch.off_disarms and self._armed.get(switch.installation, 0) < press.asked.number

    def overtakes(self, press: Press) -> bool:
        """Return whether a later request makes a press pointless.

        An off that was asked for before an arm, through whatever door, is too late: the house stays armed. So is an
        arm that was asked for before an off which would have taken it out of the queue.
        """
        armed = self._armed.get(press.switch.installation, 0)
        return (self._turned_off.get(press.key, 0) if press.on else armed) > press.asked.number

    def overtakes_command(self, installation: str, action: Action, asked: Asked) -> bool:
        """Return the same of a command to an alarm itself; an arm is known by the switches of its mode."""
        if isinstance(action, Disarm):
            return self._armed.get(installation, 0) > asked.number
        same = [one for one in self.switches if (one.installation, one.mode) == (installation, action.mode)]
        return any(self._turned_off.get(one.identity.key, 0) > asked.number for one in same)

    def note(self, installation: str, command: Command, asked: Asked) -> Known:
        """Note what a command makes pointless that is held back; return what was known before, for `restore`."""
        before = dict(self._armed), dict(self._turned_off)
        if isinstance(command.action, Arm):
            self._armed[installation] = max(self._armed.get(installation, 0), asked.number)
        else:
            self._note_off(installation, command, asked.number)
        return before

    def restore(self, before: Known) -> None:
        """Forget what was noted since, as it came to nothing."""
        self._armed, self._turned_off = before

    def _note_off(self, installation: str, command: Command, asked: int) -> None:
        """Note which arms that are held back and shown as on this makes pointless: they are not sent any more."""
        view = self.installations[installation].view
        for switch in self.switches:
            key, arm = switch.identity.key, Arm(switch.mode)
            if switch.installation == installation and makes_pointless(command, arm, view.axes, view.soon):
                self._turned_off[key] = max(self._turned_off.get(key, 0), asked)
