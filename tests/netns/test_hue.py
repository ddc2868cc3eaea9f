"""The Hue door on port 80, beside the WeMo door: real clients, an Echo's sequence, sweeps, and a restart."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import phue
import pytest
from aiohue import create_app_key
from aiohue.discovery import discover_bridge
from aiohue.util import normalize_bridge_id
from aiohue.v1 import HueBridgeV1
from lxml import etree

from emulator.alarm.held import SWEEP
from emulator.alarm.sweeps import SWEEP_S
from tests.netns import raw
from tests.netns.echo import DEFAULT, Echo
from tests.netns.home import MODES, ONLY, SETTINGS, SUM, Home, hears, name_of
from tests.netns.lan import HOSTS, Lan, until

ECHO_TARGETS = ("ssdp:all", "upnp:rootdevice", "urn:schemas-upnp-org:device:basic:1")
ECHO_PORT = 50000
NS = {"d": "urn:schemas-upnp-org:device-1-0"}
NAMES = tuple(map(name_of, MODES))
RENAMED = "Siesta"

EAGER = "doors: { wemo: , hue: { port: 80, allow_sweep: true } }\nreply_within: 100ms\n"
BUTTON = "doors: { wemo: , hue: { port: 80, pairing: button } }\n"


@pytest.fixture(scope="module")
def eager_home(lan: Lan, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Both doors, of which the Hue one waits for nothing, so that clients may be quick."""
    home = Home(lan, tmp_path_factory.mktemp("eager"), host="other", settings=SETTINGS + EAGER)
    yield home
    home.stop()


@pytest.fixture
def eager(eager_home: Home) -> Home:
    """At rest."""
    eager_home.calm()
    return eager_home


def answers(target: str, *homes: Home) -> list[list[raw.Datagram]]:
    """What the bridge of each home answers to a search of an Echo; nobody says more afterwards."""
    found: list[raw.Datagram] = []

    def by_home() -> list[list[raw.Datagram]]:
        bridges = [one for one in found if "hue-bridgeid" in one.headers]
        return [[one for one in bridges if one.source == HOSTS[home.host]] for home in homes]

    def look() -> bool:
        found.extend(raw.heard(sock))
        return all(by_home())

    with raw.udp(homes[0].lan, "client", ECHO_PORT) as sock:
        sock.sendto(raw.search(target), (raw.GROUP, raw.SSDP_PORT))
        until(look, f"answers to {target}", raw.PATIENCE_S)
    return by_home()


@pytest.mark.parametrize("target", ECHO_TARGETS)
@pytest.mark.long
def test_a_search_finds_each_bridge(careful_home: Home, eager_home: Home, target: str) -> None:
    """Three answers, from the address that they name; the description says who it is."""
    homes = (careful_home, eager_home)
    ids = {bridge_of(home, three) for home, three in zip(homes, answers(target, *homes), strict=True)}
    assert len(ids) == len(homes)


