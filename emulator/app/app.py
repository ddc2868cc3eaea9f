"""The composition root: settings become objects, which start and stop in order.

Over 250 lines: each part of the program is made, started, paused and stopped in one place.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO

from emulator import doors
from emulator.alarm.hub import Hub
from emulator.app import readiness, resources
from emulator.app.alarms import Alarms
from emulator.app.decision import Decision, decision
from emulator.app.notify import Notifier
from emulator.app.settings import Settings
from emulator.app.switches import switches
from emulator.app.targets import patient_target, unnotified
from emulator.app.watch import StateFolder, Watch
from emulator.clock import Gap, Heartbeat
from emulator.config.credentials import Credentials
from emulator.doors import Changes, Door, DoorContext, needs
from emulator.doors.mounted import Mounted
from emulator.errors import EmulatorError
from emulator.lan import network
from emulator.lan.door import LOOK_S
from emulator.lan.responder import Responder
from emulator.model import Notice, Origin
from emulator.store import salvage
from emulator.store.peer_names import PeerNames
from emulator.store.pin import Pin
from emulator.system import lock
from emulator.words import spoken
from emulator.words.text import Text, counted

LOG = logging.getLogger(__name__)

STOP_S = 3.0
"""For the installations to end their session; the whole stop has to fit into 5 s."""

PROGRAM = Text("program")
"""Subject of notices about none of the alarms."""


class App:
    """The running program: alarms, hub and doors.

    `held` is the caller's lock on the state folder, who keeps it; else it has one of its own. `changes` is where doors
    ask for changed settings to be taken; `mounted` are pages that the page shows among its own.
    """

    def __init__(
        self,
        settings: Settings,
        credentials: Mapping[str, Credentials],
        state_dir: Path,
        interfaces: Sequence[str] | None = None,
        targets: Sequence[str] = (),
        *,
        held: IO[str] | None = None,
        changes: Changes | None = None,
        mounted: Sequence[Mounted] = (),
    ) -> None:
        self._state_dir = state_dir
        self._changes, self._mounted = changes, mounted
        resources.check(resources.Need.of(settings))
        with ExitStack() as undo:
            self._lock = None if held else undo.enter_context(lock.acquire(state_dir))
            self._salvaged = salvage.make_sound(state_dir, time.time())
            self.alarms = Alarms(settings, credentials, state_dir, shared=False)
            undo.callback(self.alarms.close)
            self._build(settings, interfaces, targets)
            salvage.keep_copy(self.alarms.journal, state_dir)
            undo.pop_all()

    def _build(self, settings: Settings, interfaces: Sequence[str] | None, targets: Sequence[str]) -> None:
        journal, clock = self.alarms.journal, self.alarms.clock

        def offered(entry: int) -> Decision | None:
            return decision(entry, self.hub.offers.values(), self.doors, settings.spoken)

        self.notifier = Notifier(journal, targets, clock, patient_target, settings.spoken, offered)
        self._unnotified = unnotified(targets)
        if targets and self._unnotified:
            LOG.error("nobody is notified: VERISURE_NOTIFY %s", self._unnotified)
        self._names = PeerNames(journal)
        self.alarms.on_notice, self.alarms.who = self.tell, partial(spoken.who, named=doors.naming(self._names))
        if self._salvaged:
            LOG.error("%s", self._salvaged)
            self.tell(Notice.DAMAGED, PROGRAM, str(self._salvaged))
            # On the page, too, which shows what was refused.
            here, now = Origin("program"), self.alarms.clock.time()
            self.alarms.journal.refuse(here, "open the journal", str(self._salvaged), now)
        # What the settings may refuse comes first: what is found unfinished is told once.
        self._sections, found = settings.doors.opened, switches(settings, journal)
        needs.require(self._sections)
        if unfinished := journal.recover(clock.time()):
            LOG.warning("%d command(s) were under way when the program stopped; the panel is asked", unfinished)
            about = counted(
                "{n} command was under way when it stopped and is not sent again; see the journal",
                "{n} commands were under way when it stopped and are not sent again; see the journal",
                unfinished,
            )
            self.tell(Notice.FAILED, PROGRAM, about)
        heartbeat = Heartbeat(self.alarms.clock)
        self.installations = {
            name: self.alarms.installation(
                name, on_change=partial(self._changed, name), stood_still=heartbeat.skipped_since
            )
            for name in settings.installations
        }
        show_target = settings.while_pending == "target"
        self.hub = Hub(found, self.installations, journal, clock, show_target=show_target)
        self.doors: dict[str, Door] = {}
        self._context = self._surroundings(settings, interfaces or settings.lan.interfaces)
        folder = StateFolder(journal, clock, self.all_changed)
        looks = [installation.look_after for installation in self.installations.values()]
        self._watch = Watch(clock, [*looks, folder.look], [self._after_gap], heartbeat)

    def _surroundings(self, settings: Settings, interfaces: Sequence[str] | None) -> DoorContext:
        address = str(settings.lan.address) if settings.lan.address else None
        return DoorContext(
            hub=self.hub,
            journal=self.alarms.journal,
            clock=self.alarms.clock,
            pin=Pin(self.alarms.journal, self.alarms.clock.time, partial(self.tell, Notice.LOCKED, Text("PIN"))),
            state_dir=self._state_dir,
            responder=Responder(interfaces=interfaces, address=address),
            nics=network.nics,
            interfaces=interfaces,
            address=address,
            look_s=LOOK_S,
            reply_within_s=settings.reply_within,
            poll_every_s=max(installation.poll_every_s for installation in settings.installations.values()),
            notify=self.tell,
            opened=lambda: self.doors,
            pairing=settings.doors.pairing,
            names=self._names,
            language=settings.spoken,
            changes=self._changes,
            mounted=self._mounted,
            unnotified=self._unnotified,
        )

    def tell(self, notice: Notice, about: str, text: str) -> None:
        """Tell people who have not asked."""
        if notice is not Notice.DISARMED or self.alarms.settings.notify.disarmed:
            offer = self.hub.offers.get(about) if notice is Notice.OPEN else None
            said = spoken.with_names(text, self._names.named)
            self.notifier.tell(notice, about, said, offer.entry if offer else 0)

    def _changed(self, installation: str) -> None:
        self.hub.changed(installation)

    def all_changed(self) -> None:
        """Let the doors look at everything anew."""
        for installation in self.installations:
            self._changed(installation)

    def _after_gap(self, gap: Gap) -> None:
        for installation in self.installations.values():
            installation.after_gap(gap.stopped_s, gap.slept_s)

    def start(self) -> None:
        """Start installations, then doors. If that fails, nothing runs any more; Hindered if the machine is why."""
        try:
            self.notifier.start()
            for installation in self.installations.values():
                installation.start()
            self._watch.start()
            self.hub.start()
            # Each is served before the libraries of the next are loaded, which takes a Raspberry Pi seconds.
            for name, section in self._sections.items():
                context = replace(self._context, of_alarms=self.alarms.settings.of_alarms(name))
                door = doors.row(name).open(context, section)
                self.doors = {**self.doors, name: door}
                door.start()
        except BaseException as error:
            self.stop()
            if hindrance := resources.hindrance(error):
                raise hindrance from None
            raise

    @property
    def readiness(self) -> readiness.Readiness:
        """Verdict on whether clients can reach it."""
        return readiness.judge(self.hub.switches, list(self.doors.values()), self.pages())

    def pages(self) -> list[str] | None:
        """Return the addresses of the pages for people now; None where no door has any."""
        found = [pages(door) for name, door in self.doors.items() if (pages := doors.row(name).pages)]
        return list(chain.from_iterable(found)) if found else None

    @property
    def has_news(self) -> bool:
        """True if every alarm has been read, now or before a restart."""
        return all(installation.view.state for installation in self.installations.values())

    # -- making room for an App with other settings ---------------------------------------------------------

    def pause(self) -> bool:
        """Begin nothing any more; False, without any change, while something is under way or may be part of more."""
        if not self.hub.is_at_rest:
            return False
        if all(one.pause() for one in self.installations.values()):
            return True
        self._go_on()
        return False

    def close_doors(self) -> bool:
        """Close the doors of a paused program; return whether nothing came in meanwhile, so that it can be stopped."""
        for door in reversed(self.doors.values()):
            _attempt(door.stop)
        return self.hub.is_at_rest

    def unwritable(self) -> str:
        """Return why nothing can be written down; empty where it can."""
        journal = self.alarms.journal
        return journal.trouble or (Text("the journal is gone; restart the program") if journal.is_gone else "")

    def resume(self) -> None:
        """Go on as before `pause`, with what came in meanwhile, and open the doors again."""
        self._go_on()
        for door in self.doors.values():
            _attempt(door.start)

    def _go_on(self) -> None:
        for installation in self.installations.values():
            installation.resume()

    def stop(self) -> None:
        """Stop the doors first, so that nothing new comes in; all within 5 s."""
        for door in reversed(self.doors.values()):
            _attempt(door.stop)
        _attempt(self.hub.stop)
        _attempt(self.alarms.clock.stop)
        for installation in self.installations.values():
            _attempt(installation.leave)  # all at once, as each takes leave of its cloud
        deadline = time.monotonic() + STOP_S
        for installation in self.installations.values():
            _attempt(installation.stop, max(0.0, deadline - time.monotonic()))
        _attempt(self._watch.stop, max(0.0, deadline - time.monotonic()))
        _attempt(self.notifier.stop)
        _attempt(self.alarms.close)
        if self._lock:
            self._lock.close()


def _attempt(act: Callable[..., object], *args: object) -> None:
    """Stop one part. One that fails must not keep the next one running, which would answer for dead switches."""
    try:
        act(*args)
    except EmulatorError as error:
        LOG.error("%s", error)
    except Exception:
        LOG.exception("a defect of this program; stopping the rest")
