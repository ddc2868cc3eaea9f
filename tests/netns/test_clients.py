"""Real clients on another host: pywemo, async_upnp_client, and our own `emulator discover`."""

import json
from collections.abc import Callable
from subprocess import CompletedProcess
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.netns.home import EMULATOR, MODES, Home, hears, name_of
from tests.netns.lan import CLIENT, HOUSE, INTERFACE, Lan
from tests.support.patience import until


def test_pywemo_finds_reads_and_switches(lan: Lan, home: Home) -> None:
    """By multicast; each press is one X1, and the switch reads what was asked for at once."""
    found = lan.client("client", "wemo.py", "discover")
    assert sorted(one["name"] for one in found) == sorted(map(name_of, MODES))
    assert {one["url"] for one in found} == {one.url for one in home.switches.values()}
    assert {(urlsplit(one["url"]).hostname, one["kind"], one["model"]) for one in found} == {
        (HOUSE, "Switch", "Socket")
    }
    assert len({one["serial"] for one in found}) == len({one["mac"] for one in found}) == len(MODES)
    assert {one["state"] for one in found} == {0}

    night = home.location("night")
    assert lan.client("client", "wemo.py", "press", night, "on") == [{"error": "", "state": 1}]
    assert home.settle()["axes"]["interior"] == "night"
    assert home.alarm.accepted() == home.alarm.sent() == {"ARMNIGHT1": 1}

    assert lan.client("client", "wemo.py", "press", night, "off") == [{"error": "", "state": 0}]
    assert home.settle()["axes"]["interior"] == "off"
    assert home.alarm.accepted() == home.alarm.sent() == {"ARMNIGHT1": 1, "DARM1": 1}
    assert home.alarm.events()[-2:] == ["armed_night", "disarmed_main"]


@pytest.mark.long
def test_pywemo_hears_of_changes_made_by_others(lan: Lan, home: Home) -> None:
    """By another client, by `emulator arm` in the house, and by a hand at the keypad."""
    listener = lan.listening("client", "wemo.py", "listen", *(one.url for one in home.switches.values()))
    lan.client("other", "wemo.py", "press", home.location("perimeter"), "on")
    hears(listener, "perimeter", "0", "1")

    done = home.emulator("arm", "day", "--json")
    assert (done.returncode, json.loads(done.stdout)["result"]) == (0, "confirmed")
    hears(listener, "day", "0", "1")

    home.alarm.post("keypad", disarm="main")
    hears(listener, "day", "0", "1", "0")
    hears(listener, "perimeter", "0", "1", "0")
    home.alarm.post("keypad", arm="total")
    hears(listener, "total", "0", "1")
    hears(listener, "night", "0")
    hears(listener, "total+perimeter", "0")
    assert home.alarm.accepted() == {"PERI1": 1, "ARMDAY1": 1}
    assert listener.stop() == 0


def test_a_strict_upnp_client(lan: Lan, home: Home) -> None:
    """async_upnp_client finds, parses and subscribes to everything, and its calls and events work."""
    seen = lan.client("client", "upnp.py", home.location("total"), CLIENT)
    locations = {one.url for one in home.switches.values()}
    assert set(seen["found"]) == set(seen["roots"]) == set(seen["devices"]) == locations
    for location, (name, manufacturer, udn) in seen["devices"].items():
        assert home.switches[name].url == location
        assert manufacturer == "Belkin International Inc."
        assert {usn.partition("::")[0] for usn in seen["found"][location]} == {udn}
        assert len(seen["found"][location]) == 5
    assert seen["services"] == ["urn:Belkin:service:basicevent:1", "urn:Belkin:service:metainfo:1"]
    assert seen["states"] == [False, True, True]
    assert seen["events"] == [True, True]
    assert len(seen["meta"].split("|")) >= 6
    home.settle()
    assert home.alarm.accepted() == {"ARM1": 1}


def both_in(search: Callable[[], CompletedProcess[str]]) -> list[dict[str, Any]]:
    """Search until both switches are in one listing: on a busy machine, an answer may come after the search."""
    listed: list[dict[str, Any]] = []

    def searched() -> bool:
        listed[:] = json.loads(search().stdout)
        return len(listed) >= len(MODES)

    until(searched, "both switches in one search")
    return listed


def test_emulator_discover(lan: Lan, home: Home) -> None:
    """On another host the switches are somebody else's, in the house they are ours; an interface may be chosen."""
    words = [EMULATOR, "discover", "--json", "--seconds", "2", "--state-dir", str(home.folder / "elsewhere")]
    found = both_in(lambda: lan.run("client", words))
    assert sorted(one["name"] for one in found) == sorted(home.switches)
    assert {(one["address"], one["model"], one["ours"]) for one in found} == {(HOUSE, "Socket", False)}
    assert all("urn:Belkin:service:basicevent:1" in one["sts"] for one in found)

    here = both_in(lambda: home.emulator("discover", "--json", "--seconds", "1", "--interface", INTERFACE))
    assert sorted(one["location"] for one in here) == sorted(one.url for one in home.switches.values())
    assert {one["ours"] for one in here} == {True}
    assert json.loads(home.emulator("discover", "--json", "--seconds", "1", "--interface", "lo").stdout) == []
