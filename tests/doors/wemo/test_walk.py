"""Clients that walk the ports of an address, told from those that ask for two switches: recogniser and door."""

import re
import threading
from urllib.parse import urlsplit

import pytest

from emulator.doors.wemo import walk
from emulator.doors.wemo.walk import WALK_MOST_S, WALK_S, Walks
from emulator.errors import Rejected
from emulator.lan.lanes import PER_PEER
from emulator.model import Outcome, Result
from tests.doors.clockwork import advance
from tests.doors.fakes import FakeHub, a_switch
from tests.doors.rig import PEER, Rig, Wire, with_rig
from tests.doors.wemo.test_abuse import connected
from tests.doors.wemo.test_protocol import GET, SET_OFF, SET_ON, STATE, status
from tests.support.lan import a_responder, a_wemo
from tests.support.patience import until

OTHER_PEER = "192.168.7.10"
NIGHT, TOTAL, DAY = (a_switch(name, number, port=49150 + number) for number, name in enumerate(("N", "T", "D"), 1))


# -- the recogniser ---------------------------------------------------------------------------------------------


def test_the_same_at_another_switch_soon_after_it_came_to_nothing_is_a_walk() -> None:
    walks = Walks()
    assert walks.start_of(PEER, True, TOTAL, 0.0) is None
    walks.came_to_nothing(PEER, True, NIGHT, 0.0)
    assert walks.start_of(PEER, True, TOTAL, 1.0) is NIGHT


@pytest.mark.parametrize(
    ("peer", "on", "switch", "now"),
    [
        (PEER, True, NIGHT, 1.0),
        (PEER, False, TOTAL, 1.0),
        (OTHER_PEER, True, TOTAL, 1.0),
        (PEER, True, TOTAL, WALK_S + 0.1),
    ],
)
def test_what_is_no_walk(peer: str, on: bool, switch: object, now: float) -> None:
    walks = Walks()
    walks.came_to_nothing(PEER, True, NIGHT, 0.0)
    assert walks.start_of(peer, on, switch, now) is None  # type: ignore[arg-type]


def test_a_walk_goes_on_from_port_to_port() -> None:
    walks = Walks()
    walks.came_to_nothing(PEER, True, NIGHT, 0.0)
    for step in range(1, 7):
        assert walks.start_of(PEER, True, (TOTAL, DAY)[step % 2], 2.5 * step) is NIGHT
    assert walks.start_of(PEER, True, TOTAL, 15.0 + WALK_S + 0.1) is None


def test_a_walk_ends_however_often_a_client_goes_on() -> None:
    """A client whose other switch was refused may mean this one."""
    walks = Walks()
    walks.came_to_nothing(PEER, True, NIGHT, 0.0)
    moments = [2.0 * step for step in range(1, 30)]
    walked = [at for at in moments if walks.start_of(PEER, True, TOTAL, at)]
    assert walked == [at for at in moments if at <= WALK_MOST_S]


def test_two_that_came_to_nothing_side_by_side_may_both_be_asked_for_again() -> None:
    walks = Walks()
    for switch in (NIGHT, TOTAL, NIGHT):
        walks.came_to_nothing(PEER, True, switch, 0.0)
    assert walks.start_of(PEER, True, NIGHT, 1.0) is None
    assert walks.start_of(PEER, True, TOTAL, 1.0) is None
    assert walks.start_of(PEER, True, DAY, 1.0) is NIGHT


def test_what_is_over_is_forgotten_and_the_memory_is_bounded() -> None:
    walks = Walks()
    walks.came_to_nothing(PEER, True, NIGHT, 0.0)
    walks.came_to_nothing(PEER, True, TOTAL, 10.0)
    assert walks.start_of(PEER, True, NIGHT, 11.0) is TOTAL
    for number in range(2 * walk.SEEN):
        walks.came_to_nothing(f"peer {number}", True, NIGHT, 11.0)
    assert len(walks._trails) == walk.SEEN


# -- through the door -------------------------------------------------------------------------------------------


def walked(answer: bytes) -> bool:
    """Return whether the client is sent on: after a 2xx it would keep to this port, which is another switch."""
    return status(answer) == 500 and b"tries one port after the other" in answer


def waiting(rig: Rig, data: bytes = SET_ON) -> Wire:
    """Send a set that the cloud leaves without an answer."""
    rig.hub.prompt = False
    wire = rig.connect()
    assert wire.say(data) == b""
    return wire


def at_the_other(rig: Rig, data: bytes = SET_ON, peer: str = PEER) -> bytes:
    return rig.connect(peer, plug=rig.other).say(data)


