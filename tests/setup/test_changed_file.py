"""A file that a person has written, changed by set-up: nothing of theirs is lost."""

import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.app.settings import Settings
from emulator.config import yaml_file
from emulator.model import ArmMode, Interior
from emulator.setup import answers, changed_file, new_file
from emulator.setup.answers import AlarmAnswer, Answers, SwitchAnswer

MINE = textwrap.dedent("""\
    # Ours since 2024. Ask Ana before you change it!
    installations:
      home:   # the flat
        cloud: simulator
        country: ES
    switches:
      # said in Spanish, since the Echo is
      - { name: Total alarm,     installation: home, on: total,     off: disarm }   # everybody
      - { name: "Noche",         installation: home, on: night }
      # the garden
      - name: Perimeter alarm
        on: perimeter
        off: disarm
        disarm:
          from: 192.168.1.20   # the phone on the wall
    doors:
      wemo: { first_port: 49151 }
      # for the phones
      dashboard: { port: 8099 }
    #  hue: { port: 80 }      # not yet
    timeouts_note: &never
    """).replace("timeouts_note: &never\n", "notify: { silent_after: 20m }\n")


def loaded(text: str, folder: Path) -> Settings:
    path = folder / "devices.yaml"
    path.write_text(text)
    return Settings.load(path)


def changed(wanted: Answers, folder: Path, before: str = MINE) -> str:
    was = answers.of(loaded(before, folder))
    text = changed_file.text(before, was, wanted)
    found = answers.of(loaded(text, folder))
    numbered = tuple(replace(one, at=at) for at, one in enumerate(wanted.switches))
    assert (found.switches, set(found.doors)) == (numbered, set(wanted.doors))
    return text


def mine(folder: Path) -> Answers:
    return answers.of(loaded(MINE, folder))


def lines_gone(text: str) -> list[str]:
    return [line for line in MINE.splitlines() if line not in text.splitlines()]


def test_a_new_name_changes_its_line_alone(tmp_path: Path) -> None:
    was = mine(tmp_path)
    first, *rest = was.switches
    text = changed(replace(was, switches=(replace(first, name="Alarma total"), *rest)), tmp_path)
    assert len(lines_gone(text)) == 1
    assert "# everybody" in text


def test_off_and_what_narrows_it_go_together(tmp_path: Path) -> None:
    was = mine(tmp_path)
    *rest, last = was.switches
    text = changed(replace(was, switches=(*rest, replace(last, disarms=False))), tmp_path)
    assert loaded(text, tmp_path).switches[2].disarm is None
    assert "# the garden" in text


def test_a_switch_that_goes_leaves_the_comments(tmp_path: Path) -> None:
    was = mine(tmp_path)
    text = changed(replace(was, switches=was.switches[:1]), tmp_path)
    for comment in ("Ask Ana", "# the garden", "# said in Spanish", "#  hue:", "# for the phones", "# everybody"):
        assert comment in text


BEHIND = textwrap.dedent("""\
    installations:
      home: { cloud: simulator, country: ES }
    switches:
      - { name: Total, on: total, off: disarm }  # tell the neighbour before renaming
      - { name: Night, on: night }  # not disarm: the children have an Echo
    doors:
      wemo:
      dashboard: { port: 8099 }  # agreed with the router
    """)
TOTAL, NIGHT = (SwitchAnswer(name, "home", ArmMode.parse(name.lower()), name == "Total") for name in ("Total", "Night"))
TODO, NOCHE = replace(TOTAL, name="Todo", at=0), replace(NIGHT, name="Noche", at=1)
DAY = SwitchAnswer("Night and day", "home", ArmMode(Interior.DAY))
CASES: dict[str, tuple[dict[str, object], list[str]]] = {
    "a name, and one more": (
        {"switches": (replace(TOTAL, at=0), NOCHE, DAY)},
        ['  - {name: "Noche", on: night}  # not disarm: the children have an Echo'],
    ),
    "a name, and one less": (
        {"switches": (TODO,)},
        [
            '  - {name: "Todo", on: total, off: disarm}  # tell the neighbour before renaming',
            "  # not disarm: the children have an Echo",
        ],
    ),
    "another mode in its place": (
        {"switches": (replace(TOTAL, at=0), DAY)},
        ["  # not disarm: the children have an Echo"],
    ),
    "a port, and one more door": (
        {"doors": {"wemo": {}, "dashboard": {"port": "8100"}, "hue": {"port": "8080"}}},
        ["  dashboard: {port: 8100}  # agreed with the router"],
    ),
    "a port, and one door less": (
        {"doors": {"dashboard": {"port": "8100"}}},
        ["  dashboard: {port: 8100}  # agreed with the router"],
    ),
}
"""Change → the lines that then hold the comments behind the old ones."""


@pytest.mark.parametrize("case", CASES)
def test_a_comment_behind_a_line_stays_with_it(case: str, tmp_path: Path) -> None:
    wanted, lines = CASES[case]
    text = changed(replace(answers.of(loaded(BEHIND, tmp_path)), **wanted), tmp_path, BEHIND)  # type: ignore[arg-type]
    found = text.splitlines()
    assert [line for line in lines if line not in found] == []
    assert text.count("#") == BEHIND.count("#")


def test_a_comment_within_something_longer_stays(tmp_path: Path) -> None:
    before = BEHIND.replace("{ name: Night, on: night }", "{ name: Night,  # as the Echo says it\n      on: night }")
    text = changed(replace(answers.of(loaded(before, tmp_path)), switches=(TODO,)), tmp_path, before)
    assert "# as the Echo says it" in text
    assert "# not disarm" in text


