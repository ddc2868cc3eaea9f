"""Events of an alarm, as the activity log of its cloud tells them. Pure values."""

from dataclasses import dataclass
from enum import StrEnum

NAME_CHARS, WORDS_CHARS = 40, 120
"""Characters of a name and of a sentence of the cloud that are kept: both are shown on one line."""


class EventKind(StrEnum):
    """Meaning of a row of the log."""

    ARMED = "armed"
    DISARMED = "disarmed"
    ARMING_FAILED = "arming failed"
    ALARM = "alarm"
    """It went off."""
    RESOLVED = "alarm over"
    TAMPER = "tampering"
    MAINS_LOST = "mains lost"
    MAINS_BACK = "mains back"
    CHECK = "status check"
    """Somebody asked the panel for its state, as this program does now and then."""
    OTHER = "other"


class Means(StrEnum):
    """Means by which a person did something."""

    UNKNOWN = ""
    KEYPAD = "keypad"
    REMOTE = "remote"
    """A remote control, or a key tag."""
    PANEL = "at the alarm"
    """One of the two above."""
    APP = "app"
    WEB = "web"
    ROUTINE = "routine"


@dataclass(frozen=True, slots=True)
class AlarmEvent:
    """A row of the log. `key` identifies it among the rows of its alarm; `at` is by the cloud's clock, epoch seconds.

    `type` is the cloud's code, and `said` its own words. `user` is a person's name; empty where nobody is named, or
    only the login of this program: then `is_own` is set, and it may be the row of a command of ours. `zone` is the
    name of a device. `part` is the one that was armed or disarmed, as ArmMode writes it; empty where the code does not
    say, and for a disarm of the main alarm.
    """

    key: str
    at: float
    kind: EventKind
    type: str = ""
    means: Means = Means.UNKNOWN
    user: str = ""
    zone: str = ""
    said: str = ""
    is_own: bool = False
    part: str = ""
