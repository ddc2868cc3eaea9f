"""A disarm where the panel's state cannot be read: sent as far as is known, and never beyond that."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from emulator.alarm.age import ARM_WITHIN_S, DISARM_WITHIN_S
from emulator.alarm.installation import Installation
from emulator.clouds.firewall import Answer
from emulator.model import DISARMED, Action, Arm, ArmMode, Command, Disarm, Interior, Origin, Result
from emulator.store.journal import Journal
from tests.alarm.test_installation import House as Wsdo
from tests.support.fakes_owa import SimulatedOwa

NIGHT, TOTAL = ArmMode(Interior.NIGHT), ArmMode(Interior.TOTAL)


class Home:
    """One alarm of either cloud, driven step by step."""

    def __init__(self, world: Wsdo | SimulatedOwa, reading: tuple[str, ...], disarm: str, journal: Journal) -> None:
        self.world, self.reading, self.disarm, self.journal = world, reading, disarm, journal
        self.restart()

    def restart(self) -> None:
        self.alarm = Installation("home", self.world.new_client, self.journal, self.world.clock, poll_every_s=600.0)

    def run(self, action: Action, only_if: ArmMode | None = None) -> Result:
        ticket = self.alarm.submit(Command(action, Origin("test"), only_if))
        while not ticket.done.done():
            self.alarm.step()
        self.said = ticket.done.result().message
        return ticket.done.result().result

    def off(self, mode: ArmMode) -> Result:
        return self.run(Disarm.of(mode), mode)

    def go_blind(self) -> None:
        """The state cannot be read any more, and what was read is old."""
        self.world.clock.now += 30
        for request in self.reading:
            self.world.fault("unavailable", request)

    def delay(self, request: str, act: Callable[[], object] = lambda: None, by_s: float = DISARM_WITHIN_S) -> None:
        """Make the next request of this name take longer than a disarm may wait; then let something happen."""

        def held_up() -> None:
            self.world.clock.now += by_s + 1
            act()

        if isinstance(self.world, Wsdo):
            self.world.while_flying(request, held_up)
            return
        poster = self.world.poster
        post = poster.post

        def late(headers: Mapping[str, str], body: bytes) -> Answer:
            if headers["X-APOLLO-OPERATION-NAME"] == request:
                poster.post = post  # type: ignore[method-assign]
                held_up()
            return post(headers, body)

        poster.post = late  # type: ignore[method-assign]

    def disarms(self) -> int:
        return self.world.count(self.disarm)

    @property
    def armed(self) -> bool:
        return self.world.panel.axes.armed


@pytest.fixture(params=["wsdo", "owa"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    if request.param == "wsdo":
        world = Wsdo(tmp_path / "wsdo")
        made = Home(world, ("ACT_V2", "EST1", "EST2"), "DARM1", world.journal)
    else:
        made = Home(
            SimulatedOwa(), ("Status", "CheckAlarm", "CheckAlarmStatus"), "xSDisarmPanel", Journal(tmp_path / "owa")
        )
    yield made
    made.journal.close()


def test_a_disarm_that_a_person_asks_for_is_sent(home: Home) -> None:
    home.world.panel.keypad(Arm(TOTAL))
    home.go_blind()
    assert home.run(Disarm()) is Result.CONFIRMED
    assert not home.armed
    assert home.alarm.view.axes.reached(Disarm())


def test_also_after_a_restart_and_where_the_last_state_was_disarmed(home: Home) -> None:
    assert home.run(Disarm()) is Result.CONFIRMED
    home.world.panel.keypad(Arm(TOTAL))
    home.go_blind()
    home.restart()
    assert home.alarm.view.axes == DISARMED
    assert home.run(Disarm()) is Result.CONFIRMED
    assert not home.armed


@pytest.mark.parametrize("restarted", [False, True])
def test_off_of_a_switch_goes_by_the_last_state(home: Home, restarted: bool, caplog: pytest.LogCaptureFixture) -> None:
    home.run(Arm(NIGHT))
    home.go_blind()
    if restarted:
        home.restart()
    assert home.off(TOTAL) is Result.FAILED
    assert "cannot tell whether disarm is right" in home.said
    assert home.disarms() == 0
    assert home.off(NIGHT) is Result.CONFIRMED
    assert not home.armed
    assert home.disarms() == 1
    assert "going by the last state, night" in caplog.text


def test_off_of_a_switch_of_which_nothing_is_known_is_not_sent(home: Home) -> None:
    home.world.panel.keypad(Arm(NIGHT))
    home.go_blind()
    assert home.off(NIGHT) is Result.FAILED
    assert home.disarms() == 0


def test_the_state_is_still_looked_at_where_it_can_be(home: Home) -> None:
    home.run(Arm(NIGHT))
    home.world.panel.keypad(Disarm())
    home.world.panel.keypad(Arm(TOTAL))
    home.world.clock.now += 300
    home.restart()
    assert home.off(NIGHT) is Result.IGNORED
    assert home.armed


def test_an_off_waits_while_an_arm_of_ours_is_unsettled(home: Home) -> None:
    home.run(Arm(NIGHT))
    home.world.fault("down", "ARM1" if isinstance(home.world, Wsdo) else "xSArmPanel", 1)
    home.run(Arm(TOTAL))
    home.go_blind()
    assert home.off(NIGHT) is Result.FAILED
    assert home.disarms() == 0
    assert home.armed


def test_what_reading_held_up_for_too_long_is_not_sent(home: Home) -> None:
    home.run(Arm(NIGHT))
    home.go_blind()
    home.delay(home.reading[0])
    assert home.off(NIGHT) is Result.SUPERSEDED
    assert home.disarms() == 0
    assert home.armed


def test_what_a_dead_session_held_up_for_too_long_is_not_sent_again(home: Home) -> None:
    """The first submission is refused for its session, which is renewed: by then it is too late for the second."""
    if isinstance(home.world, Wsdo):
        arm, kill = "ARM1", home.world.face.sessions.kill
    else:
        arm, kill = "xSArmPanel", home.world.face.actions["sessions/kill"]
    home.run(Disarm())
    home.delay(arm, kill, ARM_WITHIN_S)
    assert home.run(Arm(TOTAL)) is Result.SUPERSEDED
    assert not home.armed
    home.run(Arm(NIGHT))
    before = home.disarms()
    home.delay(home.disarm, kill)
    assert home.run(Disarm()) is Result.SUPERSEDED
    assert home.disarms() == before + 1
    assert home.armed


def test_an_arm_does_not_go_by_the_last_state(home: Home) -> None:
    if isinstance(home.world, Wsdo):
        pytest.skip("ws.do refuses by itself what does not fit the panel's state")
    home.go_blind()
    assert home.run(Arm(TOTAL)) is Result.FAILED
    assert not home.armed