def test_a_new_switch_and_a_new_door(tmp_path: Path) -> None:
    was = mine(tmp_path)
    day = SwitchAnswer("Día: 'uno' #2", "home", ArmMode(Interior.DAY))
    text = changed(replace(was, switches=(*was.switches, day), doors={**was.doors, "hue": {"port": "8080"}}), tmp_path)
    assert not lines_gone(text)
    found = loaded(text, tmp_path)
    assert found.switches[3].name == "Día: 'uno' #2"
    assert found.doors.opened["hue"].port == 8080


def test_a_door_that_goes(tmp_path: Path) -> None:
    was = mine(tmp_path)
    text = changed(replace(was, doors={"wemo": was.doors["wemo"]}), tmp_path)
    assert "# for the phones" in text
    assert "#  hue: { port: 80 }      # not yet" in text


def test_without_doors_those_that_were_open_by_default_stay(tmp_path: Path) -> None:
    before = "installations: {home: {cloud: simulator}}\nswitches: [{name: Night, on: night}]\n"
    was = answers.of(loaded(before, tmp_path))
    text = changed(replace(was, doors={**was.doors, "dashboard": {"port": "8099"}}), tmp_path, before)
    assert set(loaded(text, tmp_path).doors.opened) == {"wemo", "dashboard"}


def test_a_second_alarm_makes_each_switch_say_whose_it_is(tmp_path: Path) -> None:
    before = "installations: {home: {cloud: simulator}}\nswitches:\n- {name: Night, on: night}\n"
    was = answers.of(loaded(before, tmp_path))
    beach = AlarmAnswer("beach", "simulator", "ES", "0123")
    other = SwitchAnswer("Beach", "beach", ArmMode(Interior.TOTAL))
    text = changed(replace(was, alarms=(*was.alarms, beach), switches=(*was.switches, other)), tmp_path, before)
    found = loaded(text, tmp_path)
    assert [one.installation for one in found.switches] == ["home", "beach"]
    assert found.installations["beach"].number == "0123"


def test_the_language_comes_and_goes(tmp_path: Path) -> None:
    was = mine(tmp_path)
    text = changed(replace(was, language="it"), tmp_path)
    assert loaded(text, tmp_path).language == "it"
    back = changed_file.text(text, replace(was, language="it"), was)
    assert back == MINE


def test_nothing_changed_is_the_same_file(tmp_path: Path) -> None:
    was = mine(tmp_path)
    assert changed_file.text(MINE, was, was) == MINE


SPOKEN = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=60).map(
    str.strip
)
NAMES = SPOKEN.filter(lambda name: name and name.isprintable())
MODES = st.sampled_from([ArmMode.parse(word) for word in ("total", "day", "night", "perimeter", "total+perimeter")])


@st.composite
def edits(draw: st.DrawFn) -> tuple[list[tuple[int, str, bool]], list[tuple[str, ArmMode, bool]]]:
    """Return which switches stay, with their names and offs, and which are new."""
    names = draw(st.lists(NAMES, min_size=1, max_size=6, unique_by=str.casefold))
    stay = draw(st.lists(st.sampled_from([0, 1, 2]), unique=True, max_size=len(names)))
    kept = [(at, names.pop(), draw(st.booleans())) for at in sorted(stay) if names]
    new = [(name, draw(MODES), draw(st.booleans())) for name in names]
    return kept, new


@given(edits(), st.sets(st.sampled_from(["wemo", "hue", "dashboard"]), min_size=1))
def test_whatever_is_changed_every_comment_stays(
    tmp_path_factory: pytest.TempPathFactory,
    wanted: tuple[list[tuple[int, str, bool]], list[tuple[str, ArmMode, bool]]],
    opened: set[str],
) -> None:
    folder = tmp_path_factory.getbasetemp()
    was, (kept, new) = mine(folder), wanted
    switches = [replace(was.switches[at], name=name, disarms=off) for at, name, off in kept]
    switches += [SwitchAnswer(name, "home", mode, off) for name, mode, off in new]
    if not switches:
        return
    ports = {"wemo": {}, "hue": {"port": "80"}, "dashboard": {"port": "8099"}}
    text = changed(replace(was, switches=tuple(switches), doors={name: ports[name] for name in opened}), folder)
    for line in MINE.splitlines():
        if "#" in line:
            assert line[line.index("#") :] in text
    assert loaded(text, folder).notify.silent_after == 1200


@given(st.lists(NAMES, min_size=1, max_size=5, unique_by=str.casefold), SPOKEN, st.booleans())
def test_a_new_file_says_what_was_answered(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], title: str, off: bool
) -> None:
    alarm = AlarmAnswer("casa", "owa", "ES", "0123456", "http://127.0.0.1:12010/x?y=1#z", title)
    switches = tuple(SwitchAnswer(name, "casa", ArmMode(Interior.NIGHT), off) for name in names)
    made = new_file.text(Answers((alarm,), switches, {"wemo": {}, "dashboard": {"port": "8100"}}, "it"))
    found = answers.of(loaded(made, tmp_path_factory.getbasetemp()))
    assert [one.name for one in found.switches] == [one.name for one in switches]
    assert found.alarms == (replace(alarm, title="casa"),)
    assert found.doors == {"wemo": {}, "dashboard": {"port": "8100"}}
    assert not yaml_file.read("", made).problems
