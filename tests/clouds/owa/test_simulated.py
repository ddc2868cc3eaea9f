"""The OWA cloud against the simulated alarm: the contract, every kind of panel, every fault, and a whole day."""

import json
import logging
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise, product
from pathlib import Path

import pytest

from emulator.alarm.cloud import Reading
from emulator.alarm.installation import Installation
from emulator.alarm.queue import Ticket
from emulator.app.login_store import JournalVault
from emulator.clouds.firewall import BAN_S
from emulator.clouds.owa.provider import SPACING_S
from emulator.errors import LoginNeeded, Rejected, Unconfirmed
from emulator.model import DISARMED, Arm, ArmMode, Axes, Command, Disarm, Interior, Notice, Origin, Result
from emulator.simulator.owa.profiles import PROFILES
from emulator.store.journal import Journal
from tests.clouds.contract import NIGHT, TOTAL, CloudContract, LogContract, quiet
from tests.support.fakes_owa import SimulatedOwa

pytestmark = pytest.mark.sampled

EVERYTHING = Disarm(annex=True)


@pytest.fixture
def world() -> SimulatedOwa:
    return SimulatedOwa()


class TestContract(CloudContract, LogContract):
    """OWA keeps the contract."""

    cloud = "owa"


# -- panels -------------------------------------------------------------------------------------------------------


def modes(world: SimulatedOwa) -> list[ArmMode]:
    """Every mode that the house has, sums and all."""
    found = [
        ArmMode(interior, perimeter=perimeter, annex=annex)
        for interior, perimeter, annex in product((None, *Interior), (False, True), (False, True))
        if interior is not Interior.OFF and (interior or perimeter or annex)
    ]
    return [mode for mode in found if world.panel.equipment.has(mode)]


def put(world: SimulatedOwa, mode: ArmMode | None) -> None:
    """Somebody at the keypad."""
    world.panel.keypad(EVERYTHING if world.panel.equipment.annex else Disarm())
    if mode:
        assert world.panel.keypad(Arm(mode)) is None
    world.cloud.read()


def told(world: SimulatedOwa) -> bool:
    """Whether the API has a letter for where the panel stands."""
    return world.state()["letter"] != "N"


@pytest.mark.parametrize("profile", PROFILES)
def test_every_mode_is_reached_from_every_other_or_refused_with_the_panels_reason(profile: str) -> None:
    world = SimulatedOwa(profile)
    reached, refused, refused_again = 0, Counter[str](), False
    for start, mode in product([None, *modes(world)], modes(world)):
        put(world, start)
        before, sent = world.panel.axes, world.submissions()
        again = before.after(Arm(mode)) == before
        if not told(world):
            continue
        try:
            state = world.cloud.execute(Arm(mode), quiet)
        except Rejected as error:
            refused[str(error)] += 1
            refused_again |= again
        except Unconfirmed:
            assert not told(world)
        else:
            reached += 1
            assert state.axes == world.panel.axes
            assert world.panel.axes.has(mode)
        # Whatever happens, nothing that was armed is off.
        assert not before.perimeter or world.panel.axes.perimeter
        assert not before.annex or world.panel.axes.annex
        assert before.interior is Interior.OFF or world.panel.axes.interior is not Interior.OFF
        assert world.submissions() - sent <= 4
    assert reached >= len(modes(world)) - 1
    assert not refused_again
    assert all(reason and "it gives no reason" not in reason for reason in refused)
    if profile.startswith(("it", "pt")):
        assert any("no other mode while it is armed" in reason for reason in refused)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_state_can_be_disarmed(profile: str) -> None:
    world = SimulatedOwa(profile)
    for start in modes(world):
        put(world, start)
        wanted = Disarm.of(start)
        state = world.cloud.execute(wanted, quiet)
        assert world.panel.axes.reached(wanted)
        assert state.axes == world.panel.axes or not told(world)
    put(world, None)
    assert world.cloud.read().axes == DISARMED


