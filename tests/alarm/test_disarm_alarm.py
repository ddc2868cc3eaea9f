"""A disarm of an alarm itself, for a peer that its door knows: narrowed by what is on, and never out of order."""

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import IPv4Network

import pytest

from emulator.alarm.presses import LATER
from emulator.alarm.switch import Narrowing
from emulator.model import Arm, ArmMode, Disarm, Origin, Result
from tests.alarm.test_held import ECHO, Rig

PHONE = Origin("homekit", "192.168.7.40")
NIGHT = ArmMode.parse("night")


def narrowed(**narrowings: Narrowing) -> Rig:
    rig = Rig()
    rig.hub.switches = tuple(
        replace(one, narrowing=narrowings.get(one.name, Narrowing())) for one in rig.switches.values()
    )
    rig.hub._presses.switches = rig.hub.switches
    return rig


def disarm(rig: Rig, origin: Origin = PHONE) -> bool:
    """Ask for a disarm; return whether it was carried out."""
    before = len(rig.sent)
    ticket = rig.hub.disarm("home", Disarm(), origin, rig.hub.ask())
    done = ticket.done.result(0).result is Result.CONFIRMED
    assert (len(rig.sent) - before, len(rig.alarm.ignored)) == ((1, 0) if done else (0, 1))
    return done


@pytest.mark.parametrize("on", ["", "Total", "Night"])
def test_nothing_narrows_it_where_no_switch_is_narrowed(on: str) -> None:
    rig = Rig()
    rig.alarm.be(on)
    assert disarm(rig)


@pytest.mark.parametrize(
    ("narrowing", "why"),
    [
        (Narrowing(doors=frozenset({"dashboard"})), "only through dashboard"),
        (Narrowing((IPv4Network("192.168.8.0/24"),)), "not disarm for 192.168.7.40"),
    ],
)
def test_what_narrows_the_mode_that_is_on_narrows_it(narrowing: Narrowing, why: str) -> None:
    rig = narrowed(Night=narrowing)
    rig.alarm.be("Night")
    assert not disarm(rig)
    assert f"Night: it may {'disarm ' if 'only' in why else ''}{why}, says devices.yaml" in rig.reasons()[0]


def test_what_narrows_another_mode_does_not() -> None:
    rig = narrowed(Total=Narrowing(doors=frozenset({"dashboard"})))
    rig.alarm.be("Night")
    assert disarm(rig)


def test_what_may_be_on_counts_and_so_does_what_is_about_to_be() -> None:
    rig = narrowed(Total=Narrowing(doors=frozenset({"dashboard"})))
    rig.alarm.view = replace(rig.alarm.view, state=None)
    assert not disarm(rig)
    rig = narrowed(Total=Narrowing(doors=frozenset({"dashboard"})))
    rig.alarm.view = replace(rig.alarm.view, target=rig.alarm.view.axes.after(Arm(ArmMode.parse("total"))))
    assert not disarm(rig)


def test_where_no_switch_speaks_of_what_is_on_all_of_them_count() -> None:
    rig = narrowed(Night=Narrowing(doors=frozenset({"dashboard"})))
    rig.alarm.be("annex")
    assert not disarm(rig)


def test_the_hour_counts() -> None:
    rig = narrowed(Night=Narrowing(between=(7 * 60, 22 * 60)))
    rig.alarm.be("Night")
    local = datetime.fromtimestamp(rig.clock.now, UTC).astimezone()
    rig.clock.step = 12 * 3600 - (local.hour * 3600 + local.minute * 60)
    assert disarm(rig)
    rig.alarm.be("Night")
    rig.clock.step += 11 * 3600
    assert not disarm(rig)


def test_a_disarm_that_was_asked_for_before_an_arm_comes_to_nothing() -> None:
    """Through whatever door: the house stays armed."""
    rig = Rig()
    rig.alarm.be("Total")
    asked = rig.hub.ask()
    rig.hub.command("home", Arm(NIGHT), Origin("dashboard", ECHO))
    ticket = rig.hub.disarm("home", Disarm(), PHONE, asked)
    assert ticket.done.result(0).result is Result.IGNORED
    assert rig.reasons() == [LATER]
    assert rig.offs == []


def test_an_arm_that_was_asked_for_before_a_disarm_comes_to_nothing() -> None:
    rig = Rig()
    rig.alarm.be("Night")
    asked = rig.hub.ask()
    rig.hub.command("home", Disarm(), Origin("dashboard", ECHO))
    ticket = rig.hub.command("home", Arm(NIGHT), PHONE, asked)
    assert ticket.done.result(0).result is Result.IGNORED
    assert rig.sent == [("", False)]


def test_its_age_counts_from_when_it_was_asked_for() -> None:
    rig = Rig()
    rig.alarm.be("Night")
    asked = rig.hub.ask()
    rig.clock.now += 20
    rig.hub.disarm("home", Disarm(), PHONE, asked)
    assert rig.alarm.asked == [asked.at]


def test_it_is_no_part_of_a_sweep_and_does_not_wait() -> None:
    """Who asks for it has an unlocked iPhone, or has confirmed it: a sweep of switches beside it changes nothing."""
    rig = Rig()
    rig.alarm.be("Night")
    for name in rig.switches:
        rig.turn(name, False)
    assert disarm_beside(rig)


def disarm_beside(rig: Rig) -> bool:
    ticket = rig.hub.disarm("home", Disarm(), PHONE, rig.hub.ask())
    return ticket.done.result(0).result is Result.CONFIRMED and rig.sent == [("", False)]
