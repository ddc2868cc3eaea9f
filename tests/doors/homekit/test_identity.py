"""What the Home app binds rooms and scenes to: the same after restarts, renamings, another order, and a full disk."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from emulator.doors.homekit import setup
from emulator.doors.homekit.words import DISARMED
from emulator.errors import EmulatorError
from emulator.store.journal_file import FILE
from tests.doors.homekit.rig import CURRENT, FAULT, MODES, ON, TARGET, House, Iphone, PanelHub, a_house, a_switch
from tests.support.patience import until


def known_by(house: House) -> dict[str, Any]:
    """Return what a controller knows the bridge by."""
    bridge = house.door._bridge
    assert bridge
    info = bridge._driver.service_info()
    kept = setup.open_kept(house.journal)
    return {
        "name": info.name,
        "txt": info.decoded_properties,
        "setup": kept.setup,
        "keys": (kept.state["public_key"], kept.state["private_key"]),
    }


def numbers(phone: Iphone) -> dict[int, dict[int, str]]:
    found = phone.run(phone.pairing.list_accessories_and_characteristics())
    return {
        one["aid"]: {each["iid"]: each["type"] for service in one["services"] for each in service["characteristics"]}
        for one in found
    }


def test_numbers_of_accessories_and_characteristics_never_change(tmp_path: Path) -> None:
    """A new number here would lose the rooms, scenes and automations of every home."""
    with a_house(tmp_path, switches=True) as house:
        found = numbers(house.phone())
    assert sorted(found) == [1, 1001, 1_000_001, 1_000_002, 1_000_003]
    types = {iid: kind[:8].lstrip("0") for iid, kind in found[1001].items() if iid >= CURRENT}
    assert types == {CURRENT: "66", TARGET: "67", FAULT: "77"}
    assert found[1_000_001][ON].startswith("00000025")


def test_a_pairing_outlives_a_restart_with_switches_renamed_and_reordered(tmp_path: Path) -> None:
    with a_house(tmp_path, switches=True) as house:
        phone = house.phone()
        data, before, known = phone.pairing.pairing_data, numbers(phone), known_by(house)
        assert phone.read(house.switch(1), ON) is False
    switches = tuple(replace(a_switch(mode, number), name=f"Other {mode}") for number, mode in enumerate(MODES, 1))
    with a_house(tmp_path, PanelHub(switches=switches[::-1]), switches=True) as house:
        phone = house.phone(paired=False)
        phone.knows({**data, "AccessoryPort": house.port})
        assert phone.read(house.alarm, CURRENT) == DISARMED
        assert numbers(phone) == before
        now = known_by(house)
        assert (now["setup"], now["keys"], now["name"]) == (known["setup"], known["keys"], known["name"])
        # Unpaired then, paired now; the number of the configuration is the same.
        assert now["txt"] == {**known["txt"], "sf": "0"}


def test_another_accessory_is_another_configuration(tmp_path: Path) -> None:
    with a_house(tmp_path) as house:
        before = int(known_by(house)["txt"]["c#"])
    with a_house(tmp_path, switches=True) as house:
        assert int(known_by(house)["txt"]["c#"]) == before + 1


def test_a_pairing_that_cannot_be_kept_is_told_and_kept_later(tmp_path: Path) -> None:
    with a_house(tmp_path, look_s=0.05) as house, closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as db:
        house.journal._db.execute("PRAGMA busy_timeout = 0")
        house.journal.alarm("home")
        phone = house.phone(paired=False)
        code = house.code
        db.execute("BEGIN IMMEDIATE")
        phone.pair(code)
        house.context.responder.post(lambda: None)
        until(lambda: house.door._bridge and house.door._bridge._trouble)
        db.execute("ROLLBACK")
        bridge = house.door._bridge
        assert bridge
        bridge._hand_over()
        until(lambda: setup.open_kept(house.journal).controllers)
        assert not bridge._trouble


def test_a_reset_is_followed_by_a_running_program(tmp_path: Path) -> None:
    with a_house(tmp_path) as house:
        phone = house.phone()
        old = known_by(house)
        setup.reset(house.journal)
        house.door.stop()
        house.door.start()
        new = known_by(house)
        assert new["setup"] != old["setup"]
        assert new["txt"]["id"] != old["txt"]["id"]
        assert new["txt"]["sf"] == "1"
        again = house.phone()
        assert again.read(house.alarm, CURRENT) == DISARMED
        assert phone.pairing.pairing_data["AccessoryPairingID"] == old["txt"]["id"]


def test_who_may_arm_from_now_on_stands_in_the_journal(house: House) -> None:
    phone = house.phone()
    phone.run(phone.pairing.remove_pairing(phone.pairing.pairing_data["iOSPairingId"]))
    until(lambda: len(house.journal.commands(9)) == 2)
    done = [(one.door, one.action, one.result, one.message) for one in reversed(house.journal.commands(9))]
    assert done == [
        ("homekit", "pair a controller", "confirmed", "1 are paired"),
        ("homekit", "unpair a controller", "confirmed", "0 are paired"),
    ]


@pytest.mark.parametrize(
    "text",
    ['{"setup": ', "[]", '{"setup": {}}', '{"setup": {"code": "12345679", "id": "AB12"}, "state": {"mac": "AA"}}'],
)
def test_what_is_damaged_is_said_and_a_reset_mends_it(tmp_path: Path, text: str) -> None:
    house = House(tmp_path)
    house.journal.note(setup.NOTE, text)
    house.door.start()
    try:
        assert "`emulator homekit --reset` makes another one" in house.door.obstacles()[0]
        setup.reset(house.journal)
        house.door.stop()
        house.door.start()
        assert house.door.obstacles() == ()
    finally:
        house.close()


def test_the_code_is_what_pairs_and_the_invitation_shows_it(house: House) -> None:
    invitation = house.door.invitation()
    assert (invitation.door, invitation.code, invitation.paired) == ("homekit", house.code, 0)
    house.phone()
    until(lambda: house.door.invitation().paired == 1)
    assert house.door.invitation().side > 20
    assert set(invitation.picture) <= set("Mh v1-z0123456789")


def test_a_journal_that_cannot_be_read_keeps_only_this_door_closed(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.journal.note(setup.NOTE, json.dumps({"setup": {"code": "12345679", "id": "AB12"}, "state": {}}))

    def broken(name: str) -> None:
        raise EmulatorError(f"the journal cannot be read ({name})")

    house.journal.recall = broken  # type: ignore[method-assign]
    house.door.start()
    try:
        [obstacle] = house.door.obstacles()
        assert obstacle == "The HomeKit bridge cannot be opened: the journal cannot be read (homekit)"
        assert house.door.urls() == ()
    finally:
        house.close()