def bridge_of(home: Home, three: list[raw.Datagram]) -> str:
    """The id of the bridge that gave these answers, which are right."""
    here = HOSTS[home.host]
    location = f"http://{here}:80/description.xml"
    described = raw.ask(home.lan, "client", 80, raw.get("/description.xml", here), here)
    assert (described.status, described.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    root = etree.fromstring(described.body.encode())
    udn = root.findtext(".//d:UDN", namespaces=NS)
    mac = root.findtext(".//d:serialNumber", namespaces=NS) or ""
    assert root.findtext("d:URLBase", namespaces=NS) == f"http://{here}:80/"
    basic = "urn:schemas-upnp-org:device:basic:1"
    assert sorted((one.headers["st"], one.headers["usn"]) for one in three) == sorted(
        [("upnp:rootdevice", f"{udn}::upnp:rootdevice"), (udn, udn), (basic, udn)]
    )
    assert udn == f"uuid:2f402f80-da50-11e1-9b23-{mac}"
    for one in three:
        assert one.first == "HTTP/1.1 200 OK"
        assert (one.source, one.headers["location"]) == (here, location)
        assert one.headers["hue-bridgeid"] == f"{mac[:6]}FFFE{mac[6:]}".upper()
        assert "IpBridge" in one.headers["server"]
    return three[0].headers["hue-bridgeid"]


# -- real clients -----------------------------------------------------------------------------------------------


async def paired(host: str, session: aiohttp.ClientSession) -> HueBridgeV1:
    """The bridge at a host, by aiohue."""
    found = await discover_bridge(host, session)
    assert not found.supports_v2
    key = await create_app_key(host, "home-assistant#lan", session)
    bridge = HueBridgeV1(host, key, session)
    await bridge.initialize()
    assert bridge.config
    assert found.id == normalize_bridge_id(bridge.config.bridge_id)
    return bridge


async def switched(bridge: HueBridgeV1, mode: str, on: bool) -> dict[str, bool]:
    """Turn the light of a mode by aiohue; the modes' lights as they read then."""
    assert bridge.lights
    light = next(light for light in bridge.lights.values() if light.name == name_of(mode))
    await light.set_state(on=on)
    await bridge.lights.update()
    assert all(light.state["reachable"] for light in bridge.lights.values())
    return {light.name: light.state["on"] for light in bridge.lights.values()}


@pytest.mark.long
def test_aiohue_and_phue_turn_every_switch(lan: Lan, eager: Home, tmp_path: Path) -> None:
    """Each light reads at once as it was turned; the alarm is asked for the last word of it, and for nothing twice."""

    async def by_aiohue() -> None:
        async with aiohttp.ClientSession() as session:
            bridge = await paired(HOSTS[eager.host], session)
            assert bridge.lights
            assert tuple(light.name for light in bridge.lights.values()) == NAMES
            for mode in MODES:
                for on in (True, False):
                    # Of a switch that only arms, off is answered and changes nothing.
                    assert (await switched(bridge, mode, on))[name_of(mode)] is (on or mode == ONLY)
                eager.rest()  # on a slow machine a disarm behind all of them would come too late

    def by_phue() -> None:
        bridge = phue.Bridge(HOSTS[eager.host], config_file_path=str(tmp_path / "phue"))
        lights = bridge.get_light_objects("name")
        assert tuple(lights) == NAMES
        for mode in reversed(MODES):
            light = lights[name_of(mode)]
            for on in (True, False):
                light.on = on
                assert light.on is (on or mode == ONLY)
                assert light.reachable is True
            eager.rest()
        assert bridge.get_group(0, "lights") == list(bridge.get_api()["lights"])
        again = phue.Bridge(HOSTS[eager.host], config_file_path=str(tmp_path / "phue"))
        assert again.username == bridge.username

    before = len(eager.journal())
    with lan.at("client"):
        asyncio.run(by_aiohue())
        by_phue()
    assert eager.settle()["standing"] == "disarmed"
    for mode in MODES:
        eager.reads(mode, "0")
    accepted = eager.alarm.accepted()
    assert accepted == eager.alarm.sent()
    # Where each off came before its on was sent, nothing was armed and nothing had to be disarmed.
    assert ("DARM1" in accepted) is bool(accepted.keys() - {"DARM1"})
    new = eager.journal()[before:]
    assert {one["switch"] for one in new} == set(NAMES)
    assert {(one["door"], one["peer"]) for one in new} == {("hue", HOSTS["client"])}
    # The last switch only arms, so that night is on when the sum is asked for the second time: the panel refuses it
    # where the off of it comes too late to take its place.
    refused = [one["action"] for one in new if one["result"] == "rejected"]
    assert refused in ([], [f"arm {SUM}"])
    assert {one["result"] for one in new} <= {"confirmed", "superseded", "ignored", "rejected"}


# -- an Echo ----------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_an_echo_while_the_panel_takes_20_s(careful: Home) -> None:
    """Answered and read back at once, and no other state until the panel has ended; one X1. Its off disarms."""
    careful.alarm.post("settings", answer_after=20)
    here = HOSTS[careful.host]
    assert raw.ask(careful.lan, "client", 80, raw.get("/description.xml", here), here).status == 200
    echo = Echo(careful)
    ids = echo.ids()
    assert tuple(ids) == NAMES
    for name, number in ids.items():
        light = echo.get(f"/lights/{number}")
        assert (light["name"], light["state"]["on"], light["state"]["reachable"]) == (name, False, True)

    night = ids[name_of("night")]
    echo.turn(night, True)
    assert [echo.get(f"/lights/{night}")["state"]["on"] for _ in range(3)] == [True] * 3

    seen: set[tuple[bool, ...]] = set()

    def ended() -> bool:
        lights = echo.get("/lights")
        seen.add(tuple(lights[number]["state"]["on"] for number in ids.values()))
        state = careful.alarm.state()
        return "ARMNIGHT1" in state["accepted"] and not state["busy"]

    until(lambda: ended() or careful.alarm.state()["busy"], "the panel is at work", SWEEP_S + 2)
    # Before the panel has ended the other door says the same.
    careful.reads("night", "1")
    assert careful.alarm.state()["busy"]
    until(ended, "the panel has ended")
    assert careful.settle()["axes"]["interior"] == "night"
    ended()
    both = (name_of("night"), name_of(ONLY))
    assert seen <= {
        tuple(name == both[0] for name in ids),
        tuple(name in both for name in ids),
    }
    assert careful.alarm.accepted() == careful.alarm.sent() == {"ARMNIGHT1": 1}

    careful.alarm.post("settings", answer_after=0)
    echo.turn(night, False)
    assert [echo.get(f"/lights/{night}")["state"]["on"] for _ in range(3)] == [False] * 3
    until(lambda: careful.alarm.accepted() == {"ARMNIGHT1": 1, "DARM1": 1}, "off is sent")
    assert careful.settle()["standing"] == "disarmed"
    assert [(one["action"], one["result"]) for one in careful.journal()[-2:]] == [
        ("arm night", "confirmed"),
        ("disarm", "confirmed"),
    ]


# -- sweeps -----------------------------------------------------------------------------------------------------


def ignored(home: Home) -> Counter[str]:
    """How often a command of each switch was ignored."""
    counts: Counter[str] = Counter()
    for one in home.journal():
        counts[one["switch"]] += one["times"] * (one["result"] == "ignored")
    return counts


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("on", "at_once"),
    [
        pytest.param(False, False, id="off, lights"),
        pytest.param(True, True, id="on, group"),
        pytest.param(False, True, id="off, group", marks=pytest.mark.long),
        pytest.param(True, False, id="on, lights", marks=pytest.mark.long),
    ],
)
def test_a_sweep_changes_nothing(careful: Home, on: bool, at_once: bool) -> None:
    """One light after the other, the one that is on first, or all at once: granted, ignored, and written down."""
    if not on:
        careful.alarm.post("keypad", arm="total")
        careful.reads("total", "1")
    standing = careful.alarm.state()["standing"]
    echo, before, began = Echo(careful), ignored(careful), time.time()
    ids = echo.ids()
    if at_once:
        echo.turn_all(on)
    else:
        for number in ids.values():
            echo.turn(number, on)

    # Nothing is held back any more: each command has its end, or is counted on the same before.
    until(lambda: ignored(careful) - before == Counter(NAMES), "each is written down once")
    new = [one for one in careful.journal() if (one["ended_at"] or 0.0) >= began]
    assert {one["result"] for one in new} == {"ignored"}
    assert all(one["message"].endswith(tuple(SWEEP.values())) for one in new)
    assert {(one["door"], one["peer"]) for one in new} == {("hue", HOSTS["client"])}
    until(lambda: echo.on("total") is not on, "the lights show the truth again")
    assert careful.alarm.sent() == {}
    assert careful.alarm.state()["standing"] == standing


