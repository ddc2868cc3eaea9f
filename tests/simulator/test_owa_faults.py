"""Everything that can go wrong on the way to the panel, by the customer API (verisure-owa.md §10.1)."""

from contextlib import suppress
from typing import Any

import pytest
from lxml import html

from emulator.simulator.faults import ConnectionDropped
from emulator.simulator.owa.faults import KINDS
from emulator.simulator.owa.options import OwaOptions
from tests.simulator.owa import Customer

pytestmark = pytest.mark.sampled

STATUS = {"numinst": "2423443"}


def fault(customer: Customer, kind: str, request: str = "", times: int | None = 1, **more: Any) -> None:
    customer.control("fault", fault=kind, request=request, times=times, **more)


def arm(customer: Customer) -> dict[str, Any]:
    found: dict[str, Any] = customer.error("xSArmPanel", **customer.mine(request="ARM1"))
    return found


def round_of(customer: Customer, key: dict[str, str]) -> None:
    """One of each request, whatever becomes of it; `key` forces."""
    mine = customer.mine()
    order = "none"
    login = {"user": "demo", "password": "demo", "country": "ES", **customer.device}
    stranger = {**customer.identity(), "uuid": "another"}
    for name, variables in (
        ("mkLoginToken", login),
        ("mkLoginToken", {**login, **stranger, "lang": "pt"}),
        ("mkLoginToken", {**login, **stranger}),
        ("mkValidateDevice", stranger),
        ("Status", STATUS),
        ("xSArmPanel", {**mine, "request": "ARM1"}),
        ("mkInstallationList", {}),
        ("ActV2Timeline", {**mine, "timeFilter": "ALL"}),
    ):
        with suppress(ConnectionDropped):
            reply = customer.send(name, variables)
            if name == "xSArmPanel" and reply.is_json and reply.json.get("data"):
                order = (reply.json["data"]["xSArmPanel"] or {}).get("referenceId", order)
    customer.clock.pass_by(3)
    with suppress(ConnectionDropped):
        customer.send("ArmStatus", {**mine, "request": "ARM1", "referenceId": order, "counter": 1})
    with suppress(ConnectionDropped):
        customer.send("xSArmPanel", {**mine, "request": "ARM1", **key})


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_of_fault_is_without_effect(customer: Customer, kind: str) -> None:
    # A refusal: its key forces, and the log has a row of it.
    customer.panel.window("Cocina", is_open=True)
    refused = customer.run("ARM1")["error"]
    customer.panel.window("Cocina", is_open=False)
    fault(customer, kind, seconds=0)
    round_of(customer, {"forceArmingRemoteId": refused["referenceId"], "suid": refused["suid"]})
    state = customer.state()
    assert (state["fault_hits"], state["faults"]) == ({kind: 1}, [])
    assert state["client_faults"] == []


@pytest.mark.parametrize(
    ("kind", "status"), [("unavailable", 503), ("bad_gateway", 502), ("gateway_timeout", 504), ("html", 200)]
)
def test_pages_instead_of_answers(customer: Customer, kind: str, status: int) -> None:
    fault(customer, kind, "xSArmPanel")
    reply = customer.send("xSArmPanel", customer.mine(request="ARM1"))
    assert (reply.status_code, reply.mimetype) == (status, "text/html")
    assert "_Incapsula_Resource" not in reply.text
    assert customer.panel.pending is None
    assert customer.state()["accepted"] == {}


@pytest.mark.parametrize(
    ("kind", "name", "data"),
    [
        ("trouble", "HttpError", {"res": "ERROR", "err": "httpError", "status": 500}),
        ("conflict", "ApiError", {"res": "ERROR", "err": "10", "status": 409}),
        ("unpermitted", "accessPermissionsMiddleware", {"res": "ERROR"}),
        ("busy", "ApiError", {"res": "ERROR", "err": "60062"}),
        ("refuse", "ApiError", {"res": "ERROR", "err": "6", "status": 401}),
        ("unsupported", "ApiError", {"res": "ERROR", "err": "4", "status": 404}),
        (
            "not_valid",
            "ApiError",
            {"res": "ERROR", "err": "Request ARM1 is not valid for Central Unit"},
        ),
    ],
)
def test_refusals_carry_out_nothing(customer: Customer, kind: str, name: str, data: dict[str, Any]) -> None:
    fault(customer, kind, "xSArmPanel")
    error = arm(customer)
    assert (error["name"], error["data"], error["path"]) == (name, data, ["xSArmPanel"])
    assert customer.panel.pending is None
    assert customer.state()["accepted"] == {}
    assert customer.run("ARM1")["protomResponse"] == "T"


