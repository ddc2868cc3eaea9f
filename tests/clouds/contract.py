"""CloudContract: what every cloud owes an installation. A cloud's test class inherits it and gives a `world`."""

from dataclasses import replace
from typing import Any, Protocol

import pytest

from emulator import clouds
from emulator.alarm.cloud import Cloud, Phase, Reading
from emulator.errors import OpenZones, Rejected, Unreachable
from emulator.model import Action, Arm, ArmMode, Axes, Disarm, Interior
from emulator.model.activity import WORDS_CHARS, EventKind, Means
from emulator.simulator.accounts import SECRETS
from emulator.simulator.faults import InjectedFault


class World(Protocol):
    """A cloud and the simulated house behind it."""

    cloud: Cloud
    panel: Any
    clock: Any
    app: Any

    def submissions(self) -> int:
        """How many commands (X1) the far side has received."""

    def go_down(self) -> None:
        """The far side stops answering."""


def quiet(_phase: Phase, _text: str) -> None:
    """No report."""


TOTAL, NIGHT, DAY = (Arm(ArmMode(interior)) for interior in (Interior.TOTAL, Interior.NIGHT, Interior.DAY))
PERIMETER = Arm(ArmMode(perimeter=True))


class CloudContract:
    """Inherit it, name the cloud, and define the fixture `world`. `lacks` are actions that the cloud does not know."""

    cloud: str
    lacks: tuple[Action, ...] = ()
    refused_submissions = 1
    """Submissions that a refusal for open zones takes; 0 where they are known before."""

    def refuses(self, world: World, action: Action) -> bool:
        """Whether the cloud lacks an action; then nothing of it is sent."""
        if not (isinstance(action, Arm) and any(Arm(part) in self.lacks for part in action.mode.parts())):
            return False
        with pytest.raises(Rejected):
            world.cloud.execute(action, quiet)
        assert world.submissions() == 0
        assert not world.panel.axes.armed
        return True

    @pytest.mark.parametrize("action", [TOTAL, NIGHT, DAY, PERIMETER], ids=str)
    def test_arms_and_disarms(self, world: World, action: Action) -> None:
        if self.refuses(world, action):
            return
        assert world.cloud.execute(action, quiet).axes.reached(action)
        assert world.panel.axes.reached(action)
        assert world.cloud.execute(Disarm(), quiet).axes == world.panel.axes
        assert not world.panel.axes.armed
        assert world.submissions() == 2

    def test_a_sum_is_ordered_requests(self, world: World) -> None:
        mode = ArmMode(Interior.TOTAL, perimeter=True)
        if self.refuses(world, Arm(mode)):
            return
        assert world.cloud.execute(Arm(mode), quiet).axes.has(mode)
        assert world.panel.axes.has(mode)

    def test_reads_what_the_panel_is(self, world: World) -> None:
        assert world.cloud.read().axes == world.panel.axes
        world.panel.keypad(NIGHT)
        state = world.cloud.read()
        assert state.axes == world.panel.axes
        assert state.read_at == world.clock.time()
        assert state.raw
        assert state.source

    def test_asks_the_panel_when_told_to(self, world: World) -> None:
        world.panel.keypad(TOTAL)
        assert world.cloud.read(Reading.PANEL).axes == world.panel.axes

    def test_reports_the_way(self, world: World) -> None:
        phases: list[Phase] = []
        world.cloud.execute(TOTAL, lambda phase, _text: phases.append(phase))
        assert phases[:2] == [Phase.SENDING, Phase.ACCEPTED]
        assert set(phases[2:]) <= {Phase.WAITING}

    def test_a_refusal_changes_nothing_and_is_not_repeated(self, world: World) -> None:
        world.panel.window(world.panel.equipment.zones[0].name, is_open=True)
        with pytest.raises(Rejected) as caught:
            world.cloud.execute(TOTAL, quiet)
        assert world.submissions() == self.refused_submissions
        assert not world.panel.axes.armed
        # Only where the cloud can arm past what is open, a person is offered that.
        is_offered = isinstance(caught.value, OpenZones) and caught.value.passable
        assert is_offered is clouds.row(self.cloud).forces

    def test_a_decision_about_one_zone_arms_past_no_other(self, world: World) -> None:
        first, other = world.panel.equipment.zones[:2]
        world.panel.window(first.name, is_open=True)
        with pytest.raises(Rejected):
            world.cloud.execute(replace(TOTAL, past=(other.name, "", f"{first.name} ")), quiet)
        assert world.submissions() == self.refused_submissions
        assert not world.panel.axes.armed

    def test_a_cloud_that_is_down_is_unreachable(self, world: World) -> None:
        world.go_down()
        with pytest.raises(Unreachable):
            world.cloud.read()

    def test_describes_the_installation_without_its_secrets(self, world: World) -> None:
        details = world.cloud.describe()
        assert details.number
        assert details.devices or details.services
        assert not [secret for secret in SECRETS if secret in repr(details)]

    def test_what_it_tells_steers_no_terminal(self, world: World) -> None:
        world.app.extensions["face"].options.steering = True
        world.panel.window(world.panel.equipment.zones[0].name, is_open=True)
        with pytest.raises(Rejected) as caught:
            world.cloud.execute(TOTAL, quiet)
        details = world.cloud.describe()
        rows = [value for row in (*details.devices, *details.services) for value in row.values()]
        told = [str(caught.value), details.number, details.panel, details.alias, *rows]
        assert details.alias.startswith("Casa")
        assert all(text.isprintable() for text in told), told

    def test_close_twice(self, world: World) -> None:
        world.cloud.read()
        world.cloud.close()
        world.cloud.close()
        assert world.panel.axes == Axes(Interior.OFF, perimeter=False, annex=False)


