"""The face of My Pages: login, state, commands, dry runs, hosts and limits (verisure-mypages.md)."""

from collections.abc import Callable
from datetime import UTC
from typing import Any

import pytest

from emulator.model import Arm, ArmMode, Interior
from emulator.simulator.faults import ConnectionDropped, InjectedFault
from emulator.simulator.mypages.options import MypagesOptions
from emulator.simulator.mypages.profiles import PROFILES
from emulator.simulator.panel.panel import SimulatedPanel
from emulator.simulator.server import create_app
from tests.simulator.conftest import Clock
from tests.simulator.mypages import CODE, GIID, Resident, error

HOME, AWAY = Arm(ArmMode(Interior.NIGHT)), Arm(ArmMode(Interior.TOTAL))


@pytest.fixture
def residents(clock: Clock) -> Callable[..., Resident]:
    """Builds a customer; floods are let through unless the test asks otherwise."""

    def build(options: MypagesOptions | None = None) -> Resident:
        panel = SimulatedPanel(clock, PROFILES["home-night"].equipment)
        app = create_app(
            panel, api="mypages", options=options or MypagesOptions(flood_limit=0), sleep=clock.pass_by, zone=UTC
        )
        return Resident(clock, app.extensions["backend"], app.extensions["face"], app.test_client(use_cookies=False))

    return build


@pytest.fixture
def newcomer(residents: Callable[..., Resident]) -> Resident:
    return residents()


@pytest.fixture
def resident(newcomer: Resident) -> Resident:
    """The same, logged in, on a trusted device. The counters are at nought."""
    newcomer.enrol()
    newcomer.backend.reset()
    return newcomer


def fault(resident: Resident, kind: str, request: str = "", times: int | None = None) -> None:
    resident.backend.faults.add(InjectedFault(kind, request, times))


# -- login ---------------------------------------------------------------------------------------------------------


def test_a_code_is_asked_for_once(newcomer: Resident) -> None:
    assert error(newcomer.send("POST", "/graphql", [newcomer.operation("ArmState")])) == (401, "AUT_00011")
    newcomer.enrol()
    assert newcomer.state() == "DISARMED"
    assert "stepUpToken" not in newcomer.login().json
    assert {*newcomer.cookies} >= {"vid", "vs-access", "vs-refresh"}
    assert newcomer.state() == "DISARMED"
    newcomer.face.actions["devices/forget"]()
    assert "stepUpToken" in newcomer.login().json


def test_the_installation_is_listed(resident: Resident) -> None:
    [found] = resident.ask("fetchAllInstallations")["data"]["account"]["installations"]
    assert found == {"giid": GIID, "alias": "Casa", "subsidiary": "SE", "pinCodeLength": 4, "locale": "sv_SE"}
    assert error(resident.ask("fetchAllInstallations", email="other@house.invalid")) == (404, "VAL_00818")
    assert error(resident.ask("ArmState", giid="1")) == (404, "VAL_00818")


def test_a_wrong_login_has_either_code(newcomer: Resident) -> None:
    assert error(newcomer.login("wrong")) == (401, "AUT_00004")
    assert error(newcomer.login(user="nobody")) == (401, "AUT_00001")
    assert newcomer.cookies == {}


def test_a_wrong_code_may_be_mended(newcomer: Resident) -> None:
    newcomer.login()
    assert newcomer.send("POST", "/auth/mfa?type=email").status_code == 200
    message = newcomer.face.logins.messages[-1]
    assert message.phone == "d***@house.invalid"
    assert error(newcomer.send("POST", "/auth/mfa/validate", {"token": "wrong"})) == (401, "AUT_00004")
    assert newcomer.send("POST", "/auth/mfa/validate", {"token": message.code}).status_code == 200
    assert newcomer.state() == "DISARMED"


def test_too_many_step_ups_are_refused(newcomer: Resident) -> None:
    answers = [newcomer.login() for _ in range(6)]
    assert [one.status_code for one in answers] == [200] * 5 + [401]
    assert error(answers[-1]) == (401, "ACC_00002")
    newcomer.clock.pass_by(3601)
    assert newcomer.login().status_code == 200


