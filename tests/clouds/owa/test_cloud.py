"""The OWA cloud against answers that a test wrote down, also those that no simulator would give."""

from dataclasses import replace
from typing import Any

import pytest

from emulator.alarm.cloud import Phase, Reading
from emulator.clouds.account import Account
from emulator.clouds.owa.cached import LAG_S
from emulator.clouds.owa.cloud import OwaCloud
from emulator.clouds.owa.provider import ROW, SPACING_S
from emulator.clouds.owa.session import DISOWNED_S, DISTRUST_S, EARLY_S
from emulator.clouds.owa.wire import Wire
from emulator.clouds.turnstile import Turnstile
from emulator.clouds.vault import Device, Login
from emulator.errors import EmulatorError, LoginNeeded, LoginRefused, Rejected, Unconfirmed, Unreachable
from emulator.model import DISARMED, Arm, ArmMode, Axes, Disarm, Interior
from tests.clouds.contract import NIGHT, TOTAL, quiet
from tests.clouds.owa.tokens import jwt
from tests.clouds.script import BAD_GATEWAY, TOKENS, MemoryVault, Script, Scripted, data, errors
from tests.support.fakes import EPOCH_S, FakeClock

ACCOUNT = Account("u", "", "ES", "es", "1", "SDVFAST")
LOGIN = Login("u", Device.new(), "ACCESS", EPOCH_S + 10**6, EPOCH_S, "REFRESH")
DEADLINE_S = 60.0
SERVICES = data("xSSrv", {"res": "OK", "installation": {"alias": "Casa", "capabilities": jwt(iat=0, exp=10**6)}})
SUBMITTED = {"res": "OK", "msg": "alarm-manager.processed.request", "referenceId": "R"}
GONE = Unreachable("no answer")
TROUBLE = errors("alarm-manager.alarm_process_error", err="10", status=409)
EXPIRED = errors(
    "Invalid session. Please, try again later.", "ExpiredSessionError", err="ExpiredSessionError", status=403
)


def status(letter: str | None, stamp: Any = "1", **more: Any) -> Scripted:
    return data("xSStatus", {"status": letter, "timestampUpdate": stamp, **more})


def ended(letter: str | None, field: str = "xSArmStatus") -> Scripted:
    return data(field, {"res": "OK", "msg": "alarm-manager.x", "protomResponse": letter, "error": None})


def failed(message: str = "", field: str = "xSArmStatus", **error: Any) -> Scripted:
    return data(field, {"res": "ERROR", "msg": message, "protomResponse": None, "error": error or None})


ARMED = {"xSArmPanel": data("xSArmPanel", SUBMITTED), "ArmStatus": ended("T")}
DISARMED_AGAIN = {"xSDisarmPanel": data("xSDisarmPanel", SUBMITTED), "DisarmStatus": ended("D", "xSDisarmStatus")}


class World:
    """A cloud, and a far side that follows a script."""

    def __init__(self, account: Account = ACCOUNT, **answers: Any) -> None:
        self.clock = FakeClock()
        self.vault = MemoryVault(LOGIN)
        usual: dict[str, Any] = {"Srv": SERVICES, "Status": status("D"), **ARMED, **DISARMED_AGAIN}
        self.script = Script(self.clock, **(usual | answers))
        self.cloud = OwaCloud(Wire(account, self.script, self.clock, Turnstile(SPACING_S), self.vault), DEADLINE_S)

    def submitted(self) -> list[str]:
        found = self.script.of("xSArmPanel") + self.script.of("xSDisarmPanel")
        return [variables["request"] for variables in found]


# -- the state ----------------------------------------------------------------------------------------------------


def test_a_poll_is_one_request_once_the_capabilities_are_there() -> None:
    world = World()
    assert world.cloud.read().axes == DISARMED
    world.cloud.read()
    assert world.script.names() == ["Srv", "Status", "Status"]


@pytest.mark.parametrize(
    ("letter", "armed"), [("d", False), ("N", True), (7, True), ("0", True), ("zz", True), ("ARMED_TOTAL", True)]
)
def test_a_letter_that_nobody_knows_is_armed_in_an_unknown_way(letter: Any, armed: bool) -> None:
    state = World(Status=status(letter)).cloud.read()
    assert state.axes.armed is armed
    assert state.axes in (DISARMED, Axes())
    assert (state.raw, state.source) == (str(letter).upper(), "Status")


@pytest.mark.parametrize("letter", [None, "", " ", [], True])
def test_no_letter_is_no_news_and_never_disarmed(letter: Any) -> None:
    world = World(Status=[status("T"), status(letter)])
    world.cloud.read()
    with pytest.raises(Unreachable, match="does not tell the panel's state"):
        world.cloud.read()
    with pytest.raises(Unreachable, match="does not tell the panel's state"):
        World(Status=status(letter)).cloud.read()


