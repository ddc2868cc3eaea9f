"""The composition root: settings become objects, which start and stop in order."""

import fcntl
import json
import logging
import os
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import urlsplit

from emulator import doors
from emulator.credentials import Credentials
from emulator.dashboard.door import Dashboard
from emulator.doors import Door, web
from emulator.errors import ConfigError, EmulatorError, Problem
from emulator.hub import Hub
from emulator.installation import Installation
from emulator.journal import Journal, Wanted
from emulator.model import Notice, Switch
from emulator.notify import Notifier, apprise_target
from emulator.settings import HueSettings, InstallationSettings, Settings
from emulator.vault import JournalVault
from emulator.verisure import CLOUDS, Reach, url_of
from emulator.verisure.cloud import Clock, Cloud, Report
from emulator.verisure.session import SPACING_S, Account, Gate
from emulator.verisure.wire import Turnstile

if TYPE_CHECKING:
    from emulator.doors.hue import Hue
    from emulator.doors.lan import Lan
    from emulator.simulator.backend import Account as SimulatedAccount
    from emulator.simulator.server import SimulatedAlarm

log = logging.getLogger(__name__)

STOP_S = 3.0
"""For the installations to end their session; the whole stop has to fit into 5 s."""

STALE_S, STALE_POLLS = 3600.0, 3
"""Without news for that long, and for that many polls, a light of the Hue bridge is shown as out of reach."""

SIMULATED_SPACING_S = 0.5
"""Between requests to our own simulated alarm, which lets this program and a typed command through at that pace."""

SIMULATED_ANSWER_S = 1.5
"""A new simulated panel is quick, so that the first start shows the state within seconds; its page slows it down."""

PROBE_S = 1.0
"""For a simulated alarm on this machine to say that it is there."""


LOCK = "run.lock"
"""In the state folder; held for as long as the program runs."""


class StoppableClock(Clock, Protocol):
    """The time of the whole program, and the end of every wait in it."""

    def stop(self) -> None:
        """End all waits, now and later."""


class SystemClock:
    """The machine's time; `stop` ends every wait."""

    def __init__(self) -> None:
        self._stopping = threading.Event()

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()

    def sleep(self, seconds: float) -> bool:
        """Wait; False when the program is stopping."""
        return not self._stopping.wait(seconds)

    def stop(self) -> None:
        """End all waits, now and later."""
        self._stopping.set()