def test_a_value_outside_the_enum(customer: Customer) -> None:
    fault(customer, "bad_input", "xSArmPanel")
    assert arm(customer)["extensions"] == {"code": "BAD_USER_INPUT"}
    assert customer.state()["client_faults"] == []


def test_a_session_that_expires_once(customer: Customer) -> None:
    fault(customer, "expire", "Status")
    assert customer.error("Status", **STATUS)["name"] == "ExpiredSessionError"
    customer.refresh()
    customer.renew_capabilities()
    assert customer.status()


def test_a_session_that_expires_again_and_again(customer: Customer) -> None:
    fault(customer, "expire", "Status", times=None)
    for _ in range(3):
        customer.refresh()
        customer.renew_capabilities()
        assert customer.error("Status", **STATUS)["name"] == "ExpiredSessionError"


def test_an_accepted_command_whose_answer_is_lost(customer: Customer) -> None:
    fault(customer, "lost", "xSArmPanel")
    with pytest.raises(ConnectionDropped):
        customer.send("xSArmPanel", customer.mine(request="ARM1"))
    assert customer.state()["accepted"] == {"xSArmPanel": 1}
    customer.clock.pass_by(3)
    assert customer.status()["status"] == "T"


def test_a_refresh_whose_answer_is_lost_has_spent_the_token(customer: Customer) -> None:
    fault(customer, "lost", "RefreshLogin")
    with pytest.raises(ConnectionDropped):
        customer.try_refresh()
    assert customer.try_refresh()["errors"][0]["data"]["err"] == "60067"
    assert customer.state()["refresh_reused"] == 1


def test_a_refresh_whose_answer_is_lost_may_be_asked_for_again(customer: Customer) -> None:
    customer.control("settings", refresh_grace=True)
    first = customer.refresh_token
    fault(customer, "lost", "RefreshLogin", times=2)
    for _ in range(2):
        with pytest.raises(ConnectionDropped):
            customer.try_refresh()
    customer.refresh()
    customer.refresh()
    assert customer.state()["refresh_reused"] == 0
    customer.refresh_token = first
    assert customer.try_refresh()["errors"][0]["data"]["err"] == "60067"


def test_a_line_that_is_down(customer: Customer) -> None:
    fault(customer, "down", "xSArmPanel")
    with pytest.raises(ConnectionDropped):
        customer.send("xSArmPanel", customer.mine(request="ARM1"))
    assert customer.state()["accepted"] == {}


def test_a_late_answer(customer: Customer) -> None:
    fault(customer, "late", "Status", seconds=7)
    before = customer.clock.now
    assert customer.status()["status"] == "D"
    assert customer.clock.now == before + 7


@pytest.mark.parametrize("crashing", ["mkLoginToken", "RefreshLogin"])
def test_a_crash_spends_nothing(customer: Customer, crashing: str) -> None:
    fault(customer, "crash", crashing)
    document = customer.try_login() if crashing == "mkLoginToken" else customer.try_refresh()
    assert document["data"] is None
    assert document["errors"][0]["message"] == "Cannot read properties of undefined (reading 'es')"
    customer.refresh()
    assert customer.state()["refresh_reused"] == 0


def test_a_language_that_the_cloud_lacks(customer: Customer) -> None:
    fault(customer, "lang_crash", times=None)
    document = customer.try_refresh(lang="pt")
    assert document["errors"][0]["message"] == "Cannot read properties of undefined (reading 'pt')"
    assert customer.try_login(lang="pt")["data"] is None
    customer.refresh()
    assert customer.state()["refresh_reused"] == 0


