"""Names for people of what asked for a command."""

from emulator import doors
from emulator.model import Origin
from emulator.words import spoken


def who(origin: Origin) -> str:
    """Name for people who asked for a command."""
    label = doors.row(origin.door).label if origin.door in doors.DOORS else origin.door
    return spoken.who(label, origin.peer, origin.switch)
