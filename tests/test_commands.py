"""What joins what, what a disarm takes out, and where it all leads."""

import pytest

from emulator.commands import CommandQueue, Job, Ticket, applies
from emulator.errors import Rejected
from emulator.model import DISARMED, Arm, ArmMode, Axes, Command, Disarm, Interior, Origin, Outcome, Result

ORIGIN = Origin("test")
MODES = {name: ArmMode.parse(name) for name in ("total", "night", "perimeter", "annex", "total+annex")}
ARMED = {name: Axes(mode.interior or Interior.OFF, mode.perimeter, mode.annex) for name, mode in MODES.items()}


def on(name: str) -> Command:
    return Command(Arm(MODES[name]), ORIGIN)


def off(name: str) -> Command:
    return Command(Disarm.of(MODES[name]), ORIGIN, only_if=MODES[name])


def filled(*commands: Command, flying: Command | None = None) -> CommandQueue:
    queue = CommandQueue()
    if flying:
        queue.put(Job(flying, 0))
        queue.take()
    for number, command in enumerate(commands, start=1):
        queue.put(Job(command, number))
    return queue


def drained(queue: CommandQueue) -> list[Command]:
    found = []
    while job := queue.take():
        found.append(job.command)
    return found


def test_in_order() -> None:
    assert drained(filled(on("night"), on("perimeter"), off("night"))) == [on("night"), on("perimeter"), off("night")]


def test_only_the_last_is_joined() -> None:
    queue = filled(on("night"), on("perimeter"))
    assert queue.same_as_last(on("night")) is None
    twin = queue.same_as_last(on("perimeter"))
    assert twin is not None
    assert twin.entry == 2


def test_what_is_in_flight_is_joined_when_nothing_waits() -> None:
    queue = filled(flying=on("night"))
    assert queue.same_as_last(on("night")) is queue.current
    queue.put(Job(off("night"), 1))
    assert queue.same_as_last(on("night")) is None


def test_two_switches_that_ask_for_the_same_disarm_do_not_join() -> None:
    assert filled(off("night")).same_as_last(off("total")) is None


def test_an_empty_queue_joins_nothing() -> None:
    assert CommandQueue().same_as_last(on("night")) is None


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
        ([on("night")], on("total"), DISARMED, []),
    ],
)
def test_a_disarm_supersedes_waiting_arms(
    waiting: list[Command], command: Command, axes: Axes, gone: list[Command]
) -> None:
    queue = filled(*waiting)
    assert [job.command for job in queue.supersede(command, axes)] == gone
    assert drained(queue) == [one for one in waiting if one not in gone]


def test_what_is_in_flight_is_never_superseded() -> None:
    queue = filled(flying=on("night"))
    assert queue.supersede(off("night"), DISARMED) == []
    assert queue.current is not None


def test_the_target_adds_up() -> None:
    queue = filled(on("perimeter"), flying=on("total"))
    assert queue.target(DISARMED) == Axes(Interior.TOTAL, perimeter=True, annex=False)
    queue.put(Job(off("total"), 9))
    assert queue.target(DISARMED) == DISARMED


def test_an_off_without_effect_does_not_change_the_target() -> None:
    assert filled(off("total")).target(ARMED["night"]) == ARMED["night"]


def test_unclear_beside_a_known_interior_is_not_on() -> None:
    assert applies(off("perimeter"), Axes(Interior.TOTAL)) is False
    assert applies(off("perimeter"), Axes()) is True
    assert applies(Command(Disarm(), ORIGIN), DISARMED) is True


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