def test_a_state_that_was_read_is_told_even_when_the_disk_is_full() -> None:
    world = World()
    world.clock.now = LOGIN.access_until - EARLY_S

    def full(_login: Login) -> None:
        raise EmulatorError("the disk is full")

    world.vault.save = full  # type: ignore[assignment, method-assign]
    assert world.cloud.read().axes == DISARMED


def test_open_zones_that_were_armed_past_are_told_and_low_batteries_are_not() -> None:
    zones = [
        {"status": "0", "alias": "Cocina"},
        {"status": "2", "alias": "Salon"},
        {"status": "0", "deviceType": "MG"},
        None,
    ]
    state = World(Status=status("T", exceptions=zones)).cloud.read()
    assert state.bypassed == ("Cocina", "a door or window contact (MG)")
    assert str(state) == "total; open and not guarded: Cocina, a door or window contact (MG)"


def test_a_cache_that_has_not_moved_since_the_command_does_not_take_it_back() -> None:
    world = World(Status=[status("D", "1"), status("D", "1"), status("T", "2")])
    world.cloud.read()
    done = world.cloud.execute(TOTAL, quiet)
    world.clock.now += 15
    assert world.cloud.read(Reading.SETTLE) == done
    world.clock.now += 15
    later = world.cloud.read()
    assert (later.axes, later.source, later.read_at) == (done.axes, "Status", world.clock.now)


@pytest.mark.parametrize("letter", ["D", "T"])
def test_where_a_cache_that_has_moved_contradicts_the_panel_the_panel_is_asked_once(letter: str) -> None:
    """A keypad was used, before our command or after it."""
    world = World(
        **CHECKED | {"Status": [status("D", "1"), status("D", "2")], "CheckAlarmStatus": ended(letter, CHECK)}
    )
    world.cloud.read()
    world.cloud.execute(TOTAL, quiet)
    for _ in range(3):
        assert world.cloud.read().raw == letter
    assert world.script.names().count("CheckAlarm") == 1


@pytest.mark.parametrize("forced", [False, True])
def test_a_refused_command_does_not_make_news_of_what_was_old_before_it(forced: bool) -> None:
    zones = failed("error_mpj_exception", code="102", type="NON_BLOCKING", allowForcing=False)
    world = World(Status=status("D", "1"), ArmStatus=[ended("T"), zones])
    world.cloud.read()
    done = world.cloud.execute(TOTAL, quiet)
    with pytest.raises(Rejected, match="a zone is open"):
        world.cloud.execute(Arm(NIGHT.mode, force=forced), quiet)
    world.clock.now += 15
    assert world.cloud.read() == done


def test_a_command_that_was_never_sent_does_not_make_news_of_what_was_old_before_it() -> None:
    unsent = Unreachable("refused", sent=False)
    world = World(Status=status("D", "1"), xSArmPanel=[data("xSArmPanel", SUBMITTED), unsent, unsent])
    world.cloud.read()
    done = world.cloud.execute(TOTAL, quiet)
    with pytest.raises(Unreachable):
        world.cloud.execute(NIGHT, quiet)
    assert world.cloud.read() == done


def test_a_cache_that_catches_up_with_one_command_after_the_other_takes_nothing_back() -> None:
    seen = [status("D", "1"), status("D", "1"), status("T", "2"), status("D", "3"), status("T", "4")]
    world = World(Status=seen)
    world.cloud.read()
    world.cloud.execute(TOTAL, quiet)
    done = world.cloud.execute(Disarm(), quiet)
    assert [world.cloud.read().axes for _ in range(3)] == [done.axes] * 3
    assert world.cloud.read().axes.has(TOTAL.mode)


def test_a_cache_that_does_not_move_for_long_is_believed_in_the_end() -> None:
    world = World(Status=status("D", "1"))
    world.cloud.read()
    world.cloud.execute(TOTAL, quiet)
    world.clock.now += LAG_S
    assert world.cloud.read().axes == DISARMED


def test_a_refused_command_leaves_the_cache_as_good_as_it_was() -> None:
    world = World(xSArmPanel=errors("busy", err="60062"))
    world.cloud.read()
    with pytest.raises(Rejected, match="busy"):
        world.cloud.execute(TOTAL, quiet)
    assert world.cloud.read().read_at == world.clock.now


# -- waking the panel ---------------------------------------------------------------------------------------------

CHECK = "xSCheckAlarmStatus"
CHECKED: dict[str, Any] = {
    "CheckAlarm": data("xSCheckAlarm", SUBMITTED),
    "CheckAlarmStatus": ended("A", "xSCheckAlarmStatus"),
}


