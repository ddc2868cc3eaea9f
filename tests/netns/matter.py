"""Controllers of Matter on other hosts, and the bridge that they pair with. `make clients` fetches what they need."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from emulator.doors.matter import bundle
from tests.netns.lan import CLIENTS, INTERFACE, Lan, Program, until
from tests.netns.test_node_clients import FETCHED

SERVER = FETCHED / "matter" / "bin" / "matter-server"
"""The C++ controller of Matter's own SDK, as Home Assistant has it."""

LIBRARIES = FETCHED / "bridge"
"""The libraries of the bridge, of which a controller is a part, too."""

NODE_ENVIRONMENT = {"NODE_PATH": str(LIBRARIES / "node_modules")}

IN_FOLDER = 'cd "$1" && shift && exec "$@"'
"""The controller keeps files where it is started."""


def build(state_dir: Path, work: Path) -> None:
    """Make the bridge of this source, as `emulator matter install` does, without a network."""
    if not shutil.which("node"):
        pytest.skip("needs Node.js")
    lock = LIBRARIES / "package-lock.json"
    if not lock.is_file() or lock.read_bytes() != (bundle.SOURCE / lock.name).read_bytes():
        pytest.skip("needs the libraries of the Matter bridge: `make clients`")
    shutil.copytree(bundle.SOURCE, work)
    (work / "node_modules").symlink_to(LIBRARIES / "node_modules")
    target = bundle.folder(state_dir) / bundle.name()
    target.parent.mkdir(parents=True)
    subprocess.run(["node", "build.js", str(target)], cwd=work, check=True)


def server(lan: Lan, folder: Path, host: str = "client") -> Program:
    """The C++ controller, which comes up within seconds."""
    if not SERVER.is_file():
        pytest.skip("needs python-matter-server: `make clients`")
    environment = {"LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", "")}
    [library] = SERVER.parents[1].glob("lib/python3*/site-packages/chip/_ChipDeviceCtrl.so")
    load = ["-c", f"import ctypes; ctypes.CDLL({str(library)!r})"]
    if (loaded := lan.run(host, [str(SERVER.with_name("python")), *load], environment)).returncode:
        pytest.skip(f"needs libnl (Debian: libnl-route-3-200): {loaded.stderr.splitlines()[-1]}")
    roots = folder / "roots"
    roots.mkdir()
    made = lan.run(host, ["node", str(CLIENTS / "node" / "matter-roots.js"), str(roots)], NODE_ENVIRONMENT)
    assert made.returncode == 0, made.stderr
    options = ["--storage-path", str(folder), "--paa-root-cert-dir", str(roots), "--primary-interface", INTERFACE]
    more = ["--listen-address", "127.0.0.1", "--log-level", "warning"]
    return lan.start(host, ["sh", "-c", IN_FOLDER, "sh", str(folder), str(SERVER), *options, *more], environment)


class Controller:
    """What the C++ controller does with the bridge, which it has paired with."""

    def __init__(self, lan: Lan, code: str, host: str = "client") -> None:
        self._lan = lan
        self._host = host
        self._node = self("commission", code)
        assert isinstance(self._node, int), self._node

    def __call__(self, act: str, *words: object) -> Any:
        return self._lan.client(self._host, "matter.py", act, *map(str, words))

    def read(self) -> Any:
        """All plugs by name, once the bridge can be reached."""
        return until(lambda: self("read", self._node), "the bridge answers")

    def send(self, plug: Any, command: str) -> str:
        """Send a command to a plug; return why it failed, and nothing if it did not."""
        return str(self("send", self._node, plug["endpoint"], command))

    def sending(self, plug: Any, command: str) -> Program:
        """Begin to send a command to a plug."""
        words = ["send", str(self._node), str(plug["endpoint"]), command]
        return self._lan.start(self._host, [sys.executable, str(CLIENTS / "matter.py"), *words])

    def listening(self) -> Program:
        return self._lan.listening(self._host, "matter.py", "listen")


def heard(listener: Program, plug: Any) -> list[bool]:
    """What the C++ controller was told of a plug."""
    return [one["value"] for one in listener.told() if one.get("path") == f"{plug['endpoint']}/6/0"]