@with_rig
async def test_whoever_hangs_up_and_asks_the_next_switch_changes_nothing(rig: Rig) -> None:
    waiting(rig).close()
    await advance()
    assert walked(at_the_other(rig))
    reason = f"the same was asked of {rig.switch.name} a moment before: this client tries one port after the other"
    assert rig.hub.ignored == [(rig.other.switch.name, True, reason)]
    assert [name for name, *_ in rig.hub.asked] == [rig.switch.name]
    await advance(2)
    assert walked(at_the_other(rig))
    await advance(2)
    assert walked(at_the_other(rig))
    await advance(WALK_S + 1)
    rig.hub.prompt = True
    assert status(at_the_other(rig)) == 200
    assert [name for name, *_ in rig.hub.asked] == [rig.switch.name, rig.other.switch.name]


@with_rig
async def test_whoever_was_refused_and_asks_the_next_switch_changes_nothing(rig: Rig) -> None:
    first = waiting(rig, SET_OFF)
    rig.hub.tickets[0].accepted.set_exception(Rejected("no"))
    assert status(first.taken()) == 200
    assert walked(at_the_other(rig, SET_OFF))
    assert len(rig.hub.asked) == 1
    rig.hub.prompt = True
    assert status(at_the_other(rig, SET_ON)) == 200


@pytest.mark.parametrize("cut", [40, len(SET_ON) - 1])
@pytest.mark.parametrize("end", ["hangs up", "stalls"])
@with_rig
async def test_a_set_of_which_a_part_got_lost_may_go_to_the_next_port(rig: Rig, cut: int, end: str) -> None:
    wire = rig.connect()
    wire.say(SET_ON[:cut])
    if end == "stalls":
        await advance(10.1)
    else:
        wire.protocol.eof_received()
    assert walked(at_the_other(rig))
    assert rig.hub.asked == []


@with_rig
async def test_a_question_and_an_answered_set_start_no_walk(rig: Rig) -> None:
    for data in (GET, SET_ON, SET_OFF):
        wire = rig.connect()
        assert status(wire.say(data)) == 200
        wire.protocol.eof_received()
        wire.close()
        await advance()
        assert status(at_the_other(rig, data)) == 200
    assert len(rig.hub.asked) == 4


@with_rig
async def test_half_a_question_for_a_document_starts_no_walk(rig: Rig) -> None:
    wire = rig.connect()
    wire.say(b"GET /setup.xml HT")
    wire.protocol.eof_received()
    assert status(at_the_other(rig)) == 200


@with_rig
async def test_two_switches_side_by_side_are_no_walk(rig: Rig) -> None:
    first = waiting(rig)
    second = rig.connect(plug=rig.other)
    assert second.say(SET_ON) == b""
    rig.hub.tickets[0].accepted.set_exception(Rejected("no"))
    assert status(first.taken()) == 200
    rig.hub.tickets[1].accepted.set_result(None)
    assert STATE.findall(second.taken()) == [b"0"]
    assert rig.hub.ignored == []


@with_rig
async def test_an_answer_when_patience_ended_starts_no_walk(rig: Rig) -> None:
    """A scene asks for one switch after the other, and each of them may take its time."""
    first = waiting(rig)
    await advance(0.9)
    assert status(first.taken()) == 200
    rig.hub.prompt = True
    assert status(at_the_other(rig)) == 200
    assert len(rig.hub.asked) == 2


@pytest.mark.parametrize(("reset", "after_s", "asked"), [(True, 0.5, 1), (True, 1.5, 2), (False, 0.5, 2)])
@with_rig
async def test_an_answer_that_nobody_reads_any_more_starts_a_walk(
    rig: Rig, reset: bool, after_s: float, asked: int
) -> None:
    """The patience of a client ends while our answer is on its way: it resets what comes."""
    first = rig.connect()
    first.say(SET_ON)
    await advance(after_s)
    first.protocol.connection_lost(ConnectionResetError() if reset else None)
    rig.connect(plug=rig.other).say(SET_ON)
    assert len(rig.hub.asked) == asked


@with_rig
async def test_what_is_refused_later_starts_no_walk_of_who_left_long_ago(rig: Rig) -> None:
    rig.hub.prompt = False
    wire = rig.connect()
    wire.say(SET_ON)
    wire.protocol.connection_lost(None)
    await advance(WALK_S + 0.1)
    rig.hub.tickets[0].finish(Outcome(Result.REJECTED, "no"), Rejected("no"))
    rig.connect(plug=rig.other).say(SET_ON)
    assert len(rig.hub.asked) == 2


@with_rig
async def test_many_sets_in_one_piece_are_each_answered(rig: Rig) -> None:
    rig.plug.came_to_nothing(PEER, True)
    wire = rig.connect(plug=rig.other)
    answers = wire.say(400 * SET_ON)
    assert answers.count(b"HTTP/1.1 500") == 400
    assert b"Internal error" not in answers