def test_only_a_persons_wish_wakes_the_panel() -> None:
    waiting = data("xSCheckAlarmStatus", {"res": "WAIT"})
    world = World(**{**CHECKED, "CheckAlarmStatus": [waiting, ended("A", "xSCheckAlarmStatus")]})
    for how in (Reading.POLL, Reading.SETTLE):
        world.cloud.read(how)
    assert "CheckAlarm" not in world.script.names()
    state = world.cloud.read(Reading.PANEL)
    assert (state.axes, state.source) == (Axes(Interior.TOTAL, perimeter=True, annex=False), "CheckAlarm")
    assert [variables["idService"] for variables in world.script.of("CheckAlarmStatus")] == ["11", "11"]


@pytest.mark.parametrize(
    "answers",
    [
        {"CheckAlarm": data("xSCheckAlarm", {"res": "ERROR", "msg": "no"})},
        {"CheckAlarm": data("xSCheckAlarm", {"res": "OK", "referenceId": None})},
        {"CheckAlarmStatus": data("xSCheckAlarmStatus", {"res": "WAIT"})},
        {"CheckAlarmStatus": ended(None, "xSCheckAlarmStatus")},
        {"CheckAlarmStatus": errors("no", err="6")},
        {"CheckAlarmStatus": data("xSCheckAlarmStatus", {"res": "ERROR", "protomResponse": "A"})},
    ],
)
def test_a_panel_that_does_not_answer_leaves_the_state_as_it_was(answers: dict[str, Any]) -> None:
    world = World(**{**CHECKED, **answers})
    before = world.cloud.read()
    with pytest.raises(Unreachable):
        world.cloud.read(Reading.PANEL)
    assert world.cloud.read().axes == before.axes


# -- a command ----------------------------------------------------------------------------------------------------

ODD: list[Any] = [{}, [], "OK", {"res": None}, {"res": "", "referenceId": "R"}, {"res": "ok?", "protomResponse": "T"}]


