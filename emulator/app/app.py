"""The composition root: settings become objects, which start and stop in order."""

import logging
import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from emulator import doors
from emulator.alarm.hub import Hub
from emulator.app import readiness, resources
from emulator.app.alarms import Alarms
from emulator.app.notify import Notifier
from emulator.app.settings import Settings
from emulator.app.targets import apprise_target
from emulator.app.watch import Gap, Heartbeat, StateFolder, Watch
from emulator.config.credentials import Credentials
from emulator.doors import Door
from emulator.doors.dashboard.door import Dashboard
from emulator.doors.hue.settings import HueSettings
from emulator.errors import EmulatorError, Hindered
from emulator.lan import web
from emulator.lan.responder import Responder
from emulator.model import Notice, Origin, Switch
from emulator.store import salvage
from emulator.store.identities import Wanted, identities
from emulator.store.subscriptions import Subscriptions
from emulator.system import lock

LOG = logging.getLogger(__name__)

STOP_S = 3.0
"""For the installations to end their session; the whole stop has to fit into 5 s."""

STALE_S, STALE_POLLS = 3600.0, 3
"""Without news for that long, and for that many polls, a light of the Hue bridge is shown as out of reach."""


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
        resources.check(resources.Need.of(settings))
        with ExitStack() as undo:
            self._lock = undo.enter_context(lock.acquire(state_dir))
            self._salvaged = salvage.make_sound(state_dir, time.time())
            self.alarms = Alarms(settings, credentials, state_dir, shared=False)
            undo.callback(self.alarms.close)
            self._build(settings, interfaces, targets)
            salvage.keep_copy(self.alarms.journal, state_dir)
            undo.pop_all()

    def _build(self, settings: Settings, interfaces: Sequence[str] | None, targets: Sequence[str]) -> None:
        self.notifier = Notifier(self.alarms.journal, targets, self.alarms.clock, apprise_target)
        self.alarms.on_notice = self._tell
        if self._salvaged:
            LOG.error("%s", self._salvaged)
            self._tell(Notice.DAMAGED, "program", str(self._salvaged))
            # On the page, too, which shows what was refused.
            here, now = Origin("program"), self.alarms.clock.time()
            self.alarms.journal.refuse(here, "open the journal", str(self._salvaged), now)
        unfinished = self.alarms.journal.recover(self.alarms.clock.time())
        if unfinished:
            LOG.warning("%d command(s) were under way when the program stopped; the panel is asked", unfinished)
            about = f"{unfinished} command(s) were under way when it stopped and are not sent again; see the journal"
            self._tell(Notice.FAILED, "program", about)
        heartbeat = Heartbeat(self.alarms.clock)
        self.installations = {
            name: self.alarms.installation(
                name, on_change=partial(self._changed, name), stood_still=heartbeat.skipped_since
            )
            for name in settings.installations
        }
        show_target = settings.while_pending == "target"
        switches = self._switches(settings)
        journal, clock = self.alarms.journal, self.alarms.clock
        self.hub = Hub(switches, self.installations, journal, clock, show_target=show_target)
        self.doors = self._doors(settings, interfaces or settings.lan.interfaces)
        folder = StateFolder(journal, clock, self._all_changed)
        looks = [installation.look_after for installation in self.installations.values()]
        self._watch = Watch(clock, [*looks, folder.look], [self._after_gap], heartbeat)

    def _doors(self, settings: Settings, interfaces: Sequence[str] | None) -> list[Door]:
        address = str(settings.lan.address) if settings.lan.address else None
        self.responder = Responder(interfaces=interfaces, address=address)
        place: dict[str, Any] = {"interfaces": interfaces, "address": address}
        opened_settings = settings.doors.opened
        opened: dict[str, Door] = {}
        if "wemo" in opened_settings:
            opened["wemo"] = doors.row("wemo").open(
                self.hub,
                self.responder,
                reply_within_s=settings.reply_within,
                allow_sweep=opened_settings["wemo"].allow_sweep,
                subscriptions=Subscriptions(self.alarms.journal),
            )
        if "hue" in opened_settings:
            hue = {**_hue(settings), **place, "reply_within_s": settings.reply_within}
            opened["hue"] = doors.row("hue").open(self.hub, self.alarms.journal, self.responder, **hue)
        if "dashboard" in opened_settings:
            self.page = Dashboard(
                self.hub,
                self.alarms.journal,
                self._state_dir,
                port=opened_settings["dashboard"].port,
                doors=opened,
                searches=self.responder.searches,
                pairing=settings.doors.pairing,
                on_wrong_pins=partial(self._tell, Notice.LOCKED, "page"),
                **place,
            )
        return [*opened.values(), *([self.page] if self.page else [])]

    def _tell(self, notice: Notice, about: str, text: str) -> None:
        if notice is not Notice.DISARMED or self.alarms.settings.notify.disarmed:
            self.notifier.tell(notice, about, text)

    def _changed(self, installation: str) -> None:
        self.hub.changed(installation)

    def _all_changed(self) -> None:
        for installation in self.installations:
            self._changed(installation)

    def _after_gap(self, gap: Gap) -> None:
        for installation in self.installations.values():
            installation.after_gap(gap.stopped_s, gap.slept_s)

    def _switches(self, settings: Settings) -> list[Switch]:
        opened = {name: (doors.row(name), section) for name, section in settings.doors.opened.items()}
        wanted = [Wanted(settings.installation_of(one), one.on, one.name, one.port or 0) for one in settings.switches]
        every_door = frozenset(name for name, (row, _) in opened.items() if row.binds_switches)
        others = {port.number for row, section in opened.values() for port in row.ports(section)}
        first_port = next((row.first_port(section) for row, section in opened.values() if row.first_port), 1024)
        known = identities(self.alarms.journal, wanted, first_port, _port_is_free, reserved=others)
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
            for one, identity in zip(settings.switches, known, strict=True)
        ]

    def start(self) -> None:
        """Installations, then doors. Nothing runs any more when that fails; Hindered when the machine is the reason."""
        try:
            self.notifier.start()
            for installation in self.installations.values():
                installation.start()
            self._watch.start()
            self.hub.start()
            for door in self.doors:
                door.start()
        except BaseException as error:
            self.stop()
            # All that the interpreter says of it; no other class of error has it alone.
            if isinstance(error, RuntimeError) and "thread" in str(error):
                raise resources.no_thread(str(error)) from None
            if isinstance(error, OSError):
                raise Hindered(f"it cannot start: {error}") from None
            raise

    @property
    def readiness(self) -> readiness.Readiness:
        """Whether clients can reach it."""
        return readiness.judge(self.hub.switches, self.doors, self.page.pages() if self.page else None)

    @property
    def has_news(self) -> bool:
        """Whether every alarm has been read, now or before a restart."""
        return all(installation.view.state for installation in self.installations.values())

    def stop(self) -> None:
        """Doors first, so that nothing new comes in; within 5 s."""
        for door in reversed(self.doors):
            _attempt(door.stop)
        _attempt(self.hub.stop)
        _attempt(self.alarms.clock.stop)
        deadline = time.monotonic() + STOP_S
        for installation in self.installations.values():
            _attempt(installation.stop, max(0.0, deadline - time.monotonic()))
        _attempt(self._watch.stop, max(0.0, deadline - time.monotonic()))
        _attempt(self.notifier.stop)
        _attempt(self.alarms.close)
        self._lock.close()


def _attempt(act: Callable[..., object], *args: object) -> None:
    """Stop one part; one that fails keeps no other from it, which would go on to answer for switches nobody serves."""
    try:
        act(*args)
    except EmulatorError as error:
        LOG.error("%s", error)
    except Exception:
        LOG.exception("a defect of this program; stopping the rest")


def _hue(settings: Settings) -> dict[str, Any]:
    """What the settings say of the Hue door."""
    hue = settings.doors.opened.get("hue") or HueSettings()
    polls = [installation.poll_every_s for installation in settings.installations.values()]
    return {
        "port": hue.port,
        "light": hue.light,
        "pairing_mode": hue.pairing,
        "suffix": hue.suffix,
        "fold": hue.ascii,
        "allow_sweep": hue.allow_sweep,
        "mdns": hue.mdns,
        "stale_s": max(STALE_S, STALE_POLLS * max(polls)),
        "sockets": web.activated(os.environ),
    }


def _port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
