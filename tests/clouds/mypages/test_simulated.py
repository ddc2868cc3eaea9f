"""My Pages against the simulated alarm: the contract, two hosts, logins, limits, codes and open windows."""

import json
import logging
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from emulator.alarm.cloud import Phase
from emulator.app.login_store import JournalVault
from emulator.clouds.enrolment import CodeRefused
from emulator.clouds.mypages.enrol import MyPagesEnrolment
from emulator.clouds.mypages.failures import CodesExhausted
from emulator.clouds.mypages.provider import LAG_S
from emulator.errors import LoginNeeded, LoginRefused, OpenZones, Rejected, Unconfirmed, Unreachable
from emulator.model import DISARMED, Arm, ArmMode, Disarm, Interior
from emulator.store.journal import Journal
from tests.clouds.contract import DAY, NIGHT, PERIMETER, TOTAL, CloudContract, quiet
from tests.support.fakes_mypages import CODE, PASSWORD, SimulatedMyPages

pytestmark = pytest.mark.sampled

HOUR_S, DAY_S = 3600.0, 86_400.0


@pytest.fixture
def world() -> SimulatedMyPages:
    return SimulatedMyPages()


class TestContract(CloudContract):
    """My Pages keeps the contract."""

    cloud = "mypages"
    lacks = (DAY, PERIMETER)
    refused_submissions = 0


def variables(world: SimulatedMyPages, name: str) -> list[dict[str, object]]:
    """The variables of each request of an operation, as they came."""
    bodies = [json.loads(body)[0] for host in world.hosts for _, path, body in host.sent if path == "/graphql"]
    return [body["variables"] for body in bodies if body["operationName"] == name]


# -- modes --------------------------------------------------------------------------------------------------------


def test_home_may_be_called_day() -> None:
    world = SimulatedMyPages("home-day")
    assert world.cloud.execute(DAY, quiet).axes.interior is Interior.DAY
    assert world.cloud.read().axes == world.panel.axes
    with pytest.raises(Rejected, match="cannot"):
        world.cloud.execute(NIGHT, quiet)


def test_nothing_is_disarmed_to_arm_otherwise(world: SimulatedMyPages) -> None:
    world.cloud.execute(NIGHT, quiet)
    with pytest.raises(Rejected, match="has to be disarmed before"):
        world.cloud.execute(TOTAL, quiet)
    assert world.submissions() == 1
    assert world.panel.axes.has(NIGHT.mode)


def test_what_is_armed_already_is_not_armed_again(world: SimulatedMyPages) -> None:
    world.clock.sleep(LAG_S)
    world.panel.keypad(TOTAL)
    assert world.cloud.execute(TOTAL, quiet).axes.reached(TOTAL)
    assert world.submissions() == 0


def test_a_state_that_nobody_knows_is_not_off(world: SimulatedMyPages) -> None:
    world.fault("state_unknown")
    axes = world.cloud.read().axes
    assert axes.interior is None
    assert axes.armed
    with pytest.raises(Rejected):
        world.cloud.execute(TOTAL, quiet)
    assert world.submissions() == 0


def test_a_panel_that_is_moving_keeps_its_last_state(world: SimulatedMyPages) -> None:
    before = world.cloud.read()
    world.panel.answer_after = 60
    other = world.new_client()
    other._commands._deadline_s = 1
    with pytest.raises(Unconfirmed):
        other.execute(TOTAL, quiet)
    assert world.cloud.read() is before
    with pytest.raises(Unreachable, match="just changing"):
        world.cloud.execute(NIGHT, quiet)


def test_a_command_that_ends_while_the_panel_moves_is_not_judged_by_the_last_state(world: SimulatedMyPages) -> None:
    world.cloud.read()
    world.panel.answer_after = 60
    other = world.new_client()
    other._commands._deadline_s = 1
    with pytest.raises(Unconfirmed):
        other.execute(TOTAL, quiet)
    world.fault("refuse", "disarm")
    with pytest.raises(Unconfirmed, match="all the same"):
        world.cloud.execute(Disarm(), quiet)


# -- the code -----------------------------------------------------------------------------------------------------


