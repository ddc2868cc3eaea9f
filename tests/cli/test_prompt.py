"""What a terminal in another encoding sends is asked for again."""

import io
import re
import sys
from pathlib import Path

import pytest

from emulator import cli
from emulator.cli.prompt import NO_TEXT, confirm, prompt


class Terminal(io.BytesIO):
    """A line with each read, as from a terminal."""

    def read1(self, _size: int | None = -1, /) -> bytes:
        return self.readline()


@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])
def test_bytes_that_are_no_text_are_asked_for_again(
    errors: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = Terminal(b"se\xf1al\n\xe2\x82\xac and \xc3\xb1\ny\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(typed, encoding="utf-8", errors=errors))
    assert prompt("Passphrase") == "€ and ñ"
    assert confirm("Put it back?")
    assert capsys.readouterr().err.splitlines() == [NO_TEXT]


def test_no_command_asks_in_another_way() -> None:
    asks = re.compile(r"click\.(prompt|confirm)\b|getpass|\binput\(")
    files = [file.name for file in Path(cli.__file__).parent.glob("*.py") if asks.search(file.read_text())]
    assert files == ["prompt.py"]
