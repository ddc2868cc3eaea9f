"""The door as a controller sees it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.doors import Door
from emulator.doors.homekit.words import AWAY, DISARMED, NIGHT, STAY
from emulator.errors import Rejected
from emulator.model import DISARMED as OFF
from emulator.model import Arm, ArmMode, Axes, Disarm, Interior
from tests.doors.contract import DoorContract
from tests.doors.homekit.rig import CURRENT, FAULT, TARGET, House, ask
from tests.doors.homekit.rig import NIGHT as AT_NIGHT

ACCESSORIES = "GET /accessories HTTP/1.1\r\nHost: x\r\n\r\n"


class TestHomekit(DoorContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> Iterator[None]:
        self.folder = tmp_path
        self.houses: list[House] = []
        yield
        for house in self.houses:
            house.close()

    def make(self) -> Door:
        self.houses.append(House(self.folder))
        return self.houses[-1].door

    def serves(self, _: Door, /) -> bool:
        try:
            return b" 401 " in ask(self.houses[-1].port, ACCESSORIES)
        except OSError:
            return False


def test_it_pairs_reads_arms_and_disarms(house: House) -> None:
    phone, alarm = house.phone(), house.alarm
    assert phone.read(alarm, CURRENT, TARGET, FAULT) == [DISARMED, DISARMED, 0]
    phone.listen(alarm, CURRENT, TARGET)
    assert phone.write(alarm, TARGET, NIGHT) == {}
    phone.wait(lambda: house.hub.commands)
    [(action, origin, asked)] = house.hub.commands
    assert (action, origin.door, origin.peer) == (Arm(ArmMode(Interior.NIGHT)), "homekit", "127.0.0.1")
    assert asked
    assert phone.read(alarm, CURRENT, TARGET) == [DISARMED, NIGHT]
    house.hub.end(AT_NIGHT)
    phone.wait(lambda: phone.told(alarm, CURRENT) == [NIGHT])
    phone.write(alarm, TARGET, DISARMED)
    phone.wait(lambda: len(house.hub.commands) == 2)
    assert house.hub.commands[1][0] == Disarm()
    house.hub.end(OFF)
    phone.wait(lambda: phone.told(alarm, CURRENT) == [NIGHT, DISARMED])


def test_a_refusal_sets_the_target_back_for_every_controller(house: House) -> None:
    """The one that asked, too; the current state never moved."""
    phone, alarm = house.phone(), house.alarm
    phone.listen(alarm, CURRENT, TARGET)
    phone.write(alarm, TARGET, AWAY)
    phone.wait(lambda: house.hub.tickets)
    house.hub.end(OFF, Rejected("a window is open"))
    phone.wait(lambda: phone.told(alarm, TARGET) == [AWAY, DISARMED])  # the first is what it asked for itself
    assert phone.told(alarm, CURRENT) == []
    assert phone.read(alarm, CURRENT, TARGET) == [DISARMED, DISARMED]


def test_what_was_never_read_does_not_respond(house: House) -> None:
    """Neither armed nor disarmed, also not in the list of accessories, though the library's default is armed."""
    house.hub.look(type(house.hub.seen)())
    phone = house.phone()
    assert phone.read(house.alarm, CURRENT, TARGET) == [-70402, -70402]
    [alarm] = [one for one in phone.run(phone.pairing.list_accessories_and_characteristics()) if one["aid"] != 1]
    values = {each["iid"]: each.get("value") for service in alarm["services"] for each in service["characteristics"]}
    assert (values[CURRENT], values[TARGET]) == (None, None)
    assert house.door.report(house.hub.switches[0]) == "no response"


def test_only_modes_that_a_switch_names_are_offered(house: House) -> None:
    phone, alarm = house.phone(), house.alarm
    assert phone.write(alarm, TARGET, 4)[alarm, TARGET]["status"] == -70402
    assert phone.read(alarm, TARGET) == DISARMED
    assert house.hub.commands == []


def test_a_position_without_a_word_is_stay(house: House) -> None:
    house.hub.look(type(house.hub.seen)(house.hub.seen.state.__class__(Axes(Interior.OFF, True, False), 0.0, "", "")))
    assert house.phone().read(house.alarm, CURRENT, TARGET) == [STAY, STAY]


def test_three_controllers_at_once_hear_the_same(house: House) -> None:
    owner, alarm = house.phone(), house.alarm
    guests = [house.phone(paired=False) for _ in range(2)]
    for guest in guests:
        owner.invite(guest)
    for phone in (owner, *guests):
        phone.listen(alarm, CURRENT, TARGET)
    guests[0].write(alarm, TARGET, NIGHT)
    guests[0].wait(lambda: house.hub.tickets)
    house.hub.end(AT_NIGHT)
    for phone in (owner, *guests):
        phone.wait(lambda each=phone: each.told(alarm, CURRENT) == [NIGHT])  # type: ignore[misc]
    assert len(house.hub.commands) == 1