def test_without_a_code_nothing_is_sent() -> None:
    world = SimulatedMyPages(code="")
    for action in (TOTAL, Disarm()):
        with pytest.raises(Rejected, match="VERISURE_CODE"):
            world.cloud.execute(action, quiet)
    assert world.submissions() == 0
    assert world.count("ArmStateDryRun") == 0


def test_a_typed_code_takes_precedence() -> None:
    world = SimulatedMyPages(code="")
    world.cloud.execute(replace(TOTAL, code=CODE), quiet)
    world.cloud.execute(Disarm(code=CODE), quiet)
    assert world.panel.axes == DISARMED
    assert CODE not in repr(replace(TOTAL, code=CODE)) + repr(Disarm(code=CODE)) + str(Disarm(code=CODE))


def test_a_wrong_code_is_not_sent_again_after_a_restart_neither(world: SimulatedMyPages) -> None:
    wrong = replace(TOTAL, code="1234")
    with pytest.raises(Rejected, match="did not take the code"):
        world.cloud.execute(wrong, quiet)
    for cloud in (world.cloud, world.new_client()):
        with pytest.raises(Rejected, match="not sent again"):
            cloud.execute(wrong, quiet)
    assert world.state()["wrong_codes"] == 1
    world.cloud.execute(TOTAL, quiet)
    # A person who logs in says that it may be right by now.
    world.log_in()
    with pytest.raises(Rejected, match="did not take the code"):
        world.cloud.execute(Disarm(code="1234"), quiet)


def test_a_code_is_not_guessed(world: SimulatedMyPages) -> None:
    for guess in ("0000", "0001", "0002"):
        with pytest.raises(Rejected, match="did not take the code"):
            world.cloud.execute(replace(TOTAL, code=guess), quiet)
    for guess in ("0003", "0004"):
        with pytest.raises(Rejected, match="too many codes were wrong"):
            world.cloud.execute(replace(TOTAL, code=guess), quiet)
    assert world.state()["wrong_codes"] == 3
    # The house's own switches still arm it.
    world.cloud.execute(TOTAL, quiet)
    world.clock.sleep(900.0)
    with pytest.raises(Rejected, match="did not take the code"):
        world.cloud.execute(Disarm(code="0003"), quiet)
    with pytest.raises(Rejected, match="too many codes were wrong"):
        world.cloud.execute(Disarm(code="0004"), quiet)


def test_a_code_of_another_length_is_not_sent(world: SimulatedMyPages) -> None:
    with pytest.raises(Rejected, match="has 4 digits"):
        world.cloud.execute(Disarm(code="123456"), quiet)
    assert world.submissions() == 0


# -- open windows -------------------------------------------------------------------------------------------------


def open_window(world: SimulatedMyPages, number: int = 0) -> str:
    name: str = world.panel.equipment.zones[number].name
    world.panel.window(name, is_open=True)
    return name


def test_what_is_open_is_named_before_anything_is_sent(world: SimulatedMyPages) -> None:
    names = {open_window(world), open_window(world, 1)}
    with pytest.raises(OpenZones) as caught:
        world.cloud.execute(NIGHT, quiet)
    assert set(caught.value.zones) == names
    assert caught.value.passable
    assert world.submissions() == 0


@pytest.mark.parametrize("force", [False, True])
def test_force_is_sent_where_somebody_said_so(world: SimulatedMyPages, force: bool) -> None:
    name = open_window(world)
    action = replace(TOTAL, force=True) if force else replace(TOTAL, past=(name,))
    state = world.cloud.execute(action, quiet)
    assert (state.bypassed, world.cloud.read().bypassed) == ((name,), (name,))
    assert [one["forceArm"] for one in variables(world, "armAway")] == [True]
    world.cloud.execute(Disarm(), quiet)
    assert world.cloud.read().bypassed == ()


def test_nothing_is_forced_where_nothing_is_open(world: SimulatedMyPages) -> None:
    world.cloud.execute(replace(TOTAL, past=("Cocina",)), quiet)
    assert [one["forceArm"] for one in variables(world, "armAway")] == [False]


def test_a_window_that_opens_meanwhile_is_no_success(world: SimulatedMyPages) -> None:
    world.fault("opens", "armAway")
    with pytest.raises(Rejected):
        world.cloud.execute(TOTAL, quiet)
    assert world.panel.axes == DISARMED


