"""The hub as doors use it: submit, state, subscribe."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from ipaddress import IPv4Network
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.alarm.held import Asked
from emulator.alarm.hub import Guard, Hub, Ticket
from emulator.alarm.installation import Installation
from emulator.alarm.queue import View
from emulator.alarm.rules import why_not
from emulator.alarm.sweeps import SWEEP_S
from emulator.alarm.switch import Narrowing, Switch
from emulator.errors import EmulatorError, TooMany
from emulator.model import DISARMED, Arm, ArmMode, Axes, Command, Disarm, Interior, Origin, PanelState, Result
from emulator.store.identities import Identity
from emulator.store.journal import Journal
from tests.support.fakes import SimulatedCloud

PEER = Origin("wemo", "10.0.0.9")
NAMES = ("total", "night", "perimeter", "total+perimeter")


class Home(SimulatedCloud):
    """A hub with four switches on a simulated alarm."""

    def __init__(self, folder: Path, *, show_target: bool = True, off_disarms: bool = True) -> None:
        super().__init__()
        self.journal = Journal(folder)
        self.alarm = Installation(
            "home",
            self.new_client,
            self.journal,
            self.clock,
            poll_every_s=60,
            on_change=lambda: self.hub.changed("home"),
        )
        self.switches = {
            name: Switch(
                name=f"{name} alarm",
                installation="home",
                mode=ArmMode.parse(name),
                off_disarms=off_disarms,
                doors=frozenset({"wemo"}),
                identity=Identity(str(index), f"S{index}", f"02{index:010}", 49151 + index),
            )
            for index, name in enumerate(NAMES)
        }
        self.hub = Hub(
            list(self.switches.values()), {"home": self.alarm}, self.journal, self.clock, show_target=show_target
        )

    def ons(self) -> dict[str, bool | None]:
        return {name: self.hub.state(switch).on for name, switch in self.switches.items()}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    yield made
    made.journal.close()


def test_before_anything_was_read_nothing_is_known(home: Home) -> None:
    assert set(home.ons().values()) == {None}
    assert home.hub.state(home.switches["total"]).panel is None


def test_modes_add_up(home: Home) -> None:
    home.panel.keypad(Arm(ArmMode(Interior.TOTAL, perimeter=True)))
    home.alarm.step()
    assert home.ons() == {"total": True, "night": False, "perimeter": True, "total+perimeter": True}


def test_an_unreadable_panel_is_on_everywhere(home: Home) -> None:
    home.journal.save_state("home", PanelState(Axes(), 1.0, "N", "EST2"))
    alarm = Installation("home", home.new_client, home.journal, home.clock, poll_every_s=60)
    hub = Hub(list(home.switches.values()), {"home": alarm}, home.journal, home.clock)
    assert {hub.state(switch).on for switch in hub.switches} == {True}


def test_the_target_is_shown_while_pending(home: Home) -> None:
    home.alarm.step()
    home.hub.submit(home.switches["night"], True, PEER, Guard.NONE)
    state = home.hub.state(home.switches["night"])
    assert (state.on, state.pending) == (True, True)
    assert state.panel is not None
    assert not state.panel.axes.armed


def test_the_target_is_known_even_when_the_panel_is_not(home: Home) -> None:
    home.hub.submit(home.switches["night"], True, PEER, Guard.NONE)
    assert home.ons() == {"total": False, "night": True, "perimeter": None, "total+perimeter": False}


def test_while_pending_last_shows_the_last_state(tmp_path: Path) -> None:
    home = Home(tmp_path, show_target=False)
    home.alarm.step()
    home.hub.submit(home.switches["night"], True, PEER, Guard.NONE)
    assert (home.ons()["night"], home.hub.state(home.switches["night"]).pending) == (False, True)
    home.journal.close()


def test_origin_is_journalled(home: Home) -> None:
    home.hub.submit(home.switches["night"], True, PEER, Guard.NONE)
    (entry,) = home.journal.commands(1)
    assert (entry.door, entry.peer, entry.switch) == ("wemo", "10.0.0.9", "night alarm")


def test_a_switch_without_off_only_arms(tmp_path: Path) -> None:
    home = Home(tmp_path, off_disarms=False)
    home.panel.keypad(Arm(ArmMode(Interior.NIGHT)))
    home.alarm.step()
    ticket = home.hub.submit(home.switches["night"], False, PEER, Guard.NONE)
    assert ticket.done.result(0).result is Result.IGNORED
    assert ticket.accepted.result(0) is None
    assert home.ons()["night"] is True
    assert home.journal.commands(1)[0].result == "ignored"
    assert home.panel.axes.armed
    home.journal.close()


def test_what_a_door_refuses_changes_nothing_and_is_part_of_a_sweep_all_the_same(home: Home) -> None:
    home.panel.keypad(Arm(ArmMode(Interior.NIGHT)))
    home.alarm.step()
    alone = home.hub.submit(home.switches["total"], False, PEER, why_not="not by this door")
    assert (alone.done.result(0).result, alone.done.result(0).message) == (Result.IGNORED, "not by this door")
    home.hub.submit(home.switches["perimeter"], False, PEER, why_not="not by this door")
    allowed = home.hub.submit(home.switches["night"], False, PEER)
    assert "turn everything off" in allowed.done.result(0).message
    assert home.hub.state(home.switches["night"]).on is True


def test_an_off_that_was_asked_for_before_an_arm_is_too_late(home: Home) -> None:
    home.panel.keypad(Arm(ArmMode(perimeter=True)))
    early = home.hub.ask()
    home.hub.submit(home.switches["night"], True, PEER, Guard.NONE)
    late = home.hub.submit(home.switches["perimeter"], False, PEER, Guard.NONE, early)
    assert late.done.result(0).result is Result.IGNORED
    assert "before this was sent" in late.done.result(0).message
    assert not home.hub.submit(home.switches["perimeter"], False, PEER, Guard.NONE).done.done()


def test_a_journal_that_fails_is_an_answer(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    home.journal.close()
    ticket = home.hub.submit(home.switches["night"], True, PEER, Guard.NONE)
    assert ticket.done.result(0).result is Result.FAILED
    assert "cannot be written" in caplog.text


def test_subscribers_hear_of_changes_until_they_leave(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[str] = []

    def broken(_installation: str) -> None:
        raise ValueError("door is broken")

    home.hub.subscribe(broken)
    leave = home.hub.subscribe(heard.append)
    with caplog.at_level(logging.ERROR):
        home.hub.changed("home")
    leave()
    home.hub.changed("home")
    assert heard == ["home"]
    assert "a door did not take the news" in caplog.text


def test_what_is_ignored_is_journalled_with_its_reason(home: Home) -> None:
    home.hub.ignore(home.switches["night"], False, Origin("hue", "10.0.0.9"), "a sweep")
    (entry,) = home.journal.commands(1)
    assert (entry.action, entry.door, entry.switch, entry.result, entry.message) == (
        "disarm",
        "hue",
        "night alarm",
        "ignored",
        "a sweep",
    )
    assert not home.alarm.view.target


def test_what_cannot_be_written_down_is_ignored_all_the_same(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    home.journal.close()
    home.hub.ignore(home.switches["night"], False, PEER, "a sweep")
    assert "cannot be written" in caplog.text
    assert not home.alarm.view.target


def test_what_was_held_ends_in_the_entry_that_it_has(home: Home) -> None:
    for peer in ("10.0.0.9", "10.0.0.10"):
        home.hub.submit(home.switches["night"], True, Origin("hue", peer), Guard.BOTH)
    assert [entry.result for entry in home.journal.commands(9)] == [None, None]
    home.clock.now += SWEEP_S
    home.hub._presses.release()
    home.alarm.step()
    joined, sent = home.journal.commands(9)
    assert (sent.result, joined.result) == ("confirmed", "ignored")
    assert joined.message == "the same was already under way"


def test_what_is_ignored_while_the_journal_is_locked_ends_later(home: Home) -> None:
    home.hub.submit(home.switches["night"], True, PEER, Guard.BOTH)
    end = home.journal.end
    home.journal.end = raising  # type: ignore[assignment, method-assign]
    home.hub.stop()
    assert home.journal.commands(1)[0].result is None
    home.journal.end = end  # type: ignore[method-assign]
    home.alarm.step()
    assert home.journal.commands(1)[0].result == "ignored"


def raising(*_: object) -> None:
    raise EmulatorError("the journal cannot be written")


def test_people_hear_of_what_could_not_be_held(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    home.alarm.records.tell = lambda _, text: told.append(text)
    home.journal.close()
    ticket = home.hub.submit(home.switches["night"], True, PEER, Guard.BOTH)
    assert ticket.done.result(0).result is Result.FAILED
    assert "cannot be written" in caplog.text
    assert "arm night" in told[0]


def test_what_was_held_too_long_ends_in_its_entry(home: Home) -> None:
    home.panel.keypad(Arm(ArmMode(perimeter=True)))
    home.hub.submit(home.switches["perimeter"], False, PEER)
    home.hub.submit(home.switches["night"], True, PEER)
    home.clock.now += SWEEP_S
    home.hub._presses.release()
    arm, off = home.journal.commands(9)
    assert (off.result, arm.result) == ("ignored", None)


def test_what_is_in_the_way_is_known_beforehand(home: Home) -> None:
    night = home.switches["night"]
    assert home.hub.submit(night, True, PEER, Guard.NONE).obstacle is None
    home.alarm.stop(0)
    assert "stopping" in str(home.hub.submit(night, True, PEER, Guard.NONE).obstacle)


@pytest.mark.parametrize("force", [False, True])
def test_a_switch_arms_past_open_windows_only_if_it_is_told_to(home: Home, force: bool) -> None:
    seen: list[Command] = []
    submit = home.alarm.submit
    home.alarm.submit = lambda command, *_, **__: (seen.append(command), submit(command))[1]  # type: ignore[method-assign]
    home.hub.submit(replace(home.switches["night"], force=force), True, PEER, Guard.NONE)
    assert seen[0].action == Arm(ArmMode(Interior.NIGHT), force=force)


# -- announced --------------------------------------------------------------------------------------------------


PEERS = count(10)


def announce(home: Home, name: str, on: bool, asked: Asked | None = None) -> Ticket:
    """Ask for something that is held back; each time from another peer, so that it is no sweep."""
    return home.hub.submit(home.switches[name], on, Origin("hue", f"10.0.1.{next(PEERS)}"), Guard.BOTH, asked)


def reads(home: Home, *names: str) -> bool:
    """Return whether just these are on."""
    return home.ons() == {name: name in names for name in NAMES}


def test_what_is_announced_shows_until_it_is_withdrawn(home: Home) -> None:
    home.alarm.step()
    announce(home, "total+perimeter", True)
    assert reads(home, "total", "perimeter", "total+perimeter")
    assert home.hub.state(home.switches["total"]).pending
    home.hub.stop()
    assert reads(home)
    assert not home.hub.state(home.switches["total"]).pending
    assert home.alarm.view.target is None


def test_an_announced_off_turns_off_nothing_but_itself(home: Home) -> None:
    home.panel.keypad(Arm(ArmMode(Interior.TOTAL, perimeter=True)))
    home.alarm.step()
    announce(home, "perimeter", False)
    assert reads(home, "total", "total+perimeter")
    announce(home, "total+perimeter", False)
    assert reads(home, "total")


def test_an_announced_on_turns_nothing_off(home: Home) -> None:
    home.panel.keypad(Arm(ArmMode(Interior.TOTAL)))
    home.alarm.step()
    announce(home, "night", True)
    assert reads(home, "total", "night")
    announce(home, "perimeter", True)
    assert reads(home, "total", "night", "perimeter")


def test_what_is_unknown_is_not_announced_to_be_off(home: Home) -> None:
    announce(home, "night", False)
    assert set(home.ons().values()) == {None}
    announce(home, "total", True)
    assert (home.ons()["total"], home.ons()["night"]) == (True, None)
    home.alarm._commands.view = View(PanelState(Axes(), 1.0, "N", "EST2"))
    assert set(home.ons().values()) == {True}


@pytest.mark.parametrize("on", [True, False])
def test_while_pending_last_shows_nothing_that_is_announced(tmp_path: Path, on: bool) -> None:
    home = Home(tmp_path, show_target=False)
    if not on:
        home.panel.keypad(Arm(ArmMode(Interior.NIGHT)))
    home.alarm.step()
    announce(home, "night", on)
    assert (home.ons()["night"], home.hub.state(home.switches["night"]).pending) == (not on, True)
    home.journal.close()


def test_an_off_that_would_only_be_ignored_is_not_shown(tmp_path: Path) -> None:
    home = Home(tmp_path, off_disarms=False)
    home.panel.keypad(Arm(ArmMode(Interior.NIGHT)))
    home.alarm.step()
    announce(home, "night", False)
    assert reads(home, "night")
    home.journal.close()


def test_a_later_arm_is_not_hidden(home: Home) -> None:
    """It takes back the off, so the off must not show any more; not even where it is announced late."""
    home.panel.keypad(Arm(ArmMode(Interior.NIGHT)))
    home.alarm.step()
    announce(home, "night", False)
    late = home.hub.ask()
    assert reads(home)
    home.hub.submit(home.switches["perimeter"], True, PEER, Guard.NONE)
    assert reads(home, "night", "perimeter")
    announce(home, "night", False, late)
    assert reads(home, "night", "perimeter")


def test_a_later_off_is_not_hidden(home: Home) -> None:
    home.panel.keypad(Arm(ArmMode(perimeter=True)))
    home.alarm.step()
    announce(home, "total+perimeter", True)
    home.hub.submit(home.switches["perimeter"], False, PEER, Guard.NONE)
    assert reads(home)
    announce(home, "perimeter", True)
    assert home.ons()["perimeter"] is True


def test_an_off_is_decided_by_the_panel_and_not_by_what_is_announced(home: Home) -> None:
    home.panel.keypad(Arm(ArmMode(Interior.TOTAL)))
    home.alarm.step()
    announce(home, "night", True)
    ticket = home.hub.submit(home.switches["night"], False, PEER, Guard.NONE)
    home.alarm.step()
    assert ticket.done.result(0).result is Result.IGNORED
    announce(home, "total", False)
    ticket = home.hub.submit(home.switches["total"], False, PEER, Guard.NONE)
    assert reads(home)
    home.alarm.step()
    assert ticket.done.result(0).result is Result.CONFIRMED
    assert home.panel.axes == DISARMED
    assert home.count("DARM1") == 1


def test_another_alarm_hears_nothing_of_it(home: Home) -> None:
    home.alarm.step()
    cabin = Installation("cabin", home.new_client, home.journal, home.clock, poll_every_s=60)
    home.hub = Hub(home.hub.switches, {"home": home.alarm, "cabin": cabin}, home.journal, home.clock)
    home.hub.submit(replace(home.switches["night"], installation="cabin"), True, PEER, Guard.BOTH)
    assert reads(home)


AXES = st.builds(Axes, *map(st.sampled_from, ([None, *Interior], [None, True, False], [None, True, False])))


@given(axes=st.none() | AXES, announced=st.lists(st.tuples(st.sampled_from(NAMES), st.booleans()), max_size=4))
def test_nothing_but_an_off_of_its_own_lets_anything_read_as_off(
    home: Home, axes: Axes | None, announced: list[tuple[str, bool]]
) -> None:
    home.alarm._commands.view = View(PanelState(axes, 1.0, "", "EST2") if axes else None)
    before = home.ons()
    for name, on in announced:
        announce(home, name, on)
    for name, on in home.ons().items():
        if before[name] is None:
            assert on is not False
        elif before[name] is True and (name, False) not in announced:
            assert on is True
    home.hub.stop()
    home.clock.now += 600
    assert home.ons() == before


# -- who may disarm -----------------------------------------------------------------------------------------------


def test_an_off_that_the_settings_do_not_let_disarm_changes_nothing_and_says_why(home: Home) -> None:
    home.panel.keypad(Arm(ArmMode(Interior.NIGHT)))
    home.alarm.step()
    night = replace(home.switches["night"], narrowing=Narrowing((IPv4Network("10.0.0.1/32"),)))
    ticket = home.hub.submit(night, False, PEER, Guard.NONE)
    assert ticket.done.result().result is Result.IGNORED
    assert ticket.accepted.result() is None
    assert home.journal.commands(1)[0].message == "it may not disarm for 10.0.0.9, says devices.yaml"
    assert home.hub.state(night).on
    assert home.hub.submit(night, True, PEER, Guard.NONE).done.done() is False


def test_hours_are_those_of_the_clock_on_the_wall(home: Home) -> None:
    local = datetime.fromtimestamp(home.clock.now).astimezone()
    minute = local.hour * 60 + local.minute
    for begin, end, why in ((minute, minute + 1, ""), (minute + 1, minute + 2, "only from")):
        between = (begin % 1440, end % 1440)
        switch = replace(home.switches["night"], narrowing=Narrowing(between=between))
        assert (why in why_not(switch, False, PEER, home.clock.now)) is True
        assert bool(why_not(switch, False, PEER, home.clock.now)) is bool(why)
        assert not why_not(switch, True, PEER, home.clock.now)


# -- the alarm itself -------------------------------------------------------------------------------------------------


def test_an_alarm_may_be_asked_without_a_switch(home: Home) -> None:
    home.alarm.step()
    ticket = home.hub.command("home", Arm(ArmMode(Interior.DAY)), PEER)
    assert ticket.entry == home.journal.commands(1)[0].id
    while not ticket.done.done():
        home.alarm.step()
    assert home.hub.installations == ("home",)
    assert home.hub.view("home").axes.interior is Interior.DAY
    assert home.hub.health("home").read_at == home.clock.time()


def test_an_off_from_before_does_not_undo_such_an_arm(home: Home) -> None:
    home.alarm.step()
    asked = home.hub.ask()
    home.hub.command("home", Arm(ArmMode(Interior.TOTAL)), PEER)
    late = home.hub.submit(home.switches["total"], False, PEER, Guard.NONE, asked)
    assert late.done.result().result is Result.IGNORED


def test_a_disarm_of_the_alarm_itself_is_not_hidden_by_what_is_held_back(home: Home) -> None:
    home.panel.keypad(Arm(ArmMode(Interior.TOTAL)))
    home.alarm.step()
    announce(home, "night", True)
    home.hub.command("home", Disarm(), PEER)
    assert reads(home)


def test_what_the_queue_has_no_room_for_is_counted(home: Home) -> None:
    told = Origin("api", "10.0.0.9")
    for mode in ("total", "perimeter"):
        home.hub.command("home", Arm(ArmMode.parse(mode)), told)
    for _ in range(31):
        with pytest.raises(TooMany):
            home.hub.command("home", Arm(ArmMode.parse("annex")), told)
    [crowded] = home.journal.commands(9, quiet=True)
    assert (crowded.result, crowded.action, crowded.times) == ("refused", "arm annex", 31)


def test_a_client_hears_that_the_queue_is_full_even_if_that_cannot_be_written_down(home: Home) -> None:
    for mode in ("total", "annex"):
        home.hub.command("home", Arm(ArmMode.parse(mode)), PEER)
    home.journal.close()
    ticket = home.hub.submit(home.switches["perimeter"], True, PEER)
    assert isinstance(ticket.accepted.exception(0), TooMany)
    assert ticket.done.result(0).result == "refused"
    with pytest.raises(TooMany):
        home.hub.command("home", Arm(ArmMode(perimeter=True)), PEER)


def test_an_alarm_is_read_because_a_door_asks(home: Home) -> None:
    home.alarm.step()
    home.panel.keypad(Arm(ArmMode(Interior.NIGHT)))
    home.alarm.step()
    assert home.ons()["night"] is False
    home.hub.refresh("home")
    home.alarm.step()
    assert home.ons()["night"] is True
    with pytest.raises(KeyError):
        home.hub.refresh("elsewhere")
