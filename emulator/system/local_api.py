"""The program that runs on a state folder, as the commands of this machine reach it: through its local API.

The running program leaves `api.json` there, readable by its owner alone: where the API is, and a token that stands for
the PIN. Whoever can read the state folder owns the alarm anyway.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator.errors import EmulatorError, Unconfirmed, Unreachable
from emulator.model import DISARMS, Action, Arm, Axes, Interior, Outcome, PanelState, Result
from emulator.store import private

FILE = "api.json"

LOOK_S = 0.5
"""Between looks at a command under way; the panel takes seconds."""

ANSWER_S = 10.0
"""For an answer from this machine; a command is written to disk before it comes."""

LARGEST = 4_000_000
"""Bytes of an answer; the longest real one has some 100 kB."""


class Refused(EmulatorError):
    """The running program did not take what was asked of it."""


def announce(state_dir: Path, url: str, token: str) -> None:
    """Tell the commands of this machine where the API is."""
    private.write(state_dir / FILE, json.dumps({"url": url, "token": token}))


def withdraw(state_dir: Path) -> None:
    """There is no API any more."""
    (state_dir / FILE).unlink(missing_ok=True)


def find(state_dir: Path) -> "Running | None":
    """The running program, if there is one that answers."""
    try:
        told = json.loads((state_dir / FILE).read_text())
        found = Running(str(told["url"]), str(told["token"]))
        found.state()
    except (OSError, ValueError, KeyError, TypeError, EmulatorError):
        return None
    return found


@dataclass(frozen=True, slots=True)
class Running:
    """A client of the local API. Each call raises Unreachable, or Refused with what the program said."""

    url: str
    token: str = field(repr=False)

    def state(self) -> dict[str, Any]:
        """Everything that may be known now."""
        return self._ask("/api/state")

    def follow(self, number: int, wait: Callable[[float], object]) -> dict[str, Any]:
        """A command's entry in the journal once it has ended; `wait` waits for some seconds, and True ends it all."""
        while True:
            entry = self.entry(number)
            if entry is None:
                raise Refused("the running program has lost the command; see `emulator journal`")
            if entry["result"]:
                return entry
            if wait(LOOK_S):
                raise Unconfirmed("the running program goes on with it; `emulator journal` tells how it ends")

    def installations(self) -> dict[str, dict[str, Any]]:
        """What the program knows of each alarm."""
        return {str(one["name"]): one for one in self.state()["installations"]}

    def carry_out(
        self, installation: str, action: Action, wait: Callable[[float], object]
    ) -> tuple[Outcome, PanelState | None]:
        """Have a command carried out, and what the panel says then. What may have arrived is not sent again."""
        disarm = {disarm: word for word, disarm in DISARMS.items()}
        what = {"arm": str(action.mode)} if isinstance(action, Arm) else {"disarm": disarm[action]}
        try:
            number = self.command(installation, **what)
        except (Unreachable, Unconfirmed) as error:
            return Outcome(Result.UNCONFIRMED, str(error)), None
        try:
            entry = self.follow(number, wait)
            state = panel(self.installations()[installation])
        except (Refused, Unreachable, Unconfirmed) as error:
            # Also where a new start of the program has another token: the command was taken.
            return Outcome(Result.UNCONFIRMED, str(error)), None
        return Outcome(Result(entry["result"]), entry["message"]), state

    def entry(self, number: int) -> dict[str, Any] | None:
        """A command in the journal."""
        found = self._ask(f"/api/journal?limit=1&before={number + 1}")["entries"]
        return next((entry for entry in found if entry["id"] == number), None)

    def command(self, installation: str, **action: str) -> int:
        """`arm=` a mode or `disarm=` main, annex or all; the command's number in the journal."""
        return int(self._ask("/api/command", {"installation": installation, **action})["entry"])

    def press(self) -> float:
        """Press the link button; for how many seconds."""
        return float(self._ask("/api/pair", {})["seconds"])

    def set_pin(self, pin: str | None) -> None:
        """Set the PIN of its page, or remove it."""
        self._ask("/api/pin", {"pin": pin})

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers)  # noqa: S310  # http, as we wrote it ourselves
        # A proxy of the environment does not know this machine's loopback.
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(request, timeout=ANSWER_S) as answer:
                found: dict[str, Any] = json.loads(answer.read(LARGEST))
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(_reason(error)) from None
        except (OSError, ValueError):
            raise Unreachable("the running program does not answer", sent=body is not None) from None
        return found


def panel(installation: dict[str, Any]) -> PanelState | None:
    """What the panel said last, out of an installation in `state`."""
    told = installation["panel"]
    if told is None:
        return None
    interior = None if told["interior"] is None else Interior(told["interior"])
    axes = Axes(interior, told["perimeter"], told["annex"])
    return PanelState(axes, told["read_at"], told["raw"], told["source"], tuple(told["bypassed"]))


def _reason(error: urllib.error.HTTPError) -> str:
    with suppress(OSError, ValueError, KeyError, TypeError):
        return str(json.loads(error.read(LARGEST))["error"])
    return f"the running program answered {error.code}"
