"""The content of a backup as bytes: a ZIP whose members are read by name, into memory, up to a bound. Pure."""

import io
import json
import zipfile
import zlib
from dataclasses import asdict, dataclass, field
from typing import Any

from emulator.errors import EmulatorError

FORMAT = 1
"""Number of the format. A program reads its own and every earlier one."""

MANIFEST, JOURNAL, SETTINGS, SECRETS = "backup.json", "journal.sqlite3", "devices.yaml", "secrets.json"

LIMITS = {MANIFEST: 2**16, JOURNAL: 2**27, SETTINGS: 2**20, SECRETS: 2**20}
"""Most bytes of each member. A journal whose tables are full has some 6 MB for each alarm; but a file of some kB can be
packed so that it unpacks to all memory that there is."""

MOST_BYTES = sum(LIMITS.values())
"""Most bytes of a whole backup."""

LATEST = 2.0**37
"""Epoch seconds that are no time of a backup any more: from some on, the calendar has no date for them."""

WORD = 100
"""Characters of a name in the manifest."""

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class BackupUnfit(EmulatorError):
    """A file cannot be used as a backup."""


@dataclass(frozen=True, slots=True)
class Made:
    """The origin of a backup: version of the program, epoch seconds, machine, and whether it has secrets."""

    program: str
    at: float
    host: str
    has_secrets: bool


@dataclass(frozen=True, slots=True)
class Bundle:
    """The content of a backup. `settings` and `secrets` are the texts of those files; empty where there was none."""

    made: Made
    journal: bytes = field(repr=False)
    settings: str = field(default="", repr=False)
    secrets: str = field(default="", repr=False)


def packed(bundle: Bundle) -> bytes:
    """Return a backup as bytes; BackupUnfit if a part is larger than `unpacked` takes."""
    manifest = json.dumps({"format": FORMAT, **asdict(bundle.made)})
    parts = {MANIFEST: manifest.encode(), JOURNAL: bundle.journal}
    parts |= {SETTINGS: bundle.settings.encode()} if bundle.settings else {}
    parts |= {SECRETS: bundle.secrets.encode()} if bundle.secrets else {}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            if len(data) > LIMITS[name]:
                raise BackupUnfit(f"{name} has {len(data):,} bytes, and a backup takes {LIMITS[name]:,}")
            file.writestr(name, data)
    return made.getvalue()


def unpacked(data: bytes) -> Bundle:
    """Return the content of a backup; BackupUnfit says why it is none, is damaged, or is of a newer program."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            return _bundle(file)
    except zipfile.BadZipFile:
        raise BackupUnfit("is no backup, or is damaged") from None
    except (zlib.error, OSError, EOFError, RuntimeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise BackupUnfit(f"is damaged ({error})") from None


def _bundle(file: zipfile.ZipFile) -> Bundle:
    names = file.namelist()
    if MANIFEST not in names:
        raise BackupUnfit("is no backup of this program")
    manifest: dict[str, Any] = json.loads(_read(file, MANIFEST))
    program, host = (_shown(str(manifest[name])) for name in ("program", "host"))
    if int(manifest["format"]) > FORMAT:
        raise BackupUnfit(f"was made by emulator {program}, in a newer format: update this program first")
    made = Made(program, float(manifest["at"]), host, manifest["has_secrets"] is True)
    if not 0 <= made.at < LATEST:
        raise BackupUnfit("is damaged (its time is none)")
    if JOURNAL not in names or len(set(names)) != len(names) or set(names) - LIMITS.keys():
        raise BackupUnfit("holds other files than `emulator backup` writes")
    settings, secrets = (_read(file, name).decode() if name in names else "" for name in (SETTINGS, SECRETS))
    return Bundle(made, _read(file, JOURNAL), settings, secrets)


def _shown(word: str) -> str:
    """Return a name as a terminal may show it: a backup may be anybody's."""
    return "".join(letter if letter.isprintable() else "?" for letter in word[:WORD])


def _read(file: zipfile.ZipFile, name: str) -> bytes:
    """Return a member. No more than its bound is unpacked, whatever its head says."""
    info = file.getinfo(name)
    if info.compress_type not in METHODS:
        raise BackupUnfit("is packed in another way than `emulator backup` does it")
    with file.open(info) as member:
        data = member.read(LIMITS[name] + 1)
    if len(data) > LIMITS[name]:
        raise BackupUnfit(f"{name} in it has more than {LIMITS[name]:,} bytes")
    return data
