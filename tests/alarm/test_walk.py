"""A random walk over presses, keypads, faults and dying sessions: what must hold whatever happens."""

import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from emulator.alarm.queue import MOST_WAITING, Ticket
from emulator.errors import TooMany
from emulator.model import Action, Arm, Axes, Command, Disarm, Result
from emulator.simulator.faults import InjectedFault
from tests.alarm.test_installation import MODES, House

BASES = ("ARM", "ARMDAY", "ARMNIGHT", "PERI", "DARM")
KEYS: tuple[Action, ...] = (Disarm(), *(Arm(MODES[name]) for name in ("night", "total", "perimeter")))
REQUESTS = ("LOGIN", "ACT_V2", *(f"{base}{phase}" for base in (*BASES, "EST") for phase in "12"))
LOSSES = ("down", "html", "trouble", "expire", "lost", "wait", "empty_log")

modes = st.sampled_from(sorted(MODES))
requests = st.sampled_from(REQUESTS)
events = st.one_of(
    st.tuples(st.just("on"), modes),
    st.tuples(st.just("off"), modes),
    st.tuples(st.just("key"), st.sampled_from(KEYS)),
    st.tuples(st.just("key before"), st.tuples(requests, st.sampled_from(KEYS))),
    st.tuples(st.just("fault"), st.tuples(st.sampled_from(LOSSES), requests, st.integers(1, 2))),
    st.tuples(st.just("kill"), st.none()),
    st.tuples(st.just("step"), st.sampled_from([0, 1, 30])),
)


@given(st.lists(events, max_size=25), st.sampled_from([0, 1, 3, 10]), st.booleans())
@example([("on", "perimeter"), ("key before", ("PERI2", KEYS[1])), ("step", 0), ("off", "day")], 1, True)
@example([("on", "night"), ("fault", ("lost", "ARM1", 2)), ("on", "total"), ("step", 0), ("off", "total")], 0, False)
@example([("off", "day"), ("off", "perimeter"), ("key before", ("LOGIN", KEYS[3]))], 0, False)
def test_nothing_is_sent_twice_disarmed_by_mistake_or_left_open(
    walk: list[tuple[str, object]], answer_after: float, zero_after_arm: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder))
        house.panel.answer_after = answer_after
        house.face.options.zero_after_arm = zero_after_arm
        disarmed = watch_disarms(house)
        tickets = [ticket for event in walk if (ticket := take(house, *event))]
        assert len(house.alarm._commands.queue) <= MOST_WAITING

        house.heal()
        house.run(*tickets)
        for _ in range(20):  # longer than any pause between polls
            house.clock.now += 610
            house.alarm.step()

        assert house.alarm.view.axes == house.panel.axes
        assert house.alarm.view.target is None
        entries = house.journal.commands(99)
        assert all(entry.result for entry in entries)
        assert all(entry.settled for entry in entries if entry.result == Result.UNCONFIRMED)
        sent = sum(house.backend.accepted[f"{base}1"] for base in BASES)
        assert sent <= sum(
            (1 + ("+" in entry.action)) * entry.times for entry in entries if entry.result != Result.IGNORED
        )
        if not any(unseen(*event) for event in walk):
            assert all(command.is_on(axes) for command, axes in disarmed)
        house.journal.close()


def unseen(kind: str, what: object) -> bool:
    """Return whether a keypad may have been quicker than the read that precedes a disarm."""
    return kind == "key" or (kind == "key before" and isinstance(what, tuple) and what[0] in ("DARM1", "EST1", "EST2"))


def take(house: House, kind: str, what: object) -> Ticket | None:
    """One step of the walk."""
    match kind, what:
        case "on" | "off", str(name):
            with suppress(TooMany):
                return house.on(name) if kind == "on" else house.off(name)
        case "key", Arm() | Disarm() as action:
            house.panel.keypad(action)
        case "key before", (str(request), Arm() | Disarm() as action):
            house.while_flying(request, lambda: house.panel.keypad(action))
        case "fault", (str(loss), str(request), int(times)):
            house.backend.faults.add(InjectedFault(loss, request, times))
        case "kill", None:
            house.face.sessions.kill()
        case "step", int(seconds):
            house.alarm.step()
            house.clock.now += seconds
    return None


def watch_disarms(house: House) -> list[tuple[Command, Axes]]:
    """Collect, for each disarm of a switch, the command with all offs that joined it, and where the panel stood."""
    seen: list[tuple[Command, Axes]] = []
    send = house.transport.send

    def watched(*args: object, **kwargs: object) -> bytes:
        job = house.alarm._commands.queue.current
        if args[1]["request"] == "DARM1" and job and job.command.only_if:  # type: ignore[index]
            seen.append((job.command, house.panel.axes))
        return send(*args, **kwargs)  # type: ignore[arg-type]

    house.transport.send = watched  # type: ignore[method-assign]
    return seen