def test_what_a_panel_does_not_know_is_asked_for_once() -> None:
    world = SimulatedOwa("fr")
    both = ArmMode(Interior.TOTAL, perimeter=True)
    for _ in range(2):
        put(world, None)
        try:
            world.cloud.execute(Arm(both), quiet)
        except Rejected:
            world.panel.keypad(Disarm())
    names = [json.loads(body)["variables"].get("request") for _, body in world.poster.sent]
    assert names.count("ARMINTEXT1") == names.count("ARM1PERI1") == 1


def test_a_panel_without_night_says_so() -> None:
    world = SimulatedOwa("it-owner")
    with pytest.raises(Rejected, match=r"cannot arm night: .*not valid for Central Unit"):
        world.cloud.execute(NIGHT, quiet)


def test_the_perimeter_that_a_user_may_not_arm() -> None:
    world = SimulatedOwa("it-interior")
    with pytest.raises(Rejected, match="may not arm the perimeter"):
        world.cloud.execute(Arm(ArmMode(perimeter=True)), quiet)


# -- open zones ---------------------------------------------------------------------------------------------------

FORCED = Arm(ArmMode(Interior.NIGHT), force=True)


def test_open_zones_refuse_and_are_named(world: SimulatedOwa) -> None:
    for zone in ("Cocina", "Comedor"):
        world.panel.window(zone, is_open=True)
    with pytest.raises(Rejected, match="open: Comedor, Cocina"):
        world.cloud.execute(NIGHT, quiet)
    assert world.panel.axes == DISARMED


def test_forced_they_are_left_unguarded_until_disarmed(world: SimulatedOwa) -> None:
    world.panel.window("Cocina", is_open=True)
    state = world.cloud.execute(FORCED, quiet)
    assert (state.axes, state.bypassed) == (world.panel.axes, ("Cocina",))
    assert world.cloud.read().bypassed == ("Cocina",)
    world.cloud.execute(Disarm(), quiet)
    assert world.cloud.read().bypassed == ()


def test_what_cannot_be_forced_is_refused(world: SimulatedOwa) -> None:
    world.face.options.allow_forcing = False
    world.panel.window("Cocina", is_open=True)
    with pytest.raises(Rejected, match=r"open: Cocina.*does not let itself be forced"):
        world.cloud.execute(FORCED, quiet)


def test_open_zones_of_france() -> None:
    world = SimulatedOwa("fr")
    world.panel.window("Cocina", is_open=True)
    with pytest.raises(Rejected, match="open: Cocina"):
        world.cloud.execute(TOTAL, quiet)
    assert world.panel.axes == DISARMED


def test_names_that_never_come_do_not_hold_up_the_refusal(world: SimulatedOwa) -> None:
    world.face.options.exceptions_wait = True
    world.panel.window("Cocina", is_open=True)
    with pytest.raises(Rejected, match="does not say which"):
        world.cloud.execute(NIGHT, quiet)


@pytest.mark.parametrize("forced", [False, True])
def test_open_zones_without_their_code(world: SimulatedOwa, forced: bool) -> None:
    world.face.options.zones_by_number = True
    world.panel.window("Cocina", is_open=True)
    if forced:
        assert world.cloud.execute(FORCED, quiet).bypassed == ("Cocina",)
    else:
        with pytest.raises(Rejected, match="open: Cocina"):
            world.cloud.execute(NIGHT, quiet)


# -- what a country or an account lacks ---------------------------------------------------------------------------

LACKED = ("wifiConnected exceptions", "msg protomResponseDate", "error", "configRepoUser description requestId")


@pytest.mark.parametrize("lacks", LACKED)
def test_a_country_that_lacks_something_can_be_armed_and_disarmed(world: SimulatedOwa, lacks: str) -> None:
    world.face.options.lacks = lacks
    for action in (NIGHT, Disarm()):
        world.cloud.execute(action, quiet)
        assert world.panel.axes.reached(action)
    assert world.backend.accepted.total() == 2
    assert world.state()["client_faults"] == []


