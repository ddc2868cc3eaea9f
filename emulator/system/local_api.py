"""Client of the local API of the program that runs on a state folder, for the commands of this machine.

The running program writes `api.json` there, readable by its owner alone: the URL of the API, and a token that stands
for the PIN. A user who can read the state folder owns the alarm anyway.
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

POLL_S = 0.5
"""Interval between polls of a command under way; the panel takes seconds."""

ANSWER_S = 10.0
"""Time-out of an answer from this machine; a command is written to disk before it."""

MOST_BYTES = 4_000_000
"""Limit of an answer; the longest real one has some 100 kB."""


class RefusedByProgram(EmulatorError):
    """The running program refused a request."""


def announce(state_dir: Path, url: str, token: str) -> None:
    """Write down the URL and token of the API for the commands of this machine."""
    private.write(state_dir / FILE, json.dumps({"url": url, "token": token}))


def withdraw(state_dir: Path) -> None:
    """Remove the announcement."""
    (state_dir / FILE).unlink(missing_ok=True)


def find(state_dir: Path) -> "Running | None":
    """Return a client of the running program, if there is one that answers."""
    try:
        told = json.loads((state_dir / FILE).read_text())
        found = Running(str(told["url"]), str(told["token"]))
        found.state()
    except (OSError, ValueError, KeyError, TypeError, EmulatorError):
        return None
    return found


@dataclass(frozen=True, slots=True)
class Running:
    """A client of the local API. Each call raises Unreachable, or RefusedByProgram with the program's reason."""

    url: str
    token: str = field(repr=False)

    def state(self) -> dict[str, Any]:
        """Return the whole state."""
        return self._ask("/api/state")

    def follow(self, number: int, wait: Callable[[float], object]) -> dict[str, Any]:
        """Return a command's entry in the journal once it has ended. `wait` waits for seconds; True gives up."""
        while True:
            entry = self.entry(number)
            if entry is None:
                raise RefusedByProgram("the running program has lost the command; see `emulator journal`")
            if entry["result"]:
                return entry
            if wait(POLL_S):
                raise Unconfirmed("the running program goes on with it; `emulator journal` tells how it ends")

    def installations(self) -> dict[str, dict[str, Any]]:
        """Return the state of each alarm, by name."""
        return {str(one["name"]): one for one in self.state()["installations"]}

    def carry_out(
        self, installation: str, action: Action, wait: Callable[[float], object]
    ) -> tuple[Outcome, PanelState | None]:
        """Have a command carried out; return its outcome and the state. Never resend one that may have arrived."""
        disarm = {disarm: word for word, disarm in DISARMS.items()}
        what = {"arm": str(action.mode)} if isinstance(action, Arm) else {"disarm": disarm[action]}
        try:
            number = self.command(installation, **what)
        except (Unreachable, Unconfirmed) as error:
            return Outcome(Result.UNCONFIRMED, str(error)), None
        try:
            entry = self.follow(number, wait)
            state = panel(self.installations()[installation])
        except (RefusedByProgram, Unreachable, Unconfirmed) as error:
            # Also if the program was restarted and has another token: the command was accepted.
            return Outcome(Result.UNCONFIRMED, str(error)), None
        return Outcome(Result(entry["result"]), entry["message"]), state

    def entry(self, number: int) -> dict[str, Any] | None:
        """Return a command's entry in the journal."""
        found = self._ask(f"/api/journal?limit=1&before={number + 1}")["entries"]
        return next((entry for entry in found if entry["id"] == number), None)

    def command(self, installation: str, **action: str) -> int:
        """Submit `arm=` a mode or `disarm=` main, annex or all; return the command's number in the journal."""
        return int(self._ask("/api/command", {"installation": installation, **action})["entry"])

    def press(self) -> float:
        """Press the link button; return for how many seconds."""
        return float(self._ask("/api/pair", {})["seconds"])

    def set_pin(self, pin: str | None) -> None:
        """Set the PIN of the page, or remove it."""
        self._ask("/api/pin", {"pin": pin})

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers)  # noqa: S310  # http, as we wrote it ourselves
        # A proxy from the environment cannot reach this machine's loopback.
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(request, timeout=ANSWER_S) as answer:
                found: dict[str, Any] = json.loads(answer.read(MOST_BYTES))
        except urllib.error.HTTPError as error:
            with error:
                raise RefusedByProgram(_reason(error)) from None
        except (OSError, ValueError):
            raise Unreachable("the running program does not answer", sent=body is not None) from None
        return found


def panel(installation: dict[str, Any]) -> PanelState | None:
    """Return the panel's last state from an installation in `state`."""
    told = installation["panel"]
    if told is None:
        return None
    interior = None if told["interior"] is None else Interior(told["interior"])
    axes = Axes(interior, told["perimeter"], told["annex"])
    return PanelState(axes, told["read_at"], told["raw"], told["source"], tuple(told["bypassed"]))


def _reason(error: urllib.error.HTTPError) -> str:
    with suppress(OSError, ValueError, KeyError, TypeError):
        return str(json.loads(error.read(MOST_BYTES))["error"])
    return f"the running program answered {error.code}"
