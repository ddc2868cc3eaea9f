"""`emulator discover`: how it shows what it found."""

from emulator.cli import discover
from emulator.lan.search import Found


def test_devices_ours_first() -> None:
    found = [
        Found(udn="uuid:tv", address="10.0.0.3", location="http://10.0.0.3/d.xml", server="TV/1"),
        Found(
            udn="uuid:Socket", address="10.0.0.2", location="http://10.0.0.2/setup.xml", name="Night", model="Socket"
        ),
    ]
    _, first, second = discover.table(found, {"uuid:Socket"}).splitlines()
    assert first.split()[:3] == ["ours", "Night", "Socket"]
    assert second.split()[:3] == ["other", "?", "TV/1"]
    assert "Nothing answered" in discover.table([], {})
