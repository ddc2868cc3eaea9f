"""The Hue bridge as it comes, which holds back each command: the other door, patient clients, greedy ones, no port."""

import asyncio
import select
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import aiohttp
import phue
import pytest
import pywemo

from emulator.lan.channels import PER_PEER
from tests.netns import raw
from tests.netns.echo import DEFAULT, Echo
from tests.netns.home import EMULATOR, ONLY, Home, hears, name_of
from tests.netns.lan import HOSTS, OTHER, Lan, Program, until
from tests.netns.test_hue import paired, switched

GUEST = "10.99.1.1"
NIGHT = {name_of("night"), name_of(ONLY)}


# -- the other door ---------------------------------------------------------------------------------------------


def heard_while(echo: Echo, number: str, on: bool, listener: Program) -> list[str]:
    """What a listener has heard while a command is held back, which it is for as long as it is repeated."""
    echo.turn(number, on)
    return [one["value"] for one in listener.told() if one.get("event") == "BinaryState"]


@pytest.mark.parametrize("on", [True, False], ids=["on", "off"])
@pytest.mark.long
def test_what_is_held_back_is_seen_at_the_other_door_and_heard(lan: Lan, careful: Home, on: bool) -> None:
    """Before anything is sent; and nothing else is heard until it is done."""
    if not on:
        careful.alarm.post("keypad", arm="night")
        careful.reads("night", "1")
    before, after = str(int(not on)), str(int(on))
    listener = lan.listening("client", "wemo.py", "listen", careful.location("night"))
    hears(listener, "night", before)
    echo = Echo(careful)
    night = echo.ids()[name_of("night")]

    with lan.at("client"):
        switch = pywemo.discovery.device_from_description(careful.location("night"))
        assert isinstance(switch, pywemo.Switch)
        echo.turn(night, on)
        assert switch.get_state(force_update=True) == on
        until(lambda: heard_while(echo, night, on, listener) == [before, after], "the subscriber hears of it")
        assert switch.get_state(force_update=True) == on
        assert echo.on("night") is on
    assert careful.alarm.sent() == {}

    until(careful.alarm.sent, "it is sent")
    assert careful.settle()["axes"]["interior"] == ("night" if on else "off")
    assert careful.alarm.accepted() == careful.alarm.sent() == {"ARMNIGHT1" if on else "DARM1": 1}
    careful.reads("night", after)
    hears(listener, "night", before, after)
    assert listener.stop() == 0


@pytest.mark.long
def test_after_a_sweep_subscribers_hear_the_truth_again(lan: Lan, careful: Home) -> None:
    careful.alarm.post("keypad", arm="total")
    careful.reads("total", "1")
    listener = lan.listening("client", "wemo.py", "listen", careful.location("total"))
    echo = Echo(careful)
    ids = echo.ids()
    total = ids[name_of("total")]
    until(lambda: heard_while(echo, total, False, listener) == ["1", "0"], "the subscriber hears of the first")
    for number in ids.values():
        echo.turn(number, False)
    hears(listener, "total", "1", "0", "1")
    assert careful.ask("total").state == "1"
    assert careful.alarm.sent() == {}
    assert listener.stop() == 0


# -- patient clients --------------------------------------------------------------------------------------------


def ended(home: Home, on: bool) -> None:
    """The command was sent once, and the alarm stands there."""
    sent = {"ARMNIGHT1": 1} if on else {"ARMNIGHT1": 1, "DARM1": 1}
    until(lambda: home.alarm.sent() == sent, "it is sent")
    assert home.settle()["axes"]["interior"] == ("night" if on else "off")
    assert home.alarm.accepted() == home.alarm.sent() == sent


@pytest.mark.long
def test_aiohue_arms_and_disarms(lan: Lan, careful: Home) -> None:
    async def drive() -> None:
        async with aiohttp.ClientSession() as session:
            bridge = await paired(HOSTS[careful.host], session)
            assert bridge.lights
            for on in (True, False):
                assert (await switched(bridge, "night", on))[name_of("night")] is on
                for _ in range(3):
                    await bridge.lights.update()
                    lit = {light.name for light in bridge.lights.values() if light.state["on"]}
                    assert (name_of("night") in lit, lit <= NIGHT) == (on, True)
                ended(careful, on)
                await bridge.lights.update()
                lit = {light.name for light in bridge.lights.values() if light.state["on"]}
                assert lit == (NIGHT if on else set())

    with lan.at("client"):
        asyncio.run(drive())


