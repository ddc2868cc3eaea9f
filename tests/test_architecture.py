"""Who may import whom, held against the imports themselves."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import emulator

ROOT = Path(emulator.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

WORDS = ("errors", "model", "clock")
"""What every folder may import."""

FOLDERS: dict[str, tuple[str, ...]] = {
    # Folder, or module at the top → what it may import of ours besides itself and WORDS.
    "__init__": (),
    "__main__": ("cli",),
    "errors": (),
    "clock": (),
    "model": (),
    "lan": ("alarm.hub", "doors", "store.subscriptions", "system.logs"),
    "store": (),
    "config": (),
    "alarm": ("store",),
    "clouds": ("alarm.cloud",),
    "doors": ("alarm", "lan", "store", "system"),
    "simulator": ("lan",),
    "system": ("store", "doctor.finding", "lan.search"),
    "app": ("alarm", "clouds", "config", "doors", "lan", "simulator", "store", "system"),
    "doctor": ("app", "alarm", "clouds", "config", "doors", "lan", "store", "system"),
    "cli": ("",),
}

LIBRARIES: dict[str, tuple[str, ...]] = {
    # Library → the rooms that may import it.
    "requests": ("clouds.http",),
    "urllib3": ("clouds.http",),
    "asyncio": ("lan", "doors"),
    "uvloop": ("lan.responder",),
    "fauxmo": ("doors.wemo.protocol", "lan.site"),
    "httptools": ("lan.http1", "doors.wemo.delivery"),
    "ifaddr": ("lan.network",),
    "flask": ("simulator", "doors.hue.door", "doors.dashboard"),
    "zeroconf": ("doors.hue.mdns",),
    "werkzeug": ("simulator", "doors.dashboard"),
    "waitress": ("lan.wsgi", "simulator.server"),
    "lxml": (
        "clouds.wsdo.pet",
        "doors.wemo.soap",
        "doors.wemo.description",
        "doors.hue.bridge",
        "lan.search",
        "simulator.wsdo.documents",
    ),
    "yaml": ("config.yaml_file",),
    "pydantic": ("config.settings", "config.problems", "config.devices_yaml", "doors.dashboard"),
    "prometheus_client": ("doors.dashboard.metrics",),
    "click": ("cli",),
    "sqlite3": (
        "store.journal",
        "store.journal_file",
        "store.keys",
        "store.noise",
        "store.salvage",
        "store.tables",
        "store.identities",
        "store.light_ids",
    ),
}


def name(file: Path) -> str:
    """`doors/lan.py` → `doors.lan`; a package's own page is the package."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def imports(file: Path) -> Iterator[str]:
    """Every module that a file imports, absolute, down to `package.module`."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            for alias in node.names:
                inner = ROOT.parent / f"{node.module}.{alias.name}".replace(".", "/")
                is_module = inner.with_suffix(".py").exists() or inner.is_dir()
                yield f"{node.module}.{alias.name}" if is_module else str(node.module)


def within(module: str, room: str) -> bool:
    return room == "" or module == room or module.startswith(f"{room}.")


@pytest.mark.parametrize("file", FILES, ids=name)
def test_a_room_imports_only_what_it_may(file: Path) -> None:
    here = name(file)
    folder = here.partition(".")[0]
    for module in imports(file):
        if module.startswith("emulator."):
            wanted = module.removeprefix("emulator.")
            allowed = (folder, *WORDS, *FOLDERS[folder])
            assert any(within(wanted, one) for one in allowed), f"{here} may not import {wanted}"
        library = module.split(".")[0]
        assert any(within(here, room) for room in LIBRARIES.get(library, ("",))), f"{here} may not import {library}"


def test_every_rule_is_about_something() -> None:
    names = {name(file) for file in FILES}
    rooms = {*FOLDERS, *(room for libraries in LIBRARIES.values() for room in libraries)}
    assert not [room for room in rooms if not any(within(one, room) for one in names)]


@pytest.mark.parametrize("file", FILES, ids=name)
def test_no_room_for_everything(file: Path) -> None:
    assert not {"util", "utils", "helper", "helpers", "manager", "misc", "common"} & set(name(file).split("."))


def test_every_suppression_says_why() -> None:
    lines = [
        f"{name(file)}: {line.strip()}"
        for file in FILES
        for line in file.read_text().splitlines()
        for mark in ("# noqa", "# type: ignore")
        if mark in line and "  " not in line.partition(mark)[2]
    ]
    assert not lines
