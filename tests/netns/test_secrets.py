"""Passwords, session hashes, IDs, code words: in no log at any level, no output, no file."""

import pytest

from emulator.clouds.strike import STRUCK
from tests.netns import alarm, raw
from tests.netns.conftest import SECRETS
from tests.netns.home import Home


@pytest.mark.long
def test_no_secret_comes_out(home: Home) -> None:
    """All that the program says, and what the commands say, with every fault that has words."""
    home.alarm.post("fault", fault="lost", request="PERI1", times=1)
    home.ask("perimeter", raw.turn(True))
    home.settle()
    home.alarm.post("sessions/kill")
    debug = ("--log-level", "debug")
    commands = [("installation", *debug), ("arm", "day", "--json", *debug), ("journal",)]
    done = [home.emulator(*words) for words in commands]
    assert [one.returncode for one in done] == [0] * len(commands), [one.stderr for one in done]
    wrong = home.emulator("status", *debug, password="Otra-Clave-Larga")
    assert wrong.returncode == 4
    assert "VERISURE_PASSWORD" in wrong.stderr
    home.alarm.post("fault", fault="echo")
    echoed = [home.emulator("arm", "total", *debug), home.emulator("status", "--retry-login", *debug)]
    assert all(one.returncode == 4 and STRUCK in one.stderr + one.stdout for one in echoed), echoed
    home.alarm.post("fault", fault="echo", on=False)
    assert home.emulator("status", "--retry-login", *debug).returncode == 0
    home.alarm.post("fault", fault="down")
    down = home.emulator("arm", "total", *debug)
    assert down.returncode == 4
    home.alarm.post("fault", fault="all", on=False)
    home.alarm.post("unlock")

    secrets = set((home.folder / SECRETS).read_text().split()) | {"Otra-Clave-Larga"}
    assert alarm.PASSWORD in secrets
    assert len([one for one in secrets if one.isdigit() and len(one) == 11]) >= 4  # session hashes
    assert len([one for one in secrets if one.startswith("AND_")]) >= 6  # IDs
    said = {program.output.name: program.text for program in home.programs}
    said |= {" ".join(one.args[4:]): one.stdout + one.stderr for one in (*done, *echoed, wrong, down)}
    said |= {path.name: path.read_bytes().decode("latin-1") for path in home.state_dir.iterdir()}
    assert "journal.sqlite3" in said
    assert "ACT_V2" in said[home.program.output.name]  # it does speak at this level
    leaks = [(where, secret) for where, text in said.items() for secret in secrets if secret in text]
    assert leaks == []