@pytest.mark.parametrize("content", ODD)
@pytest.mark.parametrize(("operation", "field"), [("xSArmPanel", "xSArmPanel"), ("ArmStatus", "xSArmStatus")])
def test_an_answer_that_says_neither_yes_nor_no_leaves_it_open(
    operation: str, field: str, content: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    answers: dict[str, Any] = {operation: data(field, content)}
    world = World(**answers)
    with pytest.raises(Unconfirmed) as caught:
        world.cloud.execute(TOTAL, quiet)
    assert world.submitted() == ["ARM1"]
    assert "ARM1" not in str(caught.value), "the name of a request is for the log"
    assert f"ARM1: {caught.value}" in caplog.messages


def test_submit_once_and_poll_with_a_counter_every_two_seconds() -> None:
    waiting = data("xSArmStatus", {"res": "WAIT"})
    world = World(ArmStatus=[waiting, waiting, ended("T")])
    phases: list[tuple[Phase, str]] = []
    state = world.cloud.execute(TOTAL, lambda *phase: phases.append(phase))
    assert (state.axes.interior, state.raw, state.source) == (Interior.TOTAL, "T", "ArmStatus")
    assert phases[:2] == [(Phase.SENDING, "ARM1"), (Phase.ACCEPTED, "ARM1")]
    assert {phase for phase, _ in phases[2:]} == {Phase.WAITING}
    [submitted] = world.script.of("xSArmPanel")
    assert submitted == {
        "numinst": "1",
        "request": "ARM1",
        "panel": "SDVFAST",
        "currentStatus": "D",
        "armAndLock": False,
    }
    assert [variables["counter"] for variables in world.script.of("ArmStatus")] == [1, 2, 3]
    assert {variables["referenceId"] for variables in world.script.of("ArmStatus")} == {"R"}


def test_the_first_command_asks_for_the_state_before() -> None:
    world = World()
    world.cloud.execute(TOTAL, quiet)
    assert world.script.names()[:3] == ["Srv", "Status", "xSArmPanel"]


@pytest.mark.parametrize("answer", [GONE, BAD_GATEWAY, TROUBLE, errors("x", "HttpError", err="httpError", status=500)])
def test_an_answer_that_got_lost_is_never_followed_by_another_submission(answer: Scripted) -> None:
    world = World(xSArmPanel=answer)
    with pytest.raises(Unconfirmed, match="the answer was lost"):
        world.cloud.execute(TOTAL, quiet)
    assert world.submitted() == ["ARM1"]


def test_a_submission_that_was_never_sent_is_unreachable() -> None:
    world = World(xSArmPanel=Unreachable("refused", sent=False))
    with pytest.raises(Unreachable) as caught:
        world.cloud.execute(TOTAL, quiet)
    assert not caught.value.sent


def test_what_fails_before_the_submission_is_not_a_lost_submission() -> None:
    world = World(Srv=[SERVICES, GONE])
    world.cloud.read()
    world.clock.now += 10**6
    world.vault.login = Login("u", Device.new(), "A", world.clock.now + 10**6)
    with pytest.raises(Unreachable) as caught:
        world.cloud.execute(TOTAL, quiet)
    assert not caught.value.sent
    assert not world.submitted()


def test_a_session_that_the_cloud_disowns_is_renewed_once_and_the_request_given_again() -> None:
    world = World(
        xSArmPanel=[EXPIRED, data("xSArmPanel", SUBMITTED)],
        RefreshLogin=data("xSRefreshLogin", {**TOKENS, "hash": jwt(iat=0, exp=10**6)}),
    )
    assert world.cloud.execute(TOTAL, quiet).axes.interior is Interior.TOTAL
    assert world.script.names().count("RefreshLogin") == 1
    assert world.script.names().count("Srv") == 2


def test_a_session_that_the_cloud_disowns_twice_is_its_own_trouble() -> None:
    world = World(xSArmPanel=EXPIRED, RefreshLogin=data("xSRefreshLogin", TOKENS))
    with pytest.raises(Unreachable, match="fresh session") as caught:
        world.cloud.execute(TOTAL, quiet)
    assert not caught.value.sent
    assert len(world.submitted()) == 2


UNKNOWN_SESSION = {
    "Unauthorized": errors("Unauthorized", "SecurityError"),
    "with a challenge": errors("Unauthorized", "SecurityError", **{"auth-type": "OTP", "auth-otp-hash": "H"}),
    "403 in other words": errors("Sitzung ungültig", "ApiError", status=403),
}
FRESH = data("xSRefreshLogin", {**TOKENS, "hash": jwt(iat=0, exp=10**6)})


@pytest.mark.parametrize("why", UNKNOWN_SESSION)
@pytest.mark.parametrize("operation", ["Status", "Srv", "mkInstallationList"])
def test_a_session_that_the_cloud_knows_no_more_is_renewed_once_and_then_needs_a_person(
    why: str, operation: str
) -> None:
    account = Account("u", "", "ES", "es") if operation == "mkInstallationList" else ACCOUNT
    answers: dict[str, Any] = {"mkInstallationList": UNKNOWN_SESSION[why], operation: UNKNOWN_SESSION[why]}
    world = World(account, **answers, RefreshLogin=FRESH)
    for _ in range(3):
        with pytest.raises(LoginNeeded, match=r"does not know this program any more.*; type `emulator login`"):
            world.cloud.read()
        world.clock.now += 600
    assert world.script.names().count("RefreshLogin") == 1
    assert world.script.names().count(operation) == 2
    once = [
        UNKNOWN_SESSION[why],
        {"Status": status("D"), "Srv": SERVICES, "mkInstallationList": listed("7")}[operation],
    ]
    world = World(account, **{operation: once, "RefreshLogin": FRESH})
    assert world.cloud.read().axes == DISARMED


@pytest.mark.parametrize("why", UNKNOWN_SESSION)
def test_one_installation_that_the_cloud_does_not_open_ends_no_login(why: str) -> None:
    account = replace(ACCOUNT, password="p")
    world = World(account, Srv=UNKNOWN_SESSION[why], mkInstallationList=listed("7"), RefreshLogin=FRESH)
    for _ in range(3):
        with pytest.raises(Unreachable, match="does not open installation 1: check `number`") as caught:
            world.cloud.execute(Disarm(), quiet)
        assert not caught.value.sent
        world.clock.now += 600
    assert world.vault.login
    assert not world.vault.login.trouble
    assert "mkLoginToken" not in world.script.names()


def test_a_session_that_the_cloud_knows_no_more_is_made_anew_with_the_password_once() -> None:
    account = replace(ACCOUNT, password="p")
    made = data("xSLoginToken", {**TOKENS, "hash": jwt(iat=0, exp=10**6, jti="by password")})
    unauthorized = UNKNOWN_SESSION["Unauthorized"]
    answers = {"RefreshLogin": FRESH, "mkLoginToken": made}
    world = World(account, **answers, Status=[unauthorized, unauthorized, status("D")])
    assert world.cloud.read().axes == DISARMED
    world = World(account, **answers, Status=unauthorized)
    for _ in range(3):
        with pytest.raises(LoginNeeded, match="does not know this program any more"):
            world.cloud.read()
        world.clock.now += 7200
    assert world.script.names().count("mkLoginToken") == 1


def test_sessions_that_expire_at_once_for_hours_need_a_person_in_the_end() -> None:
    world = World(Status=EXPIRED, RefreshLogin=FRESH)
    for _ in range(int(DISOWNED_S / 600)):
        with pytest.raises(Unreachable, match="fresh session"):
            world.cloud.read()
        world.clock.now += 600
    with pytest.raises(LoginNeeded, match="does not know this program any more"):
        world.cloud.read()


def test_stale_capabilities_cost_no_refresh_token() -> None:
    stale = errors("accessPermissions: Missing capabilities data", "accessPermissionsMiddleware")
    world = World(Status=[stale, status("D")])
    world.cloud.read()
    assert world.script.names() == ["Srv", "Status", "Srv", "Status"]


@pytest.mark.parametrize("trouble", [GONE, BAD_GATEWAY, TROUBLE])
def test_trouble_while_it_is_followed_is_waited_out(trouble: Scripted) -> None:
    world = World(ArmStatus=[trouble, trouble, ended("T")])
    assert world.cloud.execute(TOTAL, quiet).raw == "T"
    assert world.submitted() == ["ARM1"]


def test_polls_that_were_not_sent_are_not_counted() -> None:
    unsent = Unreachable("refused", sent=False)
    world = World(
        ArmStatus=[data("xSArmStatus", {"res": "WAIT"}), unsent, unsent, EXPIRED, ended("T")],
        RefreshLogin=[BAD_GATEWAY, data("xSRefreshLogin", {**TOKENS, "hash": jwt(iat=0, exp=10**6)})],
    )
    assert world.cloud.execute(TOTAL, quiet).raw == "T"
    answered = [variables["counter"] for variables in world.script.of("ArmStatus")]
    assert answered == [1, 2, 2, 2, 2]


def test_a_deadline_is_unconfirmed_and_never_sent_again() -> None:
    world = World(ArmStatus=data("xSArmStatus", {"res": "WAIT"}))
    with pytest.raises(Unconfirmed, match=f"within {DEADLINE_S:g} s"):
        world.cloud.execute(TOTAL, quiet)
    assert world.submitted() == ["ARM1"]
    assert world.cloud.read().axes == DISARMED


def test_a_stop_while_it_is_followed_is_unconfirmed() -> None:
    world = World()
    world.cloud.read()

    def stop(phase: Phase, _text: str) -> None:
        if phase is Phase.ACCEPTED:
            world.clock.stop()

    with pytest.raises(Unconfirmed, match="program stopped"):
        world.cloud.execute(TOTAL, stop)


def test_until_it_is_settled_a_cache_that_has_not_moved_is_no_news() -> None:
    world = World(xSArmPanel=GONE, Status=[status("D"), status("D"), status("T", "2")])
    before = world.cloud.read()
    with pytest.raises(Unconfirmed):
        world.cloud.execute(TOTAL, quiet)
    assert world.cloud.read(Reading.SETTLE).read_at == before.read_at
    settled = world.cloud.read(Reading.SETTLE)
    assert (settled.raw, settled.read_at) == ("T", world.clock.now)


# -- how it ends --------------------------------------------------------------------------------------------------


def test_ok_with_a_letter_that_says_otherwise_is_a_refusal() -> None:
    world = World(ArmStatus=ended("D"))
    with pytest.raises(Rejected, match=r"ended the command without doing it: it is disarmed"):
        world.cloud.execute(TOTAL, quiet)


@pytest.mark.parametrize("letter", ["N", "", None])
def test_ok_without_a_letter_that_says_so_is_unconfirmed(letter: str | None) -> None:
    world = World(ArmStatus=ended(letter))
    with pytest.raises(Unconfirmed):
        world.cloud.execute(TOTAL, quiet)
    assert world.submitted() == ["ARM1"]


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (failed("alarm-manager.error_x", code="106", type="BLOCKING"), Rejected, "no other mode while it is armed"),
        (failed("alarm-manager.error_x", code="101", type="BLOCKING"), Rejected, "may not arm the perimeter"),
        (failed("alarm-manager.error_usm8", code="5", type="BLOCKING"), Rejected, "error_usm8"),
        (failed(""), Rejected, "no reason"),
        (failed("alarm-manager.error_no_response_to_request"), Unconfirmed, "did not answer"),
        (failed("alarm-manager.errdca3", type="TECHNICAL_ERROR"), Unconfirmed, "errdca3"),
        (failed("alarm-manager.error_protom_session"), Unconfirmed, "protom"),
        (errors("4: Requested data not found error.", err="4", status=404), Unconfirmed, "under way"),
    ],
)
def test_errors_of_the_panel(answer: Scripted, kind: type[Exception], said: str) -> None:
    world = World(ArmStatus=answer)
    with pytest.raises(kind, match=said):
        world.cloud.execute(TOTAL, quiet)
    assert world.submitted() == ["ARM1"]


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (data("xSArmPanel", {"res": "ERROR", "msg": "not now"}), Rejected, "refused: not now"),
        (data("xSArmPanel", {"res": "OK", "referenceId": None}), Unconfirmed, "how to ask"),
        (errors("Unauthorized request for current capabilities.", err="6", status=401), Rejected, "may not do that"),
        (errors("m", err="60062"), Rejected, "busy"),
    ],
)
def test_refused_submissions(answer: Scripted, kind: type[Exception], said: str) -> None:
    world = World(xSArmPanel=answer)
    with pytest.raises(kind, match=said):
        world.cloud.execute(TOTAL, quiet)
    assert len(world.submitted()) == 1


