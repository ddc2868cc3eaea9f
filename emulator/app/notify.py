"""Tells people what they want to hear without having asked, through Apprise: off the command path, and losing nothing.

A notice is written down first; when the disk is full, which people need to hear of, it is sent from memory. Each
target reads on from where it last succeeded, on a thread of its own: one that is dead delays no other, nor any command,
and gets what it missed when it is back. What goes FIRST waits behind nothing else and makes room for nothing else:
failed commands cost a peer nothing, and must not hide that the house was disarmed.
"""

import hashlib
import importlib
import logging
import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import accumulate

from emulator.clock import Timepiece
from emulator.errors import ConfigError, EmulatorError, Problem
from emulator.model import Notice
from emulator.store.journal import Journal

LOG = logging.getLogger(__name__)

KEEP_NOTICES = 500
"""Of what goes first, and as many of the others, for targets that are away; what is older nobody wants to be told."""

FIRST = frozenset({Notice.DISARMED, Notice.LOGIN, Notice.LOCKED})
"""What nothing that a peer does for free may delay or push out."""

BURST, WINDOW_S = 6, 600.0
"""So many messages in ten minutes to each target; what is more comes together in the next one. Not what goes first."""

RETRY_S, RETRY_MOST_S = 10.0, 600.0
"""After a failure, doubled up to the latter."""

MESSAGE_CHARS = 1000
"""What comes together in one message, about: Pushover takes 1024, and a refused one would be refused for ever."""

LATE_S = 120.0
"""A message that comes later than that after what it tells says when that was."""

STOP_S = 1.0
"""For a message that is just being sent; it comes again after the next start if it does not get through."""

TITLES = {
    Notice.FAILED: "Alarm: a command is not confirmed",
    Notice.DISARMED: "Alarm disarmed",
    Notice.LOGIN: "Alarm: login needed",
    Notice.SILENT: "Alarm: no news",
    Notice.BACK: "Alarm: back again",
    Notice.LOCKED: "Alarm: wrong PINs",
    Notice.DAMAGED: "Alarm: the journal was damaged",
    Notice.TEST: "Alarm: a test",
}

Send = Callable[[str], bool]
"""Deliver a text; False when that did not work."""

Told = tuple[float, str, bool]
"""A notice: when (epoch seconds), its text, and whether it goes first."""


def apprise_target(url: str) -> Send:
    """What delivers to one Apprise URL. ConfigError when it is none, or Apprise is missing; the URL is not quoted."""
    try:
        apprise = importlib.import_module("apprise")
    except ImportError:
        problem = f"notifications need Apprise: {sys.executable} -m pip install 'verisure-emulator[notify]'"
        raise ConfigError([Problem("environment: VERISURE_NOTIFY", problem)]) from None
    # Each of its tries would be a line; ours says once what becomes of the messages.
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    target = apprise.Apprise()
    if not target.add(url):
        problem = "one of its URLs is none that Apprise knows; see https://github.com/caronc/apprise/wiki"
        raise ConfigError([Problem("environment: VERISURE_NOTIFY", problem)])
    for service in target:
        # In pieces where a service takes less, instead of never; unless the URL has its own word on that.
        if "overflow=" not in url:
            service.overflow_mode = apprise.OverflowMode.SPLIT

    def send(text: str) -> bool:
        title, _, rest = text.partition("\n")
        # Not by Apprise as a whole, which sends from a pool of threads: no process ends before those do, and an answer
        # need not end at all.
        taken = [service.notify(title=title, body=rest or title) for service in target]
        return all(taken)

    return send


def called(number: int, url: str) -> str:
    """What people know a target by: the how manyth it is, and its kind. The rest of its URL is secret."""
    return f"{number}: {url.partition(':')[0]}"


