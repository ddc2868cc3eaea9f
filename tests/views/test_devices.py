"""The devices that a person may name: those with a name, and those that were heard of, the reader's own first."""

from emulator.views.devices import MOST_SHOWN, NamedDevice, devices

HERE, ECHO, PHONE = "192.168.7.2", "192.168.7.9", "192.168.7.30"


def test_the_readers_own_comes_first_then_names_then_the_rest() -> None:
    found = devices({PHONE: "ana", ECHO: "Bridge"}, ["192.168.7.5", ECHO], HERE)
    assert found == [
        NamedDevice(HERE, "", is_here=True),
        NamedDevice(PHONE, "ana", is_here=False),
        NamedDevice(ECHO, "Bridge", is_here=False),
        NamedDevice("192.168.7.5", "", is_here=False),
    ]


def test_only_addresses_are_devices_and_each_is_there_once() -> None:
    found = devices({"fabric 1 node 5": "Home hub"}, ["", "broker", ECHO, ECHO], "")
    assert [one.address for one in found] == [ECHO]


def test_the_latest_are_offered() -> None:
    heard = [f"10.0.0.{number}" for number in range(1, MOST_SHOWN + 10)]
    assert {one.address for one in devices({}, heard, "")} == set(heard[:MOST_SHOWN])