def test_a_renewal_without_a_refresh_token_leaves_the_old_one(customer: Customer) -> None:
    fault(customer, "null_refresh", "RefreshLogin")
    answer = customer.try_refresh()["data"]["xSRefreshLogin"]
    assert (answer["refreshToken"], bool(answer["hash"])) == (None, True)
    customer.refresh()
    assert customer.state()["refresh_reused"] == 0


def test_a_device_that_may_need_a_code_or_not(customer: Customer) -> None:
    fault(customer, "null_device", "mkLoginToken", times=2)
    answer = customer.try_login()["data"]["xSLoginToken"]
    assert (answer["needDeviceAuthorization"], bool(answer["hash"])) == (None, True)
    answer = customer.try_login(uuid="another")["data"]["xSLoginToken"]
    assert (answer["needDeviceAuthorization"], answer["msg"]) == (None, "auth-api.mfa_needed")


def test_a_login_that_brings_nothing_although_the_device_is_trusted(customer: Customer) -> None:
    fault(customer, "no_login")
    answer = customer.try_login()["data"]["xSLoginToken"]
    assert (answer["needDeviceAuthorization"], answer["hash"]) == (True, None)
    customer.login()


def test_a_challenge_without_its_number(newcomer: Customer) -> None:
    fault(newcomer, "bare_challenge")
    newcomer.try_login()
    bare = newcomer.challenge()
    assert bare["auth-code"] is None
    assert bare["auth-phones"]
    assert newcomer.redeem(bare["auth-otp-hash"], "")["errors"][0]["data"]["auth-code"] == "10001"


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("unauthorized", {"auth-type", "auth-code"}),
        ("challenge", {"auth-phones", "auth-otp-hash"}),
        ("disowned", {"res", "status"}),
    ],
)
def test_a_session_that_is_not_accepted(customer: Customer, kind: str, keys: set[str]) -> None:
    fault(customer, kind, "Status")
    assert set(customer.error("Status", **STATUS)["data"]) == keys
    assert customer.status()


@pytest.mark.parametrize(
    ("kind", "letter"),
    [("letter_n", "N"), ("letter_unknown", "Z"), ("letter_word", "ARMED_TOTAL"), ("letter_empty", "")],
)
def test_odd_letters(customer: Customer, kind: str, letter: str) -> None:
    fault(customer, kind, "Status")
    assert customer.status()["status"] == letter
    assert customer.status()["status"] == "D"
    fault(customer, kind, "ArmStatus")
    assert customer.run("ARM1")["protomResponse"] == letter


def test_a_silent_panel_acts(customer: Customer) -> None:
    fault(customer, "silent", "ArmStatus")
    outcome = customer.run("ARM1")
    assert (outcome["res"], outcome["msg"]) == ("ERROR", "alarm-manager.error_no_response_to_request")
    assert customer.status()["status"] == "T"


def test_an_outcome_that_does_not_come(customer: Customer) -> None:
    fault(customer, "wait", "ArmStatus", times=None)
    reference = customer.submit("ARM1")
    customer.clock.pass_by(100)
    for counter in range(1, 30):
        assert customer.poll("ARM1", reference, counter)["res"] == "WAIT"
    assert customer.status()["status"] == "T"


def test_lists_that_are_null_or_empty(customer: Customer) -> None:
    customer.run("ARM1")
    fault(customer, "null_list", times=2)
    rows = customer.mine(timeFilter="ALL")
    assert customer.get("mkInstallationList") == {"installations": None}
    assert customer.get("ActV2Timeline", **rows) == {"reg": None}
    fault(customer, "empty_log")
    assert customer.get("ActV2Timeline", **rows) == {"reg": []}
    assert len(customer.get("ActV2Timeline", **rows)["reg"]) == 1