def test_an_alarm_without_capabilities(world: SimulatedOwa) -> None:
    world.face.options.no_capabilities = True
    world.cloud = world.new_client()
    world.cloud.execute(NIGHT, quiet)
    world.cloud.execute(Disarm(), quiet)
    assert world.panel.axes == DISARMED
    assert world.count("Srv") == 1


# -- faults -------------------------------------------------------------------------------------------------------


class Home:
    """The whole far side: installation, journal and vault on disk, and the simulated alarm."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = Journal(folder)
        self.world = SimulatedOwa(vault=JournalVault(self.journal, folder, "owa.example"))
        self.clock = self.world.clock
        self.device = self.login().device
        self.alarm = self.restart()

    def login(self):  # type: ignore[no-untyped-def]
        login = self.world.vault.load()
        assert login
        return login

    def restart(self) -> Installation:
        self.alarm = Installation(
            "home", self.world.new_client, self.journal, self.clock, poll_every_s=120, reread_after_s=15
        )
        return self.alarm

    def on(self, mode: ArmMode) -> Result:
        return self.run(self.alarm.submit(Command(Arm(mode), Origin("test"))))

    def off(self, mode: ArmMode) -> Result:
        return self.run(self.alarm.submit(Command(Disarm.of(mode), Origin("test"), only_if=mode)))

    def run(self, ticket: Ticket) -> Result:
        while not ticket.done.done():
            self.alarm.step()
        return ticket.done.result().result

    def live(self, seconds: float) -> None:
        """Let time pass as the thread does, in steps of a second."""
        until = self.clock.now + seconds
        while self.clock.now < until:
            self.alarm.step()
            self.clock.now += 1

    def times(self) -> list[float]:
        return [when for when, _ in self.world.state()["times"]]

    def check(self) -> None:
        """What must hold whatever went wrong."""
        state = self.world.state()
        assert state["refresh_reused"] == 0
        assert state["client_faults"] == []
        assert all(after - before >= SPACING_S for before, after in pairwise(self.times()))
        assert self.login().device == self.device
        per_minute = Counter(int(when // 60) for when in self.times())
        assert max(per_minute.values(), default=0) <= 60 / SPACING_S


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    yield made
    made.journal.close()


NIGHT_MODE = ArmMode(Interior.NIGHT)
READ_FAULTS = (
    *("down", "unavailable", "html", "expire", "lost", "late", "throttle", "bad_gateway", "gateway_timeout", "trouble"),
    *("conflict", "unpermitted", "schema", "ban", "ban_page"),
)


@pytest.mark.parametrize("kind", READ_FAULTS)
@pytest.mark.parametrize("times", [1, None], ids=["once", "for an hour"])
@pytest.mark.long
def test_whatever_goes_wrong_with_polls_the_state_is_kept_and_comes_back_by_itself(
    home: Home, kind: str, times: int | None
) -> None:
    home.alarm.step()
    home.world.panel.keypad(NIGHT)
    home.world.fault(kind, "Status", times)
    home.live(3600)
    home.world.backend.faults.clear()
    home.live(2 * BAN_S + 10)
    assert home.alarm.view.axes == home.world.panel.axes
    assert home.world.count("mkLoginToken") == 0
    home.check()


SUBMIT_FAULTS = {
    # Kind → how the command ends, and whether the panel has done it.
    "down": (Result.UNCONFIRMED, False),
    "lost": (Result.UNCONFIRMED, True),
    "unavailable": (Result.UNCONFIRMED, False),
    "bad_gateway": (Result.UNCONFIRMED, False),
    "gateway_timeout": (Result.UNCONFIRMED, False),
    "trouble": (Result.UNCONFIRMED, False),
    "conflict": (Result.UNCONFIRMED, False),
    "html": (Result.UNCONFIRMED, False),
    "late": (Result.CONFIRMED, True),
    "expire": (Result.CONFIRMED, True),
    "unpermitted": (Result.CONFIRMED, True),
    "unauthorized": (Result.CONFIRMED, True),
    "schema": (Result.REJECTED, False),
    "busy": (Result.REJECTED, False),
    "refuse": (Result.REJECTED, False),
    "unsupported": (Result.REJECTED, False),
    "not_valid": (Result.REJECTED, False),
    "bad_input": (Result.REJECTED, False),
    "throttle": (Result.FAILED, False),
    "ban": (Result.FAILED, False),
    "ban_page": (Result.FAILED, False),
}


@pytest.mark.parametrize("kind", SUBMIT_FAULTS)
def test_whatever_goes_wrong_with_a_submission_it_is_carried_out_once_or_not_at_all(home: Home, kind: str) -> None:
    result, done = SUBMIT_FAULTS[kind]
    home.alarm.step()
    home.world.fault(kind, "xSArmPanel", 1)
    assert home.on(NIGHT_MODE) is result
    home.live(900)
    assert home.world.panel.axes.has(NIGHT_MODE) is done
    assert home.world.backend.accepted.total() == done
    assert home.alarm.view.axes == home.world.panel.axes
    entry = home.journal.commands(1)[0]
    assert (entry.result, entry.settled is not None) == (result, result is Result.UNCONFIRMED)
    home.check()


@pytest.mark.parametrize(
    "kind", ["down", "lost", "late", "bad_gateway", "trouble", "conflict", "expire", "unpermitted"]
)
@pytest.mark.parametrize("times", [1, 3])
def test_trouble_while_a_command_is_followed_is_waited_out(home: Home, kind: str, times: int) -> None:
    home.alarm.step()
    home.world.fault(kind, "ArmStatus", times)
    assert home.on(NIGHT_MODE) is Result.CONFIRMED
    assert home.world.submissions() == 1
    home.check()


@pytest.mark.parametrize("kind", ["wait", "silent", "letter_n", "letter_word", "letter_empty", "ban", "throttle"])
def test_an_outcome_that_nobody_tells_is_unconfirmed_and_settled_by_the_state(home: Home, kind: str) -> None:
    home.alarm.step()
    home.world.fault(kind, "ArmStatus")
    assert home.on(NIGHT_MODE) is Result.UNCONFIRMED
    home.world.backend.faults.clear()
    home.live(BAN_S + 200)
    assert home.alarm.view.axes.has(NIGHT_MODE)
    assert home.journal.commands(1)[0].settled == "night"
    assert home.world.submissions() == 1
    home.check()


@pytest.mark.parametrize("lag", [5.0, 30.0, 120.0])
def test_a_cached_state_that_lags_takes_nothing_back(home: Home, lag: float) -> None:
    home.world.face.options.status_lag = lag
    home.alarm.step()
    assert home.on(NIGHT_MODE) is Result.CONFIRMED
    for _ in range(300):
        home.live(1)
        assert home.alarm.view.axes.has(NIGHT_MODE)
    assert home.off(NIGHT_MODE) is Result.CONFIRMED
    for _ in range(300):
        home.live(1)
        assert home.alarm.view.axes == DISARMED


@pytest.mark.parametrize("kind", ["letter_n", "letter_unknown", "letter_word"])
def test_a_house_that_is_armed_in_an_unknown_way_may_be_disarmed_and_not_armed(home: Home, kind: str) -> None:
    home.world.panel.keypad(TOTAL)
    home.world.fault(kind, "Status")
    home.alarm.step()
    assert home.alarm.view.axes == Axes()
    assert home.on(NIGHT_MODE) is Result.REJECTED
    home.world.backend.faults.clear()
    home.world.fault(kind, "Status", 1)
    home.live(121)
    assert home.off(ArmMode(Interior.TOTAL)) is Result.CONFIRMED
    assert home.world.panel.axes == DISARMED


def test_an_empty_letter_keeps_the_state(home: Home) -> None:
    home.world.panel.keypad(TOTAL)
    home.alarm.step()
    home.world.fault("letter_empty", "Status")
    home.live(600)
    assert home.alarm.view.axes == home.world.panel.axes
    assert home.alarm.view.state
    assert home.clock.now - home.alarm.view.state.read_at >= 600


@pytest.mark.parametrize("force", [False, True])
def test_open_zones_and_forcing_are_in_the_journal(home: Home, force: bool) -> None:
    home.world.panel.window("Cocina", is_open=True)
    result = home.run(home.alarm.submit(Command(Arm(NIGHT_MODE, force=force), Origin("test"))))
    entry = home.journal.commands(1)[0]
    if force:
        assert (result, entry.message) == (Result.CONFIRMED, "the panel is night; open and not guarded: Cocina")
    else:
        assert (result, entry.message) == (Result.REJECTED, "open: Cocina. Close it and try again")


def test_a_ban_stops_every_call_for_its_time(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    home.alarm.step()
    home.world.fault("ban", "Status", 1)
    home.live(121)
    home.world.backend.reset()
    home.live(BAN_S - 10)
    assert home.restart().view.axes == DISARMED
    home.live(5)
    assert home.world.backend.requests.total() == home.world.state()["banned_requests"] == 0
    assert "blocked the address of this network" in caplog.text
    home.live(200)
    assert home.world.count("Status") > 0


def test_the_program_never_floods(home: Home) -> None:
    for _ in range(20):
        home.on(NIGHT_MODE)
        home.off(NIGHT_MODE)
    assert home.world.state()["banned_requests"] == 0
    home.check()


@pytest.mark.parametrize(
    "kind", ["bad_gateway", "gateway_timeout", "down", "html", "trouble", "null_refresh", "null_device"]
)
def test_refreshes_that_fail_for_an_hour_cost_no_password_and_no_login(home: Home, kind: str) -> None:
    home.alarm.step()
    home.world.fault(kind, "RefreshLogin")
    home.live(3600)
    home.world.backend.faults.clear()
    home.live(BAN_S)
    assert home.world.count("mkLoginToken") == 0
    assert home.alarm.known_obstacle(Arm(NIGHT_MODE)) is None
    assert home.on(NIGHT_MODE) is Result.CONFIRMED
    home.check()


def test_a_refresh_token_that_a_lost_answer_has_spent_is_sent_once_more_and_refused(home: Home) -> None:
    home.alarm.step()
    home.world.fault("lost", "RefreshLogin", 1)
    home.live(3600)
    assert home.world.count("mkLoginToken") == 0
    assert isinstance(home.alarm.known_obstacle(Arm(NIGHT_MODE)), LoginNeeded)
    assert home.world.state()["refresh_reused"] == 1
    home.world.log_in()
    home.live(10)
    assert home.alarm.known_obstacle(Arm(NIGHT_MODE)) is None


@pytest.mark.parametrize("crash", [False, True])
@pytest.mark.parametrize("password", ["", "demo"])
def test_a_login_that_the_cloud_has_ended_is_made_anew_once_or_left_alone(
    home: Home, crash: bool, password: str
) -> None:
    home.world.password = password
    home.restart().step()
    home.world.face.options.refresh_crash = crash
    home.world.face.tokens.revoke()
    home.live(3600)
    if password:
        assert home.alarm.known_obstacle(Arm(NIGHT_MODE)) is None
    else:
        assert isinstance(home.alarm.known_obstacle(Arm(NIGHT_MODE)), LoginNeeded)
        sent = home.world.backend.requests.total()
        home.live(3600)
        assert home.world.backend.requests.total() == sent
    assert home.world.count("mkLoginToken") == bool(password)
    home.world.log_in()
    home.live(BAN_S)
    assert home.alarm.known_obstacle(Arm(NIGHT_MODE)) is None
    assert home.on(NIGHT_MODE) is Result.CONFIRMED


@pytest.mark.parametrize("kind", ["unauthorized", "challenge", "disowned"])
def test_a_session_that_the_cloud_does_not_know_is_renewed_once_and_then_a_person_is_told(
    home: Home, kind: str
) -> None:
    told: list[tuple[Notice, str]] = []
    home.alarm.records.tell = lambda notice, text: told.append((notice, text))
    home.alarm.step()
    home.world.fault(kind, "Status", 1)
    home.live(300)
    assert (home.alarm.known_obstacle(Arm(NIGHT_MODE)), told) == (None, [])
    home.world.fault(kind)
    refreshed = home.world.count("RefreshLogin")
    home.live(300)
    home.world.backend.faults.clear()
    home.live(3600)
    [(notice, text)] = told
    assert notice is Notice.LOGIN
    assert "does not know this program any more" in text
    assert text.endswith("type `emulator login`")
    assert home.world.count("RefreshLogin") - refreshed <= 1
    assert home.world.count("mkLoginToken") == 0
    home.world.log_in()
    home.live(10)
    assert home.on(NIGHT_MODE) is Result.CONFIRMED
    home.check()


def test_a_session_for_which_only_the_state_is_refused_ends_in_the_same_way(home: Home) -> None:
    home.alarm.step()
    home.world.fault("disowned", "Status")
    home.live(600)
    assert isinstance(home.alarm.known_obstacle(Arm(NIGHT_MODE)), LoginNeeded)
    assert (home.world.count("RefreshLogin"), home.world.count("mkLoginToken")) == (1, 0)


def test_a_restart_needs_neither_code_nor_password(home: Home) -> None:
    home.alarm.step()
    home.live(2000)
    for pause_s in (10, 1000, 100_000):
        home.clock.now += pause_s
        home.restart().step()
        assert home.alarm.view.state
        assert home.alarm.view.state.read_at >= home.clock.now - 30
    assert home.world.count("mkLoginToken") == home.world.count("mkSendOTP") == 0
    home.check()


def test_two_programs_share_one_login(home: Home) -> None:
    """`emulator status` beside `emulator run`."""
    home.alarm.step()
    for _ in range(20):
        home.live(400)
        home.clock.now += SPACING_S
        other = home.world.new_client()
        assert other.read().axes == home.world.panel.axes
        other.close()
        home.clock.now += SPACING_S
    home.check()


def test_no_secret_is_logged_at_debug(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    home.world.panel.window("Cocina", is_open=True)
    home.alarm.step()
    home.on(NIGHT_MODE)
    home.world.face.tokens.revoke()
    home.live(2000)
    login = home.login()
    secrets = [login.access, login.refresh, login.device.id, login.device.uuid, "demo"]
    assert not [secret for secret in secrets if secret and secret in caplog.text]
    assert "eyJ" not in caplog.text


def test_details(world: SimulatedOwa) -> None:
    details = world.cloud.describe()
    assert (details.number, details.panel, details.alias) == ("2423443", "SDVFAST", "Casa")
    assert {"ARM", "DARM", "EST"} <= {row["service"] for row in details.services}


def test_a_person_may_wake_the_panel(world: SimulatedOwa) -> None:
    world.panel.keypad(TOTAL)
    assert world.cloud.read(Reading.PANEL).source == "CheckAlarm"
    assert world.count("CheckAlarm") == 1


# -- a day --------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_day_at_default_settings(home: Home) -> None:
    home.alarm.step()
    home.world.backend.reset()
    home.live(12 * 3600)
    assert home.on(NIGHT_MODE) is Result.CONFIRMED
    home.world.panel.keypad(Disarm())
    home.live(12 * 3600)
    requests = home.world.backend.requests
    assert home.alarm.view.axes == DISARMED
    assert {"mkLoginToken", "mkSendOTP", "ActV2Timeline"}.isdisjoint(requests)
    assert requests["CheckAlarm"] == 1  # which came last, our arm or the keypad?
    # verisure-owa.md §10: a quarter of an hour costs 7 to 8 Status, one Srv and one RefreshLogin.
    quarters = 24 * 4
    assert 7 * quarters <= requests["Status"] <= 8 * quarters
    assert requests.total() <= 10 * quarters
    home.check()