# -- both doors -------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_both_doors_and_subscribers_see_each_change(lan: Lan, eager: Home) -> None:
    """Through Hue, through WeMo, and at the keypad."""
    listener = lan.listening("client", "wemo.py", "listen", *(one.url for one in eager.switches.values()))
    echo = Echo(eager)
    echo.turn(echo.ids()[name_of("perimeter")], True)
    assert eager.ask("perimeter").state == "1"
    hears(listener, "perimeter", "0", "1")
    eager.settle()

    assert eager.ask("perimeter", raw.turn(False)).state == "0"
    assert echo.on("perimeter") is False
    hears(listener, "perimeter", "0", "1", "0")
    eager.settle()

    eager.alarm.post("keypad", arm="total")
    hears(listener, "total", "0", "1")
    assert echo.on("total") is True
    assert not echo.on(SUM)
    hears(listener, SUM, "0")
    assert eager.alarm.accepted() == eager.alarm.sent() == {"PERI1": 1, "DARM1": 1}
    assert listener.stop() == 0


# -- a restart --------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_restart_changes_nothing_that_clients_know(lan: Lan, careful: Home) -> None:
    """With a switch renamed and all turned round, too; who was paired stays so, also where no stranger is let in."""
    echo = Echo(careful)

    def names() -> set[str]:
        (three,) = answers(ECHO_TARGETS[-1], careful)
        return {one.headers["usn"] for one in three}

    def known() -> tuple[Any, ...]:
        lights = echo.get("/lights")
        config = echo.get("/config")
        identity = {name: config[name] for name in ("mac", "bridgeid", "modelid", "ipaddress")}
        return {number: (light["uniqueid"], light["type"]) for number, light in lights.items()}, identity

    before, ids, usns = known(), echo.ids(), names()
    head, *switches = SETTINGS.replace(name_of("day"), RENAMED).split("  - ")
    turned = head + "".join(f"  - {one.strip()}\n" for one in reversed(switches))
    try:
        with raw.notices(lan, "client") as sock:
            assert careful.program.stop() == 0
            careful.config.write_text(turned + BUTTON)
            careful.start()
            notices = [one for one in raw.heard(sock, 12) if one.headers["usn"] in usns]
        for kind in ("ssdp:byebye", "ssdp:alive"):
            assert {one.headers["usn"] for one in notices if one.headers["nts"] == kind} == usns
        assert {one.source for one in notices} == {HOSTS[careful.host]}
        assert known() == before
        assert echo.ids() == {name.replace(name_of("day"), RENAMED): number for name, number in ids.items()}
        assert echo.call("GET", "/api/stranger/lights")[0]["error"]["type"] == 1
    finally:
        careful.program.stop()
        careful.config.write_text(SETTINGS + DEFAULT)
        careful.start()
    assert (known(), echo.ids()) == (before, ids)
    assert names() == usns
