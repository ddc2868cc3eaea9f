"""Decisions of a person after a refusal: to arm once, past exactly the zones that were open. Not locked."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from emulator.alarm.queue import Job, Ticket, View
from emulator.clock import Moment
from emulator.errors import EmulatorError, OfferOver, OpenZones, TooLate
from emulator.model import Arm, Axes, PanelState
from emulator.words.text import Text

OFFER_S = 300.0
"""Validity of an offer from the refusal on: time to see a notice, and to look at the window. The zones cannot age: they
are asked for anew. What a person means does: later somebody has closed the window, or has gone to bed."""


@dataclass(eq=False, slots=True)
class Offer:
    """After the refusal `entry`: to do once what `arm` says, and no more. `made` is the moment of the refusal.

    `axes` is where the panel stood then. Once a person has decided, `ticket` is that of the command. By `token` a link
    in a notice names this offer; it is never written down.
    """

    entry: int
    arm: Arm
    axes: Axes
    made: Moment
    ticket: Ticket | None = None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def until(self) -> float:
        """The end of its validity, in epoch seconds."""
        return self.made.wall + OFFER_S

    def stands(self, now: Moment) -> bool:
        """Return whether a person may decide now; once decided, whether that is still under way."""
        if self.ticket:
            return not self.ticket.done.done()
        return 0 <= self.made.age_s(now) < OFFER_S

    def take(self, submit: Callable[[Ticket], Ticket]) -> Ticket:
        """Submit the command, once; return the ticket of the one that was. Raises EmulatorError: nothing is sent."""
        if self.ticket is None:
            # Before it is queued: the alarm's thread looks whose decision it is.
            self.ticket = Ticket()
            try:
                submit(self.ticket)
            except EmulatorError:
                self.ticket = None
                raise
        return self.ticket


def standing(offer: Offer | None, entry: int) -> Offer:
    """Return the offer that stands, if it is that of the refusal `entry`. Raises OfferOver."""
    if offer is None or offer.entry != entry:
        raise OfferOver
    return offer


class Offers:
    """The offer of one alarm: at most one, after the last command that was sent."""

    def __init__(self) -> None:
        self._offer: Offer | None = None

    def open(self, now: Moment) -> Offer | None:
        """Return the offer that stands."""
        return self._offer if self._offer and self._offer.stands(now) else None

    def saw(self, state: PanelState) -> None:
        """Withdraw the offer if the panel has changed since."""
        if self._offer and self._offer.axes != state.axes:
            self._offer = None

    def sends(self, job: Job) -> None:
        """Withdraw the offer if another command is sent: it decides, or makes the refusal old."""
        if self._offer and self._offer.ticket is not job.ticket:
            self._offer = None

    def why_not(self, job: Job) -> TooLate | None:
        """Return why a decision must not be sent any more; None if it may be, or the command is none."""
        action = job.command.action
        if not (isinstance(action, Arm) and action.past) or (self._offer and self._offer.ticket is job.ticket):
            return None
        return TooLate(Text("the alarm has changed since this was offered; look, and ask again"))

    def ended(self, job: Job, end: object, view: View, now: Moment) -> None:
        """Make an offer of a refusal that allows one; withdraw the last one after any other end.

        There is none where the house is half armed, or its state unknown: that is not what a person is asked about.
        """
        action = job.command.action
        if isinstance(end, OpenZones) and end.passable and isinstance(action, Arm) and view.state and not job.begun:
            self._offer = Offer(job.entry, Arm(action.mode, past=end.zones, code=action.code), view.axes, now)
        elif job.sent or (self._offer and self._offer.ticket is job.ticket):
            self._offer = None