def test_no_sms_but_an_email(newcomer: Resident) -> None:
    fault(newcomer, "no_sms")
    newcomer.login()
    assert error(newcomer.send("POST", "/auth/mfa?type=phone")) == (400, "VAL_00281")
    assert newcomer.send("POST", "/auth/mfa?type=email").status_code == 200


@pytest.mark.parametrize("rotates", [False, True])
def test_an_access_token_ends_and_is_refreshed(resident: Resident, rotates: bool) -> None:
    resident.face.options.rotates = rotates
    resident.clock.pass_by(901)
    before = dict(resident.cookies)
    assert error(resident.send("POST", "/graphql", [resident.operation("ArmState")])) == (401, "AUT_00011")
    assert resident.send("GET", "/auth/token").status_code == 200
    assert resident.state() == "DISARMED"
    assert (resident.cookies["vs-refresh"] != before["vs-refresh"]) is rotates
    resident.cookies = before
    assert resident.send("GET", "/auth/token").status_code == (401 if rotates else 200)


def test_logging_out_ends_the_session_and_the_trust(resident: Resident) -> None:
    [trust] = [value for name, value in resident.cookies.items() if name.startswith("vs-trust-")]
    assert resident.send("DELETE", f"/auth/trust/{trust}").status_code == 200
    assert resident.send("DELETE", "/auth/logout").status_code == 200
    assert error(resident.send("GET", "/auth/token")) == (401, "AUT_00011")
    assert "stepUpToken" in resident.login().json


# -- state and commands --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "state"), [("armAway", "ARMED_AWAY"), ("armHome", "ARMED_HOME")])
def test_a_command_ends_when_the_panel_has_answered(resident: Resident, name: str, state: str) -> None:
    transaction = resident.command(name)
    assert (resident.outcome(transaction), resident.state()) == (None, "PENDING")
    resident.clock.pass_by(3)
    assert (resident.outcome(transaction), resident.state()) == ("OK", state)
    transaction = resident.command("disarm")
    resident.clock.pass_by(3)
    assert (resident.outcome(transaction, "DISARMED"), resident.state()) == ("OK", "DISARMED")
    assert resident.backend.accepted == {name: 1, "disarm": 1}
    assert resident.face.client_faults == []


def test_a_keypad_is_seen(resident: Resident) -> None:
    resident.backend.panel.keypad(HOME, "Ana")
    found = resident.ask("ArmState")["data"]["installation"]["armState"]
    assert (found["statusType"], found["name"], found["changedVia"]) == ("ARMED_HOME", "Ana", "HOMEPAD")
    assert found["date"] == "2019-11-29T04:00:00.000Z"


def test_one_mode_does_not_lead_to_the_other(resident: Resident) -> None:
    resident.backend.panel.keypad(HOME)
    transaction = resident.command("armAway")
    resident.clock.pass_by(3)
    assert (resident.outcome(transaction), resident.state()) == ("STATE_CHANGE_FAILED", "ARMED_HOME")


def test_a_wrong_code_does_nothing_and_is_counted(resident: Resident) -> None:
    for code in ("0000", ""):
        assert error(resident.ask("armAway", code=code)) == (400, "VAL_00008")
    assert resident.face.state()["wrong_codes"] == 2
    assert not resident.backend.accepted
    assert "code" in resident.ask("armAway", code=None)["errors"][0]["message"]


@pytest.mark.parametrize("waits", [False, True])
def test_an_open_window_stops_an_arm_without_force(resident: Resident, waits: bool) -> None:
    resident.face.options.windows_wait = waits
    resident.backend.panel.window("Cocina", is_open=True)
    run = resident.dry_run()
    assert run["status"]["status"] == "DONE"
    [violation] = run["result"]["deviceViolations"]
    names = {one["device"]["deviceLabel"]: one for one in _windows(resident)}
    assert violation["violation"] == "DOOR_WINDOW_OPEN"
    assert (names[violation["deviceLabel"]]["area"], names[violation["deviceLabel"]]["state"]) == ("Cocina", "OPEN")
    transaction = resident.command("armAway")
    resident.clock.pass_by(30)
    assert resident.outcome(transaction) == (None if waits else "STATE_CHANGE_FAILED")
    assert resident.state() == "DISARMED"
    transaction = resident.command("armAway", forceArm=True)
    resident.clock.pass_by(3)
    assert (resident.outcome(transaction), resident.state()) == ("OK", "ARMED_AWAY")
    assert resident.face.state()["bypassed"] == ["Cocina"]


