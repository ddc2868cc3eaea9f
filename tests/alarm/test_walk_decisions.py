"""Random walks of refusals and decisions: what is forced was decided on, once, and nothing else is ever bypassed."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from emulator.clouds.firewall import Answer
from emulator.errors import OfferOver, TooMany
from emulator.model import Arm, ArmMode, Disarm, Interior, Origin
from tests.alarm.test_decisions import House
from tests.alarm.test_walk_owa import LOSSES

NIGHT, TOTAL = ArmMode(Interior.NIGHT), ArmMode(Interior.TOTAL)
ZONES = ("Cocina", "Comedor", "Entrada")
FAULTY = ("xSArmPanel", "ArmStatus", "xSGetExceptions", "Status", "xSDisarmPanel")
events = st.one_of(
    st.tuples(st.just("arm"), st.sampled_from([NIGHT, TOTAL])),
    st.tuples(st.just("open"), st.sampled_from(ZONES)),
    st.tuples(st.just("close"), st.sampled_from(ZONES)),
    st.tuples(st.just("decide"), st.integers(1, 3)),  # so many presses at once
    st.tuples(st.just("late"), st.just(1)),  # of the first refusal there was
    st.tuples(st.just("key"), st.sampled_from([Arm(NIGHT), Disarm()])),
    st.tuples(st.just("off"), st.just(0)),
    st.tuples(st.just("fault"), st.tuples(st.sampled_from(LOSSES), st.sampled_from(FAULTY), st.integers(1, 2))),
    st.tuples(st.just("live"), st.sampled_from([1, 30, 200, 400])),
    st.tuples(st.just("strict"), st.booleans()),
)


class DecisionWalk(House):
    """A house, what was decided, and what was forced with the windows that were open then."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.refused: list[int] = []
        self.decided = 0
        self.forced: list[tuple[set[str], set[str]]] = []
        self._post, self.world.poster.post = self.world.poster.post, self._watch  # type: ignore[method-assign]

    def take(self, kind: str, what: object) -> None:
        match kind, what:
            case "arm", ArmMode() as mode:
                try:
                    self.run(self.hub.command("home", Arm(mode), Origin("test")))
                except TooMany:
                    return
                self.refused.append(self.last().id)
            case "open" | "close", str(zone):
                self.world.panel.window(zone, is_open=kind == "open")
            case "decide", int(times) if offer := self.hub.offers.get("home"):
                tickets = {self.hub.decide("home", offer.entry, Origin("test", f"10.0.0.{n}")) for n in range(times)}
                self.decided += 1
                assert len(tickets) == 1
                self.run(tickets.pop())
                assert not self.hub.offers or self.hub.offers["home"].entry != offer.entry
            case "late", _ if self.refused:
                offer = self.hub.offers.get("home")
                if offer is None or offer.entry != self.refused[0]:
                    try:
                        self.hub.decide("home", self.refused[0], Origin("test"))
                        raise AssertionError("an old refusal was decided on")
                    except OfferOver:
                        pass
            case "key", Arm() | Disarm() as action:
                self.world.panel.keypad(action)
            case "off", _:
                self.run(self.hub.command("home", Disarm(), Origin("test")))
            case "fault", (str(loss), str(operation), int(times)):
                self.world.fault(loss, operation, times)
            case "live", int(seconds):
                self.clock.now += seconds
                self.alarm.step()
            case "strict", bool(strict):
                self.world.face.options.strict_forcing = strict

    def _watch(self, headers: Mapping[str, str], body: bytes) -> Answer:
        asked = json.loads(body)
        if asked["operationName"] == "xSArmPanel" and "forceArmingRemoteId" in asked["variables"]:
            job = self.alarm._commands.queue.current
            assert job
            assert isinstance(job.command.action, Arm)
            self.forced.append((set(self.world.panel.windows), set(job.command.action.past)))
        return self._post(headers, body)


@given(st.lists(events, max_size=25))
@settings(max_examples=settings().max_examples // 4)
@example([("open", "Cocina"), ("arm", NIGHT), ("open", "Comedor"), ("decide", 3), ("decide", 2), ("late", 1)])
@example([("open", "Cocina"), ("arm", NIGHT), ("fault", ("lost", "xSArmPanel", 2)), ("decide", 1), ("live", 400)])
@example([("open", "Cocina"), ("arm", NIGHT), ("key", Arm(NIGHT)), ("live", 200), ("key", Disarm()), ("decide", 1)])
def test_what_is_forced_was_decided_on_and_once(walk: list[tuple[str, object]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        house = DecisionWalk(Path(folder))
        for event in walk:
            house.take(*event)
            assert len(house.forced) <= house.decided
        assert all(windows and windows <= past for windows, past in house.forced)
        if not house.decided and not any(kind == "key" for kind, _ in walk):
            open_ones = house.world.face.state()["bypassed"]
            assert open_ones == []
        assert house.world.state()["client_faults"] == []
        entries = house.journal.commands(99)
        assert sum(bool(entry.past) for entry in entries) == house.decided
        house.journal.close()
