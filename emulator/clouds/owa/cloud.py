"""The OWA cloud: the state that the cloud has cached, and arm or disarm submitted once and polled to the end.

Facts: verisure-owa.md §4 to §7.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.alarm.cloud import GLANCE_S, Details, Phase, Reading, Report
from emulator.clock import Clock
from emulator.clouds.account import Account
from emulator.clouds.owa import graphql, operations, refusals
from emulator.clouds.owa.cached import Cached
from emulator.clouds.owa.failures import Unsupported
from emulator.clouds.owa.graphql import OK, REFUSED, WAIT
from emulator.clouds.owa.operations import Operation
from emulator.clouds.owa.profiles import LETTERS, axes_of, candidates, effect, profile_for
from emulator.clouds.owa.refusals import OPEN, OpenZones, said, zone
from emulator.clouds.owa.session import OwaSession
from emulator.clouds.owa.turnstile import Turnstile
from emulator.clouds.owa.wire import Poster, Wire
from emulator.clouds.vault import Vault
from emulator.errors import CloudError, CommandError, EmulatorError, Rejected, Unconfirmed, Unreachable
from emulator.model import Action, Arm, Axes, Disarm, PanelState

LOG = logging.getLogger(__name__)

POLL_S = 2.0
"""From one question about a command to the next (§5.4)."""

ZONES_S = 20.0
"""For the names of the open zones; some panels never tell (§5.5)."""

CHECK_DEADLINE_S = 60.0
"""For a panel that a person has woken; real ones take 15 to 25 s, and some a minute."""

LOOKED_S = 60.0
"""A disarm does not wait again for a state that could not be read a moment ago."""

CHECK_SERVICE = "11"
"""The idService of EST (§4.2)."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """A request that the cloud has taken, and how to ask for its outcome."""

    request: str
    poll: Operation
    variables: Mapping[str, Any]


class OwaCloud:
    """One installation on the OWA server; owned by one thread. `deadline_s` bounds the wait for its panel."""

    def __init__(
        self,
        account: Account,
        transport: Poster,
        clock: Clock,
        deadline_s: float,
        turnstile: Turnstile,
        vault: Vault,
    ) -> None:
        self._wire = Wire(account, transport, clock, turnstile, vault)
        self._session = OwaSession(self._wire)
        self._clock = clock
        self._deadline_s = deadline_s
        self._vault = vault
        self._country = account.country
        self._state: PanelState | None = None
        self._cached = Cached()
        self._unsupported: dict[str, str] = {}
        self._looked_at = float("-inf")

    # -- the state ------------------------------------------------------------------------------------------

    def read(self, how: Reading = Reading.POLL) -> PanelState:
        """The state that the cloud has cached. A person's wish wakes the panel, and else only a cache that contradicts
        what the panel said after a command, within the time in which it may be the older one of the two.

        While the cache has not caught up with a command, what the panel itself said then is kept.
        """
        if how is Reading.PANEL:
            return self._check()
        self._looked_at = self._clock.monotonic()
        content = self._session.look(operations.STATUS, {"numinst": self._session.installation()[0]})
        letter, stamp = graphql.text(content, "status").upper(), graphql.text(content, "timestampUpdate")
        if not letter:
            raise Unreachable("the cloud does not tell the panel's state")
        state = self._state
        seen = (letter, stamp)
        if self._cached.is_news(seen, self._clock.monotonic()) or state is None:
            state = self._remember(letter, "Status", self._bypassed(content))
        elif self._cached.doubts(seen):
            state = self._check(GLANCE_S if how is Reading.GLANCE else CHECK_DEADLINE_S)
        self._session.tend()
        return state

    def _told(self, letter: str, source: str, bypassed: tuple[str, ...] = ()) -> PanelState:
        """The panel itself says where it stands."""
        if letter in LETTERS:
            self._cached.told(letter, self._clock.monotonic())
        return self._remember(letter, source, bypassed)

    def _remember(self, letter: str, source: str, bypassed: tuple[str, ...] = ()) -> PanelState:
        self._state = PanelState(axes_of(letter), self._clock.time(), letter, source, bypassed)
        return self._state

    def _bypassed(self, content: Any) -> tuple[str, ...]:
        """The open zones that an armed panel does not guard (§4.1: status 0; other entries are low batteries)."""
        rows = graphql.items(content, "exceptions")
        return tuple(zone(row) for row in rows if graphql.text(row, "status") == OPEN)

    def _check(self, within_s: float = CHECK_DEADLINE_S) -> PanelState:
        number, panel = self._session.installation()
        content = self._session.look(operations.CHECK, {"numinst": number, "panel": panel})
        reference = graphql.text(content, "referenceId")
        if graphql.text(content, "res") != OK or not reference:
            raise Unreachable(f"the panel cannot be asked: {said(content)}")
        variables = {"numinst": number, "idService": CHECK_SERVICE, "panel": panel, "referenceId": reference}
        started = self._clock.monotonic()
        while self._clock.monotonic() - started < within_s:
            if not self._clock.sleep(POLL_S):
                raise Unreachable("the program stopped before the panel answered")
            content = self._session.look(operations.CHECK_STATUS, variables)
            if graphql.text(content, "res") == WAIT:
                continue
            letter = graphql.text(content, "protomResponse").upper()
            if letter and graphql.text(content, "res") == OK:
                return self._told(letter, "CheckAlarm")
            raise Unreachable(f"the panel did not tell its state: {said(content)}")
        raise Unreachable(f"the panel did not tell its state within {within_s:g} s")

    # -- commands -------------------------------------------------------------------------------------------

    def execute(self, action: Action, report: Report) -> PanelState:
        """Send the requests that lead to `action`, each once, until the panel says that it stands there.

        A disarm is sent even where the state cannot be read: there are requests for that, too.
        """
        if self._cached.seen is None:
            self._look(action)
        with self._wire.command():
            return self._reach(action, report)

    def _look(self, action: Action) -> None:
        """Read the state before the first command; Unreachable only for an arm, which may hang on it."""
        if isinstance(action, Arm):
            self.read()
        elif self._clock.monotonic() - self._looked_at >= LOOKED_S:
            try:
                self.read()
            except Unreachable as error:
                LOG.warning("the state cannot be read; %s is sent all the same: %s", action, error)

    def _reach(self, action: Action, report: Report) -> PanelState:
        number, panel = self._session.installation()
        profile = profile_for(self._country, panel)
        sent: list[str] = []
        refused: dict[str, str] = {}
        while not sent or self._axes.reached(action) is False:
            fit = candidates(profile, self._session.fitted(), action, self._axes)
            known = {*self._vault.unsupported(number), *self._unsupported, *refused, *sent}
            request = next((one for one in fit if one not in known), None)
            if request is None:
                break
            try:
                self._run(request, isinstance(action, Arm) and action.force, report)
            except Unsupported as error:
                LOG.info("%s: %s", request, error)
                refused[request] = str(error)
                if isinstance(action, Arm):
                    # A disarm is tried each time: some day it may be needed, and may work.
                    self._unsupported[request] = str(error)
                continue
            except (CommandError, CloudError) as error:
                if sent:
                    error.args = (f"{' and '.join(sent)}: done; {request}: {error}",)
                elif type(error) is Rejected and isinstance(action, Arm) and self._still(action):
                    # Some panels refuse what they have done already.
                    sent.append(request)
                    break
                raise
            sent.append(request)
        # For good only where something else worked in its place.
        if self._axes.reached(action):
            self._remember_unsupported(number, refused)
        return self._ended(action, sent, [refused.get(one) or self._unsupported.get(one, "") for one in fit])

    def _remember_unsupported(self, number: str, refused: Iterable[str]) -> None:
        try:
            for request in refused:
                self._vault.remember_unsupported(number, request)
        except EmulatorError as error:
            # The command is done; it will only take as long the next time.
            LOG.error("%s", error)

    def _still(self, action: Action) -> bool:
        """Whether the panel, which seems to stand there already, says so itself: the cached state may be older."""
        try:
            return bool(self._axes.reached(action) and self._check().axes.reached(action))
        except CloudError:
            return False

    @property
    def _axes(self) -> Axes:
        return self._state.axes if self._state else Axes()

    def _ended(self, action: Action, sent: list[str], reasons: list[str]) -> PanelState:
        """The state that was reached, or why it was not."""
        why = next((f": {reason}" for reason in reversed(reasons) if reason), "")
        if not sent:
            raise Rejected(f"this alarm cannot {action}{why}")
        reached = self._axes.reached(action)
        if reached is None or self._state is None:
            raise Unconfirmed(f"{' and '.join(sent)} ended, but the panel's answer does not tell the state")
        if not reached:
            raise Rejected(f"the panel ended {' and '.join(sent)}, but it is {self._axes}{why}")
        return self._state

    def _run(self, request: str, force: bool, report: Report) -> None:
        """One request: submitted once, and its outcome. Past open zones it is submitted anew, by force, if allowed."""
        try:
            self._once(request, report, {})
        except OpenZones as error:
            if not force:
                raise
            if error.again is None:
                raise Rejected(f"{error}; this panel does not let itself be forced") from None
            LOG.warning("arming by force, past what is %s", error)
            self._once(request, report, error.again, error.names)

    def _once(self, request: str, report: Report, force: Mapping[str, str], bypassed: tuple[str, ...] = ()) -> None:
        try:
            self._follow(self._submit(request, report, force), report, bypassed)
        except Rejected:
            self._cached.nothing_done()
            raise

    def _submit(self, request: str, report: Report, force: Mapping[str, str]) -> Submitted:
        """Raises Unconfirmed when nobody knows whether the cloud has taken it."""
        number, panel = self._session.installation()
        base = {"numinst": number, "request": request, "panel": panel}
        if isinstance(effect(request), Disarm):
            operation, poll, extra = operations.DISARM, operations.DISARM_STATUS, {}
        else:
            operation, poll = operations.ARM, operations.ARM_STATUS
            extra = {"currentStatus": self._state.raw if self._state else None, "armAndLock": False, **force}
        self._session.ready()
        known = self._state.raw if self._state and self._state.raw in LETTERS else ""
        self._cached.commanded(known, self._clock.monotonic())
        try:
            content = self._session.call(operation, base | extra, lambda: report(Phase.SENDING, request))
        except EmulatorError as error:
            if isinstance(error, Unreachable) and error.sent:
                raise Unconfirmed(
                    f"the answer to {request} was lost; the state will tell what became of it: {error}"
                ) from None
            self._cached.nothing_done()
            raise
        if graphql.text(content, "res") in REFUSED:
            raise Rejected(f"the cloud refused {request}: {said(content)}")
        reference = graphql.text(content, "referenceId")
        if graphql.text(content, "res") != OK or not reference:
            raise Unconfirmed(f"the cloud answered {request}, but does not say how to ask for its outcome")
        report(Phase.ACCEPTED, request)
        force_id = {key: value for key, value in force.items() if key == "forceArmingRemoteId"}
        more = {"armAndLock": False, **force_id} if poll is operations.ARM_STATUS else {}
        return Submitted(request, poll, base | {"referenceId": reference} | more)

    def _follow(self, submitted: Submitted, report: Report, bypassed: tuple[str, ...]) -> None:
        """Ask for the outcome until there is one. Raises Rejected, or Unconfirmed at the deadline."""
        request = submitted.request
        started = self._clock.monotonic()
        counter = 0
        while self._clock.monotonic() - started < self._deadline_s:
            if not self._clock.sleep(POLL_S):
                raise Unconfirmed(f"the program stopped before the panel answered {request}")
            counter += 1
            try:
                content = self._session.call(submitted.poll, {**submitted.variables, "counter": counter})
            except Unreachable as error:
                LOG.debug("%s: %s", submitted.poll.name, error)
                if not error.sent:
                    counter -= 1  # the cloud counts the polls that it gets
                continue
            except EmulatorError as error:
                raise Unconfirmed(f"{request} was under way when the cloud refused to tell of it: {error}") from None
            if graphql.text(content, "res") == WAIT:
                report(Phase.WAITING, f"{request}, {self._clock.monotonic() - started:.0f} s so far")
                continue
            return self._judge(submitted, content, bypassed)
        raise Unconfirmed(f"the panel has not answered {request} within {self._deadline_s:g} s")

    def _judge(self, submitted: Submitted, content: Any, bypassed: tuple[str, ...]) -> None:
        request = submitted.request
        if graphql.text(content, "res") in REFUSED:
            raise self._refusal(submitted, content)
        letter = graphql.text(content, "protomResponse").upper()
        if graphql.text(content, "res") != OK or not letter:
            raise Unconfirmed(f"{request} ended, but the cloud does not tell the panel's state")
        state = self._told(letter, submitted.poll.name, bypassed)
        wanted = effect(request)
        if isinstance(wanted, Arm) and state.axes.reached(wanted) is False:
            raise Rejected(f"the panel ended {request} without doing it: it is {state.axes}")

    def _refusal(self, submitted: Submitted, content: Any) -> EmulatorError:
        found = refusals.refusal(submitted.request, content, arming=submitted.poll is operations.ARM_STATUS)
        return found.named(self._open_zones(found.ask)) if isinstance(found, OpenZones) and found.ask else found

    def _open_zones(self, key: Mapping[str, str]) -> tuple[str, ...]:
        """Their names; none where the cloud does not tell them to this user (§5.5)."""
        number, panel = self._session.installation()
        base = {"numinst": number, "panel": panel, **key}
        started = self._clock.monotonic()
        counter = 0
        while self._clock.monotonic() - started < ZONES_S:
            counter += 1
            try:
                content = self._session.call(operations.EXCEPTIONS, {**base, "counter": counter})
            except EmulatorError as failed:
                LOG.debug("the open zones are not known: %s", failed)
                return ()
            if graphql.text(content, "res") != WAIT:
                return refusals.zones(content)
            if not self._clock.sleep(POLL_S):
                break
        return ()

    # -- the rest -------------------------------------------------------------------------------------------

    def describe(self) -> Details:
        """What the cloud knows of the installation. Raises CloudError."""
        return self._session.describe()

    def close(self) -> None:
        """Let go of the connections; never raises. The login is kept for the next start."""
        self._session.close()
