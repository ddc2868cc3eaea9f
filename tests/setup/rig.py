"""A house that is set up: a folder, and the alarm's cloud on a socket."""

import textwrap
from pathlib import Path

from emulator.app.settings import Settings
from emulator.setup.set_up import SetUp
from emulator.simulator.accounts import Contract, SimulatedAccount
from emulator.simulator.owa.face import Owa
from emulator.simulator.panel.panel import SimulatedPanel
from emulator.simulator.server import FACES, SimulatedAlarm
from emulator.store.journal import Journal
from emulator.store.pin import set_pin
from tests.support.fakes import FakeClock

PASSWORD = "Correcto-Caballo-9"
WRONG = "Falso-Caballo-1"
PIN = "258036"
SECOND = Contract("7654321", alias="Playa")


class Bench:
    """A state folder and a file that is not there yet; with `api`, an account of that cloud."""

    def __init__(self, folder: Path, *, api: str = "", profile: str = "es", others: tuple[Contract, ...] = ()) -> None:
        self.clock = FakeClock()
        self.path, self.state = folder / "devices.yaml", folder / "state"
        self.state.mkdir(exist_ok=True)
        self.journal = Journal(self.state)
        self.concealed: list[str] = []
        self.alarm: SimulatedAlarm | None = None
        if api:
            unit = FACES[api].units[profile]
            panel = SimulatedPanel(self.clock.time, unit.equipment)
            account = SimulatedAccount(
                password=PASSWORD, country=unit.country, panel=unit.panel, role=unit.role, others=others
            )
            self.alarm = SimulatedAlarm(panel, api=api, profile=profile, accounts=[account])
            self.alarm.start()

    def close(self) -> None:
        """Stop the cloud and close the journal."""
        if self.alarm:
            self.alarm.stop()
        self.journal.close()

    def write(self, text: str) -> None:
        """Write the file, as a person does."""
        self.path.write_text(textwrap.dedent(text))

    def begin(self) -> SetUp:
        """Begin a set-up."""
        return SetUp(
            self.path,
            self.state,
            self.journal,
            self.clock,
            conceal=self.concealed.append,
            set_pin=lambda pin: set_pin(self.journal, pin),
        )

    @property
    def settings(self) -> Settings:
        """The file, as the program reads it."""
        return Settings.load(self.path)

    @property
    def url(self) -> str:
        """The endpoint of the cloud."""
        assert self.alarm
        return self.alarm.url

    def code(self) -> str:
        """The last SMS."""
        assert self.alarm
        assert isinstance(self.alarm.face, Owa)
        return self.alarm.face.trust.messages[-1].code

    def count(self, operation: str) -> int:
        """Return how often the cloud was asked for something."""
        assert self.alarm
        return int(self.alarm.backend.requests[operation])


def finish(one: SetUp) -> None:
    """Take what is proposed, and save."""
    one.take_switches([choice.switch for alarm in one.answers.alarms for choice in one.choices(alarm) if choice.wanted])
    one.take_doors({door.name: {} for door in one.door_choices() if door.wanted or door.name == "dashboard"})
    one.save()
