"""The ws.do flow against the simulated alarm, and against answers that no simulator would give."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from emulator.alarm.cloud import Phase, Reading
from emulator.clouds.account import Account
from emulator.clouds.wsdo import cloud as wsdo
from emulator.clouds.wsdo.cloud import REQUESTS, WsdoCloud
from emulator.errors import LoginRefused, Rejected, Retired, SessionExpired, Unconfirmed, Unreachable
from emulator.model import DISARMED, Arm, ArmMode, Axes, Disarm, Interior
from emulator.simulator.faults import InjectedFault
from tests.clouds.contract import DAY, NIGHT, PERIMETER, TOTAL, CloudContract, LogContract, quiet
from tests.support.fakes import DEADLINE_S, DEMO, FakeClock, ScriptTransport, SimulatedCloud, new_gate, pet

BOTH = Arm(ArmMode(Interior.TOTAL, perimeter=True))


class World(SimulatedCloud):
    """For the contract."""

    def submissions(self) -> int:
        return sum(self.count(f"{base}1") for base in REQUESTS.values())

    def go_down(self) -> None:
        self.fault("down")

    def fault(self, kind: str, request: str = "", times: int | None = None) -> None:
        self.backend.faults.add(InjectedFault(kind, request, times))


@pytest.fixture
def world() -> World:
    return World()


class TestContract(CloudContract, LogContract):
    """ws.do keeps the contract."""

    cloud = "wsdo"


# -- the flow ---------------------------------------------------------------------------------------------------


def test_login_then_x1_once_then_x2_then_cls(world: World) -> None:
    world.cloud.execute(TOTAL, quiet)
    world.cloud.close()
    assert world.transport.requests() == ["LOGIN", "ARM1", "ARM2", "ARM2", "CLS"]
    assert world.transport.closed


def test_phase_two_repeats_the_id_of_phase_one(world: World) -> None:
    world.cloud.execute(TOTAL, quiet)
    world.cloud.execute(Disarm(), quiet)
    ids = {name: {params["ID"] for _, params in world.transport.sent if params["request"][:-1] == name}
           for name in ("ARM", "DARM")}  # fmt: skip
    assert all(len(found) == 1 for found in ids.values())
    assert ids["ARM"] != ids["DARM"]


def test_the_password_travels_once_and_never_in_a_url(world: World) -> None:
    world.cloud.execute(TOTAL, quiet)
    with_password = [(method, params["request"]) for method, params in world.transport.sent if "pwd" in params]
    assert with_password == [("POST", "LOGIN")]


def test_login_has_no_callby_and_panel_requests_have(world: World) -> None:
    world.cloud.execute(TOTAL, quiet)
    callby = {params["request"]: params.get("callby") for _, params in world.transport.sent}
    assert callby["LOGIN"] is None
    assert callby["ARM1"] == callby["ARM2"] == "AND_61"


def test_country_is_upper_and_language_lower_case(world: World) -> None:
    world.cloud.read()
    assert {(params["Country"], params["lang"]) for _, params in world.transport.sent} == {("ES", "es")}


def test_requests_are_spaced(world: World) -> None:
    times = []
    send = world.transport.send
    world.transport.send = lambda *args, **kwargs: (times.append(world.clock.now), send(*args, **kwargs))[1]  # type: ignore[method-assign]
    world.cloud.read()
    world.cloud.execute(TOTAL, quiet)
    world.cloud.close()
    assert min(after - before for before, after in pairwise(times)) >= 1.0


def test_one_session_serves_many_requests(world: World) -> None:
    for action in (TOTAL, Disarm(), NIGHT, Disarm()):
        world.cloud.execute(action, quiet)
    world.cloud.read()
    assert world.count("LOGIN") == 1


def test_annex() -> None:
    world = World(annex=True)
    annex = Arm(ArmMode(annex=True))
    assert world.cloud.execute(annex, quiet).axes == Axes(Interior.OFF, perimeter=False, annex=True)
    world.cloud.execute(TOTAL, quiet)
    assert world.cloud.execute(Disarm(), quiet).axes.annex is True
    assert world.cloud.execute(Disarm(main=False, annex=True), quiet).axes == DISARMED
    world.cloud.execute(annex, quiet)
    assert world.cloud.execute(Disarm(annex=True), quiet).axes == DISARMED


def test_total_and_perimeter_is_arm_then_peri_and_ends_4(world: World) -> None:
    state = world.cloud.execute(BOTH, quiet)
    x1 = [name for name in world.transport.requests() if name.endswith("1")]
    assert x1 == ["ARM1", "PERI1"]
    assert (state.raw, state.source) == ("4", "PERI2")


def test_a_sum_sends_only_what_is_missing(world: World) -> None:
    world.panel.keypad(TOTAL)
    world.cloud.read()
    world.cloud.execute(BOTH, quiet)
    assert (world.count("ARM1"), world.count("PERI1")) == (0, 1)


def test_a_sum_sends_everything_when_all_of_it_seems_armed(world: World) -> None:
    world.cloud.execute(BOTH, quiet)
    world.cloud.execute(BOTH, quiet)
    assert (world.count("ARM1"), world.count("PERI1")) == (2, 2)


def test_a_sum_arms_what_only_seemed_to_be_armed(world: World) -> None:
    world.panel.keypad(TOTAL)
    world.cloud.read()
    world.panel.keypad(Disarm())
    assert world.cloud.execute(BOTH, quiet).raw == "4"
    assert (world.count("ARM1"), world.count("PERI1")) == (1, 1)


def test_a_sum_whose_second_part_is_refused_says_what_was_done_and_stays_armed(world: World) -> None:
    def open_a_window(_phase: Phase, text: str) -> None:
        if text == "PERI1":
            world.panel.window("Entrada", is_open=True)

    with pytest.raises(Rejected, match=r"arm total: done; arm perimeter: .*abierta"):
        world.cloud.execute(BOTH, open_a_window)
    assert world.panel.axes.interior is Interior.TOTAL
    assert world.count("DARM1") == 0


@pytest.mark.parametrize(
    ("kind", "request_name", "error"), [("down", "PERI1", Unconfirmed), ("wait", "PERI2", Unconfirmed)]
)
def test_a_sum_that_gets_lost_on_the_way_says_what_was_done(
    world: World, kind: str, request_name: str, error: type[Exception]
) -> None:
    world.fault(kind, request_name)
    with pytest.raises(error, match="arm total: done; arm perimeter: "):
        world.cloud.execute(BOTH, quiet)


def test_a_sum_whose_account_is_refused_on_the_way_is_refused(world: World) -> None:
    world.fault("expire", "PERI1")
    world.cloud.read()
    world.fault("retired", "LOGIN")
    with pytest.raises(Retired, match="arm total: done; arm perimeter: "):
        world.cloud.execute(BOTH, quiet)


def test_another_mode_active_is_rejected_and_nothing_is_disarmed(world: World) -> None:
    world.panel.keypad(NIGHT)
    with pytest.raises(Rejected, match="otro activado"):
        world.cloud.execute(TOTAL, quiet)
    assert world.panel.axes.interior is Interior.NIGHT
    assert world.count("DARM1") == 0
    assert world.count("ARM1") == 1


# -- what goes wrong --------------------------------------------------------------------------------------------


def test_wait_without_end_is_unconfirmed_after_the_deadline(world: World) -> None:
    world.fault("wait")
    began = world.clock.now
    with pytest.raises(Unconfirmed, match="not answered within 60 s"):
        world.cloud.execute(TOTAL, quiet)
    assert DEADLINE_S <= world.clock.now - began < DEADLINE_S + 10
    assert world.count("ARM1") == 1
    assert world.count("DARM1") == 0


def test_a_session_killed_between_x1_and_x2_is_renewed_once_and_x1_is_not_repeated(world: World) -> None:
    def kill(phase: Phase, _text: str) -> None:
        if phase is Phase.ACCEPTED:
            world.face.sessions.kill()

    assert world.cloud.execute(TOTAL, kill).axes.interior is Interior.TOTAL
    assert (world.count("LOGIN"), world.count("ARM1")) == (2, 1)


def test_a_session_that_dies_again_and_again_leaves_the_command_unconfirmed(world: World) -> None:
    world.fault("expire", "ARM2")
    with pytest.raises(Unconfirmed, match="twice"):
        world.cloud.execute(TOTAL, quiet)
    assert (world.count("LOGIN"), world.count("ARM1")) == (2, 1)


def test_a_session_dead_before_x1_is_renewed_and_the_refused_x1_sent_again(world: World) -> None:
    world.cloud.read()
    world.face.sessions.kill()
    world.cloud.execute(TOTAL, quiet)
    assert world.backend.accepted["ARM1"] == 1
    assert world.count("LOGIN") == 2


def test_a_session_refused_twice_before_x1_sends_nothing_more(world: World) -> None:
    world.fault("expire", "ARM1")
    with pytest.raises(SessionExpired):
        world.cloud.execute(TOTAL, quiet)
    assert world.backend.accepted["ARM1"] == 0


def test_login_refused_while_a_command_is_under_way_is_unconfirmed(world: World) -> None:
    world.fault("expire", "ARM2", times=1)
    world.cloud.read()
    world.fault("retired", "LOGIN")
    with pytest.raises(Unconfirmed, match="login failed: this account has moved"):
        world.cloud.execute(TOTAL, quiet)
    logins = world.count("LOGIN")
    with pytest.raises(Retired):
        world.cloud.read()
    assert world.count("LOGIN") == logins


def test_a_lost_x1_answer_is_followed_not_repeated(world: World) -> None:
    world.fault("lost", "ARM1", times=1)
    assert world.cloud.execute(TOTAL, quiet).axes.interior is Interior.TOTAL
    assert world.count("ARM1") == 1


def test_a_lost_x1_that_never_arrived_is_unconfirmed(world: World) -> None:
    world.fault("down", "ARM1", times=1)
    with pytest.raises(Unconfirmed, match="lost track of the command"):
        world.cloud.execute(TOTAL, quiet)
    assert world.count("ARM1") == 1
    assert not world.panel.axes.armed


def test_a_connection_refused_before_x1_is_no_doubt(world: World) -> None:
    world.cloud.read()
    world.transport.refuse = True
    with pytest.raises(Unreachable, match="refused"):
        world.cloud.execute(TOTAL, quiet)


@pytest.mark.parametrize("kind", ["html", "bomb", "unavailable", "trouble", "down"])
def test_trouble_on_the_way_to_x2_is_polled_through(world: World, kind: str) -> None:
    world.fault(kind, "ARM2", times=1)
    assert world.cloud.execute(TOTAL, quiet).axes.interior is Interior.TOTAL
    assert world.count("ARM1") == 1


@pytest.mark.parametrize("kind", ["html", "bomb", "unavailable", "trouble", "down"])
def test_trouble_at_login_sends_no_command(world: World, kind: str) -> None:
    world.fault(kind)
    with pytest.raises(Unreachable):
        world.cloud.execute(TOTAL, quiet)
    assert world.count("ARM1") == 0


def test_trouble_in_answer_to_x1_is_followed_not_repeated(world: World) -> None:
    world.fault("refuse", "ARM1")
    with pytest.raises(Unconfirmed, match="lost track of the command"):
        world.cloud.execute(TOTAL, quiet)
    assert world.count("ARM1") == 1
    assert world.count("ARM2") >= 1


def test_a_wrong_password_is_tried_once() -> None:
    world = World(account=replace(DEMO, password="wrong"))
    for _ in range(3):
        with pytest.raises(LoginRefused, match="VERISURE_PASSWORD"):
            world.cloud.read()
    assert world.count("LOGIN") == 1
    assert "wrong" not in repr(world.account)


def test_60161_is_retired_and_final(world: World) -> None:
    world.fault("retired")
    for _ in range(2):
        with pytest.raises(Retired, match="cloud: owa"):
            world.cloud.read()
    assert world.count("LOGIN") == 1


def test_a_wrong_language_is_refused_with_the_setting_to_change() -> None:
    world = World(account=replace(DEMO, lang="en"))
    with pytest.raises(LoginRefused, match="`country` and `lang`"):
        world.cloud.read()


def test_a_flood_ban_is_unreachable(world: World) -> None:
    world.face.options.flood_limit = 1
    with pytest.raises(Unreachable, match="403"):
        world.cloud.read()


def test_a_stop_while_the_panel_is_busy_is_unconfirmed(world: World) -> None:
    def stop(phase: Phase, _text: str) -> None:
        if phase is Phase.ACCEPTED:
            world.clock.stop()

    with pytest.raises(Unconfirmed, match="stopped before the panel answered"):
        world.cloud.execute(TOTAL, stop)


# -- state ------------------------------------------------------------------------------------------------------


def test_polling_reads_the_log_and_does_not_wake_the_panel(world: World) -> None:
    for _ in range(10):
        world.cloud.read()
    assert (world.count("EST1"), world.count("ACT_V2")) == (1, 10)


@pytest.mark.parametrize("action", [TOTAL, DAY, NIGHT, PERIMETER], ids=str)
def test_the_keypad_shows_in_the_log(world: World, action: Arm) -> None:
    world.cloud.read()
    world.panel.keypad(action)
    assert world.cloud.read().axes == world.panel.axes
    world.panel.keypad(Disarm())
    assert world.cloud.read().axes == DISARMED
    assert world.count("EST1") == 1


def test_a_sequence_at_the_keypad_is_read_in_order(world: World) -> None:
    world.cloud.read()
    for action in (TOTAL, PERIMETER, Disarm(), NIGHT, PERIMETER):
        world.panel.keypad(action)
    state = world.cloud.read()
    assert (state.axes, state.source) == (world.panel.axes, "ACT_V2")


def test_an_empty_log_keeps_the_state(world: World) -> None:
    world.panel.keypad(TOTAL)
    world.cloud.read()
    world.fault("empty_log")
    assert world.cloud.read().axes.interior is Interior.TOTAL


def test_where_the_log_fails_the_panel_is_asked_if_more_than_a_poll_is_wanted(world: World) -> None:
    world.backend.faults.add(InjectedFault("trouble", "ACT_V2"))
    assert world.cloud.read().axes == DISARMED  # at first
    with pytest.raises(Unreachable):
        world.cloud.read()
    world.panel.keypad(Arm(ArmMode(Interior.NIGHT)))
    assert world.cloud.read(Reading.SETTLE).axes.interior is Interior.NIGHT


def test_an_empty_log_at_first_asks_the_panel(world: World) -> None:
    world.fault("empty_log")
    world.panel.keypad(NIGHT)
    assert world.cloud.read().source == "EST2"


def test_the_panel_is_asked_now_and_then(world: World) -> None:
    world.cloud.read()
    world.clock.now += wsdo.PANEL_CHECK_S
    assert world.cloud.read().source == "EST2"


def test_letter_a_is_total_and_leaves_the_perimeter_open(world: World) -> None:
    world.face.options.letter_a = True
    state = world.cloud.execute(TOTAL, quiet)
    assert state.raw == "A"
    assert state.axes.interior is Interior.TOTAL


def test_status_0_after_an_arm_counts_by_its_text(world: World) -> None:
    world.face.options.zero_after_arm = True
    world.cloud.read()
    assert world.cloud.execute(NIGHT, quiet).axes == Axes(Interior.NIGHT, perimeter=False, annex=False)


def test_status_0_after_an_arm_without_a_known_state_asks_the_panel(world: World) -> None:
    world.face.options.zero_after_arm = True
    state = world.cloud.execute(NIGHT, quiet)
    assert (state.axes.interior, state.source) == (Interior.NIGHT, "EST2")


# -- by script: what the simulator would never say ----------------------------------------------------------------

LOGIN = pet("OK", "<HASH>123</HASH>")
SENT = pet("OK", "<MSG>Su solicitud ha sido enviada</MSG>")
OFF = pet("OK", "<STATUS>0</STATUS><MSG>Tu Alarma está desconectada</MSG>")
NO_ROWS = pet("OK", "<LIST totalreg='0'/>")


def rows(*types: str) -> bytes:
    """An activity log, newest first; a row's idsignal is its place from the oldest."""
    count = len(types)
    found = "".join(f'<REG type="{kind}" idsignal="{count - place}"/>' for place, kind in enumerate(types))
    return pet("OK", f"<LIST totalreg='{count}'>{found}</LIST>")


