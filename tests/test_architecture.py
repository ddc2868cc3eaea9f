"""Who may import whom, held against the imports themselves."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import emulator

ROOT = Path(emulator.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

PURE = ("model", "errors")
ROOMS: dict[str, tuple[str, ...]] = {
    # Room (the longest prefix counts) → what it may import of ours.
    "__init__": (),
    "__main__": ("cli",),
    "errors": (),
    "model": (),
    "policy": ("model",),
    "logs": ("systemd",),
    "yamlfile": ("errors",),
    "fair": (),
    "turns": (),
    "wsgi": ("fair", "turns"),
    "settings": ("model",),
    "mistakes": (*PURE, "settings", "yamlfile"),
    "config": ("errors", "mistakes", "settings", "yamlfile"),
    "credentials": ("settings", "errors"),
    "private": (),
    "limits": ("errors", "settings"),
    "readiness": ("model", "doors"),
    "journal_file": ("errors",),
    "salvage": ("errors", "journal", "journal_file", "private"),
    "tables": ("errors",),
    "noise": ("model",),
    "journal": (*PURE, "journal_file", "noise", "tables"),
    "keys": ("journal",),
    "vault": (*PURE, "journal", "private", "refused_logins", "verisure.vault"),
    "notify": (*PURE, "journal"),
    "identities": (*PURE, "journal"),
    "refused_logins": ("journal",),
    "pairing": (*PURE, "identities", "journal"),
    "subscriptions": ("journal",),
    "light_ids": (*PURE, "journal"),
    "commands": PURE,
    "sweeps": (),
    "held": (*PURE, "commands", "sweeps"),
    "history": (*PURE, "journal"),
    "pin": ("errors", "journal"),
    "loose_ends": PURE,
    "freshness": (*PURE, "journal", "loose_ends", "verisure.cloud"),
    "watch": (*PURE, "journal", "verisure.cloud"),
    "installation": (
        *PURE,
        "commands",
        "freshness",
        "history",
        "journal",
        "loose_ends",
        "refused_logins",
        "verisure.cloud",
    ),
    "presses": (*PURE, "commands", "held", "installation", "journal", "policy", "sweeps", "verisure.cloud"),
    "hub": (*PURE, "commands", "held", "installation", "journal", "presses", "sweeps", "verisure.cloud"),
    "running": (*PURE, "private"),
    "show": (*PURE, "journal", "pairing", "doctor.finding", "doors.search"),
    "systemd": (),
    "doctor": (
        *PURE,
        *(
            "app",
            "config",
            "credentials",
            "doctor",
            "doors",
            "journal",
            "private",
            "salvage",
            "refused_logins",
            "settings",
            "show",
            "vault",
            "verisure",
        ),
    ),
    "doctor.finding": (),
    "doctor.sockets": (),
    "doctor.lease": (),
    "doctor.targets": ("errors", "credentials", "notify", "doctor"),
    "alarms": (
        *PURE,
        *("credentials", "freshness", "installation", "journal", "keys", "settings", "vault", "verisure"),
        *("simulator.backend", "simulator.panel", "simulator.server"),
    ),
    "app": ("",),
    "cli": ("",),
    "doors": ("fair", "hub", "policy", *PURE, "logs", "doors"),
    "doors.connections": ("fair",),
    "doors.callback": (*PURE, "doors.network"),
    "doors.delivery": ("doors.callback",),
    "doors.gena": (*PURE, "fair", "subscriptions", "doors"),
    "doors.keeper": ("errors", "subscriptions"),
    "doors.lan": (*PURE, "hub", "subscriptions", "doors"),
    "doors.lanes": (),
    "doors.timer": (),
    "doors.walk": (*PURE,),
    "doors.ssdp": (*PURE, "fair"),
    "doors.soap": (*PURE, "doors.description"),
    "doors.description": (*PURE,),
    "doors.h1": (*PURE,),
    "doors.bridge": (*PURE, "doors.description", "doors.lights"),
    "doors.lights": (*PURE, "hub", "turns"),
    "doors.names": (*PURE, "doors.lights"),
    "doors.v1": (*PURE, "doors.bridge", "doors.lights", "pairing"),
    "doors.mdns": (*PURE, "doors.bridge", "doors.network"),
    "doors.web": ("policy", "wsgi", "doors.network"),
    "doors.hue": (*PURE, "hub", "journal", "light_ids", "pairing", "wsgi", "doors"),
    "doors.heard": (),
    "dashboard": ("hub", "policy", *PURE, "journal", "history", "pairing", "pin", "dashboard"),
    "dashboard.schema": ("model",),
    "dashboard.news": ("turns",),
    "dashboard.boxes": ("model", "dashboard.schema"),
    "dashboard.house": (*PURE, "hub", "journal", "pairing", "pin", "doors", "dashboard"),
    "dashboard.timeline": ("model", "history", "journal"),
    "dashboard.door": (*PURE, "hub", "journal", "pin", "running", "wsgi", "doors", "dashboard"),
    "verisure": ("verisure",),
    "verisure.cloud": ("model",),
    "verisure.pet": (*PURE, "verisure.readable", "verisure.strike"),
    "verisure.readable": (),
    "verisure.strike": ("verisure.readable",),
    "verisure.firewall": ("errors", "verisure.cloud"),
    "verisure.http": ("errors", "verisure.cloud", "verisure.deadline", "verisure.firewall"),
    "verisure.deadline": (),
    "verisure.operations": ("verisure.unread",),
    "verisure.unread": (),
    "verisure.failures": ("errors", "verisure.unread"),
    "verisure.graphql": (
        *PURE,
        *("verisure.cloud", "verisure.failures", "verisure.operations", "verisure.readable", "verisure.strike"),
        "verisure.unread",
    ),
    "verisure.codes": (),
    "verisure.profiles": (*PURE, "verisure.codes", "verisure.graphql"),
    "verisure.refusals": ("errors", "verisure.codes", "verisure.graphql"),
    "verisure.vault": (),
    "verisure.cached": (),
    "verisure.wire": ("errors", "verisure"),
    "verisure.tokens": ("errors", "verisure"),
    "verisure.login": ("errors", "verisure"),
    "verisure.enrol": ("errors", "verisure"),
    "verisure.owa_session": ("errors", "verisure"),
    "verisure.owa": (*PURE, "verisure"),
    "verisure.session": (
        *PURE,
        *("verisure.cloud", "verisure.deadline", "verisure.firewall", "verisure.pet", "verisure.strike"),
    ),
    "verisure.actv2": (*PURE, "verisure.pet"),
    "verisure.wsdo": (*PURE, "verisure.actv2", "verisure.pet", "verisure.cloud", "verisure.session"),
    "simulator": (*PURE, "simulator", "wsgi"),
    "simulator.actions": PURE,
    "simulator.activity": (*PURE, "simulator.actions"),
    "simulator.operation": (*PURE, "simulator.actions"),
    "simulator.panel": (*PURE, "simulator.actions", "simulator.activity", "simulator.operation"),
    "simulator.graphql": (*PURE, "simulator.schema"),
    "simulator.schema": (),
}

LIBRARIES: dict[str, tuple[str, ...]] = {
    # Library → the rooms that may import it.
    "requests": ("verisure.http",),
    "urllib3": ("verisure.http",),
    "asyncio": tuple(f"doors.{one}" for one in ("wemo", "plug", "timer", "lan", "site", "gena", "delivery", "keeper")),
    "uvloop": ("doors.lan",),
    "fauxmo": ("doors.wemo", "doors.site"),
    "httptools": ("doors.h1", "doors.delivery"),
    "ifaddr": ("doors.network",),
    "flask": ("simulator", "doors.hue", "dashboard"),
    "zeroconf": ("doors.mdns",),
    "werkzeug": ("simulator", "dashboard"),
    "waitress": ("wsgi", "simulator.server"),
    "lxml": ("verisure.pet", "doors.soap", "doors.description", "doors.bridge", "doors.search", "simulator.documents"),
    "yaml": ("yamlfile",),
    "pydantic": ("settings", "mistakes", "config", "dashboard"),
    "prometheus_client": ("dashboard.metrics",),
    "click": ("cli",),
    "sqlite3": ("journal", "journal_file", "keys", "noise", "salvage", "tables", "identities", "light_ids"),
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
    room = max((room for room in ROOMS if within(here, room)), key=len, default=None)
    assert room is not None, f"{here} stands in no room of the design"
    for module in imports(file):
        if module.startswith("emulator."):
            wanted = module.removeprefix("emulator.")
            assert any(within(wanted, allowed) for allowed in ROOMS[room]), f"{here} may not import {wanted}"
        library = module.split(".")[0]
        assert any(within(here, room) for room in LIBRARIES.get(library, ("",))), f"{here} may not import {library}"


def test_every_rule_is_about_something() -> None:
    names = {name(file) for file in FILES}
    stale = [room for room in ROOMS if not any(within(one, room) for one in names)]
    stale += [room for rooms in LIBRARIES.values() for room in rooms if not any(within(one, room) for one in names)]
    assert not stale


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
