"""The same random walk on the cloud of today's app: lagging states, rotating tokens, commands by target."""

import json
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from emulator.app.login_store import JournalVault
from emulator.clouds.firewall import Answer
from emulator.store.journal import Journal
from tests.alarm.test_installation import MODES
from tests.alarm.test_walk import KEYS
from tests.alarm.walker import Walker
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


class Walk(Walker):
    """The same at the cloud of today's app."""

    def __init__(self, folder: Path, profile: str) -> None:
        journal = Journal(folder)
        self.world = SimulatedOwa(profile, JournalVault(journal, folder, "owa.example"))
        self.world.face.options.refresh_grace = True
        self._letter = ""
        self._post, self.world.poster.post = self.world.poster.post, self._watch  # type: ignore[method-assign]
        super().__init__(journal, self.world, MODES)

    def kill(self) -> None:
        self.world.face.tokens.kill()

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

        here.come_to_rest(1300)  # longer than a ban that a request has lengthened
        state = here.world.state()
        assert (state["refresh_reused"], state["client_faults"]) == (0, [])
        here.check_journal(each=2)  # a sum may be two requests, an arm by force two, a disarm of both halves two
        if not any(kind == "key" for kind, _ in walk):
            here.check_disarms()
        here.journal.close()