def client(**answers: list[bytes | Exception]) -> tuple[WsdoCloud, ScriptTransport]:
    defaults: dict[str, list[bytes | Exception]] = {
        "LOGIN": [LOGIN],
        "EST1": [SENT],
        "EST2": [OFF],
        "ACT_V2": [NO_ROWS],
    }
    transport = ScriptTransport(**(defaults | answers))
    return WsdoCloud(DEMO, transport, FakeClock(), DEADLINE_S, new_gate()), transport


def test_an_ok_that_did_not_arm_is_rejected() -> None:
    cloud, transport = client(ARM1=[SENT], ARM2=[OFF])
    with pytest.raises(Rejected, match="it is disarmed"):
        cloud.execute(TOTAL, quiet)
    assert transport.requests().count("ARM1") == 1


def test_an_answer_that_does_not_say_and_a_panel_that_cannot_be_asked_is_unconfirmed() -> None:
    cloud, _ = client(ARM1=[SENT], ARM2=[pet("OK", "<STATUS>0</STATUS>")], EST1=[Unreachable("gone", sent=False)])
    with pytest.raises(Unconfirmed, match="could not be asked"):
        cloud.execute(TOTAL, quiet)


def test_an_answer_with_an_unreadable_letter_is_unconfirmed() -> None:
    cloud, _ = client(ARM1=[SENT], ARM2=[pet("OK", "<STATUS>N</STATUS>")])
    with pytest.raises(Unconfirmed, match="does not tell the state"):
        cloud.execute(TOTAL, quiet)


