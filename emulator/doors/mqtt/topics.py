"""The topics of the door; pure. Everything lies under the program's own id, so that an ACL can name it (mqtt.md §2)."""

from typing import NamedTuple

CONFIG = "/config"
"""End of every topic of discovery."""

ONLINE, OFFLINE = "online", "offline"
"""Payloads of a status topic, as Home Assistant expects them by default."""


class Topics(NamedTuple):
    """Names of the topics of one program. `discovery` is empty where nothing is announced."""

    prefix: str
    program: str
    discovery: str

    @property
    def base(self) -> str:
        """The root of all topics of this program."""
        return f"{self.prefix}/{self.program}"

    @property
    def status(self) -> str:
        """The state of the connection; the broker says `offline` for a program that is gone."""
        return f"{self.base}/status"

    @property
    def summary(self) -> str:
        """The health of the program and its alarms, for those who watch many."""
        return f"{self.base}/summary"

    @property
    def read(self) -> list[str]:
        """The filters of all topics that are read."""
        return [*self.orders, self.birth] if self.discovery else self.orders

    @property
    def birth(self) -> str:
        """The topic by which Home Assistant says that it has started."""
        return f"{self.discovery}/status"

    @property
    def orders(self) -> list[str]:
        """The filters of all topics that are obeyed."""
        return [f"{self.base}/{below}" for below in ("+/set", "+/refresh", "+/switch/+/set")]

    def alarm(self, installation: str, leaf: str) -> str:
        """Return a topic of an alarm."""
        return f"{self.base}/{installation}/{leaf}"

    def switch(self, installation: str, serial: str, leaf: str) -> str:
        """Return a topic of a switch; its serial number outlives a new name and a new place in the file."""
        return f"{self.base}/{installation}/switch/{serial}/{leaf}"

    def device(self, installation: str) -> str:
        """Return the topic that announces an alarm as one device."""
        return f"{self.discovery}/device/verisure_{self.program}/{installation}{CONFIG}"

    def entity(self, platform: str, component: str) -> str:
        """Return the topic that announces one entity."""
        return f"{self.discovery}/{platform}/verisure_{self.program}/{component}{CONFIG}"

    def path(self, topic: str) -> list[str]:
        """Return the parts of a topic of commands below the root; empty for any other."""
        below = topic.removeprefix(f"{self.base}/")
        return below.split("/") if below != topic and below.endswith(("/set", "/refresh")) else []