@pytest.mark.parametrize(
    "kind", ["conflict", "trouble", "unavailable", "html", "throttle", "expire", "down", "lost", "late"]
)
@pytest.mark.parametrize("following", [1, 2])
def test_a_poll_that_failed_may_be_counted_or_not(customer: Customer, kind: str, following: int) -> None:
    """The client cannot know whether the server has seen it."""
    reference = customer.submit("ARM1")
    fault(customer, kind, "ArmStatus", seconds=1)
    with suppress(ConnectionDropped):
        customer.send("ArmStatus", customer.mine(request="ARM1", referenceId=reference, counter=1))
    customer.refresh()
    customer.renew_capabilities()
    assert customer.poll("ARM1", reference, following)["res"] == "WAIT"
    assert customer.state()["client_faults"] == []


def test_the_firewall_bans_an_address_and_everything_lengthens_it(customer: Customer) -> None:
    fault(customer, "ban", "Status")
    for _ in range(3):
        reply = customer.send("Status", STATUS)
        assert (reply.status_code, reply.mimetype) == (403, "text/html")
        assert "_Incapsula_Resource" in reply.text
        assert "Retry-After" not in reply.headers
        customer.clock.pass_by(599)
    assert customer.state()["banned_requests"] == 2
    customer.clock.pass_by(1)
    customer.refresh()
    customer.renew_capabilities()
    assert customer.status()["status"] == "D"
    assert customer.control("reset")["banned_requests"] == 0


def test_a_ban_is_for_one_address_and_ends_by_the_control_page(customer: Customer) -> None:
    fault(customer, "ban")
    assert customer.send("Status", STATUS).status_code == 403
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    reply = customer.client.post("/owa-api/graphql", json={}, environ_overrides=elsewhere)
    assert reply.status_code == 200
    customer.control("unlock")
    assert customer.status()["status"] == "D"


def test_more_than_twenty_requests_within_two_seconds_are_a_flood(customer: Customer) -> None:
    customer.control("settings", flood_limit=20)
    for _ in range(5):
        for _ in range(20):
            assert customer.status()
        customer.clock.pass_by(2)
    for _ in range(20):
        customer.clock.pass_by(0.09)
        assert customer.status()
    assert customer.send("Status", STATUS).status_code == 403
    customer.clock.pass_by(600)
    assert customer.send("Status", STATUS).status_code == 200


def test_the_flood_settings_of_the_reference() -> None:
    options = OwaOptions()
    assert (options.flood_limit, options.flood_window, options.flood_ban) == (20, 2.0, 600.0)


def test_a_throttled_request(customer: Customer) -> None:
    fault(customer, "throttle", "Status", seconds=7)
    reply = customer.send("Status", STATUS)
    assert (reply.status_code, reply.headers["Retry-After"]) == (403, "7")
    assert "_Incapsula_Resource" not in reply.text
    assert customer.status()


@pytest.mark.long
def test_every_request_is_counted_with_its_time(customer: Customer) -> None:
    start = customer.clock.now
    customer.status()
    customer.clock.pass_by(120)
    customer.run("ARM1")
    assert customer.state()["times"] == [
        [start, "Status"],
        [start + 120, "xSArmPanel"],
        [start + 120, "ArmStatus"],
        [start + 123, "ArmStatus"],
    ]
    assert customer.state()["requests"] == {"Status": 1, "xSArmPanel": 1, "ArmStatus": 2}
    after = customer.control("reset")
    assert (after["times"], after["requests"], after["accepted"]) == ([], {}, {})
    for _ in range(2100):
        customer.client.post("/owa-api/graphql", json={})
    assert len(customer.state()["times"]) == 2000


def test_the_control_page_knows_the_faults_of_its_face(customer: Customer) -> None:
    for body, says in (
        ({"fault": "bomb"}, "no fault 'bomb'; use one of down"),
        ({"fault": "ban", "request": "ARM1"}, "no request 'ARM1'; use one of ActV2Timeline"),
        ({"fault": "bomb", "on": False}, "no fault 'bomb'; use all or one of down"),
    ):
        reply = customer.client.post("/control/fault", json=body)
        assert (reply.status_code, says in reply.json["error"]) == (400, True), reply.json
    fault(customer, "ban")
    assert customer.control("fault", fault="all", on=False)["faults"] == []