# -- requests that a panel does not know --------------------------------------------------------------------------

UNKNOWN = errors("4: Requested data not found error.", res="ERROR", err="4", status=404)
BOTH = Arm(ArmMode(Interior.TOTAL, perimeter=True))


def test_the_next_alternative_and_the_first_one_is_not_tried_again() -> None:
    ok = data("xSArmPanel", SUBMITTED)
    world = World(xSArmPanel=[UNKNOWN, ok], ArmStatus=[ended("T"), ended("A")])
    assert world.cloud.execute(BOTH, quiet).raw == "A"
    assert world.submitted() == ["ARMINTEXT1", "ARM1", "PERI1"]
    assert world.vault.refused == {"ARMINTEXT1"}
    world.cloud.execute(BOTH, quiet)
    assert "ARMINTEXT1" not in world.submitted()[3:]


def test_a_mode_that_the_panel_does_not_know_is_refused_with_its_words_and_asked_for_once() -> None:
    unknown = errors("Request ARMNIGHT1 is not valid for Central Unit", res="ERROR")
    world = World(xSArmPanel=unknown)
    for _ in range(2):
        with pytest.raises(Rejected, match=r"cannot arm night: .*not valid for Central Unit"):
            world.cloud.execute(NIGHT, quiet)
    assert world.submitted() == ["ARMNIGHT1"]
    assert not world.vault.refused


