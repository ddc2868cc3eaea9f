"""The time zone of this machine."""

import time

REMEDY = (
    "set the household's time zone: TZ, such as TZ=Europe/Madrid, for a container, else sudo timedatectl set-timezone"
)


def is_plain_utc() -> bool:
    """Return whether it is UTC all year, as in a container, or with a TZ that names no zone.

    No country that a cloud serves has that, nor have its islands.
    """
    return time.timezone == 0 and not time.daylight
