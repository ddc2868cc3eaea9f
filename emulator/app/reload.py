"""Take changed settings while the program runs: a new App in the place of the old one, while nothing is under way.

The new settings are checked whole before anything is stopped. If they turn out not to start all the same, the program
goes back to the old ones: a house is never without.
"""

import gc
import logging
import queue
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

from emulator.app.plan import Plan
from emulator.errors import ConfigError, EmulatorError, Hindered
from emulator.lan.kept import LISTENERS
from emulator.model import Notice
from emulator.system import systemd
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

TRY_S = 0.1
"""Pause between looks whether the moment has come."""

ANSWER_S = 0.3
"""For the answer to whoever asked, before the door by which it came is closed."""

PUT_OFF_S = 5.0
"""Longest time by which asking again for the same settings puts them off: none can do so for ever."""

AGAIN_S = 5.0
"""Pause after an attempt into which a command came: the doors were closed for it, and shall not be all the time."""

WAIT_S = 60.0
"""Longest wait for a command under way without a word about it; most take less than half a minute."""

GO_BACK_S = (0.0, 1.0, 5.0, 15.0)
"""Pauses before attempts to start with the old settings again. After those the program ends as one that this machine
hinders, and a service manager starts a new one."""

PROBLEMS = 3
"""Problems that a box or a notice names; the log has all."""

DEFECT = Text("a defect of this program; its log tells more")


class Replaceable(Protocol):
    """The part of App that a reload needs."""

    def start(self) -> None:
        """Start; whatever it raises, nothing runs any more."""

    def pause(self) -> bool:
        """Begin nothing any more; False, without any change, while something is under way."""

    def close_doors(self) -> bool:
        """Take in nothing any more; return whether nothing came meanwhile."""

    def resume(self) -> None:
        """Go on as before `pause`."""

    def stop(self) -> None:
        """Stop everything."""

    def tell(self, notice: Notice, about: str, text: str) -> None:
        """Tell people who have not asked."""

    def all_changed(self) -> None:
        """Let the doors look at everything anew."""

    def unwritable(self) -> str:
        """Return why nothing can be written down; empty where it can."""


Running = TypeVar("Running", bound=Replaceable)


class ReloadDesk:
    """The place where signals, doors and set-up ask for a reload; the main thread waits at it."""

    def __init__(self) -> None:
        # It may be put into from a signal's handler, whatever this thread is doing; an Event may not.
        self._asked: queue.SimpleQueue[Future[str] | None] = queue.SimpleQueue()
        self.trouble = ""

    def ask(self) -> Future[str]:
        """Ask for the settings to be taken; see Changes."""
        answer: Future[str] = Future()
        self._asked.put(answer)
        return answer

    def wake(self) -> None:
        """End the wait of the main thread."""
        self._asked.put(None)

    def wait(self, seconds: float) -> list[Future[str]]:
        """Return what was asked for, within so many seconds."""
        found = []
        with suppress(queue.Empty):
            found.append(self._asked.get(timeout=seconds))
            while True:
                found.append(self._asked.get_nowait())
        return [one for one in found if one is not None]


