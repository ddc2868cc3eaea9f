"""A backup with secrets is encrypted: nothing of it is read without the passphrase, and no bit is changed unnoticed."""

import json
import secrets

import pytest
from hypothesis import given, strategies

from emulator.archive import seal
from emulator.archive.bundle import BackupUnfit
from emulator.errors import ConfigError
from emulator.system import extras

DATA = b"the journal of a house"
SEALED = seal.sealed(DATA, "passphrase", cost=1)


def headed(**changes: object) -> bytes:
    said = {"cost": 1, "salt": "00" * 16, "nonce": "00" * 12} | changes
    return seal.SEALED + b"1\n" + json.dumps(said).encode() + b"\n" + secrets.token_bytes(40)


def test_it_comes_back_with_the_passphrase_alone() -> None:
    assert seal.is_sealed(SEALED)
    assert not seal.is_sealed(DATA)
    assert DATA not in SEALED
    assert seal.opened(SEALED, "passphrase") == DATA
    with pytest.raises(BackupUnfit, match="the passphrase is wrong, or the file is damaged"):
        seal.opened(SEALED, "Passphrase")


def test_two_of_the_same_differ() -> None:
    """Key and nonce are made anew for each."""
    assert SEALED[60:] != seal.sealed(DATA, "passphrase", cost=1)[60:]


@given(strategies.integers(0, len(SEALED) - 1), strategies.integers(1, 255))
def test_no_bit_can_be_changed(where: int, change: int) -> None:
    data = bytearray(SEALED)
    data[where] ^= change
    with pytest.raises(BackupUnfit):
        seal.opened(bytes(data), "passphrase")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (seal.SEALED + b"2\n{}", "in a newer format"),
        (seal.SEALED + b"1\n{}\n", "is damaged at its beginning"),
        (seal.SEALED + b"1\n" + b"x" * 10_000, "is damaged at its beginning"),
        (headed(cost=40), "is damaged at its beginning"),
        (headed(cost=float("inf")), "is damaged at its beginning"),
        (headed(cost="many"), "is damaged at its beginning"),
        (headed(salt="00"), "is damaged at its beginning"),
        (headed(nonce=[]), "is damaged at its beginning"),
    ],
)
def test_a_head_that_is_not_ours_costs_nothing(data: bytes, says: str) -> None:
    with pytest.raises(BackupUnfit, match=says):
        seal.opened(data, "passphrase")


def test_without_the_library_its_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _module: None)
    with pytest.raises(ConfigError, match="needs the extra backup"):
        seal.require()
