"""The same random walk on My Pages: two hosts that hang or are passive, cookies that end, dry runs before an arm."""

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from emulator.app.login_store import JournalVault
from emulator.clouds.firewall import Answer
from emulator.model import Action, Arm, ArmMode, Disarm, Interior
from emulator.store.journal import Journal
from tests.alarm.walker import Walker
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


class Walk(Walker):
    """The same at My Pages."""

    def __init__(self, folder: Path) -> None:
        journal = Journal(folder)
        self.world = SimulatedMyPages(vault=JournalVault(journal, folder, "pages.example"))
        self.told = ""
        for host in self.world.hosts:
            self._watch(host, host.request)
        super().__init__(journal, self.world, MODES)

    def take(self, kind: str, what: object) -> None:
        match kind, what:
            case "host", (str(setting), bool(on)):
                setattr(self.world.face.options, setting, on)
            case _:
                super().take(kind, what)

    def kill(self) -> None:
        self.world.face.actions["sessions/kill"]()

    def come_to_rest(self, after_s: float) -> None:
        for setting in HOSTS:
            setattr(self.world.face.options, setting, False)
        super().come_to_rest(after_s)

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

        here.come_to_rest(4000)  # longer than the silence after a limit
        state = here.world.state()
        assert (state["wrong_codes"], state["refused_requests"], state["client_faults"]) == (0, 0, [])
        here.check_journal(each=1)
        if not any(kind == "key" for kind, _ in walk):
            here.check_disarms()
        here.journal.close()