def _windows(resident: Resident) -> list[dict[str, Any]]:
    return list(resident.ask("DoorWindow")["data"]["installation"]["doorWindows"])


def test_a_dry_run_arms_nothing_and_takes_its_time(resident: Resident) -> None:
    transaction = resident.ask("ArmStateDryRun")["data"]["armStateDryRun"]
    found = resident.ask("ArmStateDryRunStatus", transactionId=transaction)
    run = found["data"]["installation"]["armState"]["dryRunStatus"]
    assert (run["status"]["status"], run["result"]) == ("STARTED", None)
    assert resident.dry_run()["result"] == {"deviceViolations": []}
    assert resident.state() == "DISARMED"


def test_the_log_has_who_and_what(resident: Resident) -> None:
    panel = resident.backend.panel
    panel.keypad(HOME, "Ana")
    panel.incident("alarm", "Cocina")
    panel.keypad(AWAY)  # refused
    wanted = ["ARM", "DISARM", "INTRUSION"]
    found = resident.ask("EventLog", offset=0, pagesize=15, eventCategories=wanted)["data"]["installation"]["eventLog"]
    alarm, armed = found["pagedList"]
    assert (alarm["eventType"], alarm["device"]["area"]) == ("BA", "Cocina")
    assert (armed["eventCategory"], armed["userName"], armed["armState"]) == ("ARM", "Ana", "ARMED_HOME")
    assert found["moreDataAvailable"] is False


def test_a_list_is_answered_in_order(resident: Resident) -> None:
    asked = [resident.operation("ArmState"), resident.operation("armAway", code="0000")]
    state, refused = resident.send("POST", "/graphql", asked).json
    assert state["data"]["installation"]["armState"]["statusType"] == "DISARMED"
    assert error(refused) == (400, "VAL_00008")


def test_what_the_schema_does_not_allow_is_the_clients_mistake(resident: Resident) -> None:
    wrong = resident.operation("ArmState")
    wrong["query"] = wrong["query"].replace("statusType", "status")
    assert "status" in resident.send("POST", "/graphql", [wrong]).json["errors"][0]["message"]
    assert "pages" not in resident.send("POST", "/graphql", [resident.operation("ArmState", pages=1)]).json.get(
        "data", {}
    )
    assert resident.send("POST", "/graphql", []).json["errors"]
    assert len(resident.face.client_faults) == 4


# -- hosts ---------------------------------------------------------------------------------------------------------


def test_the_passive_host_carries_out_nothing(resident: Resident) -> None:
    resident.face.options.first_passive = True
    assert error(resident.send("POST", "/graphql", [resident.operation("armAway", code=CODE)])) == (503, "SYS_00004")
    resident.host = 1
    assert resident.command("armAway")
    assert resident.backend.accepted == {"armAway": 1}


@pytest.mark.parametrize("after", [False, True])
def test_a_host_hangs_before_or_after(resident: Resident, after: bool) -> None:
    resident.face.options.first_hangs, resident.face.options.hangs_after = True, after
    before = resident.clock.now
    with pytest.raises(ConnectionDropped):
        resident.command("armAway")
    assert resident.clock.now - before >= 60
    assert resident.backend.accepted["armAway"] == after
    resident.host = 1
    assert resident.state() == ("ARMED_AWAY" if after else "DISARMED")


# -- limits and faults ---------------------------------------------------------------------------------------------


def test_a_flood_is_refused_for_a_while(residents: Callable[..., Resident]) -> None:
    resident = residents(MypagesOptions(flood_limit=10))
    resident.enrol()
    resident.clock.pass_by(10)
    for _ in range(10):
        resident.state()
    for _ in range(2):
        assert error(resident.send("POST", "/graphql", [resident.operation("ArmState")])) == (429, "AUT_00021")
    assert resident.face.state()["refused_requests"] == 1
    resident.clock.pass_by(301)
    assert resident.state() == "DISARMED"


