"""The simulated alarms that stand in for a cloud: one for each installation that wants one."""

import json
import logging
from typing import TYPE_CHECKING

from emulator.app.alarm_settings import InstallationSettings
from emulator.clock import Timepiece
from emulator.errors import EmulatorError
from emulator.store.journal import Journal
from emulator.store.keys import SIMULATED_PANEL

if TYPE_CHECKING:
    from emulator.simulator.accounts import SimulatedAccount
    from emulator.simulator.server import SimulatedAlarm

LOG = logging.getLogger(__name__)

ANSWER_S = 1.5
"""Answer time of a new panel: quick, so that the first start shows the state within seconds. Its page slows it down."""

PORT = "simulator port: "
"""Begin of the name of a note, which keeps the port of a simulated alarm."""


class Simulators:
    """The simulated alarms that this process has started, by installation."""

    def __init__(self, journal: Journal, clock: Timepiece) -> None:
        self._journal = journal
        self._clock = clock
        self.started: dict[str, SimulatedAlarm] = {}

    def running(self, name: str) -> str:
        """Return the URL of a simulated alarm that another process has started and that answers; empty if none."""
        from emulator.simulator import place

        note = self._journal.recall(_note(name))
        running = json.loads(note) if note else None
        return str(running["url"]) if running and place.answers(running["control"]) else ""

    def start(self, name: str, settings: InstallationSettings, *, annex: bool) -> str:
        """Start a simulated alarm; return its URL. The journal keeps the panel, which outlives the program."""
        # Imported in functions: a program with real alarms only does without, and saves a megabyte.
        from emulator.simulator import place
        from emulator.simulator.panel.equipment import Equipment
        from emulator.simulator.panel.panel import SimulatedPanel
        from emulator.simulator.server import SimulatedAlarm

        panel = SimulatedPanel(self._clock.time, Equipment(annex=annex))
        panel.answer_after = ANSWER_S
        kept = SIMULATED_PANEL + name
        if saved := self._journal.recall(kept):
            try:
                panel.load(saved)
            except EmulatorError as error:
                LOG.warning("%s: the simulated panel starts anew: %s", name, error)
        panel.changed = lambda: self._journal.note(kept, panel.dump())
        simulator = SimulatedAlarm(panel, api=settings.row.api, accounts=[account(settings)])
        port = place.start(simulator, name, self._journal.recall(PORT + name))
        self.started[name] = simulator
        self._journal.note(PORT + name, port)
        self._journal.note(_note(name), _place(simulator))
        return simulator.url

    def stop(self) -> None:
        """Stop all of them, and remove the notes of where they were."""
        while self.started:
            name, simulator = self.started.popitem()
            simulator.stop()
            # Another `emulator run` may have started meanwhile and put its own note there.
            if self._journal.recall(_note(name)) == _place(simulator):
                self._journal.note(_note(name), None)


def account(settings: InstallationSettings) -> "SimulatedAccount":
    """Return the account of a simulated alarm: the demo's, with number and panel of the settings if given."""
    from emulator.simulator.accounts import DEMO, SimulatedAccount

    number, panel = settings.number or DEMO.number, settings.panel or DEMO.panel
    return SimulatedAccount(number=number, panel=panel, country=settings.country)


def _note(name: str) -> str:
    return f"simulator running: {name}"


def _place(simulator: "SimulatedAlarm") -> str:
    return json.dumps({"url": simulator.url, "control": simulator.control_url})