class Outbox:
    """The notices of one journal, numbered; any thread. Those that it cannot take now are kept here until it can."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._unwritten: list[Told] = []

    @property
    def behind(self) -> int:
        """How many notices are not written down yet."""
        return len(self._unwritten)

    def add(self, at: float, text: str, *, first: bool = False) -> None:
        """Take a notice; `write` is next."""
        with self._lock:
            if sum(one[2] == first for one in self._unwritten) < KEEP_NOTICES:
                self._unwritten.append((at, text, first))

    def write(self) -> None:
        """Write down what is not yet; EmulatorError when that does not work now."""
        with self._lock:
            with self._journal.write() as db:
                db.executemany("INSERT INTO notices (at, text, first) VALUES (?, ?, ?)", self._unwritten)
                for first in {one[2] for one in self._unwritten}:
                    db.execute(
                        "DELETE FROM notices WHERE first = ? AND id <= "
                        "(SELECT id FROM notices WHERE first = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
                        (first, first, KEEP_NOTICES),
                    )
            self._unwritten.clear()

    def last(self) -> int:
        """The number of the newest, 0 where there was never one."""
        [(number,)] = self._journal.rows("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'notices'")
        return int(str(number))

    def after(self, number: int, *, first: bool = False) -> list[tuple[int, float, str]]:
        """Number, time and text of those that came later, oldest first: of what goes first, or of the others."""
        with self._lock:
            query = "SELECT id, at, text FROM notices WHERE id > ? AND first = ? ORDER BY id"
            rows = self._journal.rows(query, number, first)
            found = [(int(str(one)), float(str(at)), str(text)) for one, at, text in rows]
            if self._unwritten:
                # They will have these numbers: nobody else writes notices.
                numbered = enumerate(self._unwritten, self.last() + 1)
                found += [(one, at, text) for one, (at, text, goes) in numbered if one > number and goes == first]
            return found

    def position(self, target: str, *, first: bool = False) -> int:
        """The number of the last one that a target has got; a new target begins now."""
        kept = self._journal.recall(_position(target, first))
        if kept is None:
            kept = self._journal.recall(_position(target, False)) or str(self.last())
            self.reached(target, int(kept), first=first)
        return int(kept)

    def reached(self, target: str, number: int, *, first: bool = False) -> None:
        """A target has got everything up to this one."""
        self._journal.note(_position(target, first), str(number))


def _position(target: str, first: bool) -> str:
    return f"notified first {target}" if first else f"notified {target}"


class Postman:
    """Brings one target what it has not got yet. `step` says when to come again."""

    def __init__(self, name: str, key: str, send: Send, outbox: Outbox, clock: Timepiece) -> None:
        self._name = name
        self._key = key
        self._send = send
        self._outbox = outbox
        self._clock = clock
        self._sent: deque[float] = deque(maxlen=BURST)
        self._pause_s = RETRY_S
        self._failed = False
        # This one first: it begins where the others stand, if it has no position yet.
        self._last = {first: outbox.position(key, first=first) for first in (True, False)}

    def step(self) -> float | None:
        """Send what is there, if it is time; seconds until it is worth trying again, None when all is delivered."""
        now = self._clock.monotonic()
        if waiting := self._outbox.after(self._last[True], first=True):
            return self._deliver(waiting, BURST, first=True)
        waiting = self._outbox.after(self._last[False])
        if not waiting:
            return None
        recent = [when for when in self._sent if now < when + WINDOW_S]
        if len(recent) == BURST:
            return recent[0] + WINDOW_S - now
        pause_s = self._deliver(waiting, BURST - len(recent), first=False)
        if not pause_s:
            self._sent.append(now)
        return pause_s

    def _deliver(self, waiting: Sequence[tuple[int, float, str]], few: int, *, first: bool) -> float:
        """Send the next of these; seconds until it is worth trying again."""
        # One by one as long as they are few; what a pause has held up comes together.
        together = waiting[: 1 if not self._failed and len(waiting) <= few else _fitting(waiting)]
        try:
            delivered = self._send(_text(together, self._clock.time()))
        except Exception as error:
            # A plugin of Apprise that fails in its own way must not end the thread; what it says may hold its token.
            LOG.error("notification target %s: a defect (%s)", self._name, type(error).__name__)
            delivered = False
        if not delivered:
            if not self._failed:
                LOG.warning("notification target %s does not take messages; they are kept for it", self._name)
            self._failed = True
            pause_s, self._pause_s = self._pause_s, min(self._pause_s * 2, RETRY_MOST_S)
            return pause_s
        self._failed, self._pause_s = False, RETRY_S
        self._last[first] = together[-1][0]
        try:
            self._outbox.reached(self._key, self._last[first], first=first)
        except EmulatorError as error:
            LOG.error(
                "notification target %s: after a restart it may get the last messages again: %s", self._name, error
            )
        return 0.0


def _fitting(notices: Sequence[tuple[int, float, str]]) -> int:
    """How many of the first fit into one message; at least one."""
    ends = accumulate(len(_line(at, text)) + 1 for _, at, text in notices)
    return max(1, sum(end <= MESSAGE_CHARS for end in ends))


def _text(notices: Sequence[tuple[int, float, str]], now: float) -> str:
    if len(notices) > 1:
        return "\n".join([f"Alarm: {len(notices)} notices", *(_line(at, text) for _, at, text in notices)])
    [(_, at, text)] = notices
    return text if now - at <= LATE_S else f"{text} ({_moment(at)})"


def _line(at: float, text: str) -> str:
    return f"{_moment(at)} {': '.join(text.splitlines())}"


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at).astimezone():%d/%m %H:%M}"


class Notifier:
    """Takes notices from any thread, at once, and has them delivered."""

    def __init__(
        self, journal: Journal, targets: Sequence[str], clock: Timepiece, open_target: Callable[[str], Send]
    ) -> None:
        self._outbox = Outbox(journal)
        self._clock = clock
        self._new: queue.SimpleQueue[Told | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._wake = [threading.Event() for _ in targets]
        # A URL holds secrets: what the journal knows a target by is made of it, but does not tell it.
        keys = [hashlib.sha256(url.encode()).hexdigest()[:8] for url in targets]
        names = [called(number, url) for number, url in enumerate(targets, 1)]
        postmen = [
            Postman(name, key, open_target(url), self._outbox, clock)
            for name, key, url in zip(names, keys, targets, strict=True)
        ]
        self._threads = [threading.Thread(target=self._write, name="notify", daemon=True)] if targets else []
        self._threads += [
            threading.Thread(target=self._deliver, args=(postman, wake), name=f"notify {name}", daemon=True)
            for name, postman, wake in zip(names, postmen, self._wake, strict=True)
        ]

    def tell(self, notice: Notice, about: str, text: str) -> None:
        """Have people told; returns at once, whatever the targets do."""
        if self._threads and not self._stopping.is_set():
            self._new.put((self._clock.time(), f"{TITLES[notice]}\n{about}: {text}", notice in FIRST))

    def start(self) -> None:
        """Begin to deliver, what was left over first."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Write down what was told, and end; what is not delivered comes after the next start."""
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
                told = self._new.get(timeout=RETRY_S if self._outbox.behind else None)
                stopping = told is None
                # A flood is one write, or what goes first would wait for it.
                while told:
                    at, text, first = told
                    self._outbox.add(at, text, first=first)
                    told = self._new.get_nowait()
                    stopping = told is None
            try:
                self._outbox.write()
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
                self._stopping.wait(pause_s)
