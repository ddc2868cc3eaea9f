"""The name, for people, of who asked for a command."""

from collections.abc import Callable

from emulator import doors
from emulator.model import Origin
from emulator.words import spoken


def who(named: Callable[[str], str], origin: Origin) -> str:
    """Name who asked for a command; `named` returns what people call an address."""
    return spoken.who(doors.called(origin.door), origin.peer, origin.switch, named)
