"""Weeks of a household in simulated time: voices, keypad, outages, expiries, maintenance at midnight, restarts.

`SOAK_DAYS` and `SOAK_SEED` in the environment make it shorter or longer, or another one.
"""

import os
import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from emulator.model import Action, Arm, ArmMode, Disarm, Result
from emulator.store import activity
from emulator.views.movers import CHANGES
from tests.faults.alarm import ACTIVITY_S, BEYOND_S, CLOUDS, NAMES, Alarm, Killed

DAYS = int(os.environ.get("SOAK_DAYS", "30"))
"""The first day has everything that others have now and then."""
SEED = int(os.environ.get("SOAK_SEED", "1"))
DAY_S, HOUR_S, MINUTE_S = 86_400.0, 3_600.0, 60.0
POLL_S = 600.0
"""Rarer than by default, so that a month is over in seconds; what expires, expires all the same."""
MAINTENANCE_S = 30 * MINUTE_S
"""From midnight on, each day."""
KINDS = ("unavailable", "html", "down", "trouble", "lost", "wait", "expire")
KEYS: tuple[Action, ...] = (Disarm(), *(Arm(ArmMode.parse(name)) for name in ("night", "total", "perimeter")))

Event = Callable[[], None]


class Household:
    """People, and what happens to them; every random choice comes from one seed."""

    def __init__(self, alarm: Alarm, seed: int) -> None:
        self._alarm = alarm
        self._chance = random.Random(seed)  # noqa: S311  reproducible
        self.asked = 0

    def day(self, number: int) -> list[tuple[float, Event]]:
        """What happens on a day, in order: seconds since midnight, and what."""
        chance = self._chance
        events: list[tuple[float, Event]] = [
            (0, lambda: self._alarm.fault("unavailable")),
            (MAINTENANCE_S, self._heal),
            (7 * HOUR_S + chance.uniform(0, HOUR_S), chance.choice([self._voice("night", False), self._key(KEYS[0])])),
            (8.5 * HOUR_S, self._voice("total", True)),
            (12 * HOUR_S, self._trouble),
            (13 * HOUR_S, self._heal),
            (14 * HOUR_S, self._truth),
            (18 * HOUR_S + chance.uniform(0, HOUR_S), chance.choice([self._voice("total", False), self._key(KEYS[0])])),
            (23 * HOUR_S, self._voice(chance.choice(["night", "perimeter"]), True)),
        ]
        for _ in range(4):
            words, key = self._voice(chance.choice(NAMES), chance.random() < 0.5), self._key(chance.choice(KEYS))
            event = chance.choice([words, key, self._crossing(key, self._voice(chance.choice(NAMES), False))])
            events.append((chance.uniform(HOUR_S, DAY_S - 1), event))
        events.append((chance.uniform(HOUR_S, DAY_S - 1), self._alarm.kill_sessions))
        if number % 3 == 0:
            events += [
                (20 * HOUR_S, lambda: self._alarm.cut(off=True)),
                (21 * HOUR_S, lambda: self._alarm.cut(off=False)),
            ]
        if number % 4 == 0:
            events += [(9 * HOUR_S, self._window(is_open=True)), (22 * HOUR_S, self._window(is_open=False))]
        if number % 5 == 0:
            events.append((15 * HOUR_S, self._alarm.restart))
        if number % 7 == 0:
            events.append((16 * HOUR_S, self._power_cut))
        if number % 10 == 0:
            events.append((2 * HOUR_S, self._summer_and_winter))
        return sorted(events, key=lambda event: event[0])

    def _voice(self, name: str, on: bool) -> Event:
        def speak() -> None:
            self.asked += 1
            self._alarm.end(self._alarm.turn(name, on))
            assert self._alarm.witness.taken() <= 1

        return speak

    def _key(self, action: Action) -> Event:
        return lambda: self._alarm.keypad(action)

    def _crossing(self, key: Event, voice: Event) -> Event:
        """Somebody at the keypad, and nobody has heard of it when the voice speaks."""

        def cross() -> None:
            key()
            voice()

        return cross

    def _window(self, *, is_open: bool) -> Event:
        return lambda: self._alarm.panel.window("Cocina", is_open=is_open)

    def _trouble(self) -> None:
        for _ in range(3):
            self._alarm.fault(self._chance.choice(KINDS), times=self._chance.randint(1, 3))

    def _heal(self) -> None:
        self._alarm.backend.faults.clear()

    def _truth(self) -> None:
        """An hour after the trouble everything is well again by itself."""
        self._alarm.live(BEYOND_S)
        assert self._alarm.installation.view.axes == self._alarm.panel.axes

    def _power_cut(self) -> None:
        """In the middle of a command."""

        def die(request: str) -> None:
            if request in ("ARMNIGHT2", "ArmStatus", "pollArmState"):
                raise Killed

        self._alarm.before = die
        try:
            self._voice("night", True)()
        except Killed:
            self._alarm.restart()
        self._alarm.before = lambda _request: None
        assert self._alarm.witness.taken() <= 1

    def _summer_and_winter(self) -> None:
        self._alarm.clock.step = HOUR_S - self._alarm.clock.step


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.long
@pytest.mark.parametrize("cloud", CLOUDS)
def test_some_weeks(tmp_path: Path, cloud: str) -> None:
    alarm = Alarm(tmp_path, cloud, poll_every_s=POLL_S)
    household = Household(alarm, SEED)
    alarm.live(1)
    started, grown = alarm.clock.now, (threading.active_count(), open_files())
    for number in range(DAYS):
        for at, event in household.day(number):
            alarm.live(started + number * DAY_S + at - alarm.clock.now)
            event()
            assert alarm.witness.wrong == []
    alarm.backend.faults.clear()
    alarm.live(BEYOND_S)

    assert alarm.witness.taken() == 0
    assert alarm.installation.view.axes == alarm.panel.axes
    entries = alarm.journal.commands(20 * DAYS)
    assert sum(entry.times for entry in entries) == household.asked > 4 * DAYS
    assert all(entry.result for entry in entries)
    assert all(entry.settled for entry in entries if entry.result == Result.UNCONFIRMED)
    assert {entry.result for entry in entries} >= {Result.CONFIRMED, Result.IGNORED, Result.REJECTED}
    assert (threading.active_count(), open_files()) == grown
    [(notes,)] = alarm.journal.rows("SELECT count(*) FROM notes")
    assert int(str(notes)) < 10
    if ACTIVITY_S[cloud] is not None:
        check_log(alarm)
    alarm.journal.close()


def check_log(alarm: Alarm) -> None:
    """What the activity log has cost and brought."""
    # It costs no more than a tenth of the polls.
    assert alarm.backend.requests["ActV2Timeline"] * 10 <= alarm.backend.requests["Status"]
    logged = activity.events(alarm.journal, "home", 20 * DAYS)
    mine = [one for one in logged if one.kind in CHANGES and one.means not in activity.BY_HAND]
    assert len(mine) > DAYS
    assert not [one for one in mine if one.command is None], "a command of ours would be listed twice"
    assert len({(one.at, one.type) for one in logged}) == len(logged)
