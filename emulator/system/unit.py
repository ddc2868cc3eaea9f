"""The systemd units of this installation, made of those that come with the program. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HEAD = "# Made by `emulator init --systemd`. What you add with `systemctl edit` stays when it is made anew.\n"

SERVICE, SOCKET = "verisure-emulator.service", "verisure-emulator.socket"

WHOLE = re.compile(r"[\w./:@%+,=-]+")
"""Words that need no quotes."""


@dataclass(frozen=True, slots=True)
class SystemdService:
    """The program as systemd is to run it. Its settings are those of `config`, or else what it finds in `folder`."""

    command: tuple[str, ...]
    config: Path | None = None
    folder: Path | None = None
    makes_code: bool = False
    """True if it starts a program that makes machine code while it runs."""

    def unit(self, shipped: str) -> str:
        """Return the unit for a user whom systemd makes for it alone, with a state folder of its own."""
        return _changed(shipped, {"ExecStart": self._start(), **self._rights()})

    def unit_of(self, shipped: str, user: str, state_dir: Path, writes: Iterable[Path]) -> str:
        """Return the unit for a user of this machine, who types the commands, too: all folders are that user's."""
        lines = {
            "ExecStart": self._start(),
            "DynamicUser": [f"User={user}"],
            "Environment": [f"Environment={_word(f'EMULATOR_STATE_DIR={state_dir}')} PYTHONUNBUFFERED=1"],
            "StateDirectory": [],
            "StateDirectoryMode": [],
            # Program, settings and state are in a home.
            "ProtectHome": [f"ReadWritePaths={' '.join(_word(str(path)) for path in writes)}"],
            # It would remove what other programs of the same user share.
            "RemoveIPC": [],
            **self._rights(),
        }
        return _changed(shipped, lines)

    def _rights(self) -> Mapping[str, Sequence[str]]:
        """Return the lines of the sandbox that are left out."""
        return {"MemoryDenyWriteExecute": []} if self.makes_code else {}

    def _start(self) -> list[str]:
        config = ("--config", str(self.config)) if self.config else ()
        words = " ".join(_word(word) for word in (*self.command, "run", *config))
        folder = [f"WorkingDirectory={str(self.folder).replace('%', '%%')}"] if self.folder else []
        return [f"ExecStart={words.replace('$', '$$')}", *folder]


def socket(shipped: str, ports: Sequence[int]) -> str:
    """Return the unit by which systemd opens these ports."""
    return _changed(shipped, {"ListenStream": [f"ListenStream=0.0.0.0:{port}" for port in ports]})


def _changed(shipped: str, lines: Mapping[str, Sequence[str]]) -> str:
    """Return a unit with other lines for some keys, and without the comment that begins it."""
    _, start, rest = shipped.partition("[Unit]\n")
    made = [after for line in rest.splitlines() for after in lines.get(line.partition("=")[0], [line])]
    return HEAD + start + "".join(f"{line}\n" for line in made)


def _word(word: str) -> str:
    """Return a word as systemd reads it back: quoted, and nothing in it replaced (systemd.syntax(7))."""
    word = word.replace("%", "%%")
    if WHOLE.fullmatch(word):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
