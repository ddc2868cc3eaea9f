"""An Echo at the Hue bridge."""

import json
from typing import Any

from tests.netns import raw
from tests.netns.home import Home, name_of
from tests.netns.lan import HOSTS

FORM = "application/x-www-form-urlencoded"

DEFAULT = "doors: { wemo: , hue: { port: 80 } }\n"
"""Both doors as they come."""


class Echo:
    """A client on the host `client` that says what an Echo says (lan-emulation.md §3.3)."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._to = HOSTS[home.host]
        answer = self.call("POST", "/api", {"devicetype": "Echo"})
        self.user: str = answer[0]["success"]["username"]

    def call(self, method: str, path: str, body: object = None) -> Any:
        """What the bridge answers, on a connection of its own."""
        content = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._to}\r\nAccept: */*\r\n"
        if content:
            head += f"Content-Type: {FORM}\r\nContent-Length: {len(content)}\r\n"
        answer = raw.ask(self._home.lan, "client", 80, f"{head}\r\n".encode() + content, self._to)
        assert answer.status == 200
        return json.loads(answer.body)

    def get(self, path: str = "") -> Any:
        """A document of a paired client."""
        return self.call("GET", f"/api/{self.user}{path}")

    def ids(self) -> dict[str, str]:
        """The lights, by name."""
        return {light["name"]: number for number, light in self.get("/lights").items()}

    def on(self, mode: str) -> bool:
        """How the light of a mode reads."""
        state = self.get(f"/lights/{self.ids()[name_of(mode)]}")["state"]
        assert state["reachable"] is True
        return bool(state["on"])

    def turn(self, number: str, on: bool) -> None:
        """Turn a light, which is always granted."""
        answer = self.call("PUT", f"/api/{self.user}/lights/{number}/state", {"on": on})
        assert answer == [{"success": {f"/lights/{number}/state/on": on}}]

    def turn_all(self, on: bool) -> None:
        """Turn the group of all lights."""
        answer = self.call("PUT", f"/api/{self.user}/groups/0/action", {"on": on})
        assert answer == [{"success": {"/groups/0/action/on": on}}]
