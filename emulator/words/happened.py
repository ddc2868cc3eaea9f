"""Names of what an activity log tells, and the sentences of which people are notified. Pure."""

from datetime import datetime

from emulator.model.activity import AlarmEvent, EventKind, Means
from emulator.words.text import Text, sense

KINDS = {
    EventKind.ARMED: sense("log", "armed"),
    EventKind.DISARMED: sense("log", "disarmed"),
    EventKind.ARMING_FAILED: Text("not armed"),
    EventKind.ALARM: Text("the alarm went off"),
    EventKind.RESOLVED: Text("the alarm is over"),
    EventKind.TAMPER: Text("somebody tampered with the alarm"),
    EventKind.MAINS_LOST: Text("power cut"),
    EventKind.MAINS_BACK: Text("the power is back"),
    EventKind.CHECK: Text("the panel was asked for its state"),
    EventKind.OTHER: Text("something else"),
}

MEANS = {
    Means.KEYPAD: sense("means", "keypad"),
    Means.REMOTE: sense("means", "remote control or tag"),
    Means.PANEL: sense("means", "keypad, key or remote control"),
    Means.APP: sense("means", "app"),
    Means.WEB: sense("means", "web page"),
    Means.ROUTINE: sense("means", "routine"),
}


def by(user: str, means: Means) -> str:
    """Name who did something, as far as it is known: "Ana · keypad"; empty if nothing is."""
    how = MEANS.get(means, "")
    return Text("{first} · {rest}", first=user, rest=how) if user and how else user or how


def details(zone: str, said: str) -> str:
    """Name where it was, and what the cloud called it: "Kitchen · Alarma"; empty if that is not known."""
    return Text("{first} · {rest}", first=zone, rest=said) if zone and said else zone or said


def sentence(event: AlarmEvent, now: float, lost_at: float) -> str:
    """Tell of an alarm, of tampering, or of a power cut that began at `lost_at`."""
    time = _time(event.at, now)
    both = event.said and event.zone
    where = Text("{said}, {zone}", said=event.said, zone=event.zone) if both else event.said or event.zone
    what = where or Text("its log does not say where")
    if event.kind is EventKind.ALARM:
        return Text("the alarm went off at {time}: {what}", time=time, what=what)
    if event.kind is EventKind.TAMPER:
        return Text("somebody tampers with the alarm, at {time}: {what}", time=time, what=what)
    if event.kind is EventKind.MAINS_LOST:
        return Text("the alarm has no mains power since {time}, and runs on its battery", time=time)
    start = _time(lost_at, now)
    return Text("the alarm has mains power again; it had none from {start} to {end}", start=start, end=time)


def _time(at: float, now: float) -> str:
    time, today = (datetime.fromtimestamp(one).astimezone() for one in (min(at, now), now))
    return f"{time:%H:%M}" if time.date() == today.date() else f"{time:%d/%m %H:%M}"