def test_a_panel_that_says_nothing_of_its_state_is_unreachable() -> None:
    cloud, _ = client(EST2=[pet("OK")])
    with pytest.raises(Unreachable, match="no status"):
        cloud.read()


def test_a_panel_that_refuses_est_is_unreachable() -> None:
    cloud, _ = client(EST2=[pet("ERROR", "<MSG>Error 99</MSG>")])
    with pytest.raises(Unreachable, match="Error 99"):
        cloud.read()
    cloud, _ = client(EST1=[pet("ERROR", "<MSG>Error 98</MSG>")])
    with pytest.raises(Unreachable, match="Error 98"):
        cloud.read()


def test_an_error_without_words_after_a_lost_x1_is_unconfirmed_but_60060_says_what_to_set() -> None:
    cloud, _ = client(ARM1=[SENT], ARM2=[pet("ERROR", "<ERR>60060</ERR>")])
    with pytest.raises(Unconfirmed, match="callby"):
        cloud.execute(TOTAL, quiet)


def test_rows_that_came_in_late_below_known_ones_are_old_news() -> None:
    late = pet("OK", '<LIST><REG type="31" idsignal="2"/><REG type="32" idsignal="9"/></LIST>')
    cloud, _ = client(ACT_V2=[rows("27"), rows("31", "27"), late])
    cloud.read()
    assert cloud.read().axes.interior is Interior.TOTAL
    assert cloud.read().axes.interior is Interior.TOTAL


