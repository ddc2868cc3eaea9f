"""A house moves to another machine: a backup from the middle of a command, put back on a host of its own."""

import http.client
import json
from pathlib import Path
from typing import Any

import pytest

from tests.netns import raw
from tests.netns.echo import DEFAULT
from tests.netns.home import EMULATOR, MODES, SETTINGS, Home
from tests.netns.lan import HOSTS, Lan, until
from tests.netns.test_restart import identities
from tests.support.patience import PATIENCE_S

BOTH_DOORS = SETTINGS + DEFAULT
PHRASE = "five words make a phrase"


def hue(lan: Lan, home: Home, method: str, path: str, body: dict[str, str] | None = None) -> Any:
    """Ask the bridge, as an app on the host `client` does."""
    with lan.at("client"):
        connection = http.client.HTTPConnection(HOSTS[home.host], 80, timeout=PATIENCE_S)
        try:
            connection.request(method, path, json.dumps(body) if body else None)
            return json.load(connection.getresponse())
        finally:
            connection.close()


@pytest.mark.long
def test_the_same_house_on_another_machine(lan: Lan, tmp_path: Path) -> None:
    """Clients find the same switches and lights, an app stays paired, and the command under way is not sent again."""
    phrase, file = tmp_path / "phrase", tmp_path / "house.backup"
    phrase.write_text(f"{PHRASE}\n")
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    old = Home(lan, tmp_path / "old", host="cabin", settings=BOTH_DOORS)
    assert old.emulator("pair").returncode == 0
    [paired] = hue(lan, old, "POST", "/api", {"devicetype": "app#phone"})
    key = paired["success"]["username"]
    lights, described, ports = hue(lan, old, "GET", f"/api/{key}/lights"), identities(old), list(map(old.port, MODES))
    old.alarm.post("settings", answer_after=60)
    old.ask("total", raw.turn(True))
    until(lambda: old.alarm.state()["busy"], "the panel is at work")
    made = old.emulator("backup", str(file), "--with-secrets", "--passphrase-file", str(phrase))
    assert made.returncode == 0, made.stderr
    assert old.journal()[-1]["result"] is None
    # While it runs, nothing is put back into its folder.
    assert old.emulator("restore", str(file), "--yes", "--passphrase-file", str(phrase)).returncode == 2
    assert old.alarm.sent() == {"ARM1": 1}
    old.program.kill()
    assert old.simulator.stop() == 0

    new_file, new_state = tmp_path / "new" / "devices.yaml", tmp_path / "new" / "state"
    options = ["--config", str(new_file), "--state-dir", str(new_state)]
    words = ["restore", str(file), "--yes", "--passphrase-file", str(phrase), *options]
    back = lan.run("other", [EMULATOR, *words])
    assert back.returncode == 0, back.stderr
    assert new_file.read_text() == BOTH_DOORS
    new = Home(lan, tmp_path / "new", host="other", settings=BOTH_DOORS)
    assert (identities(new), list(map(new.port, MODES))) == (described, ports)
    new.reads("total", "0")
    assert hue(lan, new, "GET", f"/api/{key}/lights").keys() == lights.keys()
    assert [(one["action"], one["result"], one["settled"]) for one in new.journal()] == [
        ("arm total", "unconfirmed", None),
        ("restore", "confirmed", None),
    ]
    assert new.alarm.sent() == {}
    new.stop()