def test_a_disarm_that_is_all_there_is_is_tried_each_time() -> None:
    world = World(Status=status("T"), xSDisarmPanel=UNKNOWN)
    for _ in range(2):
        with pytest.raises(Rejected, match="cannot disarm"):
            world.cloud.execute(Disarm(), quiet)
    assert world.submitted() == ["DARM1", "DARM1"]


def test_half_a_sum_says_what_was_done() -> None:
    world = World(xSArmPanel=[UNKNOWN, data("xSArmPanel", SUBMITTED), UNKNOWN])
    with pytest.raises(Rejected, match=r"ended, but the panel is total: .*does not know"):
        world.cloud.execute(BOTH, quiet)
    world = World(xSArmPanel=[UNKNOWN, data("xSArmPanel", SUBMITTED), GONE])
    with pytest.raises(Unconfirmed, match=r"arm total: done; arm perimeter: the answer was lost"):
        world.cloud.execute(BOTH, quiet)


# -- open zones ---------------------------------------------------------------------------------------------------

OPEN = failed("error_mpj_exception", code="102", type="NON_BLOCKING", allowForcing=True, referenceId="F", suid="S")
ZONES = data("xSGetExceptions", {"res": "OK", "exceptions": [{"status": "0", "deviceType": "MG", "alias": "Cocina"}]})
FORCED = Arm(ArmMode(Interior.TOTAL), force=True)


def test_open_zones_are_named_and_nothing_is_forced_unasked() -> None:
    waiting = data("xSGetExceptions", {"res": "WAIT", "exceptions": None})
    world = World(ArmStatus=OPEN, xSGetExceptions=[waiting, ZONES])
    with pytest.raises(Rejected, match=r"open: Cocina\. Close it"):
        world.cloud.execute(TOTAL, quiet)
    assert world.submitted() == ["ARM1"]
    assert [variables["counter"] for variables in world.script.of("xSGetExceptions")] == [1, 2]
    assert {(v["referenceId"], v["suid"]) for v in world.script.of("xSGetExceptions")} == {("F", "S")}