def test_the_settings(customer: Customer) -> None:
    wanted = {
        "answer_after": 8.0,
        "token_life": 60.0,
        "capabilities_life": 30.0,
        "log_clock": 300.0,
        "status_lag": 5.0,
        "allow_forcing": False,
        "strict_forcing": True,
        "force_within": 60.0,
        "exceptions_wait": True,
        "zones_by_number": True,
        "no_capabilities": True,
        "lacks": "suid msg",
        "steering": True,
        "terms_missing": True,
        "tells_tries": True,
        "otp_tokens": True,
        "refresh_crash": True,
        "refresh_grace": True,
        "flood_limit": 4,
        "flood_window": 5.0,
        "flood_ban": 10.0,
    }
    assert customer.control("settings", **wanted)["settings"] == wanted
    reply = customer.client.post("/control/settings", json={"letter_a": True})
    assert reply.json["error"].startswith("unknown setting 'letter_a'; use answer_after, token_life")


def test_a_setting_that_holds_names(customer: Customer) -> None:
    reply = customer.client.post("/control/settings", json={"lacks": "a{b}"})
    assert reply.json["error"] == "lacks is 'a{b}'; use names of fields, parted by blanks, or nothing"
    assert customer.control("settings", lacks=" a  b ")["settings"]["lacks"] == "a b"


def test_a_country_whose_schema_lacks_something(customer: Customer) -> None:
    customer.control("settings", lacks="wifiConnected armAndLock")
    assert customer.error("Status", **STATUS)["message"] == 'Cannot query field "wifiConnected" on type "Status".'
    refused = customer.error("xSArmPanel", **customer.mine(request="ARM1", armAndLock=False))
    assert refused["message"] == 'Unknown argument "armAndLock" on field "xSArmPanel".'
    assert refused["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}
    assert customer.panel.pending is None
    assert customer.state()["client_faults"] == []


def test_a_cloud_without_capabilities(customer: Customer) -> None:
    customer.control("settings", no_capabilities=True)
    found = customer.get("Srv", numinst="2423443", uuid=customer.device["uuid"])["installation"]
    assert (found["capabilities"], found["services"]) == (None, None)
    customer.capabilities = ""
    assert customer.status()["status"] == "D"


def test_terms_that_were_never_accepted(customer: Customer) -> None:
    customer.control("settings", terms_missing=True)
    answer = customer.try_login()["data"]["xSLoginToken"]
    assert (answer["res"], answer["hash"], answer["legals"]) == ("OK", None, False)


def test_tries_that_are_left(customer: Customer) -> None:
    customer.control("settings", tells_tries=True)
    customer.password = "wrong"
    assert customer.try_login()["errors"][0]["data"] == {"res": "KO", "err": "60091", "remainingAttempts": 2}


def test_open_zones_that_are_told_by_their_number(customer: Customer) -> None:
    customer.control("settings", zones_by_number=True)
    customer.control("window", zone="Cocina", open=True)
    error = customer.run("ARM1")["error"]
    assert (error["code"], error["type"], error["exceptionsNumber"]) == ("ERR_ZONE_OPEN", "BLOCKING", 1)


def test_the_firewalls_page_may_come_with_200(customer: Customer) -> None:
    fault(customer, "ban_page", "Status")
    replies = [customer.send("Status", STATUS) for _ in range(2)]
    assert [reply.status_code for reply in replies] == [200, 403]
    assert all("_Incapsula_Resource" in reply.text for reply in replies)


def test_every_button_of_the_page_works(customer: Customer) -> None:
    text = customer.client.get("/control").text
    assert "Forget trusted devices" in text
    assert "Total is A" not in text
    for form in html.fromstring(text).forms:
        reply = customer.client.post(form.action, data=dict(form.form_values()), headers={"Accept": "text/html"})
        assert reply.status_code in (303, 409), (form.action, form.form_values(), reply.text)


def test_the_keypad_of_the_page(customer: Customer) -> None:
    assert customer.control("keypad", arm="night+perimeter")["letter"] == "C"
    assert customer.status()["status"] == "C"
