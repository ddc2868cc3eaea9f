"""Decisions about open windows: armed past exactly these, once, or not at all."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.alarm.cloud import Phase
from emulator.alarm.hub import Hub
from emulator.alarm.installation import Installation
from emulator.alarm.offers import OFFER_S
from emulator.alarm.queue import Ticket
from emulator.errors import EmulatorError, OfferOver
from emulator.model import DISARMED, Arm, ArmMode, Disarm, Interior, Notice, Origin, Result
from emulator.store.journal import Entry, Journal
from tests.support.fakes_owa import SimulatedOwa

NIGHT = ArmMode(Interior.NIGHT)
ANA = Origin("dashboard", "192.168.7.9")
LEO = Origin("api", "192.168.7.10")


class House:
    """An alarm of today's app, its hub and journal, driven step by step."""

    def __init__(self, folder: Path, profile: str = "es-perimeter") -> None:
        self.world = SimulatedOwa(profile)
        self.clock = self.world.clock
        self.journal = Journal(folder)
        self.told: list[tuple[Notice, str]] = []
        self.on_phase: Callable[[Phase], None] = lambda _phase: None
        self.alarm = self.installation()
        self.alarm.step()

    def installation(self) -> Installation:
        made = Installation(
            "home",
            self.world.new_client,
            self.journal,
            self.clock,
            poll_every_s=120,
            reread_after_s=15,
            on_progress=lambda phase, _text: self.on_phase(phase),
            on_notice=lambda notice, text: self.told.append((notice, text)),
        )
        self.hub = Hub((), {"home": made}, self.journal, self.clock)
        return made

    def open(self, *zones: str) -> None:
        for zone in zones:
            self.world.panel.window(zone, is_open=True)

    def run(self, ticket: Ticket) -> Result:
        while not ticket.done.done():
            self.alarm.step()
        return ticket.done.result().result

    def arm(self, mode: ArmMode = NIGHT) -> int:
        """Arm in vain; return the entry of the refusal."""
        ticket = self.hub.command("home", Arm(mode), Origin("wemo", "192.168.7.8", "Night"))
        assert self.run(ticket) is Result.REJECTED
        return ticket.entry

    def decide(self, entry: int, origin: Origin = ANA) -> Result:
        return self.run(self.hub.decide("home", entry, origin))

    def live(self, seconds: float) -> None:
        until = self.clock.now + seconds
        while self.clock.now < until:
            self.clock.now += 1
            self.alarm.step()

    def last(self) -> Entry:
        return self.journal.commands(1)[0]

    @property
    def sent(self) -> list[bool]:
        """The submissions to arm, each with whether it was forced."""
        bodies = [json.loads(body) for _, body in self.world.poster.sent]
        arms = [body["variables"] for body in bodies if body["operationName"] == "xSArmPanel"]
        return ["forceArmingRemoteId" in variables for variables in arms]

    def after_refusal(self, act: Callable[[], Any]) -> None:
        """Do something once, after the refusal within the next command and before what is forced."""

        def watch(phase: Phase) -> None:
            if phase is Phase.ACCEPTED:
                self.on_phase = self._at_next(Phase.SENDING, act)

        self.on_phase = watch

    def _at_next(self, wanted: Phase, act: Callable[[], Any]) -> Callable[[Phase], None]:
        def watch(phase: Phase) -> None:
            if phase is wanted:
                self.on_phase = lambda _phase: None
                act()

        return watch


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.journal.close()


def test_a_window_is_bypassed_once_and_the_journal_says_which_and_by_whom(house: House) -> None:
    house.open("Cocina")
    entry = house.arm()
    assert (house.last().zones, house.last().past) == (("Cocina",), ())
    assert house.world.panel.axes == DISARMED
    offer = house.hub.offers["home"]
    assert (offer.entry, offer.arm, offer.until) == (entry, Arm(NIGHT, past=("Cocina",)), house.clock.time() + OFFER_S)

    assert house.decide(entry) is Result.CONFIRMED
    assert house.sent == [False, False, True]
    assert house.world.panel.axes.has(NIGHT)
    assert house.world.face.state()["bypassed"] == ["Cocina"]
    last = house.last()
    assert (last.door, last.peer, last.past, last.zones) == (*("dashboard", "192.168.7.9"), ("Cocina",), ("Cocina",))
    assert last.message == "the panel is night; open and not guarded: Cocina"
    assert house.hub.offers == {}
    assert [notice for notice, _ in house.told] == [Notice.OPEN, Notice.BYPASSED]


