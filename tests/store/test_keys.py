"""What is kept belongs to an alarm: cloud, host and number; the name in the file only says which one is meant."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from emulator.errors import EmulatorError
from emulator.model import Arm, ArmMode, Axes, Command, Interior, Origin, Outcome, PanelState, Result
from emulator.store import history, keys
from emulator.store.journal import Journal
from emulator.store.journal_file import FILE
from emulator.store.keys import SIMULATED_PANEL, TOLD_OF_SILENCE, Key
from tests.store.rig import BEFORE

DEMO = Key("simulator", "home", "2423443", "", simulated=True)
OWA = Key("owa", "customers.example", "111", "me")
LEFT_OUT = replace(OWA, number="")
ARM = Command(Arm(ArmMode(Interior.NIGHT)), Origin("wemo", "10.0.0.9", "Night"))
NIGHT = PanelState(Axes(Interior.NIGHT, perimeter=False, annex=False), 5.0, "N", "EST2")
FOREVER_S = 1e9

Start = Callable[..., Journal]


@pytest.fixture
def start(open_journal: Callable[[], Journal]) -> Start:
    """A start of the program, with these alarms in its settings."""

    def begin(**wanted: Key) -> Journal:
        journal = open_journal()
        keys.bind(journal, wanted)
        return journal

    return begin


def live(journal: Journal, name: str = "home") -> None:
    """Leave something of everything behind."""
    number = journal.begin(name, ARM, 1.0)
    journal.end(number, Outcome(Result.UNCONFIRMED, "lost"), 2.0)
    journal.save_state(name, NIGHT)
    history.keep(journal, name, NIGHT, 5.0, FOREVER_S, number)
    journal.note(f"{TOLD_OF_SILENCE}{journal.alarm(name)}", "told")


def kept(journal: Journal, name: str = "home") -> tuple[bool, int, int, bool, list[str]]:
    """Of an alarm: whether there is a last state, spans, what is to be settled, silence; and whose the commands are."""
    return (
        journal.load_state(name) is not None,
        len(history.spans(journal, name, 0.0)),
        len(journal.unsettled(name)),
        journal.recall(f"{TOLD_OF_SILENCE}{journal.alarm(name)}") is not None,
        [entry.installation for entry in journal.commands(9)],
    )


def everything(called: str = "home") -> tuple[bool, int, int, bool, list[str]]:
    return True, 1, 1, True, [called]


def nothing(*others: str) -> tuple[bool, int, int, bool, list[str]]:
    return False, 0, 0, False, list(others)


@pytest.mark.parametrize(
    ("other", "called"),
    [
        (DEMO, "home (owa …111)"),
        (replace(OWA, number="222"), "home (owa …111)"),
        (replace(OWA, host="elsewhere.example"), "home (owa …111)"),
        (replace(OWA, cloud="wsdo"), "home (owa …111)"),
        (replace(LEFT_OUT, account="another"), "home (owa …111)"),
    ],
    ids=["cloud", "number", "host", "api", "account"],
)
def test_another_alarm_of_the_same_name_starts_unread_and_the_first_keeps_what_is_its_own(
    start: Start, other: Key, called: str
) -> None:
    live(start(home=OWA))
    assert kept(start(home=other)) == nothing(called)
    live(start(home=other))
    assert kept(start(home=OWA))[:4] == everything()[:4]
    assert [entry.installation for entry in start(home=OWA).commands(9)][1] == "home"


def test_whoever_tried_the_demo_first_sees_nothing_of_it_in_the_real_house(start: Start) -> None:
    live(start(home=DEMO))
    assert kept(start(home=OWA)) == nothing("home (simulator …443)")


def test_a_new_name_keeps_everything(start: Start) -> None:
    live(start(home=OWA))
    assert kept(start(casa=OWA), "casa") == everything("casa")


def test_two_alarms_that_swap_their_names_keep_what_is_theirs(start: Start) -> None:
    other = replace(OWA, number="222")
    live(start(home=OWA, shed=other))
    swapped = start(shed=OWA, home=other)
    assert kept(swapped, "shed") == everything("shed")
    assert kept(swapped, "home") == nothing("shed")


@pytest.mark.parametrize("name", ["home", "casa"])
def test_a_number_that_is_left_out_and_given_later_or_the_other_way_round_is_the_same_alarm(
    start: Start, name: str
) -> None:
    first = start(home=LEFT_OUT)
    keys.learn(first, "home", "111")
    live(first)
    for key in (OWA, LEFT_OUT, OWA):
        assert kept(start(**{name: key}), name) == everything(name)


def test_a_number_that_was_never_learned_is_that_which_is_given(start: Start) -> None:
    live(start(home=LEFT_OUT))
    assert kept(start(home=OWA)) == everything()


def test_what_was_asked_for_before_the_number_was_known_goes_to_its_alarm(start: Start) -> None:
    live(start(home=OWA))
    # Another file, another account of the same contract.
    journal = start(casa=replace(LEFT_OUT, account="another"))
    journal.begin("casa", ARM, 9.0)
    assert journal.load_state("casa") is None
    keys.learn(journal, "casa", "111")
    assert journal.load_state("casa") == NIGHT
    assert [entry.installation for entry in journal.commands(9)] == ["casa", "casa"]
    assert journal.rows("SELECT count(*) FROM alarms") == [(1,)]


def test_a_list_that_tells_another_number_means_another_alarm(start: Start) -> None:
    first = start(home=LEFT_OUT)
    keys.learn(first, "home", "111")
    live(first)
    journal = start(home=LEFT_OUT)
    keys.learn(journal, "home", "222")
    assert kept(journal) == nothing("home (owa …111)")
    keys.learn(journal, "home", "222")
    assert journal.rows("SELECT count(*) FROM alarms") == [(2,)]


def test_one_without_a_number_takes_nothing_of_one_that_has_it(start: Start) -> None:
    live(start(home=OWA))
    assert kept(start(home=OWA, shed=LEFT_OUT), "shed") == nothing("home")


def test_a_number_that_cannot_be_written_down_is_no_news(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = start(home=LEFT_OUT)
    with monkeypatch.context() as full:
        full.setattr(journal, "write", lambda: (_ for _ in ()).throw(EmulatorError("disk full")))
        with pytest.raises(EmulatorError):
            keys.learn(journal, "home", "111")
    keys.learn(journal, "home", "111")
    assert journal.rows("SELECT number FROM alarms") == [("111",)]


def test_another_program_with_other_settings_takes_no_row_from_one_that_runs(start: Start) -> None:
    running = start(home=OWA)
    live(running)
    assert kept(start(home=DEMO)) == nothing("home (owa …111)")
    assert kept(running) == everything()


# -- from before there were keys ----------------------------------------------------------------------------------


@pytest.fixture
def before(folder: Path) -> Callable[[str], None]:
    """Makes a file of before, with more in it."""

    def make(more: str) -> None:
        with closing(sqlite3.connect(folder / FILE)) as db:
            db.executescript(BEFORE)
            db.execute("INSERT INTO notes VALUES (?, 'told')", (f"{TOLD_OF_SILENCE}home",))
            if more:
                db.execute("INSERT INTO notes VALUES (?, '{}')", (more,))
            db.commit()

    return make


WAS_DEMO = f"{SIMULATED_PANEL}home"
OLD = ["home"] * 3


@pytest.mark.parametrize(
    ("more", "key", "expected"),
    [
        ("", OWA, (True, 1, 1, True, OLD)),
        ("", LEFT_OUT, (True, 1, 1, True, OLD)),
        (WAS_DEMO, DEMO, (True, 1, 1, True, OLD)),
        # The last state may be the demo's.
        (WAS_DEMO, OWA, (False, 1, 1, True, OLD)),
    ],
)
def test_what_was_kept_under_a_name_goes_to_whatever_has_it_at_the_first_start(
    start: Start, before: Callable[[str], None], more: str, key: Key, expected: tuple[object, ...]
) -> None:
    before(more)
    assert kept(start(home=key)) == expected
    assert kept(start(home=key)) == expected
    assert kept(start(home=replace(key, host="elsewhere")))[:4] == nothing()[:4]


def test_a_demo_takes_nothing_of_a_real_alarm_that_waits_for_it(start: Start, before: Callable[[str], None]) -> None:
    before("")
    assert kept(start(home=DEMO))[:3] == (False, 0, 0)
    assert {entry.installation for entry in start(home=DEMO).commands(9)} == {"home (earlier)"}
    journal = start(home=OWA)
    assert (journal.load_state("home") is not None, len(journal.unsettled("home"))) == (True, 1)
