"""A plugin for stock fauxmo that does nothing but take its time to turn on: the least that fauxmo can cost."""

import time

from fauxmo.plugins import FauxmoPlugin


class Trivial(FauxmoPlugin):
    """Always off; `seconds` is how long the panel takes, in which fauxmo waits, as its plugins are not asynchronous."""

    def __init__(self, *, name: str, port: int, seconds: float) -> None:
        super().__init__(name=name, port=port)
        self._seconds = seconds

    def on(self) -> bool:
        """Take a command. fauxmo calls this when it merely looks up the name."""
        time.sleep(self._seconds)
        return True

    def off(self) -> bool:
        """Take a command."""
        return True

    def get_state(self) -> str:
        """From memory, at no cost."""
        return "off"
