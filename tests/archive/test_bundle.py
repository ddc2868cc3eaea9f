"""A backup as bytes: read by name, up to a bound, and refused in words."""

import io
import json
import zipfile

import pytest
from hypothesis import given, strategies

from emulator.archive import bundle
from emulator.archive.bundle import BackupUnfit, Bundle, Made, packed, unpacked

WHOLE = Bundle(Made("0.2.0", 5.0, "pi", has_secrets=True), b"SQLite format 3", "switches: []\n", '{"A": "b"}')
MANIFEST = {"format": 1, "program": "9.9", "at": 1.0, "host": "pi", "has_secrets": False}


def zipped(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as file:
        for name, data in parts.items():
            file.writestr(name, data)
    return made.getvalue()


def with_manifest(**changes: object) -> dict[str, bytes]:
    return {"backup.json": json.dumps(MANIFEST | changes).encode(), "journal.sqlite3": b"x"}


def test_it_comes_back_as_it_was() -> None:
    assert unpacked(packed(WHOLE)) == WHOLE
    assert unpacked(packed(Bundle(WHOLE.made, b"x"))) == Bundle(WHOLE.made, b"x")


def test_its_secrets_are_not_shown() -> None:
    assert '"b"' not in repr(WHOLE)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is no backup, or is damaged"),
        (b"PK\x03\x04 but not for long", "is no backup, or is damaged"),
        (zipped({"readme.txt": b"hello"}), "is no backup of this program"),
        (zipped(with_manifest(format=2)), "was made by emulator 9.9, in a newer format: update this program first"),
        (zipped(with_manifest(format="x")), "is damaged"),
        (zipped(with_manifest(format=float("inf"))), "is damaged"),
        (zipped(with_manifest(at=float("inf"))), "is damaged"),
        (zipped(with_manifest(at=float("nan"))), "is damaged"),
        (zipped(with_manifest(at=10**400)), "is damaged"),
        (zipped(with_manifest(at=1e12)), "is damaged"),
        (zipped(with_manifest(at=-1)), "is damaged"),
        (zipped(with_manifest(format=2, program="9\x1b[2J\n")), r"by emulator 9\?\[2J\?, in"),
        (zipped({"backup.json": b"[]", "journal.sqlite3": b""}), "is damaged"),
        (zipped({"backup.json": b"\xff", "journal.sqlite3": b""}), "is damaged"),
        (zipped({"backup.json": with_manifest()["backup.json"]}), "holds other files"),
        (zipped(with_manifest() | {"../../etc/passwd": b"root"}), "holds other files"),
        (zipped(with_manifest() | {"/etc/passwd": b"root"}), "holds other files"),
        (zipped(with_manifest() | {"devices.yaml": b"\xff"}), "is damaged"),
        (zipped(with_manifest(), zipfile.ZIP_BZIP2), "is packed in another way"),
    ],
)
def test_what_is_none_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(BackupUnfit, match=says):
        unpacked(data)


def test_a_newer_format_is_named_whatever_else_it_holds() -> None:
    with pytest.raises(BackupUnfit, match="newer format"):
        unpacked(zipped(with_manifest(format=7) | {"devices.toml": b""}))


def test_a_member_of_the_same_name_twice_is_refused() -> None:
    made = io.BytesIO()
    made.write(zipped(with_manifest()))
    with zipfile.ZipFile(made, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr("journal.sqlite3", b"another")
    with pytest.raises(BackupUnfit, match="holds other files"):
        unpacked(made.getvalue())


def test_a_member_unpacks_to_no_more_than_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its head says, no more is unpacked."""
    monkeypatch.setitem(bundle.LIMITS, "devices.yaml", 1000)
    data = zipped(with_manifest() | {"devices.yaml": b" " * 1001})
    with pytest.raises(BackupUnfit, match=r"devices.yaml in it has more than 1,000 bytes"):
        unpacked(data)
    with pytest.raises(BackupUnfit, match=r"devices.yaml has 1,001 bytes, and a backup takes 1,000"):
        packed(Bundle(WHOLE.made, b"", " " * 1001))


@given(strategies.data())
def test_damage_is_said_and_nothing_else(data: strategies.DataObject) -> None:
    whole = bytearray(packed(WHOLE))
    where = data.draw(strategies.integers(0, len(whole) - 1))
    whole[where] ^= data.draw(strategies.integers(1, 255))
    try:
        found = unpacked(bytes(whole[: data.draw(strategies.integers(where, len(whole)))]))
    except BackupUnfit:
        return
    # What is not covered by a checksum does not matter: times, attributes.
    assert found == WHOLE
