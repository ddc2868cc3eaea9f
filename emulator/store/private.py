"""Privacy of the state folder: files for its owner alone, a check of its mode, and fingerprints of secrets."""

import hashlib
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import IO

OTHERS = stat.S_IRWXG | stat.S_IRWXO

OURS = ("*.lock", "journal.*", "*.json")
"""Patterns of the files that the program writes into the folder."""

HASH_COST = 2**14
"""Cost of scrypt, slow on purpose (tens of ms on a Raspberry Pi): few digits, or a usual password, are soon guessed
from a stolen file."""


def open_lock(path: Path) -> IO[str]:
    """Open or create a lock file for its owner alone: any process that opens one can hold its lock for ever."""
    lock = open(path, "w", opener=_alone)  # noqa: SIM115  # Path.open takes no opener; the caller closes it
    # A file system without modes and owners changes nothing.
    with suppress(OSError):
        # An earlier version made it readable for all.
        os.fchmod(lock.fileno(), 0o600)
        give(lock.fileno(), path.parent)
    return lock


def _alone(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def give(file: Path | int, folder: Path) -> None:
    """Give a file to the owner of its folder: what root makes there, the service has to open."""
    if os.geteuid() == 0:
        os.chown(file, folder.stat().st_uid, folder.stat().st_gid, follow_symlinks=isinstance(file, int))


def write(path: Path, text: str) -> None:
    """Replace a file atomically by one that only its owner can read."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def close_files(folder: Path) -> None:
    """Remove the rights of group and others from our files, where we may."""
    for path in (found for pattern in OURS for found in folder.glob(pattern)):
        with suppress(OSError):
            if path.lstat().st_mode & OTHERS and stat.S_ISREG(path.lstat().st_mode):
                path.chmod(0o600)


def openness(folder: Path) -> str:
    """Return what other users of this machine may do in the folder, with its mode; empty if nothing.

    The folder is not changed: it may be one that the user shares with other programs, such as a home.
    """
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"others on this machine may write to it (mode {mode:04o}), and so replace the journal and the login"
    return f"others on this machine may look into it (mode {mode:04o})" if mode & OTHERS else ""


def remedy(folder: Path) -> str:
    """Return the command that makes the folder private."""
    return f"chmod 700 {folder}"


def fingerprint(secret: str, salt: str) -> str:
    """Return a hash by which a secret is known again; `salt` and the result are hex digits."""
    return hashlib.scrypt(secret.encode("utf-8", "replace"), salt=bytes.fromhex(salt), n=HASH_COST, r=8, p=1).hex()
