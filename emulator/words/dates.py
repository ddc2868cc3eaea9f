"""Times of the day and dates, as the household's clocks and each language write them: 24 hours everywhere. Pure."""

from datetime import datetime

from emulator.words.spoken import length
from emulator.words.text import Text, sense

WEEKDAYS = (
    sense("weekday", "Mon"),
    sense("weekday", "Tue"),
    sense("weekday", "Wed"),
    sense("weekday", "Thu"),
    sense("weekday", "Fri"),
    sense("weekday", "Sat"),
    sense("weekday", "Sun"),
)

MONTHS = (
    sense("month", "Jan"),
    sense("month", "Feb"),
    sense("month", "Mar"),
    sense("month", "Apr"),
    sense("month", "May"),
    sense("month", "Jun"),
    sense("month", "Jul"),
    sense("month", "Aug"),
    sense("month", "Sep"),
    sense("month", "Oct"),
    sense("month", "Nov"),
    sense("month", "Dec"),
)

WEEK_DAYS = 6
"""Age in days up to which a weekday alone tells the date."""


def local(epoch_s: float) -> datetime:
    """Return a moment in the household's time zone."""
    return datetime.fromtimestamp(epoch_s).astimezone()


def clock(epoch_s: float) -> str:
    """Name the time of day: "07:00"."""
    return f"{local(epoch_s):%H:%M}"


def weekday(at: datetime) -> Text:
    """Name the day of the week: "Mon"."""
    return WEEKDAYS[at.weekday()]


def day_and_time(epoch_s: float) -> Text:
    """Name a time of the last days: "Mon 07:00"."""
    return sense("date", "{weekday} {time}", weekday=weekday(local(epoch_s)), time=clock(epoch_s))


def date(at: datetime) -> Text:
    """Name the day: "24 Nov 2026"."""
    return sense("date", "{day} {month} {year}", day=str(at.day), month=MONTHS[at.month - 1], year=str(at.year))


def moment(epoch_s: float, now: float) -> str:
    """Name a time: "07:00:21" today, "Mon 07:00" within the week, else with its date."""
    at, today = local(epoch_s), local(now)
    if at.date() == today.date():
        return f"{at:%H:%M:%S}"
    if 0 < (today.date() - at.date()).days <= WEEK_DAYS:
        return day_and_time(epoch_s)
    return sense("date", "{date}, {time}", date=date(at), time=clock(epoch_s))


def since(epoch_s: float, now: float) -> str:
    """Name the begin of what lasts: "07:00" today, else "Mon 07:00" or with its date."""
    return clock(epoch_s) if local(epoch_s).date() == local(now).date() else moment(epoch_s, now)


def ago(seconds: float) -> Text:
    """Name an age: "3 min ago"."""
    return Text("{length} ago", length=length(max(0.0, seconds)))
