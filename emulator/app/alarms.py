"""The far side of the settings: a cloud and an installation for each alarm, and the alarms that are simulated here."""

import hashlib
import json
import logging
import math
import urllib.request
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from emulator import clouds
from emulator.alarm.cloud import Cloud, Report
from emulator.alarm.freshness import read_within_s
from emulator.alarm.installation import Installation
from emulator.app.alarm_settings import InstallationSettings
from emulator.app.login_store import JournalVault
from emulator.app.settings import Settings
from emulator.clock import StoppableClock, SystemClock
from emulator.clouds.account import Account, Reach
from emulator.config.credentials import Credentials
from emulator.errors import EmulatorError
from emulator.model import Moment, Notice
from emulator.store import keys
from emulator.store.journal import Journal
from emulator.store.keys import SIMULATED_PANEL

if TYPE_CHECKING:
    from emulator.simulator.accounts import SimulatedAccount
    from emulator.simulator.server import SimulatedAlarm

LOG = logging.getLogger(__name__)

SIMULATED_ANSWER_S = 1.5
"""A new simulated panel is quick, so that the first start shows the state within seconds; its page slows it down."""

PROBE_S = 1.0
"""For a simulated alarm on this machine to say that it is there."""


class Alarms:
    """The far side of the settings: journal, simulated alarms, and a cloud for each installation.

    `shared` uses the simulated alarms of an `emulator run` beside us, where there are any, and leaves it to that one to
    tell of silence.
    """

    def __init__(
        self,
        settings: Settings,
        credentials: Mapping[str, Credentials],
        state_dir: Path,
        *,
        shared: bool,
        clock: StoppableClock | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.journal = Journal(state_dir)
        self._silent_after_s = math.inf if shared else settings.notify.silent_after
        self.simulators: dict[str, SimulatedAlarm] = {}
        self.on_notice: Callable[[Notice, str, str], None] = lambda _notice, _about, _text: None
        self._credentials = credentials
        self._state_dir = state_dir
        self._shared: dict[Any, Any] = {}
        self._rows = {name: clouds.row(one.cloud) for name, one in settings.installations.items()}
        self._urls = {name: one.endpoint for name, one in settings.installations.items()}
        try:
            keys.bind(self.journal, {name: self._key(name) for name in settings.installations})
            for name, installation in settings.installations.items():
                if self._rows[name].simulated:
                    self._urls[name] = (self._running(name) if shared else None) or self._simulate(name, installation)
        except EmulatorError:
            self.close()
            raise

    def close(self) -> None:
        """Stop the simulated alarms and close the journal; may be called twice."""
        try:
            while self.simulators:
                name, simulator = self.simulators.popitem()
                simulator.stop()
                # An `emulator run` that started beside us may have put its own there meanwhile.
                if self.journal.recall(_simulator_note(name)) == _told(simulator):
                    self.journal.note(_simulator_note(name), None)
        finally:
            self.journal.close()

    def _running(self, name: str) -> str | None:
        """The URL of a simulated alarm that another process has started and that answers."""
        note = self.journal.recall(_simulator_note(name))
        running = json.loads(note) if note else None
        return str(running["url"]) if running and _answers(running["control"]) else None

    def _simulate(self, name: str, installation: InstallationSettings) -> str:
        """Start a simulated alarm. Its panel is kept in the journal and outlives the program, as a real one does."""
        # Here, and below: a real alarm does without, and with a megabyte less.
        from emulator.simulator.panel.equipment import Equipment
        from emulator.simulator.panel.panel import SimulatedPanel
        from emulator.simulator.server import SimulatedAlarm

        modes = [switch.on for switch in self.settings.switches if self.settings.installation_of(switch) == name]
        panel = SimulatedPanel(self.clock.time, Equipment(annex=any(mode.annex for mode in modes)))
        panel.answer_after = SIMULATED_ANSWER_S
        kept = SIMULATED_PANEL + name
        if saved := self.journal.recall(kept):
            try:
                panel.load(saved)
            except EmulatorError as error:
                LOG.warning("%s: the simulated panel starts anew: %s", name, error)
        panel.changed = lambda: self.journal.note(kept, panel.dump())
        simulator = SimulatedAlarm(panel, api=self._rows[name].api, accounts=[_simulated(installation)])
        simulator.start()
        self.simulators[name] = simulator
        self.journal.note(_simulator_note(name), _told(simulator))
        return simulator.url

    def cloud(self, name: str) -> Cloud:
        """A new cloud, which belongs to whoever asks."""
        settings, account, url = self.settings.installations[name], self._account(name), self._urls[name]
        row = self._rows[name]
        vault = JournalVault(self.journal, self._state_dir, urlsplit(url).netloc, account.user)
        timeouts, spacing_s = settings.timeouts, row.polling.spacing_s
        reach = Reach(url, timeouts.request, timeouts.command, spacing_s, vault, self._shared)
        return row.open(account, reach, self.clock)

    def _key(self, name: str) -> keys.Key:
        """What this alarm is known by, whatever its name; a simulated one is a house of that name."""
        installation, account = self.settings.installations[name], self._account(name)
        if self._rows[name].simulated:
            return keys.Key(installation.cloud, name, account.number, "", simulated=True)
        user = hashlib.sha256(account.user.encode()).hexdigest()[:8]
        return keys.Key(installation.cloud, urlsplit(self._urls[name]).netloc.lower(), installation.number, user)

    def _account(self, name: str) -> Account:
        installation = self.settings.installations[name]
        known = _simulated(installation) if self._rows[name].simulated else installation
        credentials = self._credentials.get(name) or _demo()
        return Account(
            user=credentials.user,
            password=credentials.password,
            country=installation.country,
            lang=installation.language,
            number=known.number,
            panel=known.panel,
            callby=installation.callby,
            learned=partial(keys.learn, self.journal, name),
        )

    def installation(
        self,
        name: str,
        *,
        refusals: int = 0,
        on_change: Callable[[], None] = lambda: None,
        on_progress: Report = lambda _phase, _text: None,
        stood_still: Callable[[Moment], bool] = lambda _asked: False,
    ) -> Installation:
        """The thread-to-be of one alarm."""
        account = self._account(name)
        settings, row = self.settings.installations[name], self._rows[name]
        # All that a login says: what is changed after a refusal is tried.
        identity = [account.user, account.password, account.country, account.lang, account.callby]
        identity += [self._urls[name], settings.cloud]
        return Installation(
            name,
            lambda: self.cloud(name),
            self.journal,
            self.clock,
            poll_every_s=settings.poll_every_s,
            reread_after_s=row.polling.reread_after_s,
            lag_s=row.polling.lag_s,
            credentials=json.dumps(identity),
            refusals=refusals,
            after_refusal=row.after_refusal,
            on_change=on_change,
            on_progress=on_progress,
            on_notice=lambda notice, text: self.on_notice(notice, name, text),
            read_s=read_within_s(settings.timeouts.request, settings.timeouts.command),
            silent_after_s=self._silent_after_s,
            arm_within_s=settings.timeouts.command,
            stood_still=stood_still,
        )


def _demo() -> Credentials:
    from emulator.simulator.accounts import DEMO

    return Credentials(DEMO.user, DEMO.password)


def _simulated(installation: InstallationSettings) -> "SimulatedAccount":
    """The account of a simulated alarm, as far as the settings leave it open that of the demo."""
    from emulator.simulator.accounts import DEMO, SimulatedAccount

    number, panel = installation.number or DEMO.number, installation.panel or DEMO.panel
    return SimulatedAccount(number=number, panel=panel, country=installation.country)


def _simulator_note(name: str) -> str:
    return f"simulator running: {name}"


def _told(simulator: "SimulatedAlarm") -> str:
    return json.dumps({"url": simulator.url, "control": simulator.control_url})


def _answers(control_url: str) -> bool:
    # A proxy of the environment does not know this machine's loopback.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{control_url}/state", timeout=PROBE_S) as answer:
            return "axes" in json.load(answer)
    except (OSError, ValueError):
        return False