def test_it_is_written_down_before_it_is_sent(house: House) -> None:
    house.open("Cocina")
    entry = house.arm()
    written: list[Entry] = []
    house.on_phase = lambda phase: written.extend([house.last()] if phase is Phase.SENDING else [])
    house.decide(entry)
    assert [(one.past, one.result) for one in written] == [(("Cocina",), None)] * 2


def test_another_window_asks_again_and_nothing_is_armed(house: House) -> None:
    house.open("Cocina")
    entry = house.arm()
    house.open("Comedor")
    assert house.decide(entry) is Result.REJECTED
    assert house.sent == [False, False]
    assert house.world.panel.axes == DISARMED
    assert set(house.last().zones) == {"Cocina", "Comedor"}

    assert house.decide(house.last().id, LEO) is Result.CONFIRMED
    assert house.sent == [False, False, False, True]
    assert set(house.last().past) == {"Cocina", "Comedor"}


def test_a_window_that_was_closed_meanwhile_is_guarded(house: House) -> None:
    house.open("Cocina", "Comedor")
    entry = house.arm()
    house.world.panel.window("Comedor", is_open=False)
    assert house.decide(entry) is Result.CONFIRMED
    assert house.last().zones == ("Cocina",)


def test_a_person_who_asks_again_at_once_reaches_the_panel(house: House) -> None:
    house.open("Cocina")
    house.arm()
    house.world.panel.window("Cocina", is_open=False)
    assert house.run(house.hub.command("home", Arm(NIGHT), ANA)) is Result.CONFIRMED


def test_where_all_is_closed_meanwhile_nothing_is_forced(house: House) -> None:
    house.open("Cocina")
    entry = house.arm()
    house.world.panel.window("Cocina", is_open=False)
    assert house.decide(entry) is Result.CONFIRMED
    assert house.sent == [False, False]
    assert house.last().zones == ()
    assert Notice.BYPASSED not in dict(house.told)


def test_a_second_press_joins_and_a_later_one_is_told_so(house: House) -> None:
    house.open("Cocina")
    entry = house.arm()
    first = house.hub.decide("home", entry, ANA)
    assert house.hub.decide("home", entry, LEO) is first
    house.run(first)
    assert house.sent == [False, False, True]
    with pytest.raises(OfferOver, match="cannot be decided any more"):
        house.hub.decide("home", entry, ANA)


def test_a_press_while_it_is_under_way_joins_it(house: House) -> None:
    house.open("Cocina")
    entry = house.arm()
    tickets: list[Ticket] = []
    house.on_phase = lambda _phase: tickets.append(house.hub.decide("home", entry, LEO))
    ticket = house.hub.decide("home", entry, ANA)
    assert house.run(ticket) is Result.CONFIRMED
    assert set(tickets) == {ticket}
    assert house.sent == [False, False, True]


def test_a_lost_answer_to_what_was_forced_is_never_sent_again(house: House) -> None:
    house.open("Cocina")
    entry = house.arm()
    house.after_refusal(lambda: house.world.fault("lost", "xSArmPanel", 1))
    assert house.decide(entry) is Result.UNCONFIRMED
    house.live(300)
    assert house.sent == [False, False, True]
    assert house.last().settled == "night"
    with pytest.raises(OfferOver):
        house.hub.decide("home", entry, ANA)


@pytest.mark.parametrize("strict", [False, True])
def test_a_window_that_is_opened_before_what_is_forced(house: House, strict: bool) -> None:
    """A panel may bind what forces to the zones that it has told, or not; nobody knows."""
    house.world.face.options.strict_forcing = strict
    house.open("Cocina")
    entry = house.arm()
    house.world.fault("opens", "xSArmPanel", 1)
    assert house.decide(entry) is (Result.REJECTED if strict else Result.CONFIRMED)
    house.live(60)
    assert house.sent == [False, False, True]
    if strict:
        assert house.world.panel.axes == DISARMED
        assert len(house.hub.offers["home"].arm.past) == 2
    else:
        # It is armed, and stays so; people hear of it, as the person has not decided that.
        kinds = [notice for notice, _ in house.told]
        assert kinds == [Notice.OPEN, Notice.BYPASSED, Notice.BYPASSED]
        assert "nobody decided" in house.told[-1][1]


def test_a_key_that_has_expired_asks_again(house: House) -> None:
    house.world.face.options.force_within = 0.0
    house.open("Cocina")
    entry = house.arm()
    assert house.decide(entry) is Result.REJECTED
    assert house.sent == [False, False, True]
    assert house.world.panel.axes == DISARMED
    assert house.hub.offers["home"].entry == house.last().id != entry


