"""Client programs from npm on another host: each finds, lists, turns and hears of it. `make clients` fetches them."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from emulator.store.light_ids import FITTING
from tests.netns.home import MODES, Home, name_of
from tests.netns.lan import CLIENT, CLIENTS, HOSTS, Lan

FETCHED = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "verisure-emulator" / "clients"
"""Where `make clients` puts them, as the person has it who runs the tests."""

SCRIPTS = CLIENTS / "node"
NIGHT = name_of("night")
PORT = 80

pytestmark = pytest.mark.long


def client(lan: Lan, name: str, *words: str) -> Any:
    """What a script says that drives the package of this name."""
    if not shutil.which("node"):
        pytest.skip("needs node")
    if not (FETCHED / "node_modules" / name).is_dir():
        pytest.skip(f"needs {name} from npm: `make clients`")
    # wemonode looks for its own files from the folder where it is started.
    start = 'cd "$1" && shift && exec node --no-deprecation "$@"'
    environment = {"NODE_PATH": str(FETCHED / "node_modules"), "CLIENT_ADDRESS": CLIENT}
    argv = ["sh", "-c", start, "sh", str(FETCHED), str(SCRIPTS / f"{name}.js"), *words]
    done = lan.run("client", argv, environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])  # some say more before


@pytest.mark.parametrize("name", ["node-hue-api", "huejay"])
def test_a_hue_client_finds_pairs_lists_and_turns(lan: Lan, careful: Home, name: str) -> None:
    here = HOSTS[careful.host]
    said = client(lan, name, NIGHT)
    (found,) = said["found"]
    assert found[1] == here
    assert sorted(said["lights"]) == sorted(map(name_of, MODES))
    assert set(said["lights"].values()) <= set(FITTING)
    assert sorted(map(int, said["group"])) == sorted(said["lights"].values())
    assert (said["turned"], said["on"], said["users"]) == (True, True, ["lan#node"])
    assert careful.settle()["axes"]["interior"] == "night"
    assert careful.alarm.accepted() == careful.alarm.sent() == {"ARMNIGHT1": 1}
    if name == "huejay":  # which unpairs itself at the end
        (unpaired,) = (one for one in careful.journal() if one["action"].startswith("unpair "))
        assert (unpaired["door"], unpaired["peer"]) == ("hue", CLIENT)


@pytest.mark.parametrize("name", ["wemo-client", "wemo", "wemonode"])
def test_a_wemo_client_finds_reads_turns_and_hears_of_it(lan: Lan, careful: Home, name: str) -> None:
    switch = str(careful.port("night")) if name == "wemonode" else NIGHT
    # Another home of these tests may be on the LAN, with switches of the same names and ports.
    said = client(lan, name, HOSTS[careful.host], switch, str(len(MODES)))
    ports = {int(one["port"]) for one in said["found"].values()}
    assert ports == {one.port for one in careful.switches.values()}
    assert "<BinaryState>1</BinaryState>" in said["answered"] if name == "wemonode" else said["answered"] == "1"
    assert [int(one) for one in (*said["heard"][:1], said["state"])] == [0, 1]
    assert careful.settle()["axes"]["interior"] == "night"
    assert careful.alarm.accepted() == careful.alarm.sent() == {"ARMNIGHT1": 1}
