"""The devices of the bridge as they are now: a plug for each switch, and a contact for each alarm if that is wished."""

from collections.abc import Iterator

from emulator.alarm.hub import Switch
from emulator.doors import DoorContext
from emulator.doors.matter.messages import ShownDevice
from emulator.doors.matter.settings import DOOR, MatterSettings
from emulator.words.text import Text


class MatterDevices:
    """All that controllers see. The numbers that the journal gives to switches and alarms name them for ever."""

    def __init__(self, context: DoorContext, settings: MatterSettings) -> None:
        self._hub = context.hub
        say = context.language.say
        self.switches = {f"s{one.identity.key}": one for one in self._hub.switches if DOOR in one.doors}
        alarms = {one.installation: None for one in self.switches.values()} if settings.triggered else {}
        self._alarms = {
            name: (context.journal.alarm(name), say(Text("{name} alarm went off", name=name))) for name in alarms
        }

    def now(self) -> list[ShownDevice]:
        """Return all of them."""
        return [*(self._plug(id_, one) for id_, one in self.switches.items()), *self._contacts()]

    def _plug(self, id_: str, switch: Switch) -> ShownDevice:
        return ShownDevice(id_, switch.name, switch.identity.serial, self._hub.state(switch).on)

    def _contacts(self) -> Iterator[ShownDevice]:
        for alarm, (number, title) in self._alarms.items():
            view = self._hub.view(alarm)
            rings = view.triggered is not None if view.state else None
            yield ShownDevice(f"a{number}", title, f"alarm-{number}", rings, is_contact=True)