def test_forced_it_is_submitted_anew_with_the_panels_own_key() -> None:
    world = World(ArmStatus=[OPEN, ended("T")], xSGetExceptions=ZONES)
    state = world.cloud.execute(FORCED, quiet)
    assert (state.raw, state.bypassed) == ("T", ("Cocina",))
    first, second = world.script.of("xSArmPanel")
    assert "forceArmingRemoteId" not in first
    assert (second["forceArmingRemoteId"], second["suid"], second["request"]) == ("F", "S", "ARM1")
    assert world.script.of("ArmStatus")[1]["forceArmingRemoteId"] == "F"


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        (
            failed("error_mpj_exception", code="102", type="BLOCKING", allowForcing=False, referenceId="F", suid="S"),
            "Cocina",
        ),
        (failed("alarm-manager.error_mg_open_zone#7", type="ZONE"), "7"),
        (failed("error_mpj_exception", code="102", type="NON_BLOCKING", allowForcing=True), "does not say which"),
    ],
)
def test_a_panel_that_cannot_be_forced_says_so(answer: Scripted, names: str) -> None:
    world = World(ArmStatus=answer, xSGetExceptions=ZONES)
    with pytest.raises(Rejected, match=f"{names}.*does not let itself be forced"):
        world.cloud.execute(FORCED, quiet)
    assert world.submitted() == ["ARM1"]


NO_ZONES = [data("xSGetExceptions", {"res": res, "exceptions": None}) for res in ("WAIT", "OK")]


@pytest.mark.parametrize("answer", [*NO_ZONES, UNKNOWN, GONE])
def test_zones_that_nobody_names_do_not_hold_up_the_refusal(answer: Scripted) -> None:
    world = World(ArmStatus=OPEN, xSGetExceptions=answer)
    with pytest.raises(Rejected, match="a zone is open; the cloud does not say which"):
        world.cloud.execute(TOTAL, quiet)


def test_forcing_that_meets_another_open_zone_ends_there() -> None:
    world = World(ArmStatus=OPEN, xSGetExceptions=ZONES)
    with pytest.raises(Rejected, match="open: Cocina"):
        world.cloud.execute(FORCED, quiet)
    assert len(world.submitted()) == 2


# -- the installation ---------------------------------------------------------------------------------------------


def listed(*numbers: str) -> Scripted:
    return data("xSInstallations", {"installations": [{"numinst": n, "panel": "SDVECU", "alias": n} for n in numbers]})


def test_the_only_installation_is_found_and_its_panel_with_it() -> None:
    told: list[str] = []
    world = World(Account("u", "", "ES", "es", learned=told.append), mkInstallationList=listed("7"))
    world.cloud.read()
    assert told == ["7"]
    assert world.script.of("Status") == [{"numinst": "7"}]
    assert world.script.sent[-1][2]["panel"] == "SDVECU"


@pytest.mark.parametrize(("number", "numbers"), [("", ("1", "2")), ("3", ("1", "2"))])
def test_an_installation_that_is_not_clear_is_asked_for(number: str, numbers: tuple[str, ...]) -> None:
    world = World(Account("u", "", "ES", "es", number), mkInstallationList=listed(*numbers))
    with pytest.raises(LoginRefused, match=f"set `number`.*{', '.join(numbers)}"):
        world.cloud.read()


@pytest.mark.parametrize("found", [None, []])
def test_a_list_without_installations_is_trouble_that_passes(found: Any) -> None:
    lists = [data("xSInstallations", {"installations": found}), listed("7")]
    world = World(Account("u", "", "ES", "es"), mkInstallationList=lists)
    with pytest.raises(Unreachable, match="does not tell the account's installations"):
        world.cloud.read()
    assert world.cloud.read().axes == DISARMED


def test_an_installation_that_the_cloud_does_not_open() -> None:
    with pytest.raises(Unreachable, match="does not open installation 1: inactive"):
        World(Srv=data("xSSrv", {"res": "ERROR", "msg": "inactive"})).cloud.read()


@pytest.mark.parametrize(
    "content",
    [
        None,
        {"res": "OK", "installation": None},
        {"res": "OK", "installation": ["1"]},
        {"res": "OK", "installation": "OP"},
        {"res": "OK", "installation": {"capabilities": None, "services": None, "configRepoUser": None}},
        {"installation": {"alias": "Casa", "services": []}},
    ],
)
def test_capabilities_that_the_cloud_does_not_tell_are_gone_without(content: Any) -> None:
    world = World(Srv=data("xSSrv", content))
    assert world.cloud.execute(TOTAL, quiet).raw == "T"
    assert world.cloud.execute(Disarm(), quiet).axes == DISARMED
    assert world.cloud.describe().number == "1"
    # Asked for once until it could have ended, not once a request.
    assert world.script.names().count("Srv") == 2
    assert not any("X-Capabilities" in headers for _, _, headers in world.script.sent)


