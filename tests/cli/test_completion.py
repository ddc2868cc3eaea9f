"""What a shell completes, asked as bash asks it."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from emulator import cli

FILE = "installations: {home: {cloud: simulator}, shop: {cloud: simulator}}\nswitches: []\n"


def completed(line: str, folder: Path) -> list[str]:
    """Return what may stand where `line` ends."""
    words = line.replace("FILE", str(folder / "devices.yaml")).split(" ")
    environment = {
        "_EMULATOR_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": f"{len(words) - 1}",
    }
    result = CliRunner().invoke(cli.main, prog_name="emulator", env=environment)
    return [found.partition(",")[2] for found in result.stdout.splitlines() if found]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("emulator jo", ["journal"]),
        ("emulator arm ", ["day", "night", "total", "perimeter", "annex"]),
        ("emulator arm n", ["night"]),
        ("emulator arm night+", ["night+perimeter", "night+annex"]),
        ("emulator arm night+perimeter+", ["night+perimeter+annex"]),
        ("emulator arm night+x+", []),
        ("emulator disarm a", ["annex", "all"]),
        ("emulator --config FILE status --installation ", ["home", "shop"]),
        ("emulator arm night --config FILE --installation s", ["shop"]),
        ("emulator login --config FILE --installation h", ["home"]),
        ("emulator --config FILE.none status --installation ", []),
        ("emulator simulate --api o", ["owa"]),
        ("emulator run --interface l", ["lo"]),
        ("emulator status --ask", ["--ask-panel"]),
    ],
)
def test_values_are_completed(line: str, found: list[str], tmp_path: Path) -> None:
    (tmp_path / "devices.yaml").write_text(FILE)
    assert completed(line, tmp_path) == found


@pytest.mark.parametrize("text", ["", "- a", "installations: [home]", "installations: {", "\xff"])
def test_a_file_that_is_wrong_completes_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / "devices.yaml").write_text(text, encoding="latin-1")
    assert completed("emulator --config FILE status --installation ", tmp_path) == []
