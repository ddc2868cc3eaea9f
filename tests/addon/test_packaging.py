"""The add-on's folder as Home Assistant's Supervisor reads it, and as the program does.

The shapes are those of the Supervisor's own check, which leaves an add-on out of the store without a word.
"""

import re
import struct
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator import __version__, doors
from emulator.addon import options, start
from emulator.system.logs import LEVELS
from emulator.words.language import IN_PART, LANGUAGES

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "packaging" / "home-assistant"

TYPE = re.compile(
    r"(bool|email|url|port|device(\(subsystem=[a-z]+\))?|(str|password)(\(\d*,\d*\))?|int(\(-?\d*,-?\d*\))?"
    r"|float(\([-.\d]*,[-.\d]*\))?|match\(.*\)|list\(.+\))\??"
)
IMAGE = re.compile(r"([a-zA-Z\-.:\d{}]+/)*?([\-\w{}]+)/([\-\w{}]+)")
WATCHDOG = re.compile(r"(?:https?|\[PROTO:\w+\]|tcp)://\[HOST\]:(\[PORT:\d+\]|\d+).*")

SHAPES: Mapping[str, Any] = {
    # Key → what the Supervisor takes: a type, a set of values, or a pattern.
    "name": str,
    "version": re.compile(r"\d+\.\d+\.\d+"),
    "slug": re.compile(r"[-_.A-Za-z0-9]+"),
    "description": str,
    "url": re.compile(r"https://\S+"),
    "image": IMAGE,
    "arch": {"aarch64", "amd64"},
    "stage": {"stable", "experimental", "deprecated"},
    "host_network": bool,
    "startup": {"initialize", "system", "services", "application", "once"},
    "homeassistant": re.compile(r"\d{4}\.\d+\.\d+"),
    "ingress": bool,
    "ingress_port": int,
    "panel_icon": re.compile(r"mdi:[a-z-]+"),
    "panel_title": str,
    "services": {"mqtt:want", "mqtt:need", "mqtt:provide", "mysql:want", "mysql:need", "mysql:provide"},
    "map": dict,
    "tmpfs": bool,
    "backup": {"hot", "cold"},
    "watchdog": WATCHDOG,
    "options": dict,
    "schema": dict,
}
REQUIRED = {"name", "version", "slug", "description", "arch"}


@cache
def config() -> dict[str, Any]:
    found = yaml.safe_load((FOLDER / "config.yaml").read_text())
    assert isinstance(found, dict)
    return found


