"""One alarm behind any of the clouds, a hub in front of it, and a witness that trusts neither.

Everything runs on one clock in one thread: a fault may strike just before any request, and the program may die there.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path
from typing import Any

from emulator.alarm.hub import Hub
from emulator.alarm.installation import Installation
from emulator.alarm.queue import Ticket
from emulator.alarm.sweeps import SWEEP_S
from emulator.alarm.switch import Narrowing, Switch
from emulator.app.login_store import JournalVault
from emulator.model import Action, ArmMode, Axes, Disarm, Origin, Result
from emulator.simulator.faults import InjectedFault
from emulator.store.identities import Identity
from emulator.store.journal import Journal
from tests.support.fakes import SimulatedCloud
from tests.support.fakes_mypages import PagesSender, SimulatedMyPages
from tests.support.fakes_owa import SimulatedOwa

CLOUDS = ("wsdo", "owa", "mypages")
World = SimulatedCloud | SimulatedOwa | SimulatedMyPages
PAGES_HOST = "pages.example"
NAMES = ("total", "day", "night", "perimeter")
POLL_S = {"wsdo": 60.0, "owa": 120.0, "mypages": 120.0}
REREAD_S = {"wsdo": None, "owa": 15.0, "mypages": 15.0}
ACTIVITY_S = {"wsdo": 0.0, "owa": 900.0, "mypages": None}
SUBMITS = {
    "wsdo": frozenset(("ARM1", "ARMDAY1", "ARMNIGHT1", "PERI1", "DARM1")),
    "owa": frozenset(("xSArmPanel", "xSDisarmPanel")),
    "mypages": frozenset(("armAway", "armHome", "disarm")),
}
DISARMS = frozenset(("DARM1", "xSDisarmPanel", "disarm"))
LAST = {"wsdo": "perimeter", "owa": "perimeter", "mypages": "total"}
"""Mode by which a cloud proves in the end that it works again."""
WORDS = {("mypages", "ban_page"): "gateway_timeout"}
"""Fault by the name that a cloud has for it: this one has no firewall that is known, and a page of its own."""
BEYOND_S = 1300.0
"""Longer than any ban, back-off or token lasts: after that nothing old is left to wait for."""


class Killed(BaseException):
    """The program ends here and now; no handler of it runs."""


class Alarm:
    """A house of four switches.

    `before` and `after` are called with each request that is about to be sent, or has been answered; each answer takes
    `lag_s` seconds.
    """

    door = "wemo"
    beyond_s = BEYOND_S
    narrowing = Narrowing()

    def __init__(self, folder: Path, cloud: str, poll_every_s: float = 0) -> None:
        self.cloud = cloud
        self._poll_every_s = poll_every_s or POLL_S[cloud]
        self.folder = folder
        self.before: Callable[[str], None] = lambda _request: None
        self.after: Callable[[str], None] = lambda _request: None
        self.lag_s = 0.0
        self.other: sqlite3.Connection
        self.journal = Journal(folder)
        worlds: dict[str, Callable[[], World]] = {"wsdo": self._wsdo, "owa": self._owa, "mypages": self._mypages}
        self.world = worlds[cloud]()
        self.clock, self.panel, self.backend = self.world.clock, self.world.panel, self.world.backend
        self.witness = Witness(self)
        self.start()

    def _wsdo(self) -> SimulatedCloud:
        world = SimulatedCloud()
        send = world.transport.send

        def tapped(method: str, params: Mapping[str, str], timeout_s: float | None = None) -> bytes:
            with self._met(params["request"]):
                return send(method, params, timeout_s)

        world.transport.send = tapped  # type: ignore[method-assign]
        return world

    def _owa(self) -> SimulatedOwa:
        world = SimulatedOwa(vault=JournalVault(self.journal, self.folder, "owa.example"))
        world.face.options.refresh_grace = True
        post = world.poster.post

        def tapped(headers: Mapping[str, str], body: bytes) -> Any:
            with self._met(json.loads(body)["operationName"]):
                return post(headers, body)

        world.poster.post = tapped  # type: ignore[method-assign]
        return world

    def _mypages(self) -> SimulatedMyPages:
        world = SimulatedMyPages(vault=JournalVault(self.journal, self.folder, PAGES_HOST))
        for host in world.hosts:
            self._tap(host)
        return world

    def _tap(self, host: PagesSender) -> None:
        send = host.request

        def tapped(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Any:
            name = json.loads(body)[0]["operationName"] if path == "/graphql" else path.lstrip("/")
            with self._met(name):
                return send(method, path, headers, body)

        host.request = tapped  # type: ignore[method-assign]

    @contextmanager
    def _met(self, request: str) -> Iterator[None]:
        self.witness.look()
        self.before(request)
        self.witness.sent(request)
        self.clock.now += self.lag_s
        yield
        self.after(request)

    # -- the program ----------------------------------------------------------------------------------------

    def start(self) -> None:
        """As `emulator run` does, on whatever the last one left behind."""
        self.clock.stopped = False
        if isinstance(self.world, SimulatedOwa):
            self.world.vault = JournalVault(self.journal, self.folder, "owa.example")
        if isinstance(self.world, SimulatedMyPages):
            self.world.vault = JournalVault(self.journal, self.folder, PAGES_HOST)
        self.journal.recover(self.clock.time())
        self.installation = Installation(
            "home",
            self.world.new_client,
            self.journal,
            self.clock,
            poll_every_s=self._poll_every_s,
            reread_after_s=REREAD_S[self.cloud],
            activity_s=ACTIVITY_S[self.cloud],
            on_change=lambda: self.witness.look(),
        )
        self.switches = {
            name: Switch(
                name,
                "home",
                ArmMode.parse(name),
                True,
                frozenset({self.door}),
                Identity(name, name, f"02{n:010}", n),
                narrowing=self.narrowing,
            )
            for n, name in enumerate(NAMES)
        }
        self.hub = Hub(list(self.switches.values()), {"home": self.installation}, self.journal, self.clock)

    def restart(self) -> None:
        """After the end of a program, however it ended."""
        self.journal.close()
        self.journal = Journal(self.folder)
        self.start()

    def terminate(self) -> None:
        """What SIGTERM comes to."""
        self.clock.stop()
        self.installation.stop(0)

    def turn(self, name: str, on: bool) -> Ticket:
        """A voice; an off is held back until it cannot be part of a sweep."""
        ticket = self.hub.submit(self.switches[name], on, Origin("wemo", "10.0.0.9"))
        if not on:
            self.clock.now += SWEEP_S
            self.hub._presses.release()
        return ticket

    def end(self, ticket: Ticket) -> Result:
        """Run until a command has ended."""
        while not ticket.done.done():
            self.installation.step()
        return ticket.done.result().result

    def live(self, seconds: float) -> None:
        """Let time pass as the thread does: a step whenever one is due."""
        until = self.clock.now + seconds
        while self.clock.now < until:
            due = self.installation._polling.due_at - self.clock.now
            self.clock.now = min(until, self.clock.now + max(due, 1.0))
            self.installation.step()

    # -- the other side -------------------------------------------------------------------------------------

    def keypad(self, action: Action) -> None:
        """Somebody in the house, who is always right."""
        self.panel.keypad(action)
        self.witness.look()

    def fault(self, kind: str, request: str = "", times: int | None = None) -> None:
        """Something goes wrong at the cloud."""
        self.backend.faults.add(InjectedFault(WORDS.get((self.cloud, kind), kind), request, times))

    def kill_sessions(self) -> None:
        """The cloud forgets who is logged in."""
        self.world.face.actions["sessions/kill"]()

    def cut(self, *, off: bool) -> None:
        """The names of the cloud cannot be resolved, or can be again."""
        if isinstance(self.world, SimulatedOwa):
            self.world.poster.refuse = off
        elif isinstance(self.world, SimulatedMyPages):
            for host in self.world.hosts:
                host.refuse = off
        else:
            self.world.transport.refuse = off

    def works(self) -> bool:
        """Whether a command has its effect, once."""
        name = LAST[self.cloud]
        if name != "perimeter":
            self.keypad(Disarm())
        done = self.end(self.turn(name, True)) is Result.CONFIRMED
        return done and bool(self.panel.axes.has(ArmMode.parse(name))) and self.witness.taken() == 1

    def accepted(self, requests: frozenset[str]) -> int:
        """How many of these the cloud has taken."""
        return sum(self.backend.accepted[one] for one in requests)


class Witness:
    """What was asked for, what arrived at the cloud, where the panel has stood, and what the doors said of it."""

    def __init__(self, alarm: Alarm) -> None:
        self._alarm = alarm
        self._stood = {alarm.panel.axes}
        alarm.panel.changed = self._panel_moved
        self._taken = alarm.accepted(SUBMITS[alarm.cloud])
        self.wrong: list[str] = []

    def _panel_moved(self) -> None:
        self._stood.add(self._alarm.panel.axes)

    def sent(self, request: str) -> None:
        """A request goes to the cloud; a disarm has to be somebody's, of what is on."""
        if request not in DISARMS:
            return
        job = self._alarm.installation._commands.queue.current
        if not (job and isinstance(job.command.action, Disarm)):
            self.wrong.append(f"{request} that nobody asked for")
        elif job.command.only_if and not self._alarm.panel.axes.has(job.command.only_if):
            self.wrong.append(f"{request} for {job.command.only_if} where the panel is {self._alarm.panel.axes}")

    def look(self) -> None:
        """What the doors say now was so at some time, or is where a command under way leads."""
        self._panel_moved()
        alarm = self._alarm
        known = alarm.installation.view.axes
        if not any(_fits(known, stood) for stood in self._stood):
            self.wrong.append(f"the panel is reported as {known}, where it never stood")
        for switch in alarm.switches.values():
            state = alarm.hub.state(switch)
            seen = state.on is None or known.has(switch.mode) is None or state.on == known.has(switch.mode)
            if not (state.pending or seen):
                self.wrong.append(f"{switch.name} is reported as {state.on} where the panel is {known}")

    def taken(self) -> int:
        """How many submissions the cloud has taken since the last time."""
        before, self._taken = self._taken, self._alarm.accepted(SUBMITS[self._alarm.cloud])
        return self._taken - before


def _fits(known: Axes, stood: Axes) -> bool:
    pairs = zip(astuple(known), astuple(stood), strict=True)
    return all(one is None or one == other for one, other in pairs)
