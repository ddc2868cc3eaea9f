"""A devices.yaml with changed answers: comments, order and spelling of whatever did not change stay. Pure."""

import io
import re
from collections.abc import Mapping
from difflib import unified_diff
from typing import Any

from emulator import doors
from emulator.setup import comments, new_file
from emulator.setup.answers import AnswerRefused, Answers, differing, value_of
from emulator.words.text import Text

WIDTH = 4096
"""Characters of a line: none is wrapped."""


def text(before: str, was: Answers, wanted: Answers) -> str:
    """Return the file `before`, which stands for `was`, with those that are wanted. May raise AnswerRefused."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = WIDTH
    indent, offset = _indents(before)
    yaml.indent(mapping=indent, sequence=offset + 2, offset=offset)

    def dumped(content: Any) -> str:
        out = io.StringIO()
        yaml.dump(content, out)
        return out.getvalue()

    try:
        # Its comments move with the wrong neighbours, and break lines: they are put back below.
        content = _without_comments(yaml.load(before))
        plain = dumped(content)
        _alarms(content, was, wanted)
        _switches(content, was, wanted)
        _doors(content, was, wanted)
        _set(content, "language", wanted.language, was.language)
        changed = dumped(content)
    except (YAMLError, KeyError, TypeError, AttributeError, IndexError):
        raise AnswerRefused(Text("Set-up cannot change a file that is written like this: do it by hand.")) from None
    return comments.kept(before, plain, changed)


def difference(before: str, after: str) -> str:
    """Return what changes between two files, as a unified diff."""
    lines = unified_diff(before.splitlines(), after.splitlines(), "devices.yaml, before", "devices.yaml", lineterm="")
    return "\n".join(lines)


def _alarms(content: Any, was: Answers, wanted: Answers) -> None:
    known = {one.name: one for one in was.alarms}
    for alarm in wanted.alarms:
        if alarm.name not in known:
            content["installations"][alarm.name] = _quoted(new_file.of_alarm(alarm))
            continue
        before = new_file.of_alarm(known[alarm.name])
        after = new_file.of_alarm(alarm)
        for key in before | after:
            _set(content["installations"][alarm.name], key, after.get(key, ""), before.get(key, ""))
    for name in known.keys() - {one.name for one in wanted.alarms}:
        del content["installations"][name]


def _switches(content: Any, was: Answers, wanted: Answers) -> None:
    listed, known = content["switches"], {one.at: one for one in was.switches}
    for switch in wanted.switches:
        if switch.at is None:
            listed.append(_flow(listed, _quoted(new_file.of_switch(switch))))
            continue
        before, item = known[switch.at], listed[switch.at]
        _set(item, "name", switch.name, before.name)
        _set(item, "on", str(switch.mode), str(before.mode))
        _set(item, "off", "disarm" if switch.disarms else "", "disarm" if before.disarms else "")
        if not switch.disarms:
            item.pop("disarm", None)
        if "installation" in item or len(wanted.alarms) > 1:
            _set(item, "installation", switch.alarm, str(item.get("installation", "")))
    kept = {one.at for one in wanted.switches}
    for at in reversed([at for at in range(len(listed)) if at in known and at not in kept]):
        del listed[at]


def _doors(content: Any, was: Answers, wanted: Answers) -> None:
    if was.doors == wanted.doors:
        return
    opened = content.get("doors")
    if opened is None:
        opened = content["doors"] = {name: None for name in was.doors if name in wanted.doors}
    for name, given in wanted.doors.items():
        if name not in was.doors:
            row = doors.row(name)
            opened[name] = {key: value_of(key, value) for key, value in differing(row, given).items()} or None
            continue
        for key, value in given.items():
            if value != was.doors[name].get(key):
                if opened[name] is None:
                    opened[name] = {}
                opened[name][key] = value_of(key, value)
    for name in was.doors.keys() - wanted.doors.keys():
        opened.pop(name, None)


def _set(section: Any, key: str, value: str, before: str) -> None:
    """Set a key, or remove it for an empty value; one that has not changed stays as it is written."""
    if value == before:
        return
    if value:
        section[key] = _quoted({key: value})[key]
    else:
        section.pop(key, None)


def _quoted(values: Mapping[str, str]) -> dict[str, Any]:
    """Return values that are in quotes where YAML needs that."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    return {
        key: value if new_file.scalar(value, key) == value else DoubleQuotedScalarString(value)
        for key, value in values.items()
    }


def _flow(listed: Any, values: dict[str, Any]) -> Any:
    """Return a mapping on one line, if those before it are."""
    from ruamel.yaml.comments import CommentedMap

    made = CommentedMap(values)
    if not listed or listed[-1].fa.flow_style():
        made.fa.set_flow_style()
    return made


def _without_comments(content: Any) -> Any:
    """Take out the library's comments, at every depth."""
    if isinstance(content, dict | list):
        if hasattr(content, "_yaml_comment"):
            delattr(content, "_yaml_comment")
        for below in content.values() if isinstance(content, dict) else content:
            _without_comments(below)
    return content


def _indents(text: str) -> tuple[int, int]:
    """Return by how much the file indents mappings, and the dash of a list."""
    mapping = re.search(r"^( +)[^\s#-]", text, re.MULTILINE)
    dash = re.search(r"^( *)- ", text, re.MULTILINE)
    return len(mapping[1]) if mapping else 2, len(dash[1]) if dash else 2
