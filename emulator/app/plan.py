"""All that a program is built from, and the check of it before anything is stopped for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emulator.app import resources
from emulator.app.settings import Settings
from emulator.app.targets import patient_target
from emulator.config.credentials import Credentials
from emulator.doors import needs


@dataclass(frozen=True, slots=True)
class Plan:
    """Settings, user and password of each account, and targets of notices. Equal ones make the same program."""

    settings: Settings
    credentials: Mapping[str, Credentials]
    targets: Sequence[str]

    def check(self, running: "Plan") -> None:
        """Raise EmulatorError where a program could not be built from it in the place of one that runs."""
        needs.require(self.settings.doors.opened)
        for url in self.targets:
            patient_target(url)
        need, has = resources.Need.of(self.settings), resources.Need.of(running.settings)
        resources.check(resources.Need(need.files, max(0, need.threads - has.threads)))
