"""The firewall and other trouble before ws.do: the password goes out once, and then there is silence."""

import pytest

from emulator.alarm.cloud import Reading
from emulator.clouds.firewall import BAN_S
from emulator.clouds.wsdo.cloud import WsdoCloud
from emulator.clouds.wsdo.session import FORBIDDEN_S
from emulator.errors import EmulatorError, Unreachable
from tests.clouds.contract import TOTAL, quiet
from tests.clouds.script import MemoryVault
from tests.support.fakes import DEADLINE_S, SimulatedCloud, new_gate


@pytest.fixture
def world() -> SimulatedCloud:
    return SimulatedCloud()


@pytest.mark.parametrize("kind", ["ban", "ban_page"])
def test_one_request_and_then_silence_for_the_time_of_a_ban(world: SimulatedCloud, kind: str) -> None:
    world.fault(kind, times=None)
    for _ in range(5):
        with pytest.raises(Unreachable, match=r"firewall has blocked.*set `cloud: owa`") as caught:
            world.cloud.read(Reading.PANEL)
        assert not caught.value.sent
        world.clock.now += BAN_S / 5 - 1
    assert world.transport.requests() == ["LOGIN"]
    world.backend.faults.clear()
    world.clock.now += 5
    assert world.cloud.read().axes == world.panel.axes


def test_a_ban_holds_for_every_account_and_over_a_restart(world: SimulatedCloud) -> None:
    vault = MemoryVault()
    world.fault("ban", times=1)
    for _ in range(2):
        cloud = WsdoCloud(world.account, world.transport, world.clock, DEADLINE_S, new_gate(vault))
        with pytest.raises(Unreachable, match="firewall"):
            cloud.read()
    assert world.transport.requests() == ["LOGIN"]


def test_a_command_that_meets_the_firewall_was_not_sent(world: SimulatedCloud) -> None:
    world.cloud.read()
    world.fault("ban", "ARM1", times=1)
    with pytest.raises(Unreachable, match="firewall") as caught:
        world.cloud.execute(TOTAL, quiet)
    assert not caught.value.sent
    world.cloud.close()
    assert world.count("ARM1") == 1
    assert world.count("CLS") == 0


def test_another_403_makes_a_shorter_pause(world: SimulatedCloud) -> None:
    world.face.options.flood_limit = 1
    world.face.options.flood_ban = FORBIDDEN_S
    for _ in range(2):
        with pytest.raises(EmulatorError, match=r"HTTP 403.*nothing is sent for 60 s|nothing is sent for 60 s"):
            world.cloud.read()
    assert len(world.transport.requests()) == 2
    world.face.options.flood_limit = 0
    world.clock.now += FORBIDDEN_S
    assert world.cloud.read().axes == world.panel.axes


@pytest.mark.parametrize("kind", ["unavailable", "html", "down", "trouble"])
def test_a_login_that_fails_is_not_tried_again_in_the_same_poll(world: SimulatedCloud, kind: str) -> None:
    world.fault(kind, "LOGIN")
    for how in (Reading.POLL, Reading.PANEL):
        with pytest.raises(Unreachable):
            world.cloud.read(how)
    assert world.count("LOGIN") == 2
