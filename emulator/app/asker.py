"""The name, for people, of who asked for a command."""

from emulator import doors
from emulator.model import Origin
from emulator.words import spoken


def who(origin: Origin) -> str:
    """Name who asked for a command."""
    return spoken.who(doors.called(origin.door), origin.peer, origin.switch)
