"""Switches beside the security system: the rules of all switches, held by the real hub."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.errors import Rejected
from emulator.model import Axes, Interior, Outcome, Result
from tests.doors.homekit.rig import ON, House, PanelHub, a_house, a_switch


@pytest.fixture
def hub() -> PanelHub:
    return PanelHub(switches=(a_switch("night", 1), a_switch("total", 2, off_disarms=False)))


@pytest.fixture
def house(tmp_path: Path, hub: PanelHub) -> Iterator[House]:
    with a_house(tmp_path, hub, switches=True) as made:
        yield made


def test_a_switch_reads_turns_and_hears(house: House, hub: PanelHub) -> None:
    phone, night = house.phone(), house.switch(1)
    phone.listen(night, ON)
    assert phone.read(night, ON) is False
    phone.write(night, ON, True)
    phone.wait(lambda: hub.asked)
    [(name, on, origin)] = hub.asked
    assert (name, on, origin.door, origin.peer, origin.switch) == ("Night alarm", True, "homekit", "127.0.0.1", name)
    assert phone.read(night, ON) is True
    hub.be(hub.switches[0], False)
    phone.wait(lambda: phone.told(night, ON)[-1:] == [False])
    assert house.door.report(hub.switches[0]) == "off"


def test_a_refused_switch_goes_back(house: House, hub: PanelHub) -> None:
    phone, night = house.phone(), house.switch(1)
    phone.listen(night, ON)
    hub.prompt = False
    phone.write(night, ON, True)
    phone.wait(lambda: hub.tickets)
    hub.tickets[0].finish(Outcome(Result.REJECTED, "a window is open"), Rejected("a window is open"))
    phone.wait(lambda: phone.told(night, ON)[-1:] == [False])


def test_an_unread_switch_does_not_respond(house: House, hub: PanelHub) -> None:
    hub.be(hub.switches[0], None)
    assert house.phone().read(house.switch(1), ON) == -70402
    assert house.door.report(hub.switches[0]) == "no response"


def test_each_switch_is_reached_by_its_accessory(house: House, hub: PanelHub) -> None:
    found = {switch.name: url for switch, url in house.door.urls()}
    where = f"hap://127.0.0.1:{house.port}"
    assert found == {"Night alarm": f"{where}/1000001", "Total alarm": f"{where}/1000002"}
    assert Axes(Interior.OFF, perimeter=False, annex=False) == hub.seen.axes


def test_without_them_the_security_system_is_what_reaches_a_mode(tmp_path: Path, hub: PanelHub) -> None:
    with a_house(tmp_path / "other", hub) as house:
        assert {url for _, url in house.door.urls()} == {f"hap://127.0.0.1:{house.port}/{house.alarm}"}
        assert house.door.report(hub.switches[0]) == "disarmed"
