"""Settings that contradict each other, each valid by itself."""

from collections.abc import Iterator
from typing import Any

from emulator import clouds, doors
from emulator.config.yaml_file import YamlFile
from emulator.errors import Problem
from emulator.model import ArmMode


def contradictions(file: YamlFile) -> Iterator[Problem]:
    """Yield what does not go together. Read from the text, so that it is reported together with other mistakes."""
    ports: dict[str, str] = {}
    yield from _ports_of_doors(file, ports)
    names: dict[str, int] = {}
    modes: dict[str, list[ArmMode]] = {}
    opened = _under(file.content, "doors")
    known = list(_under(file.content, "installations"))
    listed = file.content.get("switches")
    for index, switch in enumerate(listed if isinstance(listed, list) else []):
        if not isinstance(switch, dict):
            continue
        here = ("switches", index)
        name, port, installation = (_text(switch, key) for key in ("name", "port", "installation"))
        if name and (first := names.setdefault(name.casefold(), index)) != index:
            line = file.lines[("switches", first)]
            yield Problem(file.where((*here, "name")), f"{name!r} is also the name of the switch on line {line}")
        if port and (other := ports.setdefault(port.lstrip("0"), repr(name))) != repr(name):
            yield Problem(file.where((*here, "port")), f"{port} is already the port of {other}")
        if "installation" not in switch and len(known) > 1:
            yield Problem(file.where((*here, "installation")), f"is missing: which of {', '.join(known)}?")
        shown = switch.get("doors")
        for door in doors.bindable():
            if shown == [door] and "doors" in file.content and door not in opened:
                problem = f"{door} is not open: add `{door}:` to `doors`, or leave this out"
                yield Problem(file.where((*here, "doors")), problem)
        if "disarm" in switch and "off" not in switch:
            yield Problem(file.where((*here, "disarm")), "narrows `off: disarm`, which this switch lacks")
        alarm = installation or (known or [""])[0]
        cloud = _text(_under(_under(file.content, "installations"), alarm), "cloud")
        if cloud in clouds.CLOUDS:
            row = clouds.row(cloud)
            if _text(switch, "force").lower() in ("true", "yes", "on", "1") and not row.forces:
                can = clouds.names(lambda row: row.forces, "cloud: ")
                yield Problem(file.where((*here, "force")), f"only {can} can arm past open zones")
            if lacking := row.lacking(_text(switch, "on"), modes.setdefault(alarm, [])):
                yield Problem(file.where((*here, "on")), f"`cloud: {cloud}` {lacking}")
        if installation and known and installation not in known:
            yield Problem(file.where((*here, "installation")), f"no such installation; there is {', '.join(known)}")


def _ports_of_doors(file: YamlFile, ports: dict[str, str]) -> Iterator[Problem]:
    """Yield ports that two doors want; fill in the owner of each port."""
    opened = _under(file.content, "doors")
    for name, row in reversed(doors.rows().items()):
        field = row.settings.model_fields.get("port")
        if field and name in opened:
            port = _text(_under(opened, name), "port") or str(field.default)
            if (other := ports.setdefault(port.lstrip("0"), f"the {row.title}")) != f"the {row.title}":
                yield Problem(file.where(("doors", name, "port")), f"{port} is already the port of {other}")


def _under(content: Any, key: str) -> dict[str, Any]:
    """Return the mapping under a key, empty where there is none."""
    found = content.get(key)
    return found if isinstance(found, dict) else {}


def _text(content: dict[str, Any], key: str) -> str:
    """Return the text under a key, empty where there is none."""
    found = content.get(key)
    return found.strip() if isinstance(found, str) else ""
