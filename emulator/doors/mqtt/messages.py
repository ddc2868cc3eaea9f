"""Messages about an alarm: payloads by topic; pure."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from emulator import __version__
from emulator.alarm.hub import Health, Hub, View
from emulator.doors.mqtt import panel
from emulator.doors.mqtt.discovery import Say
from emulator.doors.mqtt.topics import OFFLINE, ONLINE, Topics
from emulator.store.journal import Entry
from emulator.words.text import Text, sense

SWITCH_WORDS = {True: sense("MQTT", "ON"), False: sense("MQTT", "OFF"), None: sense("MQTT", "None")}
CLOUD_WORDS = {True: "ok", False: "down", None: "starting"}


def of_alarm(
    topics: Topics, name: str, view: View, health: Health, changed: float | None, last: Entry | None, say: Say = str
) -> dict[str, str]:
    """Return the retained messages of an alarm. `changed` is when its state changed last, `last` what ended last."""
    said = {
        "status": ONLINE if view.state else OFFLINE,
        "state": panel.shown(view),
        "attributes": text(_attributes(view, _trouble(health)), say),
        "cloud": SWITCH_WORDS[is_connected(health)],
        "changed": "" if changed is None else iso(changed),
        "outcome": text(outcome(last), say) if last else "",
    }
    return {topics.alarm(name, leaf): payload for leaf, payload in said.items() if payload}


def outcome(entry: Entry) -> dict[str, Any]:
    """Return how a command ended, why, and who asked for it."""
    return {
        "result": entry.result,
        "action": entry.action,
        "reason": entry.message or "",
        "asked_by": " · ".join(filter(None, (entry.switch, entry.door, entry.peer))),
        "at": iso(entry.at),
        "ended_at": iso(entry.ended_at or entry.at),
        "entry": entry.id,
        "settled": entry.settled,
        "open_zones": entry.zones,
    }


def event(topics: Topics, entry: Entry, say: Say = str) -> tuple[str, str]:
    """Return the message of an event; never retained, or it would happen again at each start of its reader."""
    return topics.alarm(entry.installation, "event"), text({"event_type": entry.result, **outcome(entry)}, say)


def summary(
    hub: Hub, installations: Sequence[str], last: Mapping[str, Entry | None], trouble: Sequence[str]
) -> dict[str, Any]:
    """Return the health of the program and of its alarms."""
    alarms = [_summary(name, hub.view(name), hub.health(name), last.get(name)) for name in installations]
    found = [*trouble, *(f"{alarm['name']}: {alarm['trouble']}" for alarm in alarms if alarm["trouble"])]
    return {"version": __version__, "healthy": not found, "trouble": found, "installations": alarms}


def is_connected(health: Health) -> bool | None:
    """Return whether the alarm's cloud answers as it should; None before the first answer."""
    return False if health.is_faulty else True if health.read_at else None


def iso(epoch_s: float) -> str:
    """Return a moment to the second, in UTC."""
    return datetime.fromtimestamp(epoch_s, UTC).isoformat(timespec="seconds")


def text(found: Mapping[str, Any], say: Say = str) -> str:
    """Return an object as JSON; `say` translates what is a text for people, and leaves all that programs read."""
    said = {key: say(value) if isinstance(value, Text) else value for key, value in found.items()}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def _trouble(health: Health) -> str:
    return health.blocked or health.error or ("" if health.alive else Text("its thread has ended or hangs"))


def _attributes(view: View, trouble: str) -> dict[str, Any]:
    axes = view.axes
    return {
        "mode": str(axes) if view.state else "unknown",
        "interior": axes.interior,
        "perimeter": axes.perimeter,
        "annex": axes.annex,
        "not_guarded": list(view.state.bypassed) if view.state else [],
        "on_the_way_to": None if view.target is None else str(view.target),
        "trouble": trouble,
    }


def _summary(name: str, view: View, health: Health, last: Entry | None) -> dict[str, Any]:
    return {
        "name": name,
        "state": panel.shown(view),
        "mode": str(view.axes) if view.state else "unknown",
        "read_at": iso(view.state.read_at) if view.state else None,
        "cloud": CLOUD_WORDS[is_connected(health)],
        "login": "needs you" if health.blocked else "ok",
        "trouble": _trouble(health),
        "last": outcome(last) if last else None,
    }
