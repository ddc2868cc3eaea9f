"""A YAML file as plain strings, lists and mappings, with the line of every key. Pure."""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from emulator.errors import ConfigError, Problem

Path = tuple[str | int, ...]


@dataclass(slots=True)
class YamlFile:
    """The content, and the line of each part. Every scalar is text: `0123` and `off` stay as written."""

    name: str
    content: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def where(self, path: Path) -> str:
        """Return `file:line: key` of a path, or of the nearest part of it that stands in the file."""
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
        return ": ".join(filter(None, (f"{self.name}:{self.lines.get(known, 1)}", text)))


def read(name: str, text: str) -> YamlFile:
    """Read YAML text; ConfigError names the line of a syntax error."""
    file = YamlFile(name)
    try:
        root = yaml.compose(text, Loader=yaml.BaseLoader)
        file.content = _value(file, (), root) if root else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        # Words of the file are left out: an unquoted password may look like an alias or a tag.
        what = re.sub(r"'([^']*)'", _without_words, str(error.problem or error.context))
        hint = "indent with blanks, and put text with special characters in quotes"
        raise ConfigError([Problem(f"{name}:{line}", f"not valid YAML: {what}; {hint}")]) from None
    except yaml.YAMLError as error:
        raise ConfigError([Problem(name, f"not valid YAML: {error}")]) from None
    except RecursionError:
        raise ConfigError([Problem(name, "not usable: it is nested too deeply, or an alias holds itself")]) from None
    return file


def _without_words(quoted: re.Match[str]) -> str:
    """Return the quoted text unless it may be a word of the file: signs and the parser's <block end> are none."""
    return quoted[0] if len(quoted[1]) < 2 or quoted[1][0] in "\\<" else "…"


def _value(file: YamlFile, path: Path, node: yaml.Node) -> Any:
    file.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_value(file, (*path, index), item) for index, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return _mapping(file, path, node)
    if isinstance(node, yaml.ScalarNode) and node.style is None and node.value in ("", "~", "null"):
        return None
    return node.value


def _mapping(file: YamlFile, path: Path, node: yaml.MappingNode) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            where = f"{file.name}:{key.start_mark.line + 1}"
            file.problems.append(Problem(where, "a key is a single word, not a list or a mapping"))
            continue
        name = str(key.value)
        here = (*path, name)
        if name in found:
            first = file.lines[here]
            where = f"{file.name}:{key.start_mark.line + 1}"
            file.problems.append(Problem(where, f"{name!r} stands twice, first on line {first}; keep one"))
        file.lines.setdefault(here, key.start_mark.line + 1)
        found[name] = _value(file, here, value)
    return found
