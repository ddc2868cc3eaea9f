"""The command line of `vsure`, as it is published, at a simulated alarm: by TLS and the names that it knows."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from emulator.simulator.mypages.face import Mypages
from emulator.simulator.server import SimulatedAlarm
from tests.support.named_hosts import NamedHosts
from tests.support.patience import PATIENCE_S, until
from tests.support.program import ended

HOSTS = ("automation01.verisure.com", "automation02.verisure.com")
PROGRAM = (sys.executable, "-m", "verisure")


class Vsure:
    """A person at a terminal; the cookie file is all that vsure keeps."""

    def __init__(self, folder: Path, face: Mypages, hosts: NamedHosts) -> None:
        self._face, self._environment = face, {**hosts.environment, "HOME": str(folder)}
        self._cookie = folder / "cookie"

    def run(self, *words: str, code: bool = False) -> Any:
        """Return what it prints; with `code` it asks for the one that was sent."""
        messages = self._face.logins.messages
        [account], sent, pipe = self._face.backend.accounts, len(messages), subprocess.PIPE
        command = [*PROGRAM, account.user, account.password, "-c", str(self._cookie), *words]
        started = subprocess.Popen(command, env=self._environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        with ended(started) as program:
            if code:
                until(lambda: len(messages) > sent or program.poll() is not None, "a code is sent")
            said, wrong = program.communicate(messages[-1].code if code else "", PATIENCE_S)
        assert program.returncode == 0, wrong
        return json.loads(said.removeprefix("Enter verification code: "))

    def state(self) -> str:
        """Return the state that it reads."""
        return str(self.run("--arm-state")["data"]["installation"]["armState"]["statusType"])


@contextmanager
def vsure(folder: Path, alarm: SimulatedAlarm) -> Iterator[Vsure]:
    """Yield the program, for a running alarm of My Pages."""
    assert isinstance(alarm.face, Mypages)
    hosts = NamedHosts(folder, {name: alarm.port + number for number, name in enumerate(HOSTS)})
    try:
        yield Vsure(folder, alarm.face, hosts)
    finally:
        hosts.close()
