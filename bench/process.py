"""Processes of a program: start on a core, memory, processor time."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
MIB = 1024.0  # KiB
STOP_S = 10.0

SERVER_CORE, CLIENT_CORE = 0, min(1, (os.cpu_count() or 1) - 1)
"""The measured program has one core, and the clients have another."""


@dataclass(frozen=True, slots=True)
class Memory:
    """MiB of all processes of a program: resident, proportional (shared pages shared out), and their own data."""

    rss: float
    pss: float
    anonymous: float


class Process:
    """A program in a session of its own, which identifies its children."""

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
        *,
        core: int = SERVER_CORE,
        cwd: Path | None = None,
    ) -> None:
        self._log = log
        with log.open("wb") as out:
            self._child = subprocess.Popen(
                ["taskset", "-c", str(core), *command],
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
                cwd=cwd,
                start_new_session=True,
            )

    def said(self, words: str, within_s: float = 30.0) -> str:
        """Wait until it has printed these words. Return all that it has printed."""
        ends = time.monotonic() + within_s
        while time.monotonic() < ends and self._child.poll() is None:
            if words in (text := self._log.read_text(errors="replace")):
                return text
            time.sleep(0.02)
        raise RuntimeError(f"{self._log.name}: no {words!r}\n{self._log.read_text(errors='replace')[-2000:]}")

    def pids(self) -> list[int]:
        """Return its processes: those of its session."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == self._child.pid:
                found.append(int(folder.name))
        return found

    def stop(self) -> None:
        """Stop it and its children."""
        if self._child.poll() is None:
            os.killpg(self._child.pid, signal.SIGTERM)
            try:
                self._child.wait(STOP_S)
            except subprocess.TimeoutExpired:
                os.killpg(self._child.pid, signal.SIGKILL)
                self._child.wait()


def memory(processes: Sequence[Process]) -> Memory:
    """Return their memory now."""
    sums = dict.fromkeys(("Rss", "Pss", "Anonymous"), 0)
    for process in processes:
        for pid in process.pids():
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            for name in sums:
                sums[name] += int(re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE)[1])  # type: ignore[index]
    return Memory(*(value / MIB for value in sums.values()))


def cpu_s(processes: Sequence[Process]) -> float:
    """Return the processor time that they have used so far, with that of children that have ended."""
    ticks = 0
    for process in processes:
        for pid in process.pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
    return ticks / TICK
