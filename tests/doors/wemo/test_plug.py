"""Events about a switch: on a change, and the truth after a command that changed nothing (lan-emulation.md §4.8)."""

import logging

import pytest

from emulator.doors.wemo import plug, soap
from emulator.errors import EmulatorError, Rejected
from emulator.lan import lanes
from emulator.model import Origin, Outcome, Result
from tests.doors.clockwork import advance
from tests.doors.rig import PEER, Never, Rig, with_rig

ME = Origin("wemo", PEER)
EVENTS = {on: soap.propertyset({"BinaryState": str(int(on))}) for on in (False, True)}


class Heard:
    """The events to the subscribers of a rig's switch."""

    def __init__(self, rig: Rig) -> None:
        self.events: list[bool] = []
        self.owed: list[bool] = []  # sent to those only who have heard nothing in this run
        self.owing = True
        self._rig = rig
        rig.publisher.publish = self._publish  # type: ignore[method-assign]  # the far end of the plug

    def _publish(self, topic: object, event: bytes, *, owed: bool = False, settles: bool = True) -> int:
        assert topic == (self._rig.switch.identity.key, "basicevent")
        if owed and not self.owing:
            return 0
        self.owing = self.owing and not settles
        (self.owed if owed else self.events).append({value: key for key, value in EVENTS.items()}[event])
        return 1

    def take(self) -> list[bool]:
        events, self.events = self.events, []
        return events


@with_rig
async def test_only_a_change_is_told(rig: Rig) -> None:
    heard = Heard(rig)
    rig.hub.be(rig.switch, False)
    assert heard.take() == []
    rig.hub.be(rig.switch, True)
    rig.hub.be(rig.switch, True)
    rig.hub.be(rig.hub.switches[1], True)
    assert heard.take() == [True]
    rig.hub.be(rig.switch, None)
    assert heard.take() == []
    rig.hub.be(rig.switch, True)
    assert heard.take() == [True]


@with_rig
async def test_subscribers_of_an_earlier_run_are_told_once_and_not_before_the_panel_was_read(rig: Rig) -> None:
    heard = Heard(rig)
    rig.hub.read_at = None
    rig.hub.changed("home")
    assert heard.owed == []
    rig.hub.read_at = 1.0
    rig.hub.changed("home")
    rig.hub.changed("home")
    assert (heard.owed, heard.take()) == ([False], [])


@with_rig
async def test_the_truth_is_owed_until_the_panel_was_read_whatever_is_said_before(rig: Rig) -> None:
    heard = Heard(rig)
    rig.hub.read_at = None
    rig.hub.prompt = False
    rig.plug.turn(True, ME, lambda _: None)
    rig.hub.tickets[0].done.set_result(Outcome(Result.FAILED, "no answer"))
    await advance(0.4)
    assert (heard.owed, heard.take()) == ([], [False])
    rig.hub.read_at = 1.0
    rig.hub.changed("home")
    rig.hub.changed("home")
    assert (heard.owed, heard.take()) == ([False], [])


@with_rig
async def test_subscribers_that_are_restored_after_the_panel_was_read_are_told_too(rig: Rig) -> None:
    heard = Heard(rig)
    heard.owing = False
    rig.hub.changed("home")
    assert heard.owed == []
    heard.owing = True
    rig.hub.changed("home")
    assert (heard.owed, heard.take()) == ([False], [])


@with_rig
async def test_subscribers_of_an_earlier_run_hear_nothing_that_the_panel_has_not_said(rig: Rig) -> None:
    rig.hub.states[rig.switch.name] = None
    rig.make_plugs()
    heard = Heard(rig)
    rig.hub.changed("home")
    assert (heard.owed, heard.take()) == ([], [])
    rig.hub.be(rig.switch, True)
    assert heard.take() == [True]


@with_rig
async def test_a_set_that_works_is_told_once(rig: Rig) -> None:
    heard = Heard(rig)
    rig.plug.turn(True, ME, lambda _: None)
    assert heard.take() == [True]


@with_rig
async def test_an_ignored_off_is_told_the_truth(rig: Rig) -> None:
    heard = Heard(rig)
    rig.hub.be(rig.switch, True)
    heard.take()
    rig.hub.prompt = False
    rig.plug.turn(False, ME, lambda _: None)
    rig.hub.tickets[0].accepted.set_result(None)
    assert heard.take() == []
    rig.hub.tickets[0].done.set_result(Outcome(Result.IGNORED, "this switch only arms"))
    await advance(0.2)
    assert heard.take() == []  # lest it overtakes the answer
    await advance(0.2)
    assert heard.take() == [True]


@pytest.mark.parametrize("optimistic", [True, False])
@with_rig
async def test_a_later_failure_is_told_once(rig: Rig, optimistic: bool) -> None:
    heard = Heard(rig)
    rig.hub.prompt = False
    rig.plug.turn(True, ME, lambda _: None)
    ticket = rig.hub.tickets[0]
    if optimistic:
        rig.hub.be(rig.switch, True)
        assert heard.take() == [True]
    ticket.accepted.set_result(None)
    rig.hub.be(rig.switch, False)
    ticket.done.set_result(Outcome(Result.FAILED, "the panel said no"))
    await advance(0.4)
    assert heard.take() == [False]
    await advance(0.4)
    assert heard.take() == []


@with_rig
async def test_a_refusal_is_told_too(rig: Rig) -> None:
    heard = Heard(rig)
    ends: list[object] = []
    rig.hub.prompt = False
    rig.plug.turn(True, ME, ends.append)
    error = Rejected("no")
    rig.hub.tickets[0].accepted.set_exception(error)
    rig.hub.tickets[0].done.set_result(Outcome(Result.REJECTED, "no"))
    assert ends == [error]
    await advance(0.4)
    assert heard.take() == [False]


@with_rig
async def test_nothing_is_told_while_nothing_is_known(rig: Rig) -> None:
    heard = Heard(rig)
    rig.hub.be(rig.switch, None)
    rig.hub.prompt = False
    rig.plug.turn(True, ME, lambda _: None)
    rig.hub.tickets[0].done.set_result(Outcome(Result.FAILED, "no"))
    assert heard.take() == []


def test_a_peer_is_warned_about_once_and_the_memory_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def test(rig: Rig) -> None:
        for number in [0, 0, *range(1, plug.MAX_WARNINGS + 5)]:
            rig.plug.warn(f"192.168.7.{number}", "oddly")

    with_rig(test)()
    levels = [record.levelno for record in caplog.records if "oddly" in record.message]
    assert levels[:3] == [logging.WARNING, logging.DEBUG, logging.WARNING]
    assert levels.count(logging.WARNING) == plug.MAX_WARNINGS


@with_rig
async def test_what_is_too_much_is_refused_and_told_the_truth_once(rig: Rig) -> None:
    heard = Heard(rig)
    ends: list[object] = []
    rig.executor = Never()
    rig.make_plugs()
    for _ in range(lanes.PER_PEER + 3):
        rig.plug.turn(True, ME, ends.append)
    assert [type(end) for end in ends] == 3 * [EmulatorError]
    await advance(1)
    assert heard.take() == [False]
    assert rig.hub.asked == []
