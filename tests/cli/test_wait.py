"""`emulator run --wait`: what is wrong in the settings is said, and waited for, where a restart would come at once."""

from collections.abc import Iterator

import pytest

from emulator.cli.run import MEND_S, until_right
from emulator.errors import ConfigError, Hindered, Problem


class Attempts:
    """Starts of the program, of which the first ones meet these mistakes; and the pauses between them."""

    def __init__(self, *mistakes: str) -> None:
        self.mistakes: Iterator[str] = iter(mistakes)
        self.pauses: list[float] = []
        self.told: list[str] = []
        self.stops_after = 9

    def live(self) -> None:
        for what in self.mistakes:
            raise ConfigError([Problem("devices.yaml:3", what)])

    def tell(self, error: ConfigError) -> bool:
        """The first time of each, nobody is reached."""
        self.told.append(str(error))
        return self.told.count(str(error)) > 1

    def sleep(self, pause_s: float) -> bool:
        self.pauses.append(pause_s)
        return len(self.pauses) >= self.stops_after


def test_each_mistake_is_said_once_until_there_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    attempts = Attempts("no such mode", "no such mode", "no such mode", "no such door")
    until_right(attempts.live, attempts.sleep, attempts.tell)
    assert attempts.pauses == [MEND_S] * 4
    said = capsys.readouterr().err.splitlines()
    assert [line for line in said if "no such" in line] == [
        "emulator: devices.yaml:3: no such mode",
        "emulator: devices.yaml:3: no such door",
    ]
    assert attempts.told == ["devices.yaml:3: no such mode"] * 2 + ["devices.yaml:3: no such door"]
    assert said[1] == "Waits until that is mended; another environment needs another start."


def test_the_stop_ends_the_wait() -> None:
    attempts = Attempts(*["no such mode"] * 9)
    attempts.stops_after = 2
    until_right(attempts.live, attempts.sleep, attempts.tell)
    assert len(attempts.pauses) == 2


def test_what_a_restart_may_mend_ends_the_program() -> None:
    def live() -> None:
        raise Hindered("the disk is full")

    with pytest.raises(Hindered):
        until_right(live, lambda _pause_s: False, lambda _error: True)
