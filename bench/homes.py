"""Many homes in one process, each with the real MQTT door, hub, queue, journal and files; `python -m bench.homes`.

The cloud and its panel are simulated in memory, without HTTP, and no home has a door to a LAN.
"""

import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from emulator.alarm.cloud import Details, Phase, Reading, Report
from emulator.alarm.hub import Hub, Switch
from emulator.alarm.installation import Installation
from emulator.clock import Clock, SystemClock
from emulator.doors import DoorContext
from emulator.doors.mqtt.door import Mqtt
from emulator.doors.mqtt.settings import MqttSettings
from emulator.lan import network
from emulator.lan.responder import Responder
from emulator.model import DISARMED, Action, ArmMode, Axes, PanelState
from emulator.store.identities import Identity
from emulator.store.journal import Journal
from emulator.store.pin import Pin

POLL_S = 120.0
"""As with `cloud: owa`."""

PANEL_S = 1.0
"""Time that a panel takes to carry out a command."""

MODES = ("total", "day", "night", "perimeter")
STOP_S = 5.0


class Panel:
    """A cloud whose panel does what it is told."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._axes: Axes = DISARMED

    def read(self, how: Reading = Reading.POLL) -> PanelState:
        """Return where it stands."""
        return PanelState(self._axes, self._clock.time(), "", how.value)

    def execute(self, action: Action, report: Report) -> PanelState:
        """Carry it out."""
        report(Phase.SENDING, "command")
        report(Phase.ACCEPTED, "command")
        self._clock.sleep(PANEL_S)
        self._axes = self._axes.after(action)
        return self.read()

    def describe(self) -> Details:
        """Return nothing of interest."""
        return Details("0", "simulated", "")

    def close(self) -> None:
        """Need no end."""


class OneHome:
    """A home: everything of `emulator run` but the cloud and the doors to the LAN."""

    def __init__(self, folder: Path, number: int, broker: str) -> None:
        folder.mkdir(parents=True)
        self._clock, self._journal = SystemClock(), Journal(folder)
        self._installation = Installation(
            "home",
            lambda: Panel(self._clock),
            self._journal,
            self._clock,
            poll_every_s=POLL_S,
            on_change=lambda: self._hub.changed("home"),
        )
        alarms = {"home": self._installation}
        self._hub = Hub(_switches(number), alarms, self._journal, self._clock)
        settings = MqttSettings(broker=broker)
        self._door = Mqtt(self._context(folder), settings, settings.shown())

    def _context(self, folder: Path) -> DoorContext:
        return DoorContext(
            hub=self._hub,
            journal=self._journal,
            clock=self._clock,
            pin=Pin(self._journal, self._clock.time),
            state_dir=folder,
            responder=Responder(interfaces=["lo"]),
            nics=network.nics,
            interfaces=["lo"],
            address=None,
            look_s=5.0,
            reply_within_s=0.8,
            poll_every_s=POLL_S,
            notify=lambda _notice, _about, _text: None,
            opened=dict,
            pairing=None,
        )

    def start(self) -> None:
        """Start it as the program does: the alarm, the hub, the door."""
        self._installation.start()
        self._hub.start()
        self._door.start()

    def stop(self) -> None:
        """Stop it."""
        self._door.stop()
        self._hub.stop()
        self._clock.stop()
        self._installation.stop(STOP_S)
        self._journal.close()


def _switches(number: int) -> Sequence[Switch]:
    def identity(place: int) -> Identity:
        mac = f"02:00:00:00:{number % 256:02x}:{place:02x}"
        return Identity(f"{number}/{place}", f"2215{number:06}{place:04}", mac, 1)

    doors = frozenset({"mqtt"})
    return [
        Switch(f"{mode.title()} alarm", "home", ArmMode.parse(mode), True, doors, identity(place))
        for place, mode in enumerate(MODES)
    ]


def main() -> None:
    """Run `COUNT` homes with the state folders `FOLDER`/number at `BROKER`, until SIGTERM."""
    folder, broker, first, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    homes = [OneHome(folder / str(number), number, broker) for number in range(first, first + count)]
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: ended.append(number))
    for home in homes:
        home.start()
    print("Ready", flush=True)
    while not ended:
        time.sleep(60)  # SIGTERM ends it


if __name__ == "__main__":
    main()
