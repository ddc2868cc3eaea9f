"""Encryption of a backup with a passphrase: scrypt makes the key, AES-256-GCM encrypts and authenticates."""

import hashlib
import json
import secrets

from emulator.archive.bundle import BackupUnfit
from emulator.errors import ConfigError, Problem
from emulator.system import extras

SEALED = b"verisure-emulator backup, sealed "
"""Beginning of an encrypted backup; the number of its format and a line feed follow, then a line of JSON."""

FORMAT = b"1"

COST, MOST_COST = 17, 18
"""Cost of scrypt as a power of two, and the highest that is taken: 128 MiB and about a second, twice that at most.

A backup lies around for years, and whoever finds it may guess for as long.
"""

BLOCK, KEY_BYTES, SALT_BYTES, NONCE_BYTES = 8, 32, 16, 12

HEAD_BYTES = 512
"""Longest line of JSON."""

LEAST_LETTERS = 12
"""Letters of a passphrase: fewer are guessed in days."""


def require() -> None:
    """Raise ConfigError if the library that encrypts is not installed."""
    if lacks := extras.missing("backup", "cryptography"):
        raise ConfigError([Problem("a backup with secrets is encrypted", lacks)])


def is_sealed(data: bytes) -> bool:
    """Return whether this is an encrypted backup."""
    return data.startswith(SEALED)


def sealed(data: bytes, passphrase: str, *, cost: int = COST) -> bytes:
    """Encrypt a backup. The head is authenticated with it."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(NONCE_BYTES)
    line = json.dumps({"cost": cost, "salt": salt.hex(), "nonce": nonce.hex()}).encode()
    head = SEALED + FORMAT + b"\n" + line + b"\n"
    return head + AESGCM(_key(passphrase, salt, cost)).encrypt(nonce, data, head)


def opened(data: bytes, passphrase: str) -> bytes:
    """Decrypt a backup; BackupUnfit if the passphrase is wrong, or the file damaged or of a newer program."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    start = len(SEALED + FORMAT) + 1
    if data[:start] != SEALED + FORMAT + b"\n":
        raise BackupUnfit("is encrypted in a newer format: update this program first")
    end = data.find(b"\n", start, start + HEAD_BYTES) + 1
    try:
        said = json.loads(data[start:end])
        cost, salt, nonce = int(said["cost"]), bytes.fromhex(said["salt"]), bytes.fromhex(said["nonce"])
        if not (1 <= cost <= MOST_COST and len(salt) == SALT_BYTES and len(nonce) == NONCE_BYTES):
            raise ValueError("bounds")
    except (ValueError, KeyError, TypeError, OverflowError):
        raise BackupUnfit("is damaged at its beginning") from None
    try:
        return AESGCM(_key(passphrase, salt, cost)).decrypt(nonce, data[end:], data[:end])
    except InvalidTag:
        raise BackupUnfit("cannot be decrypted: the passphrase is wrong, or the file is damaged") from None


def _key(passphrase: str, salt: bytes, cost: int) -> bytes:
    memory = 128 * BLOCK * 2**cost + 2**20
    return hashlib.scrypt(passphrase.encode(), salt=salt, n=2**cost, r=BLOCK, p=1, maxmem=memory, dklen=KEY_BYTES)
