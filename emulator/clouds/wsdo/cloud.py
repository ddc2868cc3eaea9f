"""The ws.do cloud: LOGIN → X1 → X2 … → CLS, over an injected transport and clock.

Facts: the user's API document, verisure-wsdo.md §2 to §5 and §8.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace

from emulator.alarm.cloud import GLANCE_S, Details, Reading, Report
from emulator.clock import Clock
from emulator.clouds.account import Account
from emulator.clouds.wsdo import codes, pet, refusals
from emulator.clouds.wsdo.actv2 import Follower
from emulator.clouds.wsdo.gate import Gate
from emulator.clouds.wsdo.log import EventLog
from emulator.clouds.wsdo.operations import PanelOperations
from emulator.clouds.wsdo.session import Session, Transport
from emulator.errors import CloudError, CommandError, Rejected, Unconfirmed, Unreachable
from emulator.model import Action, Arm, ArmMode, Axes, Disarm, Interior, PanelState
from emulator.model.activity import AlarmEvent
from emulator.words import spoken
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

PANEL_CHECK_S = 6 * 3600.0
"""Longest time between two EST. EST wakes the panel and writes a row in the customer's log. In between the activity
log tells changes, but a key without tracking never shows there (verisure-wsdo.md §4, §5)."""

ASK_AGAIN_S, ASK_LIMIT_S = 5.0, 3600.0
"""Back-off of EST because of a log that leaves doubt: doubled each time, up to the limit that users of the successor
API are told, and halved by each log that is clear."""

EST_DEADLINE_S = 45.0
"""Deadline of EST: 15 to 25 s is usual (verisure-wsdo.md §4), and commands wait meanwhile."""

TIMEFILTER = "3"
"""Window of the activity log; 2 came back empty at times, 3 did not (verisure-wsdo.md §1.2)."""

REQUESTS: dict[Action, str] = {
    Arm(ArmMode(Interior.TOTAL)): "ARM",
    Arm(ArmMode(Interior.DAY)): "ARMDAY",
    Arm(ArmMode(Interior.NIGHT)): "ARMNIGHT",
    Arm(ArmMode(perimeter=True)): "PERI",
    Arm(ArmMode(annex=True)): "ARMANNEX",
    Disarm(): "DARM",
    Disarm(main=False, annex=True): "DARMANNEX",
}
"""Action → its single request (API document; the annex from verisure-wsdo.md §1.4)."""


class WsdoCloud:
    """One installation on the ws.do server; owned by one thread. `deadline_s` bounds the wait for its panel."""

    def __init__(self, account: Account, transport: Transport, clock: Clock, deadline_s: float, gate: Gate) -> None:
        self._session = Session(account, transport, clock, gate)
        self._operations = PanelOperations(self._session, clock, deadline_s)
        self._clock = clock
        self._state: PanelState | None = None
        self._log = Follower()
        self._events = EventLog(account.user, self._session.told)
        self._asked_at = float("-inf")
        self._ask_again_s = ASK_AGAIN_S

    def read(self, how: Reading = Reading.POLL) -> PanelState:
        """Return the last state with the activity log's news; ask the panel by EST if in doubt, or if `how` says so.

        While the log leaves doubt and the back-off of EST lasts, an axis that would read as off is unknown.
        """
        try:
            news = self._news()
        except Unreachable:
            told = how is Reading.GLANCE or (how is Reading.POLL and self._state is not None)
            # If even the login failed, the password is not sent once more in order to ask the panel.
            if told or not self._session.is_open:
                raise
            news = None  # the panel itself is asked below
        if news is not None:
            # Before the panel is asked: it may be silent, and then this is the best that is known.
            self._remember(*news, "ACT_V2")
        since_s = self._clock.monotonic() - self._asked_at
        within_s = GLANCE_S if how is Reading.GLANCE else EST_DEADLINE_S
        wanted = how not in (Reading.POLL, Reading.GLANCE)
        if wanted or self._state is None or since_s >= PANEL_CHECK_S:
            return self._ask_panel(within_s)
        if news is not None and not self._log.doubtful:
            self._ask_again_s = max(self._ask_again_s / 2, ASK_AGAIN_S)
        elif since_s >= self._ask_again_s:
            self._ask_again_s = min(self._ask_again_s * 2, ASK_LIMIT_S)
            return self._ask_panel(within_s)
        known = self._state
        return replace(known, axes=known.axes.doubted()) if self._log.doubtful else known

    def execute(self, action: Action, report: Report) -> PanelState:
        """Run the requests for `action`, in order; the first failure ends it."""
        done: list[Action] = []
        for part in self._plan(action):
            try:
                state = self._run(part, report)
            except (CommandError, CloudError) as error:
                LOG.info("%s: %s", REQUESTS[part], error)
                if done:
                    names, last = tuple(map(spoken.action, done)), spoken.action(part)
                    error.args = (Text("{done}: done; {part}: {why}", done=names, part=last, why=str(error)),)
                raise
            done.append(part)
        return state

    def close(self) -> None:
        """End the session; never raises."""
        self._session.close()

    def activity(self) -> Sequence[AlarmEvent]:
        """Return the events that the last read of the state has brought: the state is read from the log.

        Raises Unreachable until there was one: no events would mean an empty log, and all rows to come would be news.
        """
        if not self._events.was_read:
            raise Unreachable(Text("the activity log was not read yet"))
        return self._events.events

    def describe(self) -> Details:
        """Return the details by INS, MYINSTALLATION and SRV. Raises CloudError."""
        listed = self._session.installation()
        mine = self._session.request("MYINSTALLATION", {"numinst": listed.number}, method="POST")
        try:
            services = self._session.request("SRV", {"numinst": listed.number, "panel": listed.panel}).services
        except Unreachable as error:
            LOG.debug("%s", error)
            services = ()
        return Details(listed.number, listed.panel, listed.alias or mine.alias, mine.devices, mine.services + services)

    def _plan(self, action: Action) -> Iterator[Action]:
        """Yield the single requests of `action`, in order, each decided when its turn comes."""
        if isinstance(action, Disarm):
            parts: list[Action] = [Disarm()] if action.main else []
            yield from parts + ([Disarm(main=False, annex=True)] if action.annex else [])
            return
        arms = [Arm(mode) for mode in action.mode.parts()]
        # Arming what is armed may be refused, and would end a sum before its missing part was sent.
        missing = [arm for arm in arms if self._state is None or self._state.axes.has(arm.mode) is not True] or arms
        yield from missing
        # Skipped parts that looked armed: by now the panel's own answers may have told otherwise.
        yield from (arm for arm in arms if arm not in missing and not self._stands(arm))

    def _stands(self, arm: Arm) -> bool:
        return self._state is not None and self._state.axes.has(arm.mode) is True

    def _run(self, action: Action, report: Report) -> PanelState:
        """Submit one request once, follow it to its end, and return the state by the panel."""
        base = REQUESTS[action]
        before = self._state.axes if self._state else Axes()
        reply, doubt = self._operations.follow(base, report)
        if reply.res != pet.OK:
            refused = refusals.error(reply)
            if doubt or not isinstance(refused, Rejected):
                raise Unconfirmed(Text("the cloud lost track of the command: {why}", why=str(refused)))
            raise refused
        axes = codes.read_outcome(reply.status, reply.message, before.after(action))
        if axes is None:
            try:
                state = self._ask_panel()
            except CloudError as error:
                if not isinstance(action, Disarm) or codes.mentions(reply.message) != ArmMode():
                    text = Text(
                        "the command ended, but the panel could not be asked for its state: {why}", why=str(error)
                    )
                    raise Unconfirmed(text) from None
                # The answer says that it is off; an axis that it does not mention stays unknown.
                state = self._remember(before.after(action), reply.status or "", f"{base}2")
        else:
            state = self._remember(axes, reply.status or "", f"{base}2")
        self._log.expect(base)
        reached = state.axes.reached(action)
        if reached is None:
            LOG.info("%s ended with status %r", base, state.raw)
            raise Unconfirmed(Text("the command ended, but the panel's answer does not tell the state"))
        if not reached:
            where = spoken.axes(state.axes)
            raise Rejected(Text("the panel ended the command without doing it: it is {axes}", axes=where))
        return state

    def _ask_panel(self, within_s: float = EST_DEADLINE_S) -> PanelState:
        # Also for a panel that stays silent: it is not woken at every poll.
        self._asked_at = self._clock.monotonic()
        try:
            reply, _ = self._operations.follow("EST", lambda _phase, _text: None, within_s)
        except (Rejected, Unconfirmed) as error:
            raise Unreachable(Text("the panel did not tell its state: {why}", why=str(error))) from None
        if reply.res != pet.OK:
            raise Unreachable(Text("the panel did not tell its state: {why}", why=str(refusals.error(reply))))
        if not reply.status:
            raise Unreachable(Text("the panel's answer has no status"))
        before = self._state
        state = self._remember(codes.read_status(reply.status, reply.message), reply.status, "EST2")
        self._log.explained(moved=before is None or before.axes != state.axes)
        return state

    def _news(self) -> tuple[Axes, str] | None:
        """Return the log's news on top of the last state; see Follower."""
        listed = self._session.installation()
        window = {"timefilter": TIMEFILTER, "activityfilter": "0"}
        rows = self._session.request("ACT_V2", {"numinst": listed.number, "panel": listed.panel} | window).log
        if rows is None:
            raise Unreachable(Text("the cloud's activity log has no list"))
        self._events.take(rows, self._clock.time())
        known = self._state
        if known is None:
            self._log.begin(rows)
            return None
        return self._log.follow(rows, known)

    def _remember(self, axes: Axes, raw: str, source: str) -> PanelState:
        self._state = PanelState(axes, self._clock.time(), raw, source)
        return self._state
