"""A new devices.yaml from the answers of a set-up, with comments for whoever edits it later. Pure."""

import json
from collections.abc import Iterator

from emulator import doors
from emulator.setup.answers import AlarmAnswer, Answers, SwitchAnswer, differing, value_of

HEAD = """\
# Made by set-up. Change it on the page, by `emulator init`, or here: your own comments stay.
# User, password, PIN and notification targets never stand in this file.
"""


def text(answers: Answers) -> str:
    """Return the file."""
    return HEAD + "".join(f"{line}\n" for line in _lines(answers))


def _lines(answers: Answers) -> Iterator[str]:
    yield "installations:"
    for alarm in answers.alarms:
        yield from _alarm(alarm)
    yield "switches:"
    yield "  # name: what you say; on: what it arms; off: disarm, or left out: then it only arms"
    for switch in answers.switches:
        yield f"  - {flow(of_switch(switch))}"
    yield "doors:"
    for name, given in answers.doors.items():
        row = doors.row(name)
        yield f"  # {row.title}: {row.summary}"
        values = {key: value_of(key, value) for key, value in differing(row, given).items()}
        yield f"  {name}: {flow(values)}" if values else f"  {name}:"
    if answers.language:
        yield f"language: {answers.language}"


def _alarm(alarm: AlarmAnswer) -> Iterator[str]:
    shown = "".join(letter for letter in alarm.title if letter.isprintable())
    yield f"  {alarm.name}:" + (f"  # {shown}" if shown and shown != alarm.name else "")
    yield from (f"    {key}: {scalar(value)}" for key, value in of_alarm(alarm).items())


def of_alarm(alarm: AlarmAnswer) -> dict[str, str]:
    """Return the keys of an alarm."""
    keys = {"cloud": alarm.cloud, "country": alarm.country, "number": alarm.number, "url": alarm.url}
    return {key: value for key, value in keys.items() if value}


def of_switch(switch: SwitchAnswer) -> dict[str, str]:
    """Return the keys of a switch."""
    off = {"off": "disarm"} if switch.disarms else {}
    return {"name": switch.name, "installation": switch.alarm, "on": str(switch.mode)} | off


def flow(values: dict[str, str]) -> str:
    """Return a mapping on one line."""
    return "{ " + ", ".join(f"{key}: {scalar(value, key)}" for key, value in values.items()) + " }"


def scalar(value: object, key: str = "") -> str:
    """Return a value as YAML: a word as it is, any other text in quotes."""
    text = str(value)
    plain = text.isascii() and text.replace("-", "").replace("+", "").replace("_", "").isalnum() and text[0].isalpha()
    is_word = plain and key != "name" and text != "null"
    return text if isinstance(value, int) or is_word else json.dumps(text, ensure_ascii=False)
