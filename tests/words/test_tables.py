"""Tables of sentences."""

from pathlib import Path

import pytest

from emulator.words.tables import extract, read_table
from emulator.words.text import Text

TABLE = """
[device.says]
DR = "a lock"

[error.4]
kind = "refused"
says = "not known"
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package with a table beside its code."""
    (tmp_path / "with_table").mkdir()
    (tmp_path / "with_table" / "__init__.py").touch()
    (tmp_path / "with_table" / "codes.toml").write_text(TABLE)
    monkeypatch.syspath_prepend(tmp_path)
    return "with_table"


def test_what_says_something_is_a_sentence_and_nothing_else(package: str) -> None:
    found = read_table(package, "codes.toml")
    assert found == {"device": {"says": {"DR": "a lock"}}, "error": {"4": {"kind": "refused", "says": "not known"}}}
    assert isinstance(found["device"]["says"]["DR"], Text)
    assert isinstance(found["error"]["4"]["says"], Text)
    assert not isinstance(found["error"]["4"]["kind"], Text)


def test_every_sentence_is_found_for_the_catalogues(tmp_path: Path, package: str) -> None:
    with (tmp_path / package / "codes.toml").open("rb") as file:
        assert {sentence for _, _, sentence, _ in extract(file, (), (), options={})} == {"a lock", "not known"}