@with_rig
async def test_what_is_too_much_of_a_peer_stands_in_the_journal(rig: Rig) -> None:
    wires = [rig.connect() for _ in range(PER_PEER + 3)]
    assert sum(b"Error" in wire.say(SET_ON) for wire in wires) == 3
    assert [reason[:8] for *_, reason in rig.hub.ignored] == ["Too many"] * 3


@with_rig
async def test_another_peer_and_the_same_switch_again_are_no_walk(rig: Rig) -> None:
    first = waiting(rig)
    first.close()
    await advance()
    rig.hub.prompt = True
    assert status(rig.connect().say(SET_ON)) == 200
    assert status(at_the_other(rig, peer=OTHER_PEER)) == 200
    assert len(rig.hub.asked) == 3


@with_rig
async def test_an_off_that_the_settings_ignore_starts_no_walk(rig: Rig) -> None:
    """Else "turn both off" would leave the second one armed because the first one only arms."""
    first = waiting(rig, SET_OFF)
    rig.hub.tickets[0].finish(Outcome(Result.IGNORED, "this switch only arms"), None)
    assert status(first.taken()) == 200
    rig.hub.prompt = True
    assert status(at_the_other(rig, SET_OFF)) == 200


# -- openHAB ----------------------------------------------------------------------------------------------------


class OpenHab:
    """A thing of its WeMo binding: its last good port, the announced one, then all; anything but 2xx is a dead port."""

    def __init__(self, ports: list[int], announced: int) -> None:
        self.last: int | None = None
        self._ports, self._announced = ports, announced

    def call(self, data: bytes, hang_up: int = 0) -> bytes:
        for port in dict.fromkeys([*filter(None, (self.last, self._announced)), *self._ports]):
            with connected(port, "127.0.0.1", data) as sock:
                answer = b"" if port == hang_up else sock.recv(4096)  # its second is over
            if re.match(rb"HTTP/1.1 2", answer):
                self.last = port
                return answer
        self.last = None
        return b""


def lan_of_openhab(hub: FakeHub) -> tuple[list[int], OpenHab]:
    ports = [switch.identity.port for switch in hub.switches]
    return ports, OpenHab(ports, ports[0])


def test_a_refused_set_of_openhab_stays_with_its_switch() -> None:
    hub = FakeHub(refusal=Rejected("open window"))
    with a_wemo(hub):
        ports, thing = lan_of_openhab(hub)
        assert b"open window" in thing.call(SET_ON)
        assert thing.last == ports[0]
        hub.refusal = None
        thing.call(SET_ON)
    assert [name for name, *_ in hub.asked] == [hub.switches[0].name]


def test_a_set_that_openhab_gave_up_reaches_no_other_switch_now_or_later() -> None:
    hub = FakeHub(prompt=False)
    with a_wemo(hub, reply_within_s=60.0) as door:
        ports, thing = lan_of_openhab(hub)
        assert {urlsplit(url).port for _, url in door.urls()} == set(ports)
        thing.call(SET_ON, hang_up=ports[0])
        assert thing.last is None  # so that it comes back to the port that is announced
        hub.prompt = True
        thing.call(SET_ON)
        assert thing.last == ports[0]
    assert {name for name, *_ in hub.asked} == {hub.switches[0].name}
    assert [name for name, *_ in hub.ignored] == [hub.switches[1].name]


def test_what_came_while_nobody_looked_is_a_walk_too() -> None:
    """The machine slept for a moment: the set, its end, and the same at the next port are all there at once."""
    hub = FakeHub()
    responder = a_responder()
    with a_wemo(hub, responder):
        ports = [switch.identity.port for switch in hub.switches]
        asleep, awake = threading.Event(), threading.Event()

        def sleep() -> None:
            asleep.set()
            while not awake.is_set():
                pass

        responder.post(sleep)
        assert asleep.wait(10)
        with connected(ports[0], "127.0.0.1", SET_ON):
            pass
        with connected(ports[1], "127.0.0.1", SET_ON) as sock:
            awake.set()
            assert status(sock.recv(4096)) == 500
            until(lambda: hub.asked)
    assert [name for name, *_ in hub.asked] == [hub.switches[0].name]


def test_a_question_before_the_first_reading_keeps_openhab_at_its_switch() -> None:
    """Two alarms at one address, of which one was read: the thing of the other would move over to it for good."""
    hub = FakeHub()
    hub.states[hub.switches[0].name] = None
    with a_wemo(hub):
        ports, thing = lan_of_openhab(hub)
        assert b"not been read" in thing.call(GET)
        assert thing.last == ports[0]
