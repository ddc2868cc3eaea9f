"""An alarm that went off, as HomeKit sees it."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from emulator.alarm.queue import View
from emulator.doors.homekit.security import Security
from emulator.doors.homekit.words import AWAY, DISARMED, NIGHT, SHOWN, TRIGGERED, SecurityState, Vocabulary
from emulator.model import ArmMode, Axes, Interior, PanelState

WORDS = Vocabulary({AWAY: ArmMode(Interior.TOTAL), NIGHT: ArmMode(Interior.NIGHT)})


def security(view: View) -> Security:
    hub: Any = SimpleNamespace(view=lambda _name: view)
    return Security(hub, "home", WORDS)


def test_it_is_triggered_until_it_is_no_more() -> None:
    armed = View(PanelState(Axes(Interior.NIGHT, perimeter=False, annex=False), 0.0, "", ""))
    assert security(armed).standing() == SecurityState(NIGHT, NIGHT)
    assert security(replace(armed, triggered=1.0)).standing() == SecurityState(TRIGGERED, NIGHT)
    off = replace(armed, triggered=1.0, target=Axes(Interior.OFF, perimeter=False, annex=False))
    assert security(off).standing() == SecurityState(TRIGGERED, DISARMED)


def test_the_page_has_words_for_it() -> None:
    assert SHOWN[TRIGGERED] == "alarm went off"


def test_what_is_not_known_stays_unknown() -> None:
    assert security(View(PanelState(Axes(), 0.0, "", ""), triggered=1.0)).standing() is None
