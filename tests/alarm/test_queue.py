"""The queue: what joins what, what a disarm supersedes, and where it all leads."""

import pytest

from emulator.alarm.queue import MOST_OF_A_PEER, MOST_WAITING, CommandQueue, Job, Ticket, applies, nothing_left
from emulator.clock import Moment
from emulator.errors import Rejected
from emulator.model import DISARMED, Arm, ArmMode, Axes, Command, Disarm, Interior, Origin, Outcome, Result

ORIGIN = Origin("test")
NOW = Moment(0.0, 0.0)
MODES = {name: ArmMode.parse(name) for name in ("total", "night", "perimeter", "annex", "total+annex")}
ARMED = {name: Axes(mode.interior or Interior.OFF, mode.perimeter, mode.annex) for name, mode in MODES.items()}


def on(name: str) -> Command:
    return Command(Arm(MODES[name]), ORIGIN)


def off(name: str) -> Command:
    return Command(Disarm.of(MODES[name]), ORIGIN, only_if=MODES[name])


def filled(*commands: Command, flying: Command | None = None) -> CommandQueue:
    queue = CommandQueue()
    if flying:
        queue.put(Job(flying, 0, NOW))
        queue.take()
    for number, command in enumerate(commands, start=1):
        queue.put(Job(command, number, NOW))
    return queue


def drained(queue: CommandQueue) -> list[Command]:
    found = []
    while job := queue.take():
        found.append(job.command)
    return found


def test_in_order() -> None:
    assert drained(filled(on("night"), on("perimeter"), off("night"))) == [on("night"), on("perimeter"), off("night")]


def test_one_that_waits_is_joined_and_takes_its_place_at_the_end() -> None:
    queue = filled(on("night"), on("perimeter"))
    twin = queue.twin(on("night"))
    assert twin is not None
    assert twin.entry == 1
    later = Moment(7.0, 7.0)
    queue.again(twin, later)
    assert twin.asked == later
    assert drained(queue) == [on("perimeter"), on("night")]


def test_what_is_in_flight_is_joined_when_nothing_else_waits() -> None:
    queue = filled(flying=on("night"))
    twin = queue.twin(on("night"))
    assert twin is queue.current
    assert twin is not None
    later = Moment(7.0, 7.0)
    queue.again(twin, later)
    assert (len(queue), twin.asked) == (0, later)
    twin.sent = True
    queue.again(twin, Moment(8.0, 8.0))
    assert twin.asked == later
    queue.put(Job(off("night"), 1, NOW))
    assert queue.twin(on("night")) is None
    assert queue.twin(on("night"), queue.pointless(on("night"), DISARMED)) is queue.current


def test_what_has_ended_in_flight_is_not_joined_and_leads_nowhere() -> None:
    queue = filled(flying=on("night"))
    assert queue.current
    queue.current.over = True
    assert queue.twin(on("night")) is None
    assert queue.first is None
    assert queue.unsent() == []
    assert queue.target(DISARMED) == DISARMED


def test_what_is_sent_is_not_among_the_unsent() -> None:
    queue = filled(on("perimeter"), flying=on("night"))
    assert [job.command for job in queue.unsent()] == [on("night"), on("perimeter")]
    assert queue.current
    queue.current.sent = True
    assert [job.command for job in queue.unsent()] == [on("perimeter")]


def test_two_switches_that_ask_for_the_same_disarm_do_not_join() -> None:
    assert filled(off("night")).twin(off("total")) is None


def test_an_empty_queue_joins_nothing() -> None:
    assert CommandQueue().twin(on("night")) is None


def test_few_wait_and_of_one_peer_fewer() -> None:
    queue = CommandQueue()
    for peer in ("a", "b"):
        for name in ("night", "total"):
            assert queue.has_room(peer, [])
            queue.put(Job(Command(Arm(MODES[name]), Origin("test", peer)), 1, NOW))
        assert not queue.has_room(peer, [])
        assert queue.has_room("c", []) is (peer == "a")
    assert len(queue) == MOST_WAITING == 2 * MOST_OF_A_PEER
    first = queue.first
    assert first
    assert queue.has_room("a", [first])
    assert not queue.has_room("b", [first])