# -- when there is nothing to decide any more ---------------------------------------------------------------------


def test_it_stands_for_five_minutes(house: House) -> None:
    house.open("Cocina")
    entry = house.arm()
    house.live(OFFER_S - 2)
    assert house.hub.offers
    house.live(2)
    assert house.hub.offers == {}
    with pytest.raises(OfferOver):
        house.hub.decide("home", entry, ANA)


def test_a_clock_that_people_set_back_makes_it_no_longer(house: House) -> None:
    house.open("Cocina")
    house.arm()
    offer = house.hub.offers["home"]
    assert offer.made.age_s(offer.made) == 0
    house.clock.now += OFFER_S
    assert house.hub.offers == {}


@pytest.mark.parametrize("back", [False, True])
def test_a_panel_that_has_changed_meanwhile_ends_it(house: House, back: bool) -> None:
    house.open("Cocina")
    entry = house.arm()
    house.world.panel.window("Cocina", is_open=False)
    assert house.world.panel.keypad(Arm(NIGHT)) is None
    house.live(130)
    if back:
        house.world.panel.keypad(Disarm())
        house.live(130)
    house.open("Cocina")
    with pytest.raises(OfferOver):
        house.hub.decide("home", entry, ANA)


def test_a_change_between_the_decision_and_its_turn_ends_it(house: House) -> None:
    house.open("Cocina")
    entry = house.arm()
    ticket = house.hub.decide("home", entry, ANA)
    house.world.panel.keypad(Arm(ArmMode(perimeter=True)))
    house.world.panel.window("Cocina", is_open=False)
    house.world.panel.keypad(Arm(ArmMode(perimeter=True)))
    house.alarm.read_now()
    assert house.run(ticket) is Result.SUPERSEDED
    assert house.sent == [False]
    assert "has changed since" in str(house.last().message)


@pytest.mark.parametrize("action", [Arm(NIGHT), Disarm()], ids=str)
def test_another_command_ends_it(house: House, action: Arm | Disarm) -> None:
    house.open("Cocina")
    entry = house.arm()
    house.live(6)  # the same arm is not sent again at once
    house.run(house.hub.command("home", action, ANA))
    with pytest.raises(OfferOver):
        house.hub.decide("home", entry, ANA)
    assert True not in house.sent


def test_a_restart_ends_it(house: House) -> None:
    house.open("Cocina")
    entry = house.arm()
    house.alarm = house.installation()
    house.alarm.step()
    with pytest.raises(OfferOver):
        house.hub.decide("home", entry, ANA)


def test_what_cannot_be_written_down_is_not_sent_and_can_be_decided_again(house: House) -> None:
    house.open("Cocina")
    entry = house.arm()
    begin = house.journal.begin

    def full(*_args: object) -> int:
        raise EmulatorError("the disk is full")

    house.journal.begin = full  # type: ignore[method-assign, assignment]
    with pytest.raises(EmulatorError, match="full"):
        house.hub.decide("home", entry, ANA)
    house.journal.begin = begin  # type: ignore[method-assign]
    assert house.sent == [False]
    assert house.decide(entry) is Result.CONFIRMED


# -- when there was never anything to decide ----------------------------------------------------------------------


@pytest.mark.parametrize("option", ["allow_forcing", "exceptions_wait"])
def test_a_panel_that_forces_not_or_names_nothing_offers_nothing(house: House, option: str) -> None:
    setattr(house.world.face.options, option, option == "exceptions_wait")
    house.open("Cocina")
    entry = house.arm()
    assert house.hub.offers == {}
    with pytest.raises(OfferOver):
        house.hub.decide("home", entry, ANA)
    assert house.sent == [False]


def test_two_windows_of_one_name_are_two() -> None:
    assert Arm(NIGHT, past=("Salón", "Cocina")).passes(["Cocina"])
    assert not Arm(NIGHT, past=("Salón", "Cocina")).passes(["Cocina", "Cocina"])
    assert not Arm(NIGHT).passes(["Cocina"])
    assert Arm(NIGHT, force=True).passes(["Cocina"])


def test_no_key_is_logged_or_written_down(house: House, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    caplog.set_level(0)
    house.open("Cocina")
    house.decide(house.arm())
    bodies = [json.loads(body)["variables"] for _, body in house.world.poster.sent]
    keys = {one[name] for one in bodies for name in ("forceArmingRemoteId", "suid") if one.get(name)}
    assert keys
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()).decode(errors="replace")
    assert not [key for key in keys if key in kept or key in caplog.text]