def later(cloud: WsdoCloud, seconds: float) -> None:
    assert isinstance(cloud._clock, FakeClock)
    cloud._clock.now += seconds


def test_a_gap_in_the_log_is_unknown_until_the_panel_was_asked() -> None:
    other = pet("OK", '<LIST><REG type="31" idsignal="77"/></LIST>')
    cloud, transport = client(ACT_V2=[rows("27"), other])
    cloud.read()
    assert cloud.read().axes == Axes()
    assert transport.requests().count("EST1") == 1
    later(cloud, wsdo.ASK_AGAIN_S)
    assert cloud.read().source == "EST2"


def test_a_row_that_may_move_the_panel_is_unknown_until_the_panel_was_asked_every_time() -> None:
    logs = [rows("27"), rows("37", "27"), rows("37", "27"), rows("37", "37", "27"), rows("37", "37", "27")]
    cloud, transport = client(ACT_V2=[*logs])
    cloud.read()
    for asked in (2, 3):
        assert cloud.read().axes == Axes()
        later(cloud, 4 * wsdo.ASK_AGAIN_S)
        assert cloud.read().axes == DISARMED
        assert transport.requests().count("EST1") == asked


def test_a_row_that_nobody_knows_is_asked_about_once() -> None:
    cloud, transport = client(ACT_V2=[rows("27"), rows("999", "27"), rows("999", "999", "27")])
    cloud.read()
    later(cloud, wsdo.ASK_AGAIN_S)
    assert cloud.read().source == "EST2"
    later(cloud, wsdo.ASK_LIMIT_S)
    assert cloud.read().source == "ACT_V2"
    assert transport.requests().count("EST1") == 2


