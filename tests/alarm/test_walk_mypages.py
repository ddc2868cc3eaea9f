"""The same random walk on My Pages: two hosts that hang or are passive, cookies that end, dry runs before an arm."""

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from emulator.alarm.installation import Installation
from emulator.alarm.queue import Ticket
from emulator.app.login_store import JournalVault
from emulator.clouds.firewall import Answer
from emulator.model import Action, Arm, ArmMode, Axes, Command, Disarm, Interior, Origin, Result
from emulator.store.journal import Journal
from tests.support.fakes_mypages import PagesSender, SimulatedMyPages

MODES = {"night": ArmMode(Interior.NIGHT), "total": ArmMode(Interior.TOTAL)}
KEYS: tuple[Action, ...] = (Disarm(), *map(Arm, MODES.values()))
OPERATIONS = (
    *("fetchAllInstallations", "ArmState", "ArmStateDryRun", "ArmStateDryRunStatus", "DoorWindow"),
    *("armAway", "armHome", "disarm", "pollArmState", "auth/token"),
)
LOSSES = (
    *("down", "html", "gateway_timeout", "trouble", "trouble_500", "expire", "lost", "wait", "not_json", "limited"),
    *("passive", "passive_200", "unauthorized", "unauthorized_200", "busy", "no_transaction", "refuse", "silent"),
    *("state_unknown", "state_null"),
)
HOSTS = ("first_hangs", "second_hangs", "first_passive", "second_passive", "hangs_after")


def is_mendable(fault: tuple[str, str, int]) -> bool:
    """Whether the program gets over it alone: after a renewal that is refused a person has to log in."""
    return not (fault[0].startswith("unauthorized") and fault[1] == "auth/token")


modes = st.sampled_from(sorted(MODES))
events = st.one_of(
    st.tuples(st.just("on"), modes),
    st.tuples(st.just("off"), modes),
    st.tuples(st.just("key"), st.sampled_from(KEYS)),
    st.tuples(st.just("window"), st.booleans()),
    st.tuples(st.just("fault"), st.tuples(*map(st.sampled_from, (LOSSES, OPERATIONS, (1, 2)))).filter(is_mendable)),
    st.tuples(st.just("host"), st.tuples(st.sampled_from(HOSTS), st.booleans())),
    st.tuples(st.just("kill"), st.none()),
    st.tuples(st.just("restart"), st.none()),
    st.tuples(st.just("step"), st.sampled_from([0, 1, 30, 900])),
)


class Walk:
    """An installation on a simulated alarm, and the disarms that were sent for its switches."""

    def __init__(self, folder: Path) -> None:
        self.journal = Journal(folder)
        self.world = SimulatedMyPages(vault=JournalVault(self.journal, folder, "pages.example"))
        self.clock = self.world.clock
        self.disarms: list[tuple[Command, Axes]] = []
        self.told = ""
        for host in self.world.hosts:
            self._watch(host, host.request)
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
            case "host", (str(setting), bool(on)):
                setattr(self.world.face.options, setting, on)
            case "kill", None:
                self.world.face.actions["sessions/kill"]()
            case "restart", None:
                self.restart()
            case "step", int(seconds):
                self.alarm.step()
                self.clock.now += seconds

    def heal(self) -> None:
        """Nothing is wrong with the cloud any more."""
        self.world.backend.faults.clear()
        for setting in HOSTS:
            setattr(self.world.face.options, setting, False)

    def _watch(self, host: PagesSender, send: Callable[..., Answer]) -> None:
        """Collect the disarms with all offs that joined them, and where the panel stood.

        Not those for a state that nobody knows by then: a switch that is not known to be off is on.
        """

        def watched(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
            job = self.alarm._commands.queue.current
            name = json.loads(body)[0]["operationName"] if path == "/graphql" else path
            if name == "disarm" and job and job.command.only_if and self.told != "ARMED_SOMEHOW":
                self.disarms.append((job.command, self.world.panel.axes))
            answer = send(method, path, headers, body)
            if name == "ArmState" and b"statusType" in answer.body:
                self.told = json.loads(answer.body)["data"]["installation"]["armState"]["statusType"]
            return answer

        host.request = watched  # type: ignore[method-assign]


@given(st.lists(events, max_size=20), st.sampled_from([0.0, 3.0]), st.booleans(), st.booleans())
@settings(max_examples=max(settings().max_examples // 4, 1))  # each lives half a day of the whole program
@example(
    [("host", ("first_hangs", True)), ("host", ("hangs_after", True)), ("on", "total"), ("off", "total")],
    3.0,
    True,
    False,
)
def test_nothing_is_sent_twice_disarmed_by_mistake_or_left_open(
    walk: list[tuple[str, object]], answer_after: float, rotates: bool, windows_wait: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        here = Walk(Path(folder))
        here.world.panel.answer_after = answer_after
        here.world.face.options.rotates = rotates
        here.world.face.options.windows_wait = windows_wait
        for event in walk:
            here.take(*event)

        here.heal()
        here.clock.now += 4000  # longer than the silence after a limit
        for _ in range(20):  # longer than any pause between polls
            here.clock.now += 610
            here.alarm.step()

        state = here.world.state()
        assert (state["wrong_codes"], state["refused_requests"], state["client_faults"]) == (0, 0, [])
        assert here.alarm.view.axes == here.world.panel.axes
        assert here.alarm.view.target is None
        entries = here.journal.commands(99)
        assert all(entry.result for entry in entries)
        assert all(entry.settled for entry in entries if entry.result == Result.UNCONFIRMED)
        assert here.world.backend.accepted.total() <= sum(entry.result != Result.IGNORED for entry in entries)
        if not any(kind == "key" for kind, _ in walk):
            assert all(command.is_on(axes) for command, axes in here.disarms)
        here.journal.close()