@pytest.mark.parametrize(
    ("waiting", "command", "axes", "gone"),
    [
        # Not on now: only what would turn it on is pointless.
        ([on("night"), on("perimeter")], off("night"), DISARMED, [on("night")]),
        ([on("night")], Command(Disarm(), ORIGIN), DISARMED, [on("night")]),
        # Not on, and nothing is under way that would turn it on: nothing to do, so nothing to supersede.
        ([on("night")], off("total"), DISARMED, []),
        ([on("night")], off("total"), ARMED["total"], [on("night")]),
        # In doubt the disarm counts.
        ([on("night")], off("total"), Axes(), [on("night")]),
        # Only what it disarms: the annex is an axis of its own.
        ([on("night"), on("annex"), on("total+annex")], off("annex"), ARMED["annex"], [on("annex"), on("total+annex")]),
        ([off("total"), on("night")], off("night"), DISARMED, [on("night")]),
        ([on("perimeter"), on("total")], off("night"), ARMED["night"], [on("perimeter"), on("total")]),
        # The newest arm of its axes, and never one that arms less than what waits.
        ([on("night")], on("total"), DISARMED, [on("night")]),
        ([on("night"), on("perimeter")], on("total"), DISARMED, [on("night")]),
        ([on("total+annex"), on("annex")], on("total"), DISARMED, []),
        ([on("total"), on("annex")], on("total+annex"), DISARMED, [on("total"), on("annex")]),
        # In doubt the house stays armed.
        ([off("night")], on("total"), ARMED["night"], [off("night")]),
        ([off("night")], on("annex"), ARMED["night"], []),
        ([off("annex")], on("total"), ARMED["annex"], []),
        ([off("annex")], on("annex"), ARMED["annex"], [off("annex")]),
        # Not itself: it is joined.
        ([on("night")], on("night"), DISARMED, []),
    ],
)
def test_what_takes_the_place_of_what_waits(
    waiting: list[Command], command: Command, axes: Axes, gone: list[Command]
) -> None:
    queue = filled(*waiting)
    assert [job.command for job in queue.pointless(command, axes)] == gone


def test_a_disarm_of_what_is_in_flight_overtakes_every_arm_behind_it() -> None:
    queue = filled(on("perimeter"), on("total"), flying=on("night"))
    assert [job.command for job in queue.pointless(off("night"), DISARMED)] == [on("perimeter"), on("total")]


def test_what_is_in_flight_and_sent_is_never_superseded() -> None:
    queue = filled(flying=on("night"))
    assert queue.current
    assert queue.pointless(off("night"), DISARMED) == []
    assert queue.pointless(on("total"), DISARMED) == [queue.current]  # nothing of it was sent yet
    queue.current.sent = True
    assert queue.pointless(on("total"), DISARMED) == []


def test_what_has_ended_before_it_was_sent_leads_nowhere() -> None:
    """An arm that came too late turns nothing on, so an off of its switch leaves the other arms alone."""
    queue = filled(on("perimeter"), flying=on("night"))
    assert queue.current
    queue.drop(queue.current)
    assert queue.pointless(off("night"), DISARMED) == []


def test_the_target_adds_up() -> None:
    queue = filled(on("perimeter"), flying=on("total"))
    assert queue.target(DISARMED) == Axes(Interior.TOTAL, perimeter=True, annex=False)
    queue.put(Job(off("total"), 9, NOW))
    assert queue.target(DISARMED) == DISARMED


def test_an_off_without_effect_does_not_change_the_target() -> None:
    assert filled(off("total")).target(ARMED["night"]) == ARMED["night"]


def test_unclear_beside_a_known_interior_is_not_on() -> None:
    assert applies(off("perimeter"), Axes(Interior.TOTAL)) is False
    assert applies(off("perimeter"), Axes()) is True
    assert applies(Command(Disarm(), ORIGIN), DISARMED) is True


def test_what_is_left_to_disarm() -> None:
    assert nothing_left(off("night"), ARMED["total"])
    assert not nothing_left(off("night"), ARMED["night"])
    assert not nothing_left(off("night"), Axes())
    whole = Command(Disarm(), ORIGIN)
    assert nothing_left(whole, DISARMED)
    assert nothing_left(whole, ARMED["annex"])
    assert not nothing_left(whole, ARMED["night"])
    assert not nothing_left(whole, Axes())


@pytest.mark.parametrize("error", [None, Rejected("no")])
def test_a_ticket_follows_another(error: Rejected | None) -> None:
    ticket, other = Ticket(), Ticket()
    ticket.follow(other)
    outcome = Outcome(Result.CONFIRMED, "done")
    other.finish(outcome, error)
    assert ticket.accepted.exception(0) is error
    assert ticket.done.result(0) is outcome


def test_a_ticket_that_follows_is_accepted_when_the_other_is() -> None:
    ticket, other = Ticket(), Ticket()
    ticket.follow(other)
    other.accept()
    assert ticket.accepted.done()
    assert not ticket.done.done()


def test_a_ticket_resolves_once_and_cannot_be_cancelled() -> None:
    ticket = Ticket()
    assert not ticket.accepted.cancel()
    assert not ticket.done.cancel()
    ticket.accept()
    ticket.accept()
    outcome = Outcome(Result.REJECTED, "no")
    ticket.finish(outcome, Rejected("no"))
    assert ticket.accepted.result() is None
    assert ticket.done.result() is outcome


def test_a_refused_ticket_says_why() -> None:
    ticket = Ticket()
    ticket.finish(Outcome(Result.REJECTED, "window"), Rejected("window"))
    with pytest.raises(Rejected, match="window"):
        ticket.accepted.result()