def test_a_log_that_never_clears_wakes_the_panel_ever_less() -> None:
    mad: list[bytes | Exception] = [pet("OK", f'<LIST><REG type="31" idsignal="{n}"/></LIST>') for n in range(500)]
    cloud, transport = client(ACT_V2=mad)
    for _ in range(360):
        cloud.read()
        later(cloud, 60)
    assert transport.requests().count("EST1") < 20


def test_rows_that_contradict_a_commands_answer_are_not_believed() -> None:
    armed = pet("OK", "<STATUS>1</STATUS>")
    cloud, transport = client(ARM1=[SENT], ARM2=[armed], ACT_V2=[rows("27"), rows("1", "2", "27")], EST2=[OFF, armed])
    cloud.read()
    cloud.execute(TOTAL, quiet)
    for _ in range(3):
        assert cloud.read().axes.interior is Interior.TOTAL
        later(cloud, wsdo.ASK_AGAIN_S)
    assert transport.requests().count("EST1") == 2


def test_the_keypad_after_a_command_of_ours_is_news() -> None:
    cloud, transport = client(
        ARM1=[SENT], ARM2=[pet("OK", "<STATUS>1</STATUS>")], ACT_V2=[rows("27"), rows("1", "31", "2", "27")]
    )
    cloud.read()
    cloud.execute(TOTAL, quiet)
    state = cloud.read()
    assert (state.axes, state.source) == (DISARMED, "ACT_V2")
    assert transport.requests().count("EST1") == 1


