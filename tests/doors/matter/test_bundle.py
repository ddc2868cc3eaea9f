"""The installation of the bridge, by programs that stand for Node.js and npm."""

import json
import os
from pathlib import Path

import pytest

from emulator.doors.matter import bundle
from emulator.doors.matter.settings import ROW
from emulator.errors import EmulatorError
from emulator.system.extras import IMAGE

NODE = """#!/bin/sh
if [ "$1" = --version ]; then echo "$VERSION_SAID"; exit; fi
[ "$1" = build.js ] && [ -d node_modules ] && printf whole > "$2"
"""
NPM = """#!/bin/sh
env > "$0.environment"
[ "$1" = ci ] && [ -f package-lock.json ] || exit 9
mkdir node_modules
"""
FAILING = "#!/bin/sh\necho first >&2\necho 'npm error code EINTEGRITY' >&2\nexit 1\n"


class Machine:
    """A machine with a Node.js that tells this version, and an npm, unless there is none."""

    def __init__(self, folder: Path, version: str = "v22.13.0", npm: str = NPM) -> None:
        self.state = folder / "state"
        self.bin = folder / "bin"
        self.bin.mkdir()
        if version:
            self.put("node", NODE.replace("$VERSION_SAID", version))
        if npm:
            self.put("npm", npm)
        # After those of the test, so that the real ones of this machine are never found.
        for name in ("env", "mkdir"):
            (self.bin / name).symlink_to(
                next(path for path in (Path("/usr/bin", name), Path("/bin", name)) if path.exists())
            )
        self.environ = {"PATH": str(self.bin), "VERISURE_PASSWORD": "secret", "HTTPS_PROXY": "http://proxy:3128"}
        self.said: list[str] = []

    def put(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def install(self) -> Path:
        return bundle.install(self.state, self.said.append, self.environ)

    @property
    def left(self) -> list[str]:
        return sorted(path.name for path in bundle.folder(self.state).iterdir())


def test_it_makes_one_file_of_what_npm_fetches_and_leaves_nothing_else(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    folder = bundle.folder(machine.state)
    folder.mkdir(parents=True)
    (folder / "bridge-old.mjs").touch()
    (folder / f"{bundle.MAKING}killed").mkdir()
    (folder / "node").mkdir()
    made = machine.install()
    assert made.read_text() == "whole"
    assert machine.left == [bundle.name(), "node"]
    assert len(machine.said) == 2
    given = (machine.bin / "npm.environment").read_text()
    assert "http://proxy:3128" in given
    assert "secret" not in given
    found = bundle.find(machine.state, machine.environ)
    assert (found.command[0], found.command[-1]) == (str(machine.bin / "node"), str(made))
    assert found.environment.keys() == {"HOME", "MALLOC_ARENA_MAX", "NODE_ENV"}


def test_before_the_first_run_it_makes_a_state_folder_that_is_nobody_elses(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.install()
    assert [one.stat().st_mode & 0o777 for one in (machine.state, bundle.folder(machine.state))] == [0o700, 0o700]


def test_what_does_not_match_its_hash_is_not_installed(tmp_path: Path) -> None:
    machine = Machine(tmp_path, npm=FAILING)
    with pytest.raises(EmulatorError, match="npm ci failed: first / npm error code EINTEGRITY"):
        machine.install()
    assert machine.left == []
    with pytest.raises(EmulatorError, match=f"not installed.*{bundle.INSTALL}"):
        bundle.find(machine.state, machine.environ)


@pytest.mark.parametrize(
    ("version", "npm", "said"),
    [
        ("", NPM, r"Node\.js is not installed: it takes version 20\.19 or newer"),
        ("v18.20.4", NPM, r"Node\.js here is v18\.20\.4, and it takes 20\.19 or newer"),
        ("v20.18.3", NPM, r"Node\.js here is v20\.18\.3, and it takes 20\.19 or newer"),
        ("v22.12.0", NPM, r"Node\.js here is v22\.12\.0, and it takes 22\.13 or newer"),
        ("nonsense", NPM, r"Node\.js here is nonsense"),
        ("v20.19.0", "", r"npm is not installed: on Debian, sudo apt install npm"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, version: str, npm: str, said: str) -> None:
    with pytest.raises(EmulatorError, match=said):
        Machine(tmp_path, version, npm).install()


@pytest.mark.parametrize("version", ["v20.19.0", "v21.0.0", "v22.13.0", "v23.0.0", "v26.1.0"])
def test_other_versions_are_taken(tmp_path: Path, version: str) -> None:
    assert Machine(tmp_path, version).install().exists()


def test_what_is_missing_is_known_before_the_door_is_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(tmp_path, "")
    monkeypatch.setenv("PATH", str(machine.bin))
    assert ROW.lacks(machine.state).startswith("Node.js is not installed")
    machine.put("node", NODE.replace("$VERSION_SAID", "v22.13.0"))
    assert bundle.INSTALL in ROW.lacks(machine.state)
    machine.install()
    assert not ROW.lacks(machine.state)


def test_an_image_brings_it_along_or_says_which_does(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    brought = tmp_path / "opt"
    brought.mkdir()
    (brought / bundle.MADE).touch()
    found = bundle.find(machine.state, machine.environ | {bundle.VARIABLE: str(brought)})
    assert found.command[-1] == str(brought / bundle.MADE)
    with pytest.raises(EmulatorError, match="take the one called “matter”"):
        bundle.find(machine.state, {"PATH": os.devnull, IMAGE: "1"})


def test_the_lock_has_a_hash_of_each_library() -> None:
    packages = json.loads((bundle.SOURCE / "package-lock.json").read_text())["packages"]
    [runs_on] = [one["engines"]["node"] for name, one in packages.items() if name.endswith("@matter/nodejs")]
    assert runs_on == ">=20.19.0 <22.0.0 || >=22.13.0", "bundle.NODE and NODE_22 say the same"
    fetched = {name: one for name, one in packages.items() if name}
    assert "node_modules/@matter/main" in fetched
    assert all(one["integrity"].startswith("sha512-") for one in fetched.values())
    places = [one["resolved"] for one in fetched.values() if "resolved" in one]
    assert all(place.startswith("https://registry.npmjs.org/") for place in places)
