"""Notices to people who have not asked, through Apprise: off the command path, and losing none.

A notice is written down first; when the disk is full, which people need to hear of, it is sent from memory. Each
target reads on from where it last succeeded, on a thread of its own: a dead one delays neither another nor a command,
and gets what it missed when it is back. An URGENT notice waits behind no other and makes room for no other: failed
commands cost a peer nothing, and must not hide that the house was disarmed.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from emulator.app.decision import Decision
from emulator.app.postman import RETRY_MOST_S, RETRY_S, Postman
from emulator.app.targets import Send, called, key
from emulator.clock import Timepiece
from emulator.errors import EmulatorError
from emulator.model import Notice
from emulator.store.journal import Journal
from emulator.store.notices import Noted, Notices
from emulator.words.language import ENGLISH, Language
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

URGENT = frozenset(
    set(Notice) - {Notice.FAILED, Notice.OPEN, Notice.SILENT, Notice.BACK, Notice.DAMAGED, Notice.SETTINGS, Notice.TEST}
)
"""Notices that nothing a peer can do for free may delay or push out."""

STOP_S = 4.0
"""For a message that is being sent: after a reload, too, it would come again if it is not known to have got through."""

TITLES = {
    Notice.FAILED: Text("Alarm: a command is not confirmed"),
    Notice.DISARMED: Text("Alarm disarmed"),
    Notice.LOGIN: Text("Alarm: login needed"),
    Notice.SILENT: Text("Alarm: no news"),
    Notice.BACK: Text("Alarm: back again"),
    Notice.OPEN: Text("Alarm: not armed, something is open"),
    Notice.BYPASSED: Text("Alarm: armed, and not everything is guarded"),
    Notice.LOCKED: Text("Alarm: wrong PINs"),
    Notice.DAMAGED: Text("Alarm: the journal was damaged"),
    Notice.SETTINGS: Text("Alarm: changed settings are not taken"),
    Notice.CHANGED: Text("Alarm: settings were changed"),
    Notice.ALARM: Text("ALARM: it has gone off"),
    Notice.TAMPER: Text("Alarm: tampering"),
    Notice.MAINS: Text("Alarm: power cut"),
    Notice.TEST: Text("Alarm: a test"),
}


class Notifier:
    """Takes notices from any thread, at once, and has them delivered."""

    def __init__(
        self,
        journal: Journal,
        targets: Sequence[str],
        clock: Timepiece,
        open_target: Callable[[str], Send],
        language: Language = ENGLISH,
        decision: Callable[[int], Decision | None] = lambda _entry: None,
    ) -> None:
        self._say = language.say
        self._notices = Notices(journal)
        self._clock = clock
        self._new: queue.SimpleQueue[Noted | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._wake = [threading.Event() for _ in targets]
        names = [called(number, url) for number, url in enumerate(targets, 1)]
        postmen = [
            Postman(name, key(url), open_target(url), self._notices, clock, language, decision)
            for name, url in zip(names, targets, strict=True)
        ]
        self._threads = [threading.Thread(target=self._write, name="notify", daemon=True)] if targets else []
        self._threads += [
            threading.Thread(target=self._deliver, args=(postman, wake), name=f"notify {name}", daemon=True)
            for name, postman, wake in zip(names, postmen, self._wake, strict=True)
        ]

    def tell(self, notice: Notice, about: str, text: str, entry: int = 0) -> None:
        """Queue a notice; return at once, whatever the targets do. `entry` is a refusal that a person may decide about.

        What to decide with is added when it is sent: it is not written down, and worth nothing later.
        """
        if self._threads and not self._stopping.is_set():
            message = "\n".join(map(self._say, (TITLES[notice], Text("{what}: {why}", what=about, why=text))))
            self._new.put(Noted(self._clock.time(), message, notice in URGENT, entry))

    def start(self) -> None:
        """Begin to deliver, what was left over first."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Write down what is queued, and end; what is not delivered comes after the next start."""
        self._stopping.set()
        self._new.put(None)
        for wake in self._wake:
            wake.set()
        deadline = time.monotonic() + STOP_S
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline - time.monotonic()))

    def _write(self) -> None:
        stopping = False
        while not stopping:
            told = None
            with suppress(queue.Empty):
                told = self._new.get(timeout=RETRY_S if self._notices.behind else None)
                stopping = told is None
                # A flood is one write, or an urgent notice would wait for it.
                while told:
                    self._notices.add(told)
                    told = self._new.get_nowait()
                    stopping = told is None
            try:
                self._notices.write()
            except EmulatorError as error:
                if told or stopping:
                    LOG.error("notifications are kept in memory only: %s", error)
            for wake in self._wake:
                wake.set()

    def _deliver(self, postman: Postman, wake: threading.Event) -> None:
        while not self._stopping.is_set():
            wake.clear()
            try:
                pause_s = postman.step()
            except EmulatorError as error:
                LOG.error("notifications: %s", error)
                pause_s = RETRY_MOST_S
            if pause_s is None:
                wake.wait()
            elif pause_s:
                # What is urgent waits for no burst to be over; a target that fails is left alone.
                (self._stopping if postman.failed else wake).wait(pause_s)
