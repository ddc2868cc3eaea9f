"""Commands, polls, open zones and the state by the customer API (verisure-owa.md §4, §5, §8)."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from emulator.model import Arm, ArmMode, Axes, Disarm, Interior
from emulator.simulator.owa.options import OwaOptions
from emulator.simulator.owa.orders import MOST_ORDERS
from emulator.simulator.owa.profiles import PROFILES
from emulator.simulator.owa.schema import ENUMS
from emulator.simulator.panel.equipment import Equipment
from tests.simulator.conftest import START
from tests.simulator.owa import Customer, claims

pytestmark = pytest.mark.sampled

Customers = Callable[..., Customer]
Ready = Callable[..., Customer]

# Letter → the mode that makes it (§4.3).
MODES = {
    "D": "",
    "E": "perimeter",
    "P": "day",
    "B": "day+perimeter",
    "Q": "night",
    "C": "night+perimeter",
    "T": "total",
    "A": "total+perimeter",
    "X": "annex",
    "R": "day+annex",
    "S": "night+annex",
    "O": "total+annex",
}

# Profile → the states in a row, then for each request what comes of it there: a letter, or the refusal (§5.3, §5.6).
# What is not named is refused at once.
TABLES = {
    "es-perimeter": """
                            D    E    P    B    Q    C    T    A
        ARM1                T    A    106  106  106  106  T    A
        ARMDAY1             P    B    P    B    106  106  106  106
        ARMNIGHT1           Q    C    106  106  Q    C    106  106
        PERI1               E    E    B    B    C    C    A    A
        ARMINTEXT1          A    A    106  106  106  106  A    A
        ARMINTFPART1        usm8 usm8 T    A    T    A    T    A
        ARMPARTFINTDAY1     usm8 usm8 P    B    usm8 usm8 P    B
        ARMPARTFINTNIGHT1   usm8 usm8 usm8 usm8 Q    C    Q    C
        DARM1               D    D    D    D    D    D    D    D
    """,
    "es": """
                            D    P    Q    T
        ARM1                T    106  106  T
        ARMDAY1             P    P    106  106
        ARMNIGHT1           Q    106  Q    106
        ARMINTFPART1        usm8 T    T    T
        ARMPARTFINTDAY1     usm8 P    usm8 P
        ARMPARTFINTNIGHT1   usm8 usm8 Q    Q
        DARM1               D    D    D    D
    """,
    "fr": """
                            D    E    P    B    Q    C    T    A
        ARM1                T    106  106  106  106  106  106  106
        ARMDAY1             P    106  106  106  106  106  106  106
        ARMNIGHT1           Q    106  106  106  106  106  106  106
        PERI1               E    106  106  106  106  106  106  106
        DARM1               D    D    D    D    D    D    D    D
        DARMPERI            D    D    P    P    Q    Q    T    T
        DARM1DARMPERI       D    D    D    D    D    D    D    D
    """,
    "gb-annex": """
                            D    P    Q    T    X    R    S    O
        ARM1                T    106  106  T    O    106  106  O
        ARMDAY1             P    P    106  106  R    R    106  106
        ARMNIGHT1           Q    106  Q    106  S    106  S    106
        ARMANNEX1           X    R    S    O    X    R    S    O
        ARMINTFPART1        usm8 T    T    T    usm8 O    O    O
        ARMPARTFINTDAY1     usm8 P    usm8 P    usm8 R    usm8 R
        ARMPARTFINTNIGHT1   usm8 usm8 Q    Q    usm8 usm8 S    S
        DARM1               usm8 D    D    D    usm8 X    X    X
        DARMANNEX1          D    P    Q    T    D    P    Q    T
    """,
    "it-owner": """
                            D    E    P    B    T    A
        ARM1                T    106  106  106  106  106
        ARMDAY1             P    106  106  106  106  106
        PERI1               E    106  106  106  106  106
        ARM1PERI1           A    106  106  106  106  106
        ARMDAY1PERI1        B    106  106  106  106  106
        DARM1               D    E    D    E    D    E
        DARMPERI            D    D    P    P    T    T
        DARM1DARMPERI       D    D    D    D    D    D
    """,
    "it-interior": """
                            D    P    T
        ARM1                T    106  106
        ARMDAY1             P    106  106
        PERI1               101  101  101
        ARM1PERI1           101  101  101
        ARMDAY1PERI1        101  101  101
        DARM1               D    D    D
        DARMPERI            D    P    T
        DARM1DARMPERI       D    D    D
    """,
}
TABLES["it-restricted"] = TABLES["pt-ecu"] = TABLES["it-owner"]


def rows(table: str) -> Iterator[tuple[str, str, str]]:
    """State, request, what comes of it."""
    head, *lines = table.strip().splitlines()
    for line in lines:
        request, *ends = line.split()
        for state, end in zip(head.split(), ends, strict=True):
            yield state, request, end


CASES = [(profile, *row) for profile, table in TABLES.items() for row in rows(table)]


@pytest.fixture
def ready(customers: Customers) -> Ready:
    """Builds a customer who is logged in and has capabilities."""

    def build(profile: str = "es-perimeter", **more: object) -> Customer:
        made = customers(profile, **more)
        made.authorise()
        made.login()
        made.renew_capabilities()
        return made

    return build


def stand(customer: Customer, letter: str) -> None:
    """Somebody arms at the keypad until the panel stands there."""
    if MODES[letter]:
        assert customer.panel.keypad(Arm(ArmMode.parse(MODES[letter]))) is None
    assert customer.status()["status"] == letter


def test_every_profile_is_in_the_tables() -> None:
    assert set(TABLES) == set(PROFILES)


@pytest.mark.parametrize(("profile", "state", "request_", "end"), CASES)
def test_what_a_request_does(ready: Ready, profile: str, state: str, request_: str, end: str) -> None:
    customer = ready(profile)
    stand(customer, state)
    outcome = customer.run(request_)
    if end in MODES:
        assert (outcome["res"], outcome["protomResponse"], outcome["status"]) == ("OK", end, "0")
        assert outcome["error"] is None
        assert customer.status()["status"] == end
        return
    assert (outcome["res"], outcome["protomResponse"]) == ("ERROR", None)
    assert customer.status()["status"] == state
    if end == "usm8":
        assert outcome["msg"] == "alarm-manager.usm8"
        assert (outcome["error"]["code"], outcome["error"]["type"]) == (None, "TECHNICAL_ERROR")
    else:
        assert outcome["error"]["code"] == end
        assert outcome["msg"].startswith("alarm-manager.error")


@pytest.mark.parametrize("profile", PROFILES)
def test_what_a_unit_does_not_support(ready: Ready, profile: str) -> None:
    customer = ready(profile)
    supported = {request for _, request, _ in rows(TABLES[profile])}
    for request in (*ENUMS["ArmCodeRequest"], *ENUMS["DisarmCodeRequest"]):
        if request in supported:
            continue
        name = "xSDisarmPanel" if request.startswith("DARM") else "xSArmPanel"
        error = customer.error(name, **customer.mine(request=request))
        if request == "ARMNIGHT1PERI1" and not profile.startswith("es"):
            assert error["extensions"] == {"code": "BAD_USER_INPUT"}
        elif profile.startswith(("it", "pt")):
            told = f"Request {request} is not valid for Central Unit"
            assert (error["message"], error["data"]) == (told, {"res": "ERROR", "err": told})
        else:
            assert error["message"] == "4: Requested data not found error."
            assert error["data"] == {"res": "ERROR", "err": "4", "status": 404}
    assert customer.panel.pending is None
    assert customer.panel.log == ()
    assert customer.state()["client_faults"] == []


@pytest.mark.parametrize("profile", PROFILES)
def test_a_request_that_nobody_knows(ready: Ready, profile: str) -> None:
    customer = ready(profile)
    for name, request in (("xSArmPanel", "ARM2"), ("xSArmPanel", "DARM1"), ("xSDisarmPanel", "ARM1")):
        assert customer.error(name, **customer.mine(request=request))["extensions"] == {"code": "BAD_USER_INPUT"}
    assert customer.panel.pending is None


@pytest.mark.parametrize("profile", PROFILES)
def test_the_installation_says_what_the_reference_has(ready: Ready, profile: str) -> None:
    customer = ready(profile)
    found = customer.renew_capabilities()
    caps = set(claims(found["capabilities"])["installations"][0]["cap"])
    partitions = found["configRepoUser"]
    assert found["panel"] == ("SDVECU" if profile.startswith(("it", "pt")) else "SDVFAST")
    assert found["role"] == ("RESTRICTED" if profile == "it-restricted" else "OWNER")
    assert ("PERI" in caps) == (profile in ("es-perimeter", "fr"))
    assert ({"ARMANNEX", "DARMANNEX"} <= caps) == (profile == "gb-annex")
    if profile.startswith(("it", "pt")):
        assert caps & {"ARMDAY", "ARMNIGHT", "PERI", "ARMINTFPART"} == {"ARMNIGHT"}
        outside = [] if profile == "it-interior" else ["01"]
        enters = [(one["id"], one["enterStates"]) for one in partitions["alarmPartitions"]]
        assert enters == [("01", ["01", "02"]), ("02", outside), ("03", [])]
    else:
        assert partitions is None


def test_letters_that_are_not_known_are_n(ready: Ready) -> None:
    customer = ready("gb-annex", equipment=Equipment(annex=True))
    customer.panel.keypad(Arm(ArmMode(perimeter=True, annex=True)))
    assert customer.status()["status"] == "N"
    customer.panel.keypad(Arm(ArmMode(interior=Interior.DAY)))
    assert customer.status()["status"] == "N"
    assert customer.state()["letter"] == "N"


def test_polls_wait_until_the_panel_is_done(customer: Customer) -> None:
    reference = customer.submit("ARM1")
    for counter in (1, 2, 3):
        told = customer.poll("ARM1", reference, counter)
        assert told.pop("requestId").startswith("_pollingStatus_")
        assert told == {
            "res": "WAIT",
            "msg": "alarm-manager.processing.request",
            "status": None,
            "protomResponse": None,
            "protomResponseDate": None,
            "numinst": "2423443",
            "error": None,
        }
        customer.clock.pass_by(1)
    told = customer.poll("ARM1", reference, 4)
    assert (told["res"], told["msg"], told["status"]) == ("OK", "alarm-manager.status.active_alarm_msg", "0")
    assert (told["protomResponse"], told["protomResponseDate"]) == ("T", "2019-11-29T04:00:03Z")
    assert customer.state()["accepted"] == {"xSArmPanel": 1}


def test_an_outcome_is_that_of_its_own_time(customer: Customer) -> None:
    reference = customer.submit("ARMNIGHT1")
    customer.clock.pass_by(60)
    customer.panel.keypad(Disarm())
    assert customer.poll("ARMNIGHT1", reference, 1)["protomResponse"] == "Q"
    assert customer.status()["status"] == "D"


def test_a_poll_may_leave_the_request_null(customer: Customer) -> None:
    reference = customer.submit("ARM1")
    found = customer.get("ArmStatus", **customer.mine(referenceId=reference, counter=1))
    assert found["res"] == "WAIT"


@pytest.mark.parametrize("counters", [[0], [2], [1, 1], [1, 3], [1, 2, 1]])
def test_counters_out_of_step(customer: Customer, counters: list[int]) -> None:
    reference = customer.submit("ARM1")
    *good, bad = counters
    for counter in good:
        customer.poll("ARM1", reference, counter)
    variables = customer.mine(request="ARM1", referenceId=reference, counter=bad)
    error = customer.error("ArmStatus", **variables)
    assert error["extensions"] == {"code": "BAD_REQUEST"}
    assert customer.state()["client_faults"] == [f"ArmStatus: The counter is {bad} after {len(good)}."]
    assert customer.poll("ARM1", reference, len(good) + 1)["res"] == "WAIT"
    assert customer.control("reset")["client_faults"] == []


def test_polls_of_what_was_never_submitted(customer: Customer) -> None:
    told = customer.poll("ARM1", "OWA_unknown", 1)
    assert (told["res"], told["msg"]) == ("ERROR", "alarm-manager.error_status_not_found")
    reference = customer.submit("ARM1")
    assert customer.poll("DARM1", reference, 1)["msg"] == "alarm-manager.error_status_not_found"
    variables = customer.mine(request="ARMDAY1", referenceId=reference, counter=2)
    assert customer.error("ArmStatus", **variables)["extensions"] == {"code": "BAD_REQUEST"}


def test_one_command_at_a_time(customer: Customer) -> None:
    customer.submit("ARM1")
    for name, variables in (
        ("xSArmPanel", customer.mine(request="ARM1")),
        ("xSDisarmPanel", customer.mine(request="DARM1")),
        ("CheckAlarm", customer.mine()),
    ):
        assert customer.error(name, **variables)["data"]["err"] == "60062"
    assert customer.state()["accepted"] == {"xSArmPanel": 1}


def test_a_panel_check(customer: Customer) -> None:
    customer.panel.keypad(Arm(ArmMode(perimeter=True)))
    reference = customer.get("CheckAlarm", **customer.mine())["referenceId"]
    poll = customer.mine(idService="11", referenceId=reference)
    waiting = customer.get("CheckAlarmStatus", **poll)
    assert (waiting["res"], waiting["protomResponse"]) == ("WAIT", None)
    customer.clock.pass_by(3)
    done = customer.get("CheckAlarmStatus", **poll)
    assert (done["res"], done["protomResponse"], done["status"], done["numinst"]) == ("OK", "E", "0", "2423443")
    state = customer.state()
    assert (state["requests"]["CheckAlarm"], state["accepted"]["CheckAlarm"]) == (1, 1)
    assert [row["type"] for row in timeline(customer)] == [27, 204]


def timeline(customer: Customer, **more: object) -> list[dict[str, Any]]:
    variables = {"timeFilter": "LASTMONTH", "numRows": 30, "offset": 0, **more}
    found: list[dict[str, Any]] = customer.get("ActV2Timeline", **customer.mine(**variables))["reg"]
    return found


def test_only_a_check_leaves_type_27(customer: Customer) -> None:
    customer.run("ARM1")
    for _ in range(5):
        customer.status()
    customer.run("DARM1")
    assert [row["type"] for row in timeline(customer)] == [32, 31]


def test_the_timeline(customer: Customer) -> None:
    customer.run("ARMNIGHT1")
    customer.clock.pass_by(60)
    customer.panel.keypad(Disarm())
    assert timeline(customer) == [
        {
            "alias": "Desconectado",
            "type": 1,
            "source": None,
            "idSignal": "9400000002",
            "myVerisureUser": None,
            "time": "2019-11-29 04:01:03",
        },
        {
            "alias": "Tu Alarma está conectada en modo Noche",
            "type": 46,
            "source": "Android",
            "idSignal": "9400000001",
            "myVerisureUser": "demo",
            "time": "2019-11-29 04:00:03",
        },
    ]
    assert [row["type"] for row in timeline(customer, numRows=1)] == [1]
    assert [row["type"] for row in timeline(customer, offset=1)] == [46]
    customer.clock.pass_by(30 * 86_400 + 1)
    customer.refresh()
    customer.renew_capabilities()
    assert timeline(customer) == []
    assert len(timeline(customer, timeFilter="ALL")) == 2


def test_the_types_of_italy(ready: Ready) -> None:
    customer = ready("it-owner")
    for request in ("ARM1", "ARM1", "DARM1", "ARMDAY1", "DARM1DARMPERI", "PERI1", "DARMPERI"):
        customer.run(request)
    assert [row["type"] for row in timeline(customer)] == [820, 821, 800, 802, 800, 537, 801]


def test_status_says_when_it_changed(customer: Customer) -> None:
    assert customer.status() == {
        "status": "D",
        "timestampUpdate": str(int(START * 1000)),
        "wifiConnected": True,
        "exceptions": None,
    }
    customer.run("ARM1")
    assert customer.status()["timestampUpdate"] == str(int((START + 3) * 1000))
    customer.clock.pass_by(10)
    customer.run("ARM1")
    assert customer.status()["timestampUpdate"] == str(int((START + 3) * 1000))


def test_status_lags_behind_the_panel(customer: Customer) -> None:
    customer.control("settings", status_lag=20)
    customer.run("ARM1")
    customer.clock.pass_by(19.5)
    assert customer.status()["status"] == "D"
    customer.clock.pass_by(0.5)
    told = customer.status()
    assert (told["status"], told["timestampUpdate"]) == ("T", str(int((START + 23) * 1000)))
    customer.panel.keypad(Disarm())
    customer.panel.keypad(Arm(ArmMode(perimeter=True)))
    assert customer.status()["status"] == "T"
    customer.clock.pass_by(20)
    assert customer.status()["status"] == "E"


def test_an_open_zone_and_its_name(customer: Customer) -> None:
    customer.panel.window("Cocina", is_open=True)
    customer.panel.window("Comedor", is_open=True)
    outcome = customer.run("ARM1")
    error = outcome["error"]
    assert (outcome["res"], outcome["msg"]) == ("ERROR", "alarm-manager.error_mpj_exception")
    assert (error["code"], error["type"], error["allowForcing"]) == ("102", "NON_BLOCKING", True)
    assert error["exceptionsNumber"] == 2
    asked = customer.mine(referenceId=error["referenceId"], suid=error["suid"])
    assert customer.get("xSGetExceptions", counter=1, **asked)["res"] == "WAIT"
    told = customer.get("xSGetExceptions", counter=2, **asked)
    assert told["res"] == "OK"
    assert told["exceptions"] == [
        {"status": "0", "deviceType": "MG", "alias": "Comedor"},
        {"status": "0", "deviceType": "MG", "alias": "Cocina"},
    ]
    assert customer.error("xSGetExceptions", counter=4, **asked)["extensions"] == {"code": "BAD_REQUEST"}
    assert customer.status()["status"] == "D"
    assert [row["type"] for row in timeline(customer)] == [537]


def open_zone(customer: Customer, request: str = "ARM1") -> dict[str, str]:
    """The variables that force."""
    customer.panel.window("Cocina", is_open=True)
    error = customer.run(request)["error"]
    return {"forceArmingRemoteId": error["referenceId"], "suid": error["suid"]}


def test_forcing_bypasses_the_zones_until_all_is_disarmed(customer: Customer) -> None:
    forced = open_zone(customer)
    customer.clock.pass_by(170)
    outcome = customer.run("ARM1", **forced)
    assert (outcome["res"], outcome["protomResponse"]) == ("OK", "T")
    bypassed = [{"status": "0", "deviceType": "MG", "alias": "Cocina"}]
    assert customer.status()["exceptions"] == bypassed
    assert customer.state()["bypassed"] == ["Cocina"]
    assert timeline(customer)[0]["type"] == 850
    customer.panel.window("Cocina", is_open=False)
    customer.run("PERI1")
    assert customer.status()["exceptions"] == bypassed
    customer.run("DARM1")
    assert customer.status()["exceptions"] is None


@pytest.mark.parametrize("spoilt", ["suid", "reference", "request", "late", "twice", "not allowed"])
def test_forcing_that_does_not_count(customer: Customer, spoilt: str) -> None:
    forced = open_zone(customer)
    request = "ARM1"
    if spoilt == "suid":
        forced["suid"] = "other"
    elif spoilt == "reference":
        forced["forceArmingRemoteId"] = "other"
    elif spoilt == "request":
        request = "ARMDAY1"
    elif spoilt == "late":
        customer.clock.pass_by(180)
    elif spoilt == "twice":
        customer.run("ARM1", **forced)
        customer.run("DARM1")
    else:
        customer.control("settings", allow_forcing=False)
    outcome = customer.run(request, **forced)
    assert (outcome["res"], outcome["error"]["code"]) == ("ERROR", "102")
    assert outcome["error"]["allowForcing"] == (spoilt != "not allowed")
    assert customer.status()["status"] == "D"


def test_the_polls_of_a_forced_arm_say_so(customer: Customer) -> None:
    forced = open_zone(customer)
    reference = customer.submit("ARM1", **forced)
    variables = customer.mine(request="ARM1", referenceId=reference, counter=1)
    assert customer.error("ArmStatus", **variables)["extensions"] == {"code": "BAD_REQUEST"}


def test_a_busy_panel_does_not_use_up_the_context(customer: Customer) -> None:
    forced = open_zone(customer)
    customer.get("CheckAlarm", **customer.mine())
    assert customer.error("xSArmPanel", **customer.mine(request="ARM1", **forced))["data"]["err"] == "60062"
    customer.clock.pass_by(3)
    assert customer.run("ARM1", **forced)["protomResponse"] == "T"


def test_france_names_the_zone_in_the_message(ready: Ready) -> None:
    customer = ready("fr")
    customer.panel.window("Cocina", is_open=True)
    outcome = customer.run("ARM1")
    assert outcome["msg"] == "alarm-manager.error_mg_open_zone#3"
    assert (outcome["error"]["code"], outcome["error"]["type"]) == ("102", "ZONE")


def test_names_that_never_come(customer: Customer) -> None:
    customer.control("settings", exceptions_wait=True)
    customer.panel.window("Cocina", is_open=True)
    error = customer.run("ARM1")["error"]
    for counter in range(1, 20):
        asked = customer.mine(referenceId=error["referenceId"], suid=error["suid"], counter=counter)
        assert customer.get("xSGetExceptions", **asked)["res"] == "WAIT"


def test_names_of_nothing(customer: Customer) -> None:
    forced = open_zone(customer)
    for reference, suid in (("other", forced["suid"]), (forced["forceArmingRemoteId"], "other")):
        asked = customer.mine(referenceId=reference, suid=suid, counter=1)
        assert customer.error("xSGetExceptions", **asked)["data"]["res"] == "ERROR"


def test_a_restricted_user_is_told_of_no_open_zone(ready: Ready) -> None:
    customer = ready("it-restricted")
    customer.panel.window("Cocina", is_open=True)
    assert customer.run("ARM1")["protomResponse"] == "T"
    assert customer.status()["exceptions"] is None


@pytest.mark.long
def test_what_is_remembered_of_commands_is_bounded(customer: Customer) -> None:
    customer.panel.answer_after = 0
    first = customer.submit("DARM1")
    forced = open_zone_at_once(customer)
    for _ in range(MOST_ORDERS):
        open_zone_at_once(customer)
    assert customer.poll("DARM1", first, 1)["res"] == "ERROR"
    reference = customer.submit("ARM1", **forced)
    del forced["suid"]
    assert customer.poll("ARM1", reference, 1, **forced)["error"]["code"] == "102"


def open_zone_at_once(customer: Customer) -> dict[str, str]:
    customer.panel.window("Cocina", is_open=True)
    reference = customer.submit("ARM1")
    error = customer.poll("ARM1", reference, 1)["error"]
    assert customer.poll("ARM1", reference, 2)["error"] == error
    return {"forceArmingRemoteId": error["referenceId"], "suid": error["suid"]}


def test_disarming_with_open_windows(customer: Customer) -> None:
    customer.panel.keypad(Arm(ArmMode(interior=Interior.TOTAL)))
    customer.panel.window("Cocina", is_open=True)
    assert customer.run("DARM1")["protomResponse"] == "D"


def test_the_panel_acts_though_nobody_polls(customer: Customer) -> None:
    customer.submit("ARMINTEXT1")
    customer.clock.pass_by(3600)
    assert customer.panel.axes == Axes(Interior.TOTAL, perimeter=True, annex=False)


@pytest.mark.parametrize(
    ("callby", "source"), [("OWA_10", "Android"), ("OWI_10", "iOS"), ("OWP_10", "Web"), ("x", "Web")]
)
def test_the_source_of_a_row(ready: Ready, callby: str, source: str) -> None:
    customer = ready(options=OwaOptions(flood_limit=0))
    customer.device["callby"] = callby
    customer.run("ARM1")
    assert timeline(customer)[0]["source"] == source


def test_the_words_of_portugal(ready: Ready) -> None:
    customer = ready("pt-ecu")
    stand(customer, "P")
    reference = customer.get("CheckAlarm", **customer.mine())["referenceId"]
    customer.clock.pass_by(3)
    outcome = customer.get("CheckAlarmStatus", **customer.mine(idService="11", referenceId=reference))
    assert (outcome["msg"], outcome["protomResponse"]) == ("alarm-manager.status_panel.armed_partial", "P")
