"""Lights: their state, and how long a client waits for the cloud."""

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import pytest

from emulator.alarm.hub import Ticket
from emulator.doors.hue.lights import WAITING, Light, Lights
from emulator.doors.hue.names import named
from emulator.errors import Unreachable
from emulator.model import DISARMED, PanelState
from emulator.store.light_ids import LightIdentity
from tests.doors.fakes import FakeHub
from tests.doors.hue.rig import (
    NAMES,
    switches,
)

ECHO = "192.168.7.9"


class Rig:
    """The lights of some switches on one hub."""

    def __init__(self, number: int = 4, **settings: object) -> None:
        self.now = 1000.0
        self.hub = FakeHub(switches=switches(number))
        identities = {
            one.identity.key: LightIdentity(100 + place, "plug", f"u{place}")
            for place, one in enumerate(self.hub.switches)
        }
        self.lights = Lights(self.hub, named(self.hub.switches, identities), now=lambda: self.now, **settings)  # type: ignore[arg-type]

    def light(self, name: str) -> Light:
        return next(light for light in self.lights.all.values() if light.name == name)

    def turn(self, name: str, on: bool, peer: str = ECHO) -> object:
        return self.lights.turn(self.light(name), on, peer)


def test_the_answer_is_the_clouds() -> None:
    rig = Rig(reply_within_s=0.0)
    assert rig.turn("Total", True) is None
    assert [(name, on, origin.door, origin.peer) for name, on, origin in rig.hub.asked] == [
        ("Total", True, "hue", ECHO)
    ]
    rig.hub.prompt = False
    assert rig.turn("Total", False) is None  # no word in time
    refused = Ticket()
    refused.accepted.set_exception(Unreachable("the cloud is down"))
    rig.hub.submit = lambda *_: refused  # type: ignore[method-assign]
    assert str(rig.turn("Total", False)) == "the cloud is down"


def test_what_waits_behind_something_else_is_answered_at_once() -> None:
    rig = Rig(reply_within_s=60.0)
    rig.hub.submit = lambda *_: Ticket(waits=True)  # type: ignore[method-assign]
    assert rig.turn("Total", False) is None


def test_few_wait_for_a_cloud_that_is_silent_so_that_others_are_answered() -> None:
    rig = Rig(1, reply_within_s=60.0)
    rig.hub.prompt = False
    with ThreadPoolExecutor(WAITING + 1) as pool:
        asking = [pool.submit(rig.turn, "Total", True, f"192.168.7.{each}") for each in range(WAITING + 1)]
        done, waiting = wait(asking, return_when=FIRST_COMPLETED)
        assert [each.result() for each in done] == [None]
        for ticket in rig.hub.tickets:
            ticket.accepted.set_exception(Unreachable("the cloud is down"))
        assert [str(each.result()) for each in waiting] == WAITING * ["the cloud is down"]


def test_one_peer_waits_for_the_cloud_only_once() -> None:
    rig = Rig(1, reply_within_s=60.0)
    rig.hub.prompt = False
    with ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(rig.turn, "Total", True) for _ in range(2)]
        done, _ = wait(asking, return_when=FIRST_COMPLETED)
        assert [each.result() for each in done] == [None]
        for ticket in rig.hub.tickets:
            ticket.accepted.set_exception(Unreachable("the cloud is down"))


def test_nobody_waits_when_the_program_stops() -> None:
    rig = Rig(1, reply_within_s=60.0)
    rig.hub.prompt = False
    rig.lights.stop()
    assert rig.turn("Total", True) is None


def test_all_at_once_where_it_is_allowed() -> None:
    rig = Rig(allow_sweep=True)
    assert rig.lights.turn_all(False, ECHO) is None
    assert [(name, on) for name, on, _ in rig.hub.asked] == [(name, False) for name in NAMES]
    assert [origin.switch for *_, origin in rig.hub.asked] == list(NAMES)


def test_what_nobody_knows_is_never_off() -> None:
    rig = Rig()
    rig.hub.states["Night"] = None
    state = rig.lights.state(rig.light("Night"))
    assert (state.on, state.reachable) == (True, False)


@pytest.mark.parametrize(("age", "reachable"), [(3599, True), (3601, False)])
def test_without_news_for_long_a_light_is_out_of_reach(age: float, reachable: bool) -> None:
    rig = Rig()
    rig.hub.panel = PanelState(DISARMED, rig.now - age, "0", "EST2")
    assert rig.lights.state(rig.light("Night")).reachable is reachable


def test_a_swept_light_shows_for_some_moments_what_it_was_asked_for() -> None:
    rig = Rig()
    rig.hub.states["Night"] = True
    rig.hub.swept["Night"] = False
    state = rig.lights.state(rig.light("Night"))
    assert (state.on, state.reachable) == (False, True)


def test_a_brightness_reads_back_as_it_was_set() -> None:
    rig = Rig()
    assert rig.lights.state(rig.light("Night")).bri == 254
    rig.lights.dim(rig.light("Night"), 1)
    assert rig.lights.state(rig.light("Night")).bri == 1
