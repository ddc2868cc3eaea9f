"""The alarm's own log on the page: who moved the panel, when it went off, and nothing twice."""

from emulator.model import DISARMED, Axes, Interior
from emulator.model.activity import EventKind, Means
from emulator.store.activity import LoggedEvent
from emulator.store.history import Span
from emulator.views import seen
from emulator.views.events import listed
from emulator.views.timeline import draw

NOW = 1_764_266_400.0
NIGHT = Axes(Interior.NIGHT, perimeter=False, annex=False)


def event(kind: EventKind, at: float, user: str = "", command: int | None = None, **more: str) -> LoggedEvent:
    event.number += 1  # type: ignore[attr-defined]  # a counter
    number: int = event.number  # type: ignore[attr-defined]
    words = {"zone": "", "said": "", **more}
    return LoggedEvent(
        number, "home", NOW - at, NOW - at, kind, "1", Means.KEYPAD, user, words["zone"], words["said"], command
    )


event.number = 0  # type: ignore[attr-defined]


def span(axes: Axes, since: float, until: float, command: int | None = None) -> Span:
    return Span("home", axes, NOW - since, NOW - until, command)


def test_a_move_says_who_it_was_and_is_there_once() -> None:
    spans = [span(DISARMED, 9000, 3600), span(NIGHT, 3600, 0)]
    [row] = seen.rows(spans, [event(EventKind.ARMED, 3650, "Ana", said="Conectado")])
    assert (row.what, row.who, row.why, row.shape) == ("panel is night", "Ana · keypad", "Conectado", "moved")


def test_a_move_that_the_log_does_not_tell_of_stays_as_it_was() -> None:
    [row] = seen.rows([span(DISARMED, 9000, 3600), span(NIGHT, 3600, 0)], [event(EventKind.DISARMED, 3650, "Ana")][:0])
    assert row.who == "not by a command from here"


def test_moves_of_other_times_and_kinds_are_rows_of_their_own() -> None:
    spans = [span(DISARMED, 9000, 3600), span(NIGHT, 3600, 0)]
    events = [
        event(EventKind.DISARMED, 3620, "Bob"),
        event(EventKind.ARMED, 3630, "Ana"),
        event(EventKind.ARMED, 7200, "Eve"),
    ]
    assert sorted(row.who for row in seen.rows(spans, events)) == ["Ana · keypad", "Bob · keypad", "Eve · keypad"]


def test_the_row_of_our_own_command_is_no_row() -> None:
    spans = [span(DISARMED, 9000, 3600), span(NIGHT, 3600, 0, command=7)]
    assert seen.rows(spans, [event(EventKind.ARMED, 3600, command=7), event(EventKind.CHECK, 100)]) == []


def test_alarms_have_a_mark_and_a_row() -> None:
    events = [event(EventKind.ALARM, 3600, zone="Cocina", said="Alarma"), event(EventKind.MAINS_BACK, 60)]
    picture = draw([span(NIGHT, 7200, 0)], [], NOW, 1, None, lambda *where: seen.marks(events, *where))
    [mark] = picture.marks
    assert mark.kind == "alarm"
    assert mark.title.endswith("the alarm went off")
    power, alarm = listed([], seen.rows([], events), 9)
    assert (alarm.shape, alarm.what, alarm.why) == ("alarm", "the alarm went off", "Cocina · Alarma")
    assert power.shape == "moved"


def test_what_nobody_knows_is_called_as_the_cloud_does() -> None:
    [row] = seen.rows([], [event(EventKind.OTHER, 60, said="Puerta abierta", zone="Garaje")])
    assert (row.what, row.why) == ("Puerta abierta", "Garaje")
