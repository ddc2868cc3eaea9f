"""YAML as plain text, with the line of every key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.config import yaml_file
from emulator.errors import ConfigError

SAMPLE = """\
# a comment
home:
  number: 0123
  off: off
switches:
  - name: Night
    on: night
  - { name: Day, on: day }
"""


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        yaml_file.read("f.yaml", text)
    return [str(problem) for problem in caught.value.problems]


def test_everything_is_text_as_it_was_written() -> None:
    assert yaml_file.read("f.yaml", SAMPLE).content == {
        "home": {"number": "0123", "off": "off"},
        "switches": [{"name": "Night", "on": "night"}, {"name": "Day", "on": "day"}],
    }


@pytest.mark.parametrize("scalar", ["yes", "no", "on", "off", "true", "007", "1_000", "1e3", "0x1F", "12:30", ".5"])
def test_no_scalar_is_interpreted_as_key_or_as_value(scalar: str) -> None:
    assert yaml_file.read("f.yaml", f"{scalar}: {scalar}").content == {scalar: scalar}


@pytest.mark.parametrize(("scalar", "value"), [("", None), ("~", None), ("null", None), ("'null'", "null"), ("''", "")])
def test_only_an_unquoted_nothing_is_nothing(scalar: str, value: str | None) -> None:
    assert yaml_file.read("f.yaml", f"key: {scalar}").content == {"key": value}


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n"])
def test_an_empty_file_has_no_content(text: str) -> None:
    assert yaml_file.read("f.yaml", text).content is None


@pytest.mark.parametrize(
    ("path", "where"),
    [
        (("home",), "f.yaml:2: home"),
        (("home", "number"), "f.yaml:3: home.number"),
        (("switches", 0, "on"), "f.yaml:7: switches[0].on"),
        (("switches", 1, "on"), "f.yaml:8: switches[1].on"),
        (("switches", 0, "missing"), "f.yaml:6: switches[0].missing"),
        (("nowhere", "at", "all"), "f.yaml:2: nowhere.at.all"),
        ((), "f.yaml:2"),
    ],
    ids=str,
)
def test_where_a_key_stands_or_would_stand(path: yaml_file.Path, where: str) -> None:
    assert yaml_file.read("f.yaml", SAMPLE).where(path) == where


def test_a_key_that_stands_twice_is_a_problem_and_does_not_end_the_reading() -> None:
    file = yaml_file.read("f.yaml", "a: 1\nb:\n  c: 2\n  c: 3\na: 4\n")
    assert [str(problem) for problem in file.problems] == [
        "f.yaml:4: 'c' stands twice, first on line 3; keep one",
        "f.yaml:5: 'a' stands twice, first on line 1; keep one",
    ]


def test_the_same_key_in_two_mappings_is_no_problem() -> None:
    assert yaml_file.read("f.yaml", "a: {c: 1}\nb: {c: 1}\n").problems == []


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a: 1\nb: [\n", 3, "expected the node content"),
        ("a: 1\nb: x: y\n", 2, "mapping values are not allowed here"),
        ("a:\n\t- b\n", 2, r"found character '\t'"),
        ("a: 1\n---\nb: 2\n", 2, "but found another document"),
        ("a: 'open\n", 2, "found unexpected end of stream"),
    ],
)
def test_a_syntax_error_names_its_line(text: str, line: int, what: str) -> None:
    [problem] = problems(text)
    assert problem.startswith(f"f.yaml:{line}: not valid YAML: ")
    assert what in problem


def test_a_character_that_yaml_does_not_know() -> None:
    [problem] = problems("a: \0\n")
    assert problem.startswith("f.yaml: not valid YAML: unacceptable character")


@pytest.mark.parametrize(
    "text", ["password: *hunter2", "password: !hunter2!x", "password: !<hunter2", "p: &hunter2 *x"]
)
def test_a_password_that_looks_like_yaml_is_not_echoed(text: str) -> None:
    assert "hunter2" not in str(problems(text))


@pytest.mark.parametrize("text", ["&a [*a]", "[" * 1000])
def test_a_file_without_a_bottom(text: str) -> None:
    assert problems(text) == ["f.yaml: not usable: it is nested too deeply, or an alias holds itself"]


@given(st.text(st.characters(codec="utf-8"), max_size=200) | st.text("ab:-[]{}&*!?'\"#\n \t", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        content = yaml_file.read("f.yaml", text).content
    except ConfigError:
        return
    assert isinstance(content, dict | list | str | None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: { name: Total: alarm }", "expected ',' or '}', but got ':'"),
        ("a: [b, c\n", "expected ',' or ']', but got '<stream end>'"),
        ("a: *hunter2secret", "found undefined alias …"),
    ],
)
def test_signs_are_told_and_words_are_not(text: str, said: str) -> None:
    [problem] = problems(text)
    assert said in problem


def test_a_key_of_several_words_is_a_problem_and_does_not_end_the_reading() -> None:
    file = yaml_file.read("f.yaml", "a: 1\n[b, c]: 2\nd: 3\n")
    assert [str(one) for one in file.problems] == ["f.yaml:2: a key is a single word, not a list or a mapping"]
    assert file.content == {"a": "1", "d": "3"}
