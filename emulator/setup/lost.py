"""Settings that are gone or wrong: the journal still knows the alarms that the last ones named."""

from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from emulator import clouds
from emulator.errors import EmulatorError
from emulator.store.journal import Journal
from emulator.words.text import Text

TELL_AGAIN_S = 86_400.0
"""Time until people are told again: a service manager may start the program every few seconds."""

GONE, WRONG = "told that the settings are gone", "told that the settings are wrong"
"""Notes of the journal on what people were told."""


def alarms(journal: Journal) -> tuple[str, ...]:
    """Return the names of the real alarms that were in the settings; empty if there was none."""
    simulated = {name for name, row in clouds.rows().items() if row.simulated}
    rows = journal.rows("SELECT name, cloud FROM alarms WHERE is_named ORDER BY id")
    return tuple(str(name) for name, cloud in rows if cloud not in simulated)


def before(state_dir: Path) -> tuple[str, ...]:
    """Return the same of a state folder, before a program names its alarms there; empty where that cannot be read."""
    try:
        with closing(Journal(state_dir, read_only=True)) as journal:
            return alarms(journal)
    except EmulatorError:
        return ()


def trouble(file: str, names: tuple[str, ...]) -> str:
    """Say that the file of these alarms is gone; empty where there are none."""
    if not names:
        return ""
    return Text(
        "the settings ({file}) are gone: until they are back, or set-up was done anew, nothing here arms {alarms}",
        file=file,
        alarms=names,
    )


def replaced(names: tuple[str, ...], accounts: Collection[str]) -> str:
    """Say that a demo has come in the place of these alarms; empty where there were none, or there are real ones.

    In a copy of the project a demo is shipped, which is in force once the own file is gone: a voice would say that the
    house is armed.
    """
    if not names or accounts:
        return ""
    return Text("the settings have a simulated alarm alone: nothing here arms {alarms} any more", alarms=names)


def wrong(names: tuple[str, ...], why: str) -> str:
    """Say that the program does not start with the settings of these alarms."""
    return Text("nothing here arms {alarms} until that is mended: {why}", alarms=names, why=why)


def is_news(journal: Journal, now: float, what: str = GONE) -> bool:
    """Return whether people are to be told, in epoch seconds; they have been then. Raises EmulatorError."""
    told = journal.recall(what) or ""
    if told.isdecimal() and 0 <= now - int(told) < TELL_AGAIN_S:
        return False
    journal.note(what, str(int(now)))
    return True