def test_the_row_of_our_own_command_may_come_late() -> None:
    logs = [rows("27"), rows("27"), rows("31", "27"), rows("1", "31", "27")]
    cloud, transport = client(ARM1=[SENT], ARM2=[pet("OK", "<STATUS>1</STATUS>")], ACT_V2=[*logs])
    cloud.read()
    cloud.execute(TOTAL, quiet)
    told = [cloud.read().axes.interior for _ in range(3)]
    assert told == [Interior.TOTAL, Interior.TOTAL, Interior.OFF]
    assert transport.requests().count("EST1") == 1


def test_a_log_that_was_empty_at_first_does_not_replay_history() -> None:
    cloud, _ = client(ACT_V2=[NO_ROWS, rows("31", "32", "31")], EST2=[pet("OK", "<STATUS>1</STATUS>")])
    cloud.read()
    assert cloud.read().axes.interior is Interior.TOTAL
    cloud, _ = client(ACT_V2=[NO_ROWS, rows("32", "31")], EST2=[pet("OK", "<STATUS>1</STATUS>")])
    cloud.read()
    assert cloud.read().axes.interior is Interior.TOTAL


def test_a_log_that_vanished_is_no_news() -> None:
    cloud, _ = client(ACT_V2=[rows("31"), NO_ROWS])
    first = cloud.read()
    assert cloud.read().read_at == first.read_at
    later(cloud, wsdo.ASK_AGAIN_S)
    assert cloud.read().source == "EST2"
    cloud, _ = client(ACT_V2=[rows("31"), pet("OK")])
    cloud.read()
    with pytest.raises(Unreachable, match="no list"):
        cloud.read()