class Alarms:
    """The far side of the settings: journal, simulated alarms, and a cloud for each installation.

    `shared` uses the simulated alarms of an `emulator run` beside us, where there are any.
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
        self.simulators: dict[str, SimulatedAlarm] = {}
        self.on_notice: Callable[[Notice, str, str], None] = lambda _notice, _about, _text: None
        self._credentials = credentials
        self._state_dir = state_dir
        self._gates: dict[tuple[str, str], Gate] = {}
        self._turnstiles: dict[str, Turnstile] = {}
        self._urls = {name: one.url or url_of(one.cloud, one.country) for name, one in settings.installations.items()}
        try:
            for name, installation in settings.installations.items():
                if installation.cloud == "simulator":
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
        from emulator.simulator.panel import House, Profile
        from emulator.simulator.server import SimulatedAlarm

        modes = [switch.on for switch in self.settings.switches if self.settings.installation_of(switch) == name]
        house = House(self.clock.time, Profile(annex=any(mode.annex for mode in modes)))
        house.answer_after = SIMULATED_ANSWER_S
        kept = f"simulated panel: {name}"
        if saved := self.journal.recall(kept):
            try:
                house.load(saved)
            except EmulatorError as error:
                log.warning("%s: the simulated panel starts anew: %s", name, error)
        house.changed = lambda: self.journal.note(kept, house.dump())
        simulator = SimulatedAlarm(house, accounts=[_simulated(installation)])
        simulator.start()
        self.simulators[name] = simulator
        self.journal.note(_simulator_note(name), _told(simulator))
        return simulator.url

    def cloud(self, name: str) -> Cloud:
        """A new cloud, which belongs to whoever asks."""
        settings, account, url = self.settings.installations[name], self._account(name), self._urls[name]
        spacing_s = SIMULATED_SPACING_S if settings.cloud == "simulator" else SPACING_S
        gate = self._gates.setdefault((account.user, url), Gate(spacing_s))
        gate.refusal = None
        turnstile = self._turnstiles.setdefault(url, Turnstile())
        vault = JournalVault(self.journal, self._state_dir, urlsplit(url).netloc, account.user)
        reach = Reach(url, settings.timeouts.request, settings.timeouts.command, gate, turnstile, vault)
        return CLOUDS[settings.cloud](account, reach, self.clock)

    def _account(self, name: str) -> Account:
        installation = self.settings.installations[name]
        known = _simulated(installation) if installation.cloud == "simulator" else installation
        credentials = self._credentials.get(name) or _demo()
        return Account(
            user=credentials.user,
            password=credentials.password,
            country=installation.country,
            lang=installation.language,
            number=known.number,
            panel=known.panel,
            callby=installation.callby,
        )

    def installation(
        self,
        name: str,
        *,
        refusals: int = 0,
        on_change: Callable[[], None] = lambda: None,
        on_progress: Report = lambda _phase, _text: None,
    ) -> Installation:
        """The thread-to-be of one alarm."""
        account = self._account(name)
        settings = self.settings.installations[name]
        identity = [account.user, account.password, account.country, account.lang, account.number, settings.url]
        return Installation(
            name,
            lambda: self.cloud(name),
            self.journal,
            self.clock,
            poll_every_s=settings.poll_every_s,
            reread_after_s=settings.reread_after_s,
            credentials=json.dumps([*identity, settings.cloud, account.callby]),
            refusals=refusals,
            on_change=on_change,
            on_progress=on_progress,
            on_notice=lambda notice, text: self.on_notice(notice, name, text),
            silent_after_s=self.settings.notify.silent_after,
        )


class App:
    """The running program: alarms, hub and doors."""

    def __init__(
        self,
        settings: Settings,
        credentials: Mapping[str, Credentials],
        state_dir: Path,
        interfaces: Sequence[str] | None = None,
        targets: Sequence[str] = (),
    ) -> None:
        self._state_dir = state_dir
        self.page: Dashboard | None = None
        self._lock = _only_one(state_dir)
        try:
            self.alarms = Alarms(settings, credentials, state_dir, shared=False)
        except EmulatorError:
            self._lock.close()
            raise
        try:
            self._build(settings, interfaces, targets)
        except EmulatorError:
            self.alarms.close()
            self._lock.close()
            raise

    def _build(self, settings: Settings, interfaces: Sequence[str] | None, targets: Sequence[str]) -> None:
        self.notifier = Notifier(self.alarms.journal, targets, self.alarms.clock, apprise_target)
        self.alarms.on_notice = self._tell
        unfinished = self.alarms.journal.recover(self.alarms.clock.time())
        if unfinished:
            log.warning("%d command(s) were under way when the program stopped; the panel is asked", unfinished)
            about = f"{unfinished} command(s) were under way when it stopped and are not sent again; see the journal"
            self._tell(Notice.FAILED, "program", about)
        self.installations = {
            name: self.alarms.installation(name, on_change=partial(self._changed, name))
            for name in settings.installations
        }
        show_target = settings.while_pending == "target"
        switches = self._switches(settings)
        journal, clock = self.alarms.journal, self.alarms.clock
        self.hub = Hub(switches, self.installations, journal, clock, show_target=show_target)
        self.doors = self._doors(settings, interfaces or settings.lan.interfaces)

    def _doors(self, settings: Settings, interfaces: Sequence[str] | None) -> list[Door]:
        address = str(settings.lan.address) if settings.lan.address else None
        place: dict[str, Any] = {"interfaces": interfaces, "address": address, "reply_within_s": settings.reply_within}
        opened: dict[str, Door] = {}
        if settings.doors.hue:
            hue = cast("Hue", doors.load("hue")(self.hub, self.alarms.journal, **_hue(settings), **place))
            # Searches are answered in one room, also for a bridge alone; it begins when the bridge answers.
            opened = {"hue": hue, "wemo": doors.load("wemo")(self.hub, guests=hue.devices, **place)}
        elif settings.doors.wemo:
            opened = {"wemo": doors.load("wemo")(self.hub, **place)}
        del place["reply_within_s"]
        if settings.doors.dashboard:
            self.page = Dashboard(
                self.hub,
                self.alarms.journal,
                self._state_dir,
                port=settings.doors.dashboard.port,
                doors=opened,
                searches=cast("Lan", opened["wemo"]).searches if opened else tuple,
                pairing=settings.doors.hue.pairing if settings.doors.hue else None,
                on_pin_lock=lambda peer: self._tell(Notice.LOCKED, "page", f"too many wrong PINs from {peer}"),
                **place,
            )
        return [*opened.values(), *([self.page] if self.page else [])]

    def _tell(self, notice: Notice, about: str, text: str) -> None:
        if notice is not Notice.DISARMED or self.alarms.settings.notify.disarmed:
            self.notifier.tell(notice, about, text)

    def _changed(self, installation: str) -> None:
        self.hub.changed(installation)

    def _switches(self, settings: Settings) -> list[Switch]:
        wemo = settings.doors.wemo
        wanted = [Wanted(settings.installation_of(one), one.on, one.name, one.port or 0) for one in settings.switches]
        every_door = frozenset(name for name in doors.DOORS if getattr(settings.doors, name))
        others = {door.port for door in (settings.doors.hue, settings.doors.dashboard) if door}
        first_port = wemo.first_port if wemo else 1024
        identities = self.alarms.journal.identities(wanted, first_port, _port_is_free, reserved=others)
        return [
            Switch(
                name=one.name,
                installation=settings.installation_of(one),
                mode=one.on,
                off_disarms=one.off == "disarm",
                doors=every_door if one.doors is None else every_door & frozenset(one.doors),
                identity=identity,
                force=one.force,
                narrowing=one.narrowing,
            )
            for one, identity in zip(settings.switches, identities, strict=True)
        ]

    def start(self) -> None:
        """Installations, then doors."""
        self.notifier.start()
        for installation in self.installations.values():
            installation.start()
        for door in self.doors:
            door.start()

    @property
    def has_news(self) -> bool:
        """Whether every alarm has been read, now or before a restart."""
        return all(installation.view.state for installation in self.installations.values())

    def stop(self) -> None:
        """Doors first, so that nothing new comes in; within 5 s."""
        for door in reversed(self.doors):
            door.stop()
        self.alarms.clock.stop()
        deadline = time.monotonic() + STOP_S
        for installation in self.installations.values():
            installation.stop(max(0.0, deadline - time.monotonic()))
        self.notifier.stop()
        self.alarms.close()
        self._lock.close()


def _hue(settings: Settings) -> dict[str, Any]:
    """What the settings say of the Hue door."""
    hue = settings.doors.hue or HueSettings()
    polls = [installation.poll_every_s for installation in settings.installations.values()]
    return {
        "port": hue.port,
        "light": hue.light,
        "pairing_mode": hue.pairing,
        "suffix": hue.suffix,
        "fold": hue.ascii,
        "allow_sweep": hue.allow_sweep,
        "mdns": hue.mdns,
        "show_target": settings.while_pending == "target",
        "stale_s": max(STALE_S, STALE_POLLS * max(polls)),
        "sockets": web.activated(os.environ),
    }


def _demo() -> Credentials:
    from emulator.simulator.backend import DEMO

    return Credentials(DEMO.user, DEMO.password)


def _simulated(installation: InstallationSettings) -> "SimulatedAccount":
    """The account of a simulated alarm, as far as the settings leave it open that of the demo."""
    from emulator.simulator.backend import DEMO
    from emulator.simulator.backend import Account as SimulatedAccount

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


def _port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True


def _only_one(state_dir: Path) -> IO[str]:
    """A lock on the state folder: two programs on one journal would both answer for the same switches."""
    path = state_dir / LOCK
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = path.open("w")
    except OSError as error:
        raise ConfigError([Problem(str(path), f"{error.strerror}; choose a folder with --state-dir")]) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        problem = "another `emulator run` uses this state folder; stop it, or choose another with --state-dir"
        raise ConfigError([Problem(str(state_dir), problem)]) from None
    return lock


def is_running(state_dir: Path) -> bool:
    """Whether an `emulator run` uses this state folder."""
    try:
        with (state_dir / LOCK).open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
