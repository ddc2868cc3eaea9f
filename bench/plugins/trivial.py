"""A plugin for stock fauxmo that only waits when it is switched on: the lowest cost that fauxmo can have."""

import time

from fauxmo.plugins import FauxmoPlugin


class Trivial(FauxmoPlugin):
    """Always off. The panel takes `seconds`, for which fauxmo waits, since its plugins are not asynchronous."""

    def __init__(self, *, name: str, port: int, seconds: float) -> None:
        super().__init__(name=name, port=port)
        self._seconds = seconds

    def on(self) -> bool:
        """Accept a command. fauxmo calls this even when it only looks up the name."""
        time.sleep(self._seconds)
        return True

    def off(self) -> bool:
        """Accept a command."""
        return True

    def get_state(self) -> str:
        """Return the state from memory, at no cost."""
        return "off"
