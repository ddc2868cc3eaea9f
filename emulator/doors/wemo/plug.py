"""A switch as its connections share it: its facts, its events and its commands (lan-emulation.md §2.8)."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from emulator.alarm.hub import Asked, Guard, Hub, Switch
from emulator.doors.wemo import soap
from emulator.doors.wemo.description import BASICEVENT, Facts, Service
from emulator.doors.wemo.gena import Publisher
from emulator.doors.wemo.walk import Walked, Walks
from emulator.errors import EmulatorError
from emulator.lan.lanes import Lanes
from emulator.lan.network import Place
from emulator.model import Origin
from emulator.words.language import ENGLISH, Language
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

MAX_WARNINGS = 64
"""Peers warned about; after that, and the second time, it is a debug line."""

NOTES = "refused"
"""Lane of the journal entries about peers that have asked for too much; no address is called so."""

SNAP_BACK_S = 0.3
"""Pause from an answer to the event that contradicts it: pywemo loses an event that overtakes the answer."""

DEFECT = Text("Internal error; the log of the emulator tells more")

Post = Callable[..., None]
Answered = Callable[[EmulatorError | None], None]


class Plug:
    """One switch of the hub. Lives on the loop's thread, where `post` brings calls from any other."""

    def __init__(
        self,
        switch: Switch,
        hub: Hub,
        publisher: Publisher,
        lanes: Lanes,
        walks: Walks,
        post: Post,
        guard: Guard = Guard.OFFS,
        language: Language = ENGLISH,
    ) -> None:
        self.switch = switch
        self.language = language
        self.publisher = publisher
        self._hub = hub
        self._lanes = lanes
        self._walks = walks
        self._post = post
        self._guard = guard
        self._started = time.monotonic()
        self._told = self.on
        self._events = 0
        self._warned: set[tuple[str, str]] = set()

    @property
    def on(self) -> bool | None:
        """Return the state to report now; None while the panel has said nothing."""
        return self._hub.state(self.switch).on

    def facts(self, place: Place) -> Facts:
        """Return the facts for descriptions and actions, as seen from one place."""
        identity = self.switch.identity
        return Facts(
            name=self.switch.name,
            serial=identity.serial,
            mac=identity.mac,
            udn=identity.udn,
            url=place.url(identity.port),
            on=self.on,
            uptime=time.monotonic() - self._started,
            now=time.time(),
        )

    @property
    def read(self) -> bool:
        """Return whether the panel was read in this run; until then the state reported is that of an earlier one."""
        return self._hub.health(self.switch.installation).read_at is not None

    def topic(self, service: Service) -> tuple[str, str]:
        """Return the key of the subscriptions to this service of this switch."""
        return (self.switch.identity.key, service.name)

    def changed(self) -> None:
        """Send an event if the state is not the last one sent.

        A subscriber that is owed one gets it once the panel was read in this run, even if nothing has changed since.
        """
        if self.on != self._told:
            self._tell()
        elif self.read:
            self._tell(owed=True)

    def turn(self, on: bool, origin: Origin, answered: Answered) -> None:
        """Submit a command. `answered` is called on the loop: with None once the cloud took it, or it has to wait for
        another one; with an error when it was refused.
        """
        events, asked = self._events, self._hub.ask()
        start = self._walks.start_of(origin.peer, on, self.switch, self._now())
        if start is not None:
            reason = Text(
                "the same was asked of {switch} a moment before: this client tries one port after the other",
                switch=start.name,
            )
            self._note(on, origin, reason)
            answered(Walked(reason))
        elif not self._lanes.put(origin.peer, partial(self._submit, on, origin, asked, events, answered)):
            refusal = Text("Too many commands at once, or the program is stopping; not sent")
            self._note(on, origin, refusal)
            answered(EmulatorError(refusal))
            self._snap_back(on, events)

    def _note(self, on: bool, origin: Origin, reason: str) -> None:
        """Journal a set that is not submitted; of a peer that has asked for too much, as many as there is time for."""
        note = partial(self._hub.ignore, self.switch, on, origin, reason)
        if not self._lanes.put(origin.peer, note):
            self._lanes.put(NOTES, note)

    def came_to_nothing(self, peer: str, on: bool | None = None) -> None:
        """Note that a peer got no answer to a set, or a refusal. Leave out `on` where it is unknown."""
        for each in (True, False) if on is None else (on,):
            self._walks.came_to_nothing(peer, each, self.switch, self._now())

    def warn(self, peer: str, what: str) -> None:
        """Log something odd about a peer, loudly only the first time."""
        new = (peer, what) not in self._warned and len(self._warned) < MAX_WARNINGS
        self._warned |= {(peer, what)} if new else set()
        LOG.log(logging.WARNING if new else logging.DEBUG, "%s asked for %r %s: refused", peer, self.switch.name, what)

    def _submit(self, on: bool, origin: Origin, asked: Asked, events: int, answered: Answered) -> None:
        try:
            ticket = self._hub.submit(self.switch, on, origin, self._guard, asked)
        except Exception as error:
            self._post(answered, self._in_words(error))
            self._post(self._snap_back, on, events)
            return
        ticket.accepted.add_done_callback(lambda future: self._post(answered, self._end(future)))
        ticket.done.add_done_callback(lambda _: self._post(self._settle, on, events))
        if (ticket.waits or ticket.obstacle) and not ticket.accepted.done():
            self._post(answered, ticket.obstacle)

    def _end(self, accepted: Future[None]) -> EmulatorError | None:
        error = accepted.exception()
        return self._in_words(error) if error else None

    def _in_words(self, error: BaseException) -> EmulatorError:
        if isinstance(error, EmulatorError):
            return error
        LOG.error("%r: command failed", self.switch.name, exc_info=error)
        return EmulatorError(DEFECT)

    def _settle(self, asked: bool, events: int) -> None:
        """Send an event at the end of a command whose target was not reached, so that apps snap back."""
        self.changed()
        self._snap_back(asked, events)

    def _snap_back(self, asked: bool, events: int) -> None:
        """Send the true state, but only after the answer: with that, pywemo takes what it asked for as the state."""

        def tell() -> None:
            if self.on is not asked and self._events == events:
                self._tell()

        if self.on is not asked and self._events == events:
            asyncio.get_running_loop().call_later(SNAP_BACK_S, tell)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    def _tell(self, *, owed: bool = False) -> None:
        self._told = self.on
        if self._told is not None:
            self._events += not owed
            event = soap.propertyset({"BinaryState": str(int(self._told))})
            number = self.publisher.publish(self.topic(BASICEVENT), event, owed=owed, settles=self.read)
            LOG.debug("%r is %s, told %d subscribers", self.switch.name, "on" if self._told else "off", number)
