"""The same random walk on the cloud of today's app: lagging states, rotating tokens, commands by target."""

import json
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from emulator.alarm.installation import Installation
from emulator.alarm.queue import Ticket
from emulator.app.login_store import JournalVault
from emulator.clouds.firewall import Answer
from emulator.model import Arm, Axes, Command, Disarm, Origin, Result
from emulator.store.journal import Journal
from tests.alarm.test_installation import MODES
from tests.alarm.test_walk import KEYS
from tests.support.fakes_owa import SimulatedOwa

OPERATIONS = (
    *("RefreshLogin", "Srv", "Status", "xSArmPanel", "ArmStatus", "xSDisarmPanel", "DisarmStatus", "xSGetExceptions"),
    "mkInstallationList",
)
LOSSES = (
    *("down", "html", "trouble", "expire", "lost", "bad_gateway", "conflict", "unpermitted", "wait", "silent", "busy"),
    *("unsupported", "letter_n", "letter_empty", "throttle", "ban"),
)
modes = st.sampled_from(sorted(MODES))
events = st.one_of(
    st.tuples(st.just("on"), modes),
    st.tuples(st.just("off"), modes),
    st.tuples(st.just("key"), st.sampled_from(KEYS)),
    st.tuples(st.just("window"), st.booleans()),
    st.tuples(st.just("fault"), st.tuples(st.sampled_from(LOSSES), st.sampled_from(OPERATIONS), st.integers(1, 2))),
    st.tuples(st.just("kill"), st.none()),
    st.tuples(st.just("restart"), st.none()),
    st.tuples(st.just("step"), st.sampled_from([0, 1, 30, 900])),
)


class Walk:
    """An installation on a simulated alarm, and the disarms that were sent for its switches."""

    def __init__(self, folder: Path, profile: str) -> None:
        self.journal = Journal(folder)
        self.world = SimulatedOwa(profile, JournalVault(self.journal, folder, "owa.example"))
        self.world.face.options.refresh_grace = True
        self.clock = self.world.clock
        self.disarms: list[tuple[Command, Axes]] = []
        self._letter = ""
        self._post, self.world.poster.post = self.world.poster.post, self._watch  # type: ignore[method-assign]
        self.restart()

    def restart(self) -> None:
        self.alarm = Installation(
            "home", self.world.new_client, self.journal, self.clock, poll_every_s=120, reread_after_s=15
        )

    def run(self, *tickets: Ticket) -> None:
        while not all(ticket.done.done() for ticket in tickets):
            self.alarm.step()

    def take(self, kind: str, what: object) -> None:
        """One step; a command runs to its end, so that a restart leaves none behind."""
        match kind, what:
            case "on", str(name):
                force = name == "night"
                self.run(self.alarm.submit(Command(Arm(MODES[name], force=force), Origin("test", switch=name))))
            case "off", str(name):
                mode = MODES[name]
                self.run(self.alarm.submit(Command(Disarm.of(mode), Origin("test", switch=name), only_if=mode)))
            case "key", Arm() | Disarm() as action:
                self.world.panel.keypad(action)
            case "window", bool(is_open):
                self.world.panel.window("Cocina", is_open=is_open)
            case "fault", (str(loss), str(operation), int(times)):
                self.world.fault(loss, operation, times)
            case "kill", None:
                self.world.face.tokens.kill()
            case "restart", None:
                self.restart()
            case "step", int(seconds):
                self.alarm.step()
                self.clock.now += seconds

    def _watch(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Collect the disarms with all offs that joined them, and where the panel stood.

        Not those for a mode that the cloud itself does not know by then: its switches are on, as a switch that is not
        known to be off is.
        """
        job = self.alarm._commands.queue.current
        if json.loads(body)["operationName"] == "xSDisarmPanel" and job and job.command.only_if and self._letter != "N":
            self.disarms.append((job.command, self.world.panel.axes))
        answer = self._post(headers, body)
        if said := re.search(rb'"(?:status|protomResponse)":"([A-Z])"', answer.body):
            self._letter = said[1].decode()
        return answer


@given(
    st.lists(events, max_size=20),
    st.sampled_from(["es-perimeter", "it-owner", "fr"]),
    st.sampled_from([0.0, 3.0]),
    st.sampled_from([0.0, 20.0]),
)
@settings(max_examples=settings().max_examples // 4)  # each lives half a day of the whole program
@example(
    [
        ("on", "day"),
        ("fault", ("letter_n", "ArmStatus", 2)),
        ("on", "total"),
        ("on", "day"),
        ("kill", None),
        ("on", "night"),
        ("off", "day"),
    ],
    "es-perimeter",
    0.0,
    20.0,
)
@example(
    [("off", "day"), ("kill", None), ("fault", ("letter_n", "Status", 2)), ("on", "night"), ("off", "day")],
    "it-owner",
    0.0,
    0.0,
)
def test_nothing_is_sent_twice_disarmed_by_mistake_or_left_open(
    walk: list[tuple[str, object]], profile: str, answer_after: float, lag: float
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        here = Walk(Path(folder), profile)
        here.world.panel.answer_after = answer_after
        here.world.face.options.status_lag = lag
        for event in walk:
            here.take(*event)

        here.world.backend.faults.clear()
        here.clock.now += 1300  # longer than a ban that a request has lengthened
        for _ in range(20):  # longer than any pause between polls
            here.clock.now += 610
            here.alarm.step()

        state = here.world.state()
        assert (state["refresh_reused"], state["client_faults"]) == (0, [])
        assert here.alarm.view.axes == here.world.panel.axes
        assert here.alarm.view.target is None
        entries = here.journal.commands(99)
        assert all(entry.result for entry in entries)
        assert all(entry.settled for entry in entries if entry.result == Result.UNCONFIRMED)
        # A sum may be two requests, an arm by force two, a disarm of both halves two.
        assert here.world.backend.accepted.total() <= 2 * sum(entry.result != Result.IGNORED for entry in entries)
        if not any(kind == "key" for kind, _ in walk):
            assert all(command.is_on(axes) for command, axes in here.disarms)
        here.journal.close()