class LogContract:
    """What a cloud with an activity log owes besides; inherited together with the other."""

    def test_the_log_names_persons_means_and_incidents(self, world: World) -> None:
        world.panel.keypad(NIGHT, "Ana")
        world.cloud.execute(Disarm(), quiet)
        for kind, zone in (("alarm", world.panel.equipment.zones[0].name), ("mains_lost", "")):
            world.clock.sleep(60)
            world.panel.incident(kind, zone)
        world.cloud.read()
        mains, alarm, ours, ana = [one for one in world.cloud.activity() if one.kind is not EventKind.CHECK]
        assert (mains.kind, mains.means, mains.user) == (EventKind.MAINS_LOST, "", "")
        assert (alarm.kind, alarm.zone) == (EventKind.ALARM, world.panel.equipment.zones[0].name)
        assert alarm.said
        assert (ours.kind, ours.means, ours.user, ours.is_own) == (EventKind.DISARMED, Means.APP, "", True)
        assert (ana.kind, ana.means, ana.user, ana.is_own) == (EventKind.ARMED, Means.KEYPAD, "Ana", False)
        assert mains.at > alarm.at > ours.at > ana.at
        assert mains.at == pytest.approx(world.clock.time(), abs=10)

    def test_the_log_is_the_same_when_it_is_read_again(self, world: World) -> None:
        world.cloud.read()
        for number in range(5):
            world.panel.keypad(NIGHT if number % 2 else Disarm())
            world.clock.sleep(60)
        world.cloud.read()
        first = world.cloud.activity()
        world.app.extensions["backend"].faults.add(InjectedFault("log_order"))
        world.cloud.read()
        assert world.cloud.activity() == first
        assert len({one.key for one in first}) == len(first) >= 5

    @pytest.mark.parametrize("fault", ["log_gap", "log_unknown", "log_huge", "empty_log"])
    def test_a_log_with_faults_harms_nothing(self, world: World, fault: str) -> None:
        world.panel.keypad(NIGHT, "Ana")
        world.panel.incident("alarm")
        world.cloud.read()
        world.app.extensions["backend"].faults.add(InjectedFault(fault))
        state = world.cloud.read()
        assert state.axes == world.panel.axes
        for one in world.cloud.activity():
            assert all(text.isprintable() for text in (one.user, one.zone, one.said))
            assert max(map(len, (one.user, one.zone, one.said))) <= WORDS_CHARS

    def test_the_clock_of_the_log_may_be_wrong(self, world: World) -> None:
        world.app.extensions["face"].options.log_clock = -300
        world.panel.keypad(NIGHT)
        world.cloud.read()
        assert world.cloud.activity()[0].at == pytest.approx(world.clock.time() - 300, abs=30)