def test_a_dry_run_that_never_ends_does_not_hold_up_the_alarm(world: SimulatedMyPages) -> None:
    world.fault("wait", "ArmStateDryRunStatus")
    assert world.cloud.execute(TOTAL, quiet).axes.reached(TOTAL)


# -- logins -------------------------------------------------------------------------------------------------------


def test_a_code_is_asked_for_once(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    world = SimulatedMyPages(vault=JournalVault(journal, tmp_path, "pages.example"))
    for _ in range(3):
        world.clock.now += DAY_S
        assert world.new_client().read().axes == DISARMED
    assert world.count("auth/mfa") == world.count("auth/login") == 0
    assert world.count("auth/token") == 3
    # A login of its own later needs the password alone.
    world.face.actions["sessions/kill"]()
    world.face.actions["tokens/revoke"]()
    with pytest.raises(LoginNeeded):
        world.cloud.read()
    journal.close()


def test_a_login_that_has_ended_is_made_anew_with_the_password_and_without_a_code() -> None:
    world = SimulatedMyPages(password=PASSWORD)
    world.cloud.read()
    world.face.actions["sessions/kill"]()
    world.face.actions["tokens/revoke"]()
    assert world.cloud.read().axes == DISARMED
    assert world.count("auth/login") == 1
    assert world.count("auth/mfa") == 0
    world.face.actions["sessions/kill"]()
    world.face.actions["tokens/revoke"]()
    with pytest.raises(Unreachable, match="waits for some minutes"):
        world.cloud.read()
    world.clock.now += HOUR_S
    world.face.actions["devices/forget"]()
    with pytest.raises(LoginNeeded, match="confirmed by a code"):
        world.cloud.read()
    assert world.count("auth/login") == 2


def test_a_wrong_password_is_not_repeated() -> None:
    world = SimulatedMyPages(password="wrong")
    world.face.actions["sessions/kill"]()
    world.face.actions["tokens/revoke"]()
    for _ in range(3):
        with pytest.raises(LoginRefused):
            world.new_client().read()
        world.clock.now += DAY_S
    assert world.count("auth/login") == 1


def test_access_is_renewed_before_its_end_and_survives_a_renewal_that_fails(world: SimulatedMyPages) -> None:
    world.cloud.read()
    world.clock.now += 780
    world.fault("unavailable", "auth/token")
    world.cloud.read()
    assert world.count("auth/token") > 0
    world.backend.faults.clear()
    world.cloud.read()
    world.clock.now += 300
    before = world.count("auth/token")
    world.cloud.read()
    assert world.count("auth/token") == before


@pytest.mark.parametrize("way", [0, 1])
def test_a_person_may_take_either_way_and_mistype(world: SimulatedMyPages, way: int) -> None:
    world.face.actions["devices/forget"]()
    enrolment = MyPagesEnrolment(world.wire(PASSWORD))
    assert not enrolment.begin()
    enrolment.send_code(enrolment.phones[way])
    with pytest.raises(CodeRefused):
        enrolment.confirm("000000")
    enrolment.send_code(enrolment.phones[way])
    enrolment.confirm(world.face.logins.messages[-1].code)
    assert [one.number for one in enrolment.installations()] == ["2423443"]
    assert world.count("auth/login") == 1


def test_too_many_codes_end_the_login(world: SimulatedMyPages) -> None:
    world.face.actions["devices/forget"]()
    enrolment = MyPagesEnrolment(world.wire(PASSWORD))
    world.fault("many_codes", "auth/mfa")
    enrolment.begin()
    with pytest.raises(CodesExhausted):
        enrolment.send_code(enrolment.phones[0])


# -- hosts and limits ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["passive", "passive_200"])
def test_a_command_goes_to_the_other_host_where_the_first_has_not_taken_it(world: SimulatedMyPages, kind: str) -> None:
    world.cloud.read()
    world.fault(kind, "armAway", 1)
    assert world.cloud.execute(TOTAL, quiet).axes.reached(TOTAL)
    assert world.backend.accepted["armAway"] == 1


@pytest.mark.parametrize("kind", ["gateway_timeout", "bad_gateway", "trouble", "trouble_500", "not_json", "lost"])
def test_a_command_whose_end_is_open_goes_to_no_other_host(world: SimulatedMyPages, kind: str) -> None:
    world.cloud.read()
    world.fault(kind, "armAway", 1)
    with pytest.raises(Unconfirmed):
        world.cloud.execute(TOTAL, quiet)
    assert world.submissions() == 1


def test_after_a_command_without_an_answer_the_other_host_is_asked(world: SimulatedMyPages) -> None:
    world.cloud.read()
    world.face.options.first_hangs = world.face.options.hangs_after = True
    began = world.clock.now
    with pytest.raises(Unconfirmed):
        world.cloud._commands.submit(world.cloud._session.home(), "DISARMED", CODE, quiet)
    world.cloud.read()
    assert world.clock.now - began < 2 * 20
    assert world.submissions() == 1


def test_a_host_that_was_not_reached_is_no_reason_to_fail(world: SimulatedMyPages) -> None:
    world.hosts[0].refuse = True
    assert world.cloud.execute(TOTAL, quiet).axes.reached(TOTAL)


def test_a_passive_host_does_not_hide_that_the_other_one_hangs(world: SimulatedMyPages) -> None:
    world.face.options.first_hangs = world.face.options.second_passive = True
    with pytest.raises(Unreachable, match="the host hangs"):
        world.cloud.read()


@pytest.mark.parametrize("kind", ["limited", "limited_200"])
def test_the_limit_means_silence_for_an_hour(world: SimulatedMyPages, kind: str) -> None:
    world.fault(kind, "ArmState", 1)
    with pytest.raises(Unreachable, match="fewer requests"):
        world.cloud.read()
    sent = world.state()["posts"]
    for action in (TOTAL, Disarm()):
        with pytest.raises(Unreachable, match="asked too often") as caught:
            world.new_client().execute(action, quiet)
        assert not caught.value.sent
    assert world.state()["posts"] == sent
    world.clock.now += HOUR_S + 1
    assert world.cloud.read().axes == DISARMED


def test_a_block_means_silence_until_midnight(world: SimulatedMyPages) -> None:
    world.fault("blocked", "ArmState", 1)
    with pytest.raises(Unreachable, match="blocked this account for today") as caught:
        world.cloud.read()
    assert "demo@house.invalid" not in str(caught.value)
    until = world.vault.load().quiet_until
    assert datetime.fromtimestamp(until).astimezone().strftime("%H:%M") == "00:15"
    assert 0 < until - world.clock.time() <= DAY_S
    sent = world.state()["posts"]
    world.clock.now = until - 1
    with pytest.raises(Unreachable):
        world.cloud.read()
    assert world.state()["posts"] == sent


def test_a_poll_is_one_request(world: SimulatedMyPages) -> None:
    world.cloud.read()
    sent = world.state()["posts"]
    world.clock.now += 120
    world.cloud.read()
    assert world.state()["posts"] == sent + 1


def test_a_night_of_504_is_weather(world: SimulatedMyPages) -> None:
    world.fault("gateway_timeout")
    world.clock.now += HOUR_S
    with pytest.raises(Unreachable, match="HTTP 504"):
        world.cloud.read()
    world.backend.faults.clear()
    assert world.cloud.read().axes == DISARMED
    assert not world.vault.load().trouble


# -- secrets ------------------------------------------------------------------------------------------------------


def test_no_secret_gets_out(world: SimulatedMyPages, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []

    def report(phase: Phase, text: str) -> None:
        said.append(f"{phase} {text}")

    for name in ("ArmState", "armAway", "pollArmState", "auth/token", "fetchAllInstallations"):
        world.fault("echo", name, 1)
        try:
            world.new_client().execute(Arm(ArmMode(Interior.TOTAL), code=CODE), report)
        except Exception as error:
            said.append(str(error))
        world.clock.now += HOUR_S
        world.panel.keypad(Disarm())
    login = world.vault.load()
    assert login
    told = caplog.text + " ".join(said) + repr(login).replace(login.user, "")
    for secret in (CODE, "demo@house.invalid", *login.cookies.values()):
        assert secret not in told
    assert world.state()["client_faults"] == []