def test_capabilities_that_are_wanted_and_not_told_are_trouble_that_is_said() -> None:
    stale = errors("accessPermissions: Missing capabilities data", "accessPermissionsMiddleware")
    world = World(Srv=data("xSSrv", {"res": "OK"}), Status=stale)
    with pytest.raises(Unreachable, match="fresh capabilities"):
        world.cloud.read()
    assert world.script.names() == ["Srv", "Status", "Srv", "Status"]


def test_a_list_that_does_not_name_the_panel_is_asked_for_once() -> None:
    rows = data("xSInstallations", {"installations": [{"numinst": "7", "panel": None}]})
    world = World(Account("u", "", "ES", "es"), mkInstallationList=rows)
    world.cloud.read()
    world.cloud.read()
    assert world.script.names().count("mkInstallationList") == 1


def test_details() -> None:
    services = [{"request": "EST", "idService": 11, "active": True}, {"idService": "510"}, {"description": "x"}]
    about = {"alias": "Casa", "capabilities": jwt(iat=0, exp=900), "services": services}
    details = World(Srv=data("xSSrv", {"res": "OK", "installation": about})).cloud.describe()
    assert (details.number, details.panel, details.alias) == ("1", "SDVFAST", "Casa")
    assert details.services[0] == {"service": "EST", "id": "11", "active": "yes"}
    assert [row["service"] for row in details.services] == ["EST", "REMINDERS", "x"]


def test_tokens_are_renewed_right_after_an_answer_before_they_end() -> None:
    world = World(RefreshLogin=data("xSRefreshLogin", TOKENS))
    world.vault.login = Login("u", Device.new(), "A", EPOCH_S + 100, EPOCH_S, "R")
    world.cloud.read()
    assert world.script.names() == ["Srv", "Status", "RefreshLogin"]


def test_trouble_with_that_does_not_spoil_the_poll() -> None:
    world = World(RefreshLogin=GONE)
    world.vault.login = Login("u", Device.new(), "A", EPOCH_S + 100, EPOCH_S, "R")
    assert world.cloud.read().axes == DISARMED


def test_close_keeps_the_login() -> None:
    world = World()
    world.cloud.read()
    world.cloud.close()
    assert world.script.closed
    assert world.vault.login == LOGIN
    assert "Logout" not in world.script.names()


def test_every_country_has_its_host() -> None:
    assert set(ROW.countries) == {"ES", "FR", "IT", "GB", "PT", "IE", "BR", "CL", "AR", "PE"}


def test_a_session_that_is_disowned_for_long_costs_few_refreshes_and_is_tried_again_in_the_end() -> None:
    fresh = data("xSRefreshLogin", {**TOKENS, "hash": jwt(iat=0, exp=10**6)})
    world = World(ArmStatus=EXPIRED, RefreshLogin=fresh)
    with pytest.raises(Unconfirmed):
        world.cloud.execute(TOTAL, quiet)
    names = world.script.names()
    assert (names.count("RefreshLogin"), names.count("Srv")) == (3, 4)
    assert names.count("ArmStatus") > 10
    world = World(Status=[EXPIRED, EXPIRED, EXPIRED, status("D")], RefreshLogin=fresh)
    for _ in range(2):
        with pytest.raises(Unreachable, match="fresh session"):
            world.cloud.read()
    world.clock.now += DISTRUST_S
    assert world.cloud.read().axes == DISARMED


def test_a_full_disk_does_not_undo_a_command() -> None:
    def full(_number: str, _request: str) -> None:
        raise EmulatorError("the disk is full")

    world = World(xSArmPanel=[UNKNOWN, data("xSArmPanel", SUBMITTED)], ArmStatus=[ended("T"), ended("A")])
    world.vault.remember_unsupported = full  # type: ignore[assignment, method-assign]
    assert world.cloud.execute(BOTH, quiet).raw == "A"


def test_a_panel_that_refuses_what_it_has_done_is_believed_only_if_it_says_so() -> None:
    refused = failed("x", code="106", type="BLOCKING")
    world = World(**CHECKED | {"Status": status("T"), "CheckAlarmStatus": ended("T", CHECK), "ArmStatus": refused})
    assert world.cloud.execute(TOTAL, quiet).raw == "T"
    open_zone = failed("error_mpj_exception", code="102", type="NON_BLOCKING", allowForcing=False)
    for answers in (
        {"CheckAlarmStatus": ended("D", CHECK), "ArmStatus": refused},
        {"CheckAlarm": GONE, "ArmStatus": refused},
        {"CheckAlarmStatus": ended("T", CHECK), "ArmStatus": open_zone},
    ):
        world = World(**CHECKED | {"Status": status("T")} | answers)
        with pytest.raises(Rejected, match=r"no other mode|a zone is open"):
            world.cloud.execute(TOTAL, quiet)
