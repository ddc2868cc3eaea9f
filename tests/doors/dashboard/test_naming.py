"""Names of devices: who may give them, their bounds, and where they stand in place of addresses."""

from pathlib import Path

import pytest

from emulator.store.peer_names import MOST_NAMES, NAME_CHARS, NOTE, PeerNames
from tests.doors.dashboard.rig import PEER, PIN, Rig

ECHO = "192.168.7.9"


def give(rig: Rig, address: str, name: str, pin: str = PIN) -> str:
    return rig.post("/name", address=address, name=name, pin=pin).text


def test_a_name_stands_in_place_of_the_address(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.post("/arm", installation="home", mode="night")
    rig.settle()
    assert f"Page · {PEER}" in rig.get("/").text
    give(rig, PEER, "Ana's phone")
    assert "Page · Ana&#39;s phone" in rig.get("/").text
    assert f"Page · {PEER}" not in rig.get("/").text
    assert "Ana&#39;s phone" in rig.get("/journal").text
    assert "Ana's phone" in rig.get("/journal.csv").text
    # Programs go on reading addresses.
    assert rig.get("/api/journal").json["entries"][-1]["peer"] == PEER
    give(rig, PEER, "")
    assert f"Page · {PEER}" in rig.get("/").text


def test_it_needs_the_pin_where_one_is_set(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    reply = rig.post("/name", address=ECHO, name="Echo", pin="0000")
    assert reply.status_code == 403
    assert rig.shown.names.all() == {}
    (tmp_path / "open").mkdir()
    free = Rig(tmp_path / "open", pin=None)
    give(free, ECHO, "Echo kitchen", pin="")
    assert free.shown.names.all() == {ECHO: "Echo kitchen"}


def test_no_other_site_may_give_one(tmp_path: Path) -> None:
    rig = Rig(tmp_path, pin=None)
    assert rig.post("/name", origin="http://evil.example", address=ECHO, name="Echo").status_code == 403
    assert rig.shown.names.all() == {}


@pytest.mark.parametrize(
    "address", ["", "Echo", "999.1.1.1", "<b>", "10.0.0.1; DROP", "x" * 9999, "fe80::1%\x1b[2J\u202ePIN"]
)
def test_only_an_address_has_a_name(tmp_path: Path, address: str) -> None:
    rig = Rig(tmp_path)
    assert "use an address of the LAN" in give(rig, address, "Echo").replace("Use an", "use an")
    assert rig.shown.names.all() == {}


def test_hostile_names_are_names(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.post("/arm", installation="home", mode="night")
    rig.settle()
    give(rig, PEER, "<script>x</script>{n}%s\x1b[2J\u202e")
    text = rig.get("/").text
    assert "<script>x" not in text
    assert "&lt;script&gt;x&lt;/script&gt;{n}%s [2J" in text
    assert "\u202e" not in text
    assert "\x1b" not in text


def test_names_have_bounds(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    assert f"at most {NAME_CHARS} characters" in give(rig, ECHO, "x" * (NAME_CHARS + 1))
    names = rig.shown.names
    for number in range(MOST_NAMES):
        names.give(f"10.0.0.{number + 1}", f"Device {number}")
    with pytest.raises(ValueError, match="names already"):
        names.give("10.0.1.1", "One more")
    names.give("10.0.0.1", "Another name")
    names.give("10.0.0.2", "")
    names.give("10.0.1.1", "One more")
    assert len(names.all()) == MOST_NAMES
    assert PeerNames(rig.journal).all() == names.all()


@pytest.mark.parametrize("kept", ["", "{", "[]", '"x"', '{"10.0.0.1": 5}'])
def test_a_note_that_cannot_be_read_names_nobody_wrongly(tmp_path: Path, kept: str) -> None:
    rig = Rig(tmp_path)
    rig.journal.note(NOTE, kept)
    assert PeerNames(rig.journal).named("10.0.0.2") == "10.0.0.2"
    assert rig.get("/").status_code == 200


@pytest.mark.parametrize("name", [ECHO, f"{ECHO}\u200b", "192.168.\u202e7.9", "１９２.168.7.9", "fe80::1"])  # noqa: RUF001  meant
def test_no_device_passes_for_another_address(tmp_path: Path, name: str) -> None:
    """Marks and blanks are taken out of a name; what is left may be an address only then."""
    rig = Rig(tmp_path, pin=None)
    give(rig, PEER, name, pin="")
    assert rig.shown.names.named(PEER) == PEER
    rig.shown.names.introduce("fabric 1 node 5", name)
    assert rig.shown.names.all() == {}


def test_an_address_is_written_down_as_it_is_kept(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    give(rig, "0:0::9", "Echo")
    assert rig.journal.commands(1)[0].message == "::9 is Echo"
