"""What the commands print."""

from emulator.model import DISARMED, Arm, ArmMode, Axes, Outcome, PanelState, Result
from emulator.model.activity import EventKind, Means
from emulator.store.activity import LoggedEvent
from emulator.store.journal import Entry
from emulator.system import output
from tests.support.fakes import EPOCH_S

STATE = PanelState(DISARMED, EPOCH_S, "0", "EST2")
ARM = Arm(ArmMode.parse("total+perimeter"))


def test_columns_are_as_wide_as_they_need_to_be() -> None:
    assert output.table(("A", "LONG HEAD"), [("wide cell", "b")]) == "A          LONG HEAD\nwide cell  b"


def test_records_need_not_have_the_same_keys() -> None:
    rows = [{"id": "1", "alias": "Hall"}, {"id": "2", "type": "YR"}]
    assert output.records(rows).splitlines() == [
        "ID  ALIAS  TYPE",
        "1   Hall",
        "2          YR",
    ]


def test_what_a_device_calls_itself_cannot_steer_the_terminal() -> None:
    [_, line] = output.table(["NAME"], [["Plug\x1b[2J\nours\x9b \u202e"]]).splitlines()
    assert line == "Plug?[2J?ours? ?"


def test_letters_stay_as_they_are() -> None:
    assert "Habitación" in output.as_json({"alias": "Habitación"})


def test_unknown_axes_are_null_for_programs() -> None:
    fields = output.fields(PanelState(Axes(), EPOCH_S, "N", "EST2"))
    assert (fields["state"], fields["interior"], fields["perimeter"]) == ("armed, mode unknown", None, None)
    assert fields["read_at"].startswith("2023-11-1")


def test_an_unconfirmed_end_is_followed_by_what_the_panel_says() -> None:
    told = output.outcome("home", ARM, Outcome(Result.UNCONFIRMED, "no answer"), STATE)
    first, second = told.splitlines()
    assert first == "home: arm total+perimeter: unconfirmed: no answer"
    assert second.startswith("home: disarmed (read ")
    assert "\n" not in output.outcome("home", ARM, Outcome(Result.CONFIRMED, "done"), STATE)
    assert "\n" not in output.outcome("home", ARM, Outcome(Result.UNCONFIRMED, "no answer"), None)


def test_the_journal_says_who_what_and_how_it_ended() -> None:
    def entry(result: str | None, settled: str | None) -> Entry:
        return Entry(
            1, EPOCH_S, "home", "arm night", "wemo", "10.0.0.2", "Night", EPOCH_S, result, "m", EPOCH_S, settled
        )

    text = output.journal([entry(None, None), entry("unconfirmed", "night")])
    assert "under way" in text
    assert "wemo 10.0.0.2 Night" in text
    assert "m (then the panel said: night)" in text


def test_the_journal_has_what_else_the_alarms_tell_of() -> None:
    def event(number: int, user: str, command: int | None = None) -> LoggedEvent:
        at, zone = EPOCH_S + number, "Cocina\x1b[2J"
        return LoggedEvent(number, "home", at, at, EventKind.DISARMED, "1", Means.KEYPAD, user, zone, "Adiós", command)

    entry = Entry(1, EPOCH_S, "home", "arm night", "wemo", "10.0.0.2", "", EPOCH_S, "confirmed", "", None, None)
    events = [event(9, "Ana"), event(1, "", command=1)]
    text = output.journal([entry], str, events, {"10.0.0.2": "Echo kitchen"}.__getitem__, 9)
    lines = text.splitlines()
    assert len(lines) == 3
    assert "Ana · keypad" in lines[1]
    assert "\x1b" not in text
    assert "wemo Echo kitchen" in lines[2]
    assert len(output.journal([], str, events, most=1).splitlines()) == 2