def test_nothing_is_sent_after_a_stop_but_cls(world: World) -> None:
    world.cloud.read()
    world.clock.stop()
    before = len(world.transport.sent)
    with pytest.raises(Unreachable, match="stopped before this was sent"):
        world.cloud.execute(TOTAL, quiet)
    world.cloud.close()
    assert world.transport.requests()[before:] == ["CLS"]


def test_sessions_of_one_account_take_turns() -> None:
    gate = new_gate()
    assert [gate.wait_s(now) for now in (10.0, 10.0, 10.5, 20.0)] == [0.0, 1.0, 1.5, 0.0]


def test_ins_tells_number_and_panel() -> None:
    ins = pet(
        "OK", "<INSTALATIONS><INSTALATION><NUMINST>0042</NUMINST><PANEL>SDVECU</PANEL></INSTALATION></INSTALATIONS>"
    )
    transport = ScriptTransport(LOGIN=[LOGIN], INS=[ins], EST1=[SENT], EST2=[OFF], ACT_V2=[NO_ROWS])
    told: list[str] = []
    account = Account("012", "pw", "ES", "es", learned=told.append)
    cloud = WsdoCloud(account, transport, FakeClock(), DEADLINE_S, new_gate())
    cloud.read()
    assert told == ["0042"]
    sent = transport.sent[-1][1]
    assert (sent["numinst"], sent["panel"], sent["user"]) == ("0042", "SDVECU", "012")


def test_several_installations_want_a_number() -> None:
    two = "".join(f"<INSTALATION><NUMINST>{number}</NUMINST></INSTALATION>" for number in (1, 2))
    transport = ScriptTransport(LOGIN=[LOGIN], INS=[pet("OK", f"<INSTALATIONS>{two}</INSTALATIONS>")])
    cloud = WsdoCloud(Account("u", "p", "ES", "es"), transport, FakeClock(), DEADLINE_S, new_gate())
    with pytest.raises(LoginRefused, match=r"set `number`.*1, 2"):
        cloud.read()


def test_a_number_that_ins_does_not_list_is_believed_when_ins_lists_nothing() -> None:
    transport = ScriptTransport(LOGIN=[LOGIN], INS=[pet("OK")], EST1=[SENT], EST2=[OFF], ACT_V2=[NO_ROWS])
    cloud = WsdoCloud(Account("u", "p", "ES", "es", number="7"), transport, FakeClock(), DEADLINE_S, new_gate())
    cloud.read()
    assert transport.sent[-1][1]["panel"] == "SDVFAST"


def test_details_hold_sensors_and_services_and_no_secrets(world: World) -> None:
    details = world.cloud.describe()
    assert (details.number, details.panel) == ("2423443", "SDVFAST")
    assert "Entrada" in {device["alias"] for device in details.devices}
    assert "SECRET" not in repr(details).upper()


def test_details_without_srv() -> None:
    mine = pet("OK", '<INSTALLATION alias="Casa"><DEVICES><DEVICE alias="Hall"/></DEVICES></INSTALLATION>')
    cloud, _ = client(MYINSTALLATION=[mine], SRV=[pet("ERROR")])
    details = cloud.describe()
    assert (details.alias, details.devices) == ("Casa", ({"alias": "Hall"},))


def test_close_is_a_courtesy() -> None:
    cloud, transport = client(CLS=[Unreachable("gone")])
    cloud.close()
    cloud.read()
    cloud.close()
    assert transport.requests().count("CLS") == 1


def test_installations_of_one_account_share_a_refused_login(world: World) -> None:
    world.account, gate = replace(DEMO, password="wrong"), new_gate()
    for _ in range(3):
        cloud = WsdoCloud(world.account, world.transport, world.clock, DEADLINE_S, gate)
        with pytest.raises(LoginRefused):
            cloud.read()
    assert world.count("LOGIN") == 1


@pytest.mark.parametrize("blank", [{"password": ""}, {"user": " "}])
def test_a_blank_user_or_password_is_not_sent(world: World, blank: dict[str, Any]) -> None:
    world.account = replace(DEMO, **blank)
    with pytest.raises(LoginRefused, match="blank: nothing was sent"):
        world.new_client().read()
    assert world.transport.sent == []