class Reload(Generic[Running]):
    """The App that runs, made of `plan`, and the change to another one. Every method is called on the main thread.

    `load` reads and checks the settings; `make` builds an App. Both raise EmulatorError. `sleep` returns False when the
    program is stopping.
    """

    def __init__(
        self,
        plan: Plan,
        load: Callable[[], Plan],
        make: Callable[[Plan], Running],
        desk: ReloadDesk,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], bool],
    ) -> None:
        self._load = load
        self._make = make
        self._desk = desk
        self._monotonic = monotonic
        self._sleep = sleep
        self._plan = plan
        self._next: Plan | None = None
        self._since = self._not_before = 0.0
        self.app = make(plan)

    @property
    def waits(self) -> bool:
        """True while settings wait to be taken; `look` is to be called every TRY_S then."""
        return self._next is not None

    def look(self, asked: Sequence[Future[str]]) -> bool:
        """Check the settings if that is asked for, and take those that wait if the moment has come.

        Return whether another App runs from now on. Raises Hindered where none does.
        """
        if asked:
            self._check(asked)
        return self._next is not None and self._monotonic() >= self._not_before and self._take(self._next)

    def _check(self, asked: Sequence[Future[str]]) -> None:
        waiting, self._next = self._next, None
        try:
            plan = self._load()
            if is_new := plan != self._plan:
                plan.check(self._plan)
                if trouble := self.app.unwritable():
                    raise EmulatorError(trouble)
        except Exception as error:
            self._refuse(error, asked)
            return
        self._show("")
        if is_new:
            self._next, now = plan, self._monotonic()
            if plan != waiting:
                self._since = self._not_before = now
            self._not_before = max(self._not_before, min(now, self._since + PUT_OFF_S) + ANSWER_S)
            said = Text("the changed settings are right, and taken as soon as no command is under way")
        else:
            said = Text("nothing has changed: the program runs with these settings")
        LOG.info("%s", said)
        for answer in asked:
            answer.set_result(said)

    def _refuse(self, error: Exception, asked: Sequence[Future[str]]) -> None:
        if not isinstance(error, EmulatorError):
            LOG.error(DEFECT, exc_info=error)
            error = EmulatorError(DEFECT)
        for problem in _problems(error):
            LOG.error("the changed settings are not taken: %s", problem)
        self._complain(Text("{why}. The program runs on with the settings that it had", why=_some(error)))
        for answer in asked:
            answer.set_exception(error)

    def _complain(self, text: Text) -> None:
        is_new = text != self._desk.trouble
        self._show(text)
        if is_new:  # as often as it is asked for, people hear once of the same
            self.app.tell(Notice.SETTINGS, Text("program"), text)

    def _show(self, trouble: str) -> None:
        self._desk.trouble = trouble
        self.app.all_changed()

    def _take(self, plan: Plan) -> bool:
        now = self._monotonic()
        if not self.app.pause():
            if now - self._since > WAIT_S and not self._desk.trouble:
                self._show(Text("They wait: a command, or a request to the alarm, has not ended yet"))
                LOG.warning("the changed settings wait: a command, or a request to the alarm, has not ended yet")
            return False
        with LISTENERS.keeping():
            if not self.app.close_doors():
                self.app.resume()
                self._not_before = self._monotonic() + AGAIN_S
                return False
            systemd.notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
            self.app.stop()
            self._next, self._desk.trouble = None, ""
            try:
                self._begin(plan)
            except Exception as error:
                self._go_back(error)
            else:
                self._plan = plan
                LOG.info(
                    "the changed settings were taken within %.1f s; options of the command line and the environment "
                    "stay as they were at the start",
                    self._monotonic() - now,
                )
        gc.collect()  # the App that was is full of cycles; by itself Python would look for it after ten more
        return True

    def _begin(self, plan: Plan) -> None:
        self.app = self._make(plan)
        self.app.start()

    def _go_back(self, why: Exception) -> None:
        LOG.error("the changed settings cannot be started with; going back", exc_info=why)
        reason = _some(why) if isinstance(why, EmulatorError) else DEFECT
        for pause_s in GO_BACK_S:
            if pause_s and not self._sleep(pause_s):
                break
            try:
                self._begin(self._plan)
            except Exception as error:
                LOG.error("nor can the settings before them", exc_info=error)
            else:
                self._complain(Text("{why}. The program went back to the settings that it had", why=reason))
                return
        raise Hindered(f"neither the changed settings nor those before can be started with: {reason}")


def _problems(error: EmulatorError) -> Sequence[object]:
    return error.problems if isinstance(error, ConfigError) else [error]


def _some(error: EmulatorError) -> str:
    """Return the first problems in one line."""
    found = _problems(error)
    return "; ".join(map(str, found[:PROBLEMS])) + ("; …" if len(found) > PROBLEMS else "")
