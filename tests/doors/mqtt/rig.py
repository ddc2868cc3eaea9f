"""An alarm, its hub and the MQTT door before a broker, driven look by look: no thread of ours, nothing to wait for."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from emulator.alarm.hub import Hub, Switch
from emulator.alarm.installation import Installation
from emulator.alarm.sweeps import SWEEP_S
from emulator.alarm.switch import Narrowing
from emulator.doors import Door
from emulator.doors.mqtt.door import Mqtt
from emulator.doors.mqtt.settings import MqttSettings
from emulator.model import ArmMode
from emulator.store.broker_memory import program_id
from emulator.store.identities import Identity
from emulator.store.journal import Entry, Journal
from emulator.store.pin import Pin, set_pin
from emulator.words.language import ENGLISH, Language
from tests.doors.fakes import a_context
from tests.support.broker import Broker
from tests.support.fakes import FakeClock, SimulatedCloud
from tests.support.patience import PATIENCE_S

PIN = "2580"
SPREAD_S = 3.0
"""After which states are sent again when Home Assistant has started."""

HOST = "127.0.0.1"
MQTT_ALONE = Narrowing(doors=frozenset({"mqtt"}))
MARK = "nowhere/refresh"
"""A command that is refused, and comes after all that were sent before it."""


class Machine(FakeClock):
    """A machine that may sleep, which its monotonic clock does not count."""

    def __init__(self) -> None:
        super().__init__()
        self.slept = 0.0

    def boot(self) -> float:
        return self.now + self.slept


def a_switch(
    mode: str, number: int, *, off: bool = True, doors: Iterable[str] = ("mqtt",), narrowing: Narrowing = MQTT_ALONE
) -> Switch:
    identity = Identity(f"key{number}", f"22150{number}", f"02:ab:cd:00:00:{number:02x}", 49150 + number)
    return Switch(
        f"{mode.title()} alarm", "home", ArmMode.parse(mode), off, frozenset(doors), identity, narrowing=narrowing
    )


NIGHT = a_switch("night", 1)
TOTAL = a_switch("total", 2, narrowing=Narrowing())
PERIMETER = a_switch("perimeter", 3, off=False)
ELSEWHERE = a_switch("day", 4, doors=("wemo",))
SWITCHES = (NIGHT, TOTAL, PERIMETER, ELSEWHERE)


class House(SimulatedCloud):
    """A house whose alarm is driven by `settle`, and its door by `look`; the door's time is `machine`."""

    def __init__(
        self,
        folder: Path,
        broker: Broker,
        switches: Iterable[Switch] = SWITCHES,
        *,
        scheme: str = "mqtt",
        pin: str | None = PIN,
        annex: bool = False,
        language: Language = ENGLISH,
        **settings: Any,
    ) -> None:
        super().__init__(annex=annex)
        self.panel.answer_after = 0.0
        self.folder, self.broker = folder, broker
        self.journal = Journal(folder)
        self.alarm = Installation(
            "home",
            self.new_client,
            self.journal,
            self.clock,
            poll_every_s=60,
            on_change=lambda: self.hub.changed("home"),
        )
        self.hub = Hub(list(switches), {"home": self.alarm}, self.journal, self.clock)
        self.machine = Machine()
        self.pin = Pin(self.journal, self.machine.time)
        self.opened: dict[str, Door] = {}
        self.is_open = False
        context = a_context(
            self.hub,
            self.journal,
            folder,
            clock=self.machine,
            pin=self.pin,
            opened=lambda: self.opened,
            language=language,
        )
        self.settings = MqttSettings(broker=f"{scheme}://{HOST}:{broker.port}", **settings)
        self.door = Mqtt(
            context, self.settings, self.settings.shown(), boot=self.machine.boot, spread_s=lambda: SPREAD_S
        )
        self.opened["mqtt"] = self.door
        self.base = f"{self.settings.prefix}/{program_id(self.journal)}"
        if pin and not self.pin.is_set:
            set_pin(self.journal, pin)

    # -- the program ----------------------------------------------------------------------------------------

    def open(self) -> None:
        """Connect, and return when the broker passes commands on."""
        self.alarm.step()
        self.begin()
        self.be_subscribed()

    def begin(self) -> None:
        """Begin as `start` does, without its thread."""
        self.is_open = True
        self.door._open()
        self.look()

    def be_subscribed(self) -> None:
        """Wait until commands are passed on, and everything is said."""
        wanted = 4 if self.settings.discovery else 3
        self.broker.wait_for(
            lambda: (
                any(len(each.subscriptions) == wanted and each.connection for each in self.ours())
                and self.said("status") == "online"
            ),
            "a subscription",
        )

    def ours(self) -> list[Any]:
        """Return the broker's sessions of this program."""
        return [one for name, one in list(self.broker.sessions.items()) if name == self.door._client_id]

    def until_gone(self) -> None:
        """Wait until the broker has no connection of ours."""
        self.broker.wait_for(lambda: not any(one.connection for one in self.ours()))

    def look(self, later_s: float = 0.0) -> None:
        """Let the door's thread look once, `later_s` after the last time."""
        self.machine.now += later_s
        self.door._look()

    def leave(self) -> None:
        """Stop the door, as the end of the program does."""
        if self.is_open:
            self.door._close()
        self.is_open = False

    def close(self) -> None:
        self.leave()
        self.journal.close()

    def settle(self) -> None:
        """Carry out what is queued, and tell the broker."""
        self.alarm.step()
        while self.alarm.view.target is not None:
            self.alarm.step()
        self.look()

    def release(self) -> None:
        """Let the time of a sweep pass."""
        self.clock.now += SWEEP_S
        self.hub._presses.release()

    def wait_out(self, pause_s: float) -> None:
        """Let time pass as the thread does: second by second."""
        while pause_s > 0:
            self.look(min(1.0, pause_s))
            pause_s -= 1.0

    # -- the broker -----------------------------------------------------------------------------------------

    def said(self, leaf: str) -> str | None:
        """Return what is retained below the program's root."""
        found = self.broker.retained(f"{self.base}/{leaf}")
        return None if found is None else found.decode()

    def until_said(self, leaf: str, payload: str) -> None:
        self.broker.wait_for(lambda: self.said(leaf) == payload, f"{payload} in {leaf}")
        self.flush()

    def heard(self, leaf: str) -> list[str]:
        """Return all that was published to a topic, in order, now that all has come."""
        self.flush()
        return [payload.decode() for payload in self.broker.payloads(f"{self.base}/{leaf}")]

    def flush(self) -> None:
        """Return when the broker has all that was published."""
        if link := self.door._link:
            assert link.ask(f"{self.base}/flush", "x", PATIENCE_S) is not None

    def send(self, leaf: str, payload: str | bytes, **how: Any) -> None:
        """Publish a command, as another client does, and return when the door is done with it."""
        self.broker.publish(f"{self.base}/{leaf}", payload, **how)
        self.mark()

    def mark(self) -> None:
        """Return when the door is done with all that was sent."""
        before = self.count(MARK)
        self.broker.publish(f"{self.base}/{MARK}", "PRESS")
        self.broker.wait_for(lambda: self.count(MARK) > before, "the end of what was sent")

    # -- what came of it ------------------------------------------------------------------------------------

    def count(self, action: str) -> int:
        return sum(entry.times for entry in self.journal.commands(200) if entry.action == action)

    def entries(self) -> list[Entry]:
        """Return what the journal has, oldest first."""
        return [entry for entry in reversed(self.journal.commands(200)) if entry.action != MARK]

    def refused(self) -> list[tuple[str, str | None, int]]:
        """Return what was refused: what was asked for, why, and how often."""
        return [(one.action, one.message, one.times) for one in self.entries() if one.result == "refused"]

    def ended(self) -> list[tuple[str, str | None]]:
        """Return the commands and how each has ended."""
        return [(one.action, one.result) for one in self.entries()]

    @property
    def submitted(self) -> list[str]:
        """Return the commands that the cloud got."""
        return [name for name in self.transport.requests() if name.endswith("1") and name != "EST1"]
