"""Delivery of notices to one target: when to send, what comes together in one message, when to try again."""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import accumulate

from emulator.app.decision import Decision
from emulator.app.targets import Send
from emulator.clock import Timepiece
from emulator.errors import EmulatorError
from emulator.store.notices import Notices
from emulator.words.language import ENGLISH, Language
from emulator.words.text import counted

LOG = logging.getLogger(__name__)

BURST, WINDOW_S = 6, 600.0
"""Most messages to a target within the window; further notices come together in the next one. Not the urgent ones."""

RETRY_S, RETRY_MOST_S = 10.0, 600.0
"""Back-off after a failure: the first pause, doubled up to the last."""

MESSAGE_CHARS = 1000
"""Most of what comes together in a message: Pushover takes 1024, and a refused one would be refused for ever."""

LATE_S = 120.0
"""Age from which a message says when it happened."""


class Postman:
    """Brings one target what it has not got yet. `step` says when to come again."""

    def __init__(
        self,
        name: str,
        key: str,
        send: Send,
        notices: Notices,
        clock: Timepiece,
        language: Language = ENGLISH,
        decision: Callable[[int], Decision | None] = lambda _entry: None,
    ) -> None:
        self._name = name
        self._key = key
        self._send = send
        self._notices = notices
        self._clock = clock
        self._say = language.say
        self._decision = decision
        self._sent: deque[float] = deque(maxlen=BURST)
        self._pause_s = RETRY_S
        self.failed = False
        # The urgent one first: it begins where the other stands, if it has no position yet.
        self._last = {urgent: notices.position(key, urgent=urgent) for urgent in (True, False)}

    def step(self) -> float | None:
        """Send what is there, if it is time; return seconds to the next try, None when all is delivered."""
        now = self._clock.monotonic()
        if waiting := self._notices.after(self._last[True], urgent=True):
            return self._deliver(waiting, BURST, urgent=True)
        waiting = self._notices.after(self._last[False])
        if not waiting:
            return None
        recent = [when for when in self._sent if now < when + WINDOW_S]
        if len(recent) == BURST:
            return recent[0] + WINDOW_S - now
        pause_s = self._deliver(waiting, BURST - len(recent), urgent=False)
        if not pause_s:
            self._sent.append(now)
        return pause_s

    def _deliver(self, waiting: Sequence[tuple[int, float, str]], few: int, *, urgent: bool) -> float:
        """Send the next of these; return seconds to the next try."""
        # One by one as long as they are few; what a pause has held up comes together.
        together = waiting[: 1 if not self.failed and len(waiting) <= few else _fitting(waiting)]
        try:
            decision, text = self._newest_decision(together), self._text(together)
            delivered = self._send(f"{text}\n{decision.line}" if decision else text, decision)
        except Exception as error:
            # A plugin of Apprise that fails in its own way must not end the thread; its message may hold its token.
            LOG.error("notification target %s: a defect (%s)", self._name, type(error).__name__)
            delivered = False
        if not delivered:
            if not self.failed:
                LOG.warning("notification target %s does not take messages; they are kept for it", self._name)
            self.failed = True
            pause_s, self._pause_s = self._pause_s, min(self._pause_s * 2, RETRY_MOST_S)
            return pause_s
        self.failed, self._pause_s = False, RETRY_S
        self._last[urgent] = together[-1][0]
        try:
            self._notices.reached(self._key, self._last[urgent], urgent=urgent)
        except EmulatorError as error:
            LOG.error(
                "notification target %s: after a restart it may get the last messages again: %s", self._name, error
            )
        return 0.0

    def _newest_decision(self, notices: Sequence[tuple[int, float, str]]) -> Decision | None:
        """Return what a person may still decide of what these notices tell."""
        entries = [self._notices.entry(number) for number, *_ in reversed(notices)]
        return next(filter(None, map(self._decision, filter(None, entries))), None)

    def _text(self, notices: Sequence[tuple[int, float, str]]) -> str:
        if len(notices) > 1:
            title = self._say(counted("Alarm: {n} notice", "Alarm: {n} notices", len(notices)))
            return "\n".join([title, *(_line(at, text) for _, at, text in notices)])
        [(_, at, text)] = notices
        return text if self._clock.time() - at <= LATE_S else f"{text} ({_moment(at)})"


def _fitting(notices: Sequence[tuple[int, float, str]]) -> int:
    """Count how many of the first fit into one message; at least one."""
    ends = accumulate(len(_line(at, text)) + 1 for _, at, text in notices)
    return max(1, sum(end <= MESSAGE_CHARS for end in ends))


def _line(at: float, text: str) -> str:
    return f"{_moment(at)} {': '.join(text.splitlines())}"


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at).astimezone():%d/%m %H:%M}"
