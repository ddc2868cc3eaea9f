"""Names, in a sentence, of what an activity log tells. Pure."""

from emulator.model.activity import EventKind, Means
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