def fits(value: Any, shape: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(fits(one, shape) for one in value)
    if isinstance(shape, re.Pattern):
        return isinstance(value, str) and bool(shape.fullmatch(value))
    return value in shape if isinstance(shape, set) else type(value) is shape


def test_each_key_is_one_of_the_supervisors_in_its_shape() -> None:
    assert config().keys() >= REQUIRED
    assert [key for key, value in config().items() if key not in SHAPES or not fits(value, SHAPES[key])] == []
    for volume in config()["map"]:
        assert volume == {"type": "addon_config", "read_only": False}


def test_options_have_types_and_one_without_a_default_may_be_left_out() -> None:
    schema, defaults = config()["schema"], config()["options"]
    assert [name for name, kind in schema.items() if not TYPE.fullmatch(kind)] == []
    assert defaults.keys() == {name for name, kind in schema.items() if not kind.endswith("?")}
    assert all(re.fullmatch(r"\w+", name) for name in schema), "flat, so that a form shows it"


def test_each_option_is_mapped_and_each_that_is_mapped_is_there() -> None:
    assert config()["schema"].keys() == options.names()


def test_types_of_options() -> None:
    schema = config()["schema"]
    assert schema["log_level"] == f"list({'|'.join(LEVELS)})"
    assert [name for name in schema if name.endswith("_port") and schema[name] != "port?"] == []
    assert [name for name in doors.DOORS if schema.get(name, "bool?") != "bool?"] == []
    # Shown as dots, and kept out of what the Supervisor's own log says.
    secret = [name for name in schema if "password" in name or "notify" in name]
    assert [schema[name] for name in secret] == ["password?"] * 3


def test_it_has_no_more_rights_than_it_needs() -> None:
    more = {"privileged", "full_access", "docker_api", "hassio_api", "homeassistant_api", "auth_api", "devices"}
    assert not more & config().keys()
    # None of these is what it is otherwise, which is stricter: for administrators alone, with AppArmor.
    assert not {"panel_admin", "apparmor"} & config().keys()


def test_the_port_of_ingress_is_the_programs() -> None:
    assert config()["ingress_port"] == start.INGRESS_PORT
    assert config()["watchdog"] == f"tcp://[HOST]:{start.INGRESS_PORT}"


def test_it_is_the_version_of_the_program() -> None:
    assert config()["version"] == __version__
    log = (FOLDER / "CHANGELOG.md").read_text()
    assert re.findall(r"^## (\S+)", log, re.MULTILINE)[0] == __version__


@pytest.mark.parametrize("language", [tag for tag in LANGUAGES if tag not in IN_PART])
def test_each_option_has_words(language: str) -> None:
    file = FOLDER / "translations" / f"{language}.yaml"
    if language == "pt-BR":
        file = file.with_name("pt.yaml")  # what Home Assistant lacks there it takes from English
    words = yaml.safe_load(file.read_text())["configuration"]
    assert list(words) == list(config()["schema"])
    for name, said in words.items():
        assert said.keys() == {"name", "description"}, name
        assert all(isinstance(text, str) and text.strip() for text in said.values()), name


def test_the_documents_have_each_option_and_none_that_is_not() -> None:
    table = re.findall(r"^\| (`.*?`) \|", (FOLDER / "DOCS.md").read_text(), re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", " ".join(table))) == config()["schema"].keys()


@pytest.mark.parametrize("file", ["packaging/home-assistant/DOCS.md", "docs/home-assistant-addon.md"])
def test_nobody_is_told_that_it_was_tried(file: str) -> None:
    assert re.search(r"Nobody has tried this( add-on)? with a real Home Assistant OS yet", (ROOT / file).read_text())


@pytest.mark.parametrize(("name", "size"), [("icon.png", (128, 128)), ("logo.png", (250, 100))])
def test_pictures(name: str, size: tuple[int, int]) -> None:
    head = (FOLDER / name).read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", head[16:24]) == size


def test_the_repository_is_one_that_the_store_can_add() -> None:
    """The Supervisor takes every file of that name, in any folder, for an add-on."""
    assert yaml.safe_load((ROOT / "repository.yaml").read_text()).keys() == {"name", "url", "maintainer"}
    ignored = {line.rstrip("/") for line in (ROOT / ".gitignore").read_text().splitlines()}
    folders = [one for one in ROOT.iterdir() if one.is_dir() and not one.name.startswith(".")]
    folders = [one for one in folders if one.name not in ignored]
    found = [path for one in folders for path in one.rglob("config.*") if path.suffix in (".yaml", ".yml", ".json")]
    assert found == [FOLDER / "config.yaml"]


def test_our_home_is_the_same_everywhere() -> None:
    """A placeholder in pyproject.toml, as long as there is none."""
    url = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Homepage"]
    assert config()["url"] == url
    assert yaml.safe_load((ROOT / "repository.yaml").read_text())["url"] == url
    assert f"{url}/" in (FOLDER / "CHANGELOG.md").read_text()


def test_the_image_that_is_named_is_the_one_that_is_made() -> None:
    bake = (ROOT / "docker-bake.hcl").read_text()
    target = bake[bake.index('target "home-assistant"') :]
    assert 'tags     = ["${IMAGE}/home-assistant:${VERSION}"]' in target
    assert config()["image"].endswith("/verisure-emulator/home-assistant")
    base = re.search(r"ARG BUILD_FROM=(\S+)", (FOLDER / "Dockerfile").read_text())
    assert base
    assert f'contexts = {{ "{base[1]}" = "target:full" }}' in target


def test_the_image_starts_as_root_and_leaves_root_behind() -> None:
    image, script = (FOLDER / "Dockerfile").read_text(), (FOLDER / "run.sh").read_text()
    assert image.count("\nFROM ") == 1
    assert "\nFROM ${BUILD_FROM}\n" in image
    user = re.search(r"useradd .*--uid 10001 (\w+)", (ROOT / "Dockerfile").read_text())
    assert user
    command = script[script.index("exec setpriv") :].replace("\\\n", " ").split()
    assert {f"--reuid={user[1]}", f"--regid={user[1]}", "--clear-groups", "--no-new-privs"} <= set(command)
    assert command[-4:] == ["/opt/emulator/bin/python", "-m", "emulator.addon", "</data/options.json"]
