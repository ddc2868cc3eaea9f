"""A Matter door on loopback, with a bridge that a test commands line by line."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from emulator.doors.matter.bundle import Installed
from emulator.doors.matter.door import MatterDoor
from emulator.doors.matter.settings import DOOR, MatterSettings
from emulator.errors import EmulatorError
from emulator.lan.responder import Responder
from emulator.store.journal import Journal
from tests.doors.fakes import FakeHub, a_context, a_switch
from tests.support.lan import LO
from tests.support.patience import until

BRIDGE = Path(__file__).with_name("bridge.py")


def two() -> tuple[Any, ...]:
    return (a_switch("Total alarm", 1, port=2001, doors=DOOR), a_switch("Night alarm", 2, port=2002, doors=DOOR))


class House:
    """A door, its hub, its journal, and the two ends of its bridge."""

    def __init__(
        self,
        folder: Path,
        *,
        mood: str = "well",
        installed: bool = True,
        look_s: float = 0.05,
        switches: tuple[Any, ...] = (),
        triggered: bool = False,
    ) -> None:
        self.folder = folder
        self.hub = FakeHub(switches=switches or two())
        self.journal = Journal(folder)
        self.installed = installed
        self.mood = mood
        responder = Responder(interfaces=["lo"], nics=lambda: [LO], look_s=look_s)
        self.context = a_context(self.hub, self.journal, folder, responder=responder)
        self.door = MatterDoor(self.context, MatterSettings(triggered=triggered), self.find, lambda _places: True)
        self.replies = 0

    def find(self, _: Path) -> Installed:
        if not self.installed:
            raise EmulatorError("it is not installed")
        command = (sys.executable, "-S", "-E", str(BRIDGE), str(self.folder), self.mood)
        return Installed(command, {})

    @property
    def heard(self) -> list[dict[str, Any]]:
        """The messages that all bridges got."""
        file = self.folder / "heard"
        lines = file.read_text().splitlines(keepends=True) if file.exists() else []
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def shown(self, switch: int) -> bool | None:
        """Return what the bridge was told last to show of a switch."""
        last = next(one for one in reversed(self.heard) if "show" in one or "devices" in one)
        value: bool | None = (last.get("show") or last["devices"])[switch]["on"]
        return value

    def say(self, line: str) -> None:
        with (self.folder / "say").open("a") as file:
            file.write(line + "\n")

    def ask(self, switch: int, *, on: bool, age_s: float = 0.0) -> int:
        """Let a controller ask; return the number of its reply."""
        self.replies += 1
        told = {"set": f"skey{switch}", "on": on, "reply": self.replies, "at": int((time.time() - age_s) * 1000)}
        self.say(json.dumps({**told, "fabric": 1, "node": "77"}))
        return self.replies

    def answer(self, reply: int) -> dict[str, Any]:
        """Wait for the answer of a command, and return it."""
        until(lambda: any(one.get("reply") == reply for one in self.heard), f"the answer {reply}")
        [found] = [one for one in self.heard if one.get("reply") == reply]
        return found

    def close(self) -> None:
        self.door.stop()
        self.journal.close()


@contextmanager
def a_house(folder: Path, **chosen: Any) -> Iterator[House]:
    house = House(folder, **chosen)
    house.door.start()
    try:
        until(lambda: house.door.urls() or house.door.obstacles())
        yield house
    finally:
        house.close()