@pytest.mark.long
def test_phue_arms_and_disarms(lan: Lan, careful: Home, tmp_path: Path) -> None:
    with lan.at("client"):
        bridge = phue.Bridge(HOSTS[careful.host], config_file_path=str(tmp_path / "phue"))
        lights = bridge.get_light_objects("name")
        for on in (True, False):
            lights[name_of("night")].on = on
            assert [lights[name_of("night")].on for _ in range(3)] == [on] * 3
            ended(careful, on)
            assert {name for name, light in lights.items() if light.on} == (NIGHT if on else set())


# -- peers that hold on to it -----------------------------------------------------------------------------------


@pytest.mark.long
def test_one_peer_that_holds_all_it_can_keeps_nobody_out(lan: Lan, careful: Home) -> None:
    """Requests that never end: all but some are hung up on at once, those after their time; others are served."""
    here = HOSTS[careful.host]
    question = raw.get("/api/config", here)
    with ExitStack() as held:
        lines = []
        for _ in range(7 * PER_PEER):
            lines.append(held.enter_context(raw.line(lan, "client", 80, here)))
            with suppress(ConnectionError):
                lines[-1].send(question[:-1])
        for _ in range(5):
            assert raw.ask(lan, "other", 80, question, here).status == 200

        def hung_up() -> int:
            return len(select.select([line._sock for line in lines], [], [], 0)[0])

        until(lambda: hung_up() >= 6 * PER_PEER, "what is too much is closed")
        until(lambda: hung_up() == 7 * PER_PEER, "and the rest after its time")
    assert raw.ask(lan, "client", 80, question, here).status == 200


# -- a port out of reach ----------------------------------------------------------------------------------------


@pytest.fixture
def unprivileged(lan: Lan, tmp_path: Path) -> Iterator[Program]:
    """`emulator run` on a host with two addresses, without the right to open port 80."""
    lan.cable("other", "guest0", f"{GUEST}/24")
    config = tmp_path / "devices.yaml"
    config.write_text(
        "installations: { home: { cloud: simulator } }\nswitches: [{ name: Night, on: night }]\n" + DEFAULT
    )
    without = ["setpriv", "--bounding-set", "-net_bind_service", "--inh-caps", "-net_bind_service"]
    program = lan.start(
        "other", [*without, EMULATOR, "run", "--config", str(config), "--state-dir", str(tmp_path / "state")]
    )
    program.says("Ready:")
    yield program
    assert program.stop() == 0
    lan.ip("other", "link", "del", "guest0")
    allow(lan, 1024)


def allow(lan: Lan, port: int) -> None:
    """Everybody on the host `other` may open ports from this one on."""
    lan.run("other", ["sh", "-c", f"echo {port} > /proc/sys/net/ipv4/ip_unprivileged_port_start"])


@pytest.mark.long
def test_a_port_that_may_not_be_opened_is_said_once(lan: Lan, unprivileged: Program) -> None:
    """For both addresses; also after one went and came again; and then it may be opened."""

    def said() -> list[str]:
        return [line for line in unprivileged.text.splitlines() if "cannot use TCP port 80" in line]

    (message,) = said()
    assert f"on {OTHER}, {GUEST} (Permission denied)" in message or f"on {GUEST}, {OTHER} (P" in message
    lan.ip("other", "address", "del", f"{GUEST}/24", "dev", "guest0")
    until(lambda: f"{GUEST} on guest0 is gone" in unprivileged.text, "the address is gone")
    lan.ip("other", "address", "add", f"{GUEST}/24", "dev", "guest0")
    until(lambda: unprivileged.text.count(f"serving {GUEST} on guest0") == 2, "the address is back")
    allow(lan, 80)

    def served(host: str) -> bool:
        try:
            return raw.ask(lan, "other", 80, raw.get("/api/config", host), host).status == 200
        except ConnectionRefusedError:
            return False

    until(lambda: served(OTHER) and served(GUEST), "it is served")
    assert said() == [message]
