"""Hands what controllers ask for to the hub, and answers each: done, or refused and why."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial

from emulator.alarm.hub import Asked, Guard, Hub, Switch, Ticket
from emulator.doors.matter import messages
from emulator.doors.matter.messages import Set
from emulator.doors.matter.settings import DOOR
from emulator.errors import EmulatorError
from emulator.lan.lanes import Lanes
from emulator.model import Origin, Result
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

ANSWER_S = 8.0
"""Longest time that a controller waits for the panel. One gives up after some 10 s (matter.md §2), and a panel that
refuses because of an open window often takes 5 s to say so, after a command that was held back for 2 s."""

LATE_S = 10.0
"""Age of a command, on its way from the bridge, whose controller has given up: it is not carried out any more."""


class CommandAnswers:
    """Commands of controllers, each answered once; on the loop's thread."""

    def __init__(
        self,
        hub: Hub,
        switches: Mapping[str, Switch],
        lanes: Lanes,
        post: Callable[..., object],
        send: Callable[[bytes], object],
        answered: Callable[[], object],
        now: Callable[[], float],
    ) -> None:
        self._hub = hub
        self._switches = switches
        self._lanes = lanes
        self._post = post
        self._send = send
        self._answered = answered
        self._now = now
        self._open: dict[int, Set] = {}

    def forget(self) -> None:
        """Answer nobody any more: the bridge has ended, and counts anew."""
        self._open.clear()

    def take(self, told: Set) -> None:
        """Hand over what a controller asks for."""
        switch, peer, asked = self._switches.get(told.id), peer_of(told), self._hub.ask()
        self._open[told.reply] = told
        if switch is None:
            self._reply(told, Text("there is no such switch"))
        elif abs(self._now() - told.at) > LATE_S:  # a clock that was set back is none to go by
            LOG.warning("%s asked %r for something too long ago: refused", peer, switch.name)
            self._reply(told, Text("it was asked for too long ago"))
        elif not self._lanes.put(peer, partial(self._submit, told, switch, asked)):
            LOG.warning("%s asks %r for too much at once: refused", peer, switch.name)
            self._reply(told, Text("too many commands at once"))

    def _submit(self, told: Set, switch: Switch, asked: Asked) -> None:
        """Submit a command, on the thread of the lanes."""
        try:
            # Assistants take plugs for lamps: "turn on everything" turns them on, too.
            ticket = self._hub.submit(switch, told.on, Origin(DOOR, peer_of(told), switch.name), Guard.BOTH, asked)
        except EmulatorError as error:
            self._post(self._reply, told, str(error))
        else:
            self._post(self._await, told, switch, ticket)

    def _await(self, told: Set, switch: Switch, ticket: Ticket) -> None:
        """Answer when it has ended, or at the latest when a controller's patience ends.

        That the cloud took it says little: most refusals are the panel's, and come after that.

        An off that is held back is answered at once. Were it not, a controller that turns one plug off after the other
        and waits for each would be given them all, where "turn everything off" has to disarm nothing.
        """
        answer = partial(self._settle, told, switch, ticket)
        if ticket.waits and not told.on:
            answer()
        else:
            ticket.done.add_done_callback(lambda _: self._post(answer))
            asyncio.get_running_loop().call_later(ANSWER_S, answer)

    def _settle(self, told: Set, switch: Switch, ticket: Ticket) -> None:
        """Answer a command, which has failed unless it was confirmed, needed nothing, or is still under way."""
        if not ticket.done.done():
            self._reply(told)
            return
        ended = ticket.done.result()
        needless = ended.result is Result.IGNORED and self._hub.state(switch).on is told.on
        self._reply(told, "" if needless or ended.result is Result.CONFIRMED else ended.message)

    def _reply(self, told: Set, refused: str = "") -> None:
        """Answer a controller, once."""
        if self._open.get(told.reply) is told:
            del self._open[told.reply]
            self._send(messages.answer(told.reply, refused))
            self._answered()


def peer_of(told: Set) -> str:
    """Return how the journal names who asks: an ecosystem, and the speaker, phone or hub of it."""
    return f"fabric {told.fabric} node {told.node}"
