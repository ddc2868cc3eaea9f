"""Changes that the control page makes: to the panel, to settings and faults, to accounts and counters."""

from collections.abc import Callable, Mapping
from typing import Any

from emulator.model import Action, Arm, ArmMode, Disarm
from emulator.simulator.face import Face
from emulator.simulator.faults import LATE_S, LATEST_S, InjectedFault
from emulator.simulator.panel.panel import SLOWEST_ANSWER_S
from emulator.simulator.settings import NAMES_LIMIT, Reader, flag, number, readers, whole

DISARMS = {"main": Disarm(), "annex": Disarm(main=False, annex=True), "all": Disarm(annex=True)}

PANEL: Mapping[str, Reader] = {"answer_after": number(0, SLOWEST_ANSWER_S)}
"""Settings of the panel; all others are those of the face."""

Body = Mapping[str, Any]


class KeypadRefused(Exception):
    """The panel refused an action at the keypad."""


def keypad(face: Face, body: Body) -> None:
    """Arm or disarm at the keypad."""
    if ("arm" in body) == ("disarm" in body):
        raise ValueError('use {"arm": a mode} or {"disarm": "main", "annex" or "all"}')
    action: Action
    if "arm" in body:
        action = Arm(ArmMode.parse(str(body["arm"])))
    else:
        disarm = DISARMS.get(str(body["disarm"]))
        if disarm is None:
            raise ValueError(f"disarm is {body['disarm']!r}; use one of {', '.join(DISARMS)}")
        action = disarm
    refusal = face.backend.panel.keypad(action, str(body.get("who", ""))[:NAMES_LIMIT])
    if refusal:
        raise KeypadRefused(f"the panel refused to {action}: {refusal}")


def incident(face: Face, body: Body) -> None:
    """Let an alarm go off, or another thing happen."""
    face.backend.panel.incident(str(body.get("kind", "")), str(body.get("zone", "")))


def window(face: Face, body: Body) -> None:
    """Open or close a window."""
    face.backend.panel.window(str(body.get("zone", "")), is_open=flag("open", body.get("open")))


def settings(face: Face, body: Body) -> None:
    """Change the settings that are named, all or none."""
    known = {**PANEL, **readers(face.options)}
    unknown = [key for key in body if key not in known]
    if unknown or not body:
        raise ValueError(f"unknown setting {', '.join(map(repr, unknown)) or 'none'}; use {', '.join(known)}")
    for key, value in [(key, known[key](key, value)) for key, value in body.items()]:
        setattr(face.backend.panel if key in PANEL else face.options, key, value)


def fault(face: Face, body: Body) -> None:
    """Put a fault in force or clear it."""
    kind, name = str(body.get("fault", "")), str(body.get("request", ""))
    on, faults = flag("on", body.get("on", True)), face.backend.faults
    if name and name not in faults.requests:
        raise ValueError(f"there is no request {name!r}; use one of {', '.join(sorted(faults.requests))}")
    if kind not in faults.kinds and (on or kind != "all"):
        raise ValueError(f"there is no fault {kind!r}; use {'' if on else 'all or '}one of {', '.join(faults.kinds)}")
    if not on:
        faults.clear("" if kind == "all" else kind, name or None)
        return
    times = body.get("times")
    faults.add(
        InjectedFault(
            kind,
            name,
            None if times in (None, "") else whole(1, 1000)("times", times),  # more is until cleared
            number(0, LATEST_S)("seconds", body.get("seconds", LATE_S)),
        )
    )


def reset(face: Face, _: Body) -> None:
    """Set every counter to zero."""
    face.backend.reset()
    face.reset()


CHANGES: dict[str, Callable[[Face, Body], None]] = {
    "keypad": keypad,
    "window": window,
    "incident": incident,
    "settings": settings,
    "fault": fault,
    "unlock": lambda face, _: face.backend.forgive(),
    "reset": reset,
}
"""Name in the path of a POST → the change."""
