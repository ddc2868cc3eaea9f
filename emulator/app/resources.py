"""Open files and threads that the program needs, tried before anything is started."""

import resource
import threading
from dataclasses import dataclass

from emulator import doors
from emulator.app.settings import Settings
from emulator.errors import EmulatorError, Hindered

MUCH = 1024
"""About the open files of all peers of all doors at their limits; most machines allow as many from the start."""

FILES, FILES_OF_SWITCH, FILES_OF_ALARM, FILES_OF_DOOR = 40, 2, 4, 16
"""Open files of the program itself, with journal and log; of a switch: listeners, and a connection; of an alarm: a
session with the cloud; of a web door: listeners, and some connections. At rest there are some 40 with all doors."""

THREADS, THREADS_OF_ALARM, THREADS_OF_SIMULATOR, THREADS_OF_DOOR = 8, 2, 6, 12
"""Threads with two places to serve; some 30 with all doors."""


@dataclass(frozen=True, slots=True)
class Need:
    """Open files and threads for one set of settings."""

    files: int
    threads: int

    @classmethod
    def of(cls, settings: Settings) -> "Need":
        """Count it."""
        alarms = settings.installations.values()
        simulated = sum(one.row.simulated for one in alarms)
        web = sum(doors.row(name).is_web for name in settings.doors.opened)
        files = FILES + FILES_OF_SWITCH * len(settings.switches) + FILES_OF_ALARM * len(alarms) + FILES_OF_DOOR * web
        threads = THREADS + THREADS_OF_ALARM * len(alarms) + THREADS_OF_SIMULATOR * simulated + THREADS_OF_DOOR * web
        return cls(files, threads)


def check(need: Need) -> None:
    """Raise the limit of open files as far as that helps, and try the threads. Hindered says what is missing."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    if soft != unlimited and soft < max(MUCH, need.files):
        soft = max(MUCH, need.files) if hard == unlimited else min(hard, max(MUCH, need.files))
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft != unlimited and soft < need.files:
        raise Hindered(
            f"only {soft} files may be open at once here, and this needs {need.files}: "
            f"type `ulimit -n {MUCH}` before, or put LimitNOFILE={MUCH} into the systemd unit"
        )
    _try_threads(need.threads)


def _try_threads(number: int) -> None:
    """Start that many at once, and end them."""
    end = threading.Event()
    started: list[threading.Thread] = []
    try:
        for _ in range(number):
            thread = threading.Thread(target=end.wait, name="tried", daemon=True)
            thread.start()
            started.append(thread)
    except RuntimeError:
        raise no_thread(f"only {len(started)} of the {number} that this needs") from None
    finally:
        end.set()
        for thread in started:
            thread.join()


def hindrance(error: BaseException) -> Hindered | None:
    """Return the error to raise where a start failed because of this machine; None where it did not."""
    # All that the interpreter says of it; no other class of error has it alone.
    if isinstance(error, RuntimeError) and "thread" in str(error):
        return no_thread(str(error))
    if isinstance(error, OSError):
        return Hindered(f"it cannot start: {error}")
    # The journal cannot be written: another start may do better.
    return Hindered(str(error)) if type(error) is EmulatorError else None


def no_thread(detail: str) -> Hindered:
    """Return the error of a machine that starts no further thread."""
    return Hindered(
        f"this machine starts no further thread ({detail}): it is short of memory, or of processes "
        f"(`ulimit -u`, TasksMax= of the systemd unit, pids_limit of Docker)"
    )