def test_too_many_requests_block_the_user_until_midnight(residents: Callable[..., Resident]) -> None:
    resident = residents(MypagesOptions(flood_limit=0, daily_limit=20))
    resident.enrol()
    for _ in range(16):
        resident.state()
    refused = resident.send("POST", "/graphql", [resident.operation("ArmState")])
    assert error(refused) == (403, "AUT_00021")
    assert "blocked" in refused.json["errorMessage"]
    assert error(resident.login()) == (403, "AUT_00021")
    resident.clock.pass_by(86_400)
    resident.login()
    assert resident.state() == "DISARMED"


CODES = {
    "trouble": (500, "SYS_00001"),
    "trouble_500": (500, "SYS_00001"),
    "passive": (503, "SYS_00004"),
    "passive_200": (503, "SYS_00004"),
    "limited": (429, "AUT_00021"),
    "limited_200": (429, "AUT_00021"),
    "blocked": (403, "AUT_00021"),
    "unauthorized": (401, "AUT_00011"),
    "unauthorized_200": (401, "AUT_00011"),
}


@pytest.mark.parametrize("kind", CODES)
def test_a_fault_is_told_before_anything_is_carried_out(resident: Resident, kind: str) -> None:
    fault(resident, kind, "armAway", 1)
    reply = resident.send("POST", "/graphql", [resident.operation("armAway", code=CODE)])
    assert error(reply) == CODES[kind]
    assert (reply.status_code == 200) is (kind in ("trouble", *(one for one in CODES if one.endswith("_200"))))
    assert not resident.backend.accepted
    assert resident.backend.faults.hits == {kind: 1}


@pytest.mark.parametrize(("kind", "status"), [("gateway_timeout", 504), ("bad_gateway", 502), ("html", 200)])
def test_a_page_is_no_answer(resident: Resident, kind: str, status: int) -> None:
    fault(resident, kind)
    reply = resident.login()
    assert (reply.status_code, reply.mimetype) == (status, "text/html")


@pytest.mark.parametrize(
    ("kind", "outcome", "state"),
    [
        ("refuse", "STATE_CHANGE_FAILED", "DISARMED"),
        ("silent", "STATE_CHANGE_FAILED", "ARMED_AWAY"),
        ("wait", None, "ARMED_AWAY"),
    ],
)
def test_an_outcome_may_be_wrong(resident: Resident, kind: str, outcome: str | None, state: str) -> None:
    fault(resident, kind)
    transaction = resident.command("armAway")
    resident.clock.pass_by(30)
    assert (resident.outcome(transaction), resident.state()) == (outcome, state)


def test_commands_may_be_refused(resident: Resident) -> None:
    fault(resident, "wrong_code", "armAway", 1)
    assert error(resident.ask("armAway", code=CODE)) == (400, "VAL_00008")
    fault(resident, "busy", "armAway", 1)
    assert error(resident.ask("armAway", code=CODE)) == (409, "VAL_00819")
    fault(resident, "no_transaction", "armAway", 1)
    assert resident.command("armAway") is None
    assert not resident.backend.accepted
    resident.command("armAway")
    assert error(resident.ask("armHome", code=CODE)) == (409, "VAL_00819")


def test_the_state_may_be_nothing_that_is_known(resident: Resident) -> None:
    fault(resident, "state_unknown", times=1)
    assert resident.state() == "ARMED_SOMEHOW"
    fault(resident, "state_null", times=1)
    assert resident.ask("ArmState")["data"]["installation"]["armState"] is None


def test_an_echo_repeats_secrets(resident: Resident) -> None:
    fault(resident, "echo")
    reply = resident.send("POST", "/graphql", [resident.operation("armAway", code=CODE)])
    assert CODE in reply.text
    assert resident.cookies["vs-access"] in reply.text


def test_every_fault_is_told_on_the_page(resident: Resident) -> None:
    page = resident.client.get("/control").text
    assert all(kind in page for kind in resident.backend.faults.kinds)
    assert "First host hangs" in page
    answer = resident.client.post("/control/settings", json={"first_hangs": True})
    assert answer.json["settings"]["first_hangs"] is True
    assert CODE not in resident.client.get("/control/state").text
