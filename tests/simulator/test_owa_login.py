"""Login, codes by SMS, tokens (verisure-owa.md §2)."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from emulator.simulator.accounts import Contract, SimulatedAccount
from emulator.simulator.owa.options import OwaOptions
from emulator.simulator.owa.tokens import MOST_TOKENS
from emulator.simulator.owa.trust import MOST_CHALLENGES, MOST_SMS
from tests.simulator.owa import Customer, claims

Customers = Callable[..., Customer]


def err(document: dict[str, Any]) -> tuple[Any, ...]:
    (error,) = document["errors"]
    return error["name"], error["data"].get("err"), error["data"].get("res")


def test_from_nothing_to_a_session(newcomer: Customer) -> None:
    first = newcomer.try_login()["data"]["xSLoginToken"]
    assert first == {
        "__typename": "XSLoginToken",
        "res": "OK",
        "msg": "auth-api.mfa_needed",
        "hash": None,
        "refreshToken": None,
        "legals": None,
        "changePassword": False,
        "needDeviceAuthorization": True,
        "mainUser": None,
    }
    document = newcomer.ask("mkValidateDevice", **newcomer.identity())
    (error,) = document["errors"]
    assert document["data"] == {"xSValidateDevice": None}
    assert (error["message"], error["name"], error["path"]) == ("Unauthorized", "SecurityError", ["xSValidateDevice"])
    assert error["time_thrown"]
    challenge = error["data"]
    assert (challenge["auth-type"], challenge["auth-code"]) == ("OTP", "10001")
    assert challenge["auth-phones"] == [{"id": 0, "phone": "******123"}, {"id": 1, "phone": "******789"}]
    code = newcomer.code(challenge["auth-otp-hash"], phone=1)
    assert re.fullmatch(r"\d{6}", code)
    assert newcomer.state()["sms"] == [{"phone": "******789", "code": code, "at": newcomer.clock.now}]
    assert code in newcomer.client.get("/control").text
    validated = newcomer.redeem(challenge["auth-otp-hash"], code)["data"]["xSValidateDevice"]
    assert validated == {"res": "OK", "msg": None, "hash": None, "refreshToken": None, "legals": True}
    second = newcomer.try_login()["data"]["xSLoginToken"]
    assert (second["res"], second["needDeviceAuthorization"], second["changePassword"]) == ("OK", False, False)
    told = claims(second["hash"])
    assert {"sub", "cnt", "cby", "ver", "usrid", "jti", "iat", "exp"} == set(told)
    assert told["exp"] - told["iat"] == 900
    refresh = claims(second["refreshToken"])
    assert refresh["exp"] - refresh["iat"] == 180 * 86_400


def test_a_trusted_device_is_validated_at_once(customer: Customer) -> None:
    assert customer.get("mkValidateDevice", **customer.identity())["res"] == "OK"


def test_tokens_may_come_with_the_code(customers: Customers) -> None:
    newcomer = customers(options=OwaOptions(otp_tokens=True))
    newcomer.try_login()
    otp_hash = newcomer.challenge()["auth-otp-hash"]
    answer = newcomer.redeem(otp_hash, newcomer.code(otp_hash))["data"]["xSValidateDevice"]
    newcomer.hash, newcomer.refresh_token = answer["hash"], answer["refreshToken"]
    assert newcomer.get("mkInstallationList")["installations"]
    newcomer.refresh()


@pytest.mark.parametrize(
    "code", ["000000", "", "1234567", "nonsense", "\ud800", "\u0661\u0662\u0663\u0664\u0665\u0666"]
)
def test_a_wrong_code_is_good_for_one_attempt(newcomer: Customer, code: str) -> None:
    newcomer.try_login()
    otp_hash = newcomer.challenge()["auth-otp-hash"]
    right = newcomer.code(otp_hash)
    if code == right:
        code = "999999"
    (error,) = newcomer.redeem(otp_hash, code)["errors"]
    assert (error["message"], error["data"]["auth-code"]) == ("Unauthorized", "10001")
    fresh = error["data"]["auth-otp-hash"]
    assert fresh != otp_hash
    assert newcomer.redeem(otp_hash, right)["errors"]
    assert newcomer.redeem(fresh, right)["errors"]
    (error,) = newcomer.redeem(fresh, right)["errors"]
    again = error["data"]["auth-otp-hash"]
    assert newcomer.redeem(again, newcomer.code(again))["data"]["xSValidateDevice"]["res"] == "OK"


def test_a_code_expires(newcomer: Customer) -> None:
    newcomer.try_login()
    otp_hash = newcomer.challenge()["auth-otp-hash"]
    code = newcomer.code(otp_hash)
    newcomer.clock.pass_by(300)
    (error,) = newcomer.redeem(otp_hash, code)["errors"]
    assert (error["message"], error["data"]["auth-code"]) == ("Unauthorized", "10002")
    otp_hash = error["data"]["auth-otp-hash"]
    code = newcomer.code(otp_hash)
    newcomer.clock.pass_by(299)
    assert "errors" not in newcomer.redeem(otp_hash, code)


def test_a_second_message_makes_the_first_one_void(newcomer: Customer) -> None:
    newcomer.try_login()
    otp_hash = newcomer.challenge()["auth-otp-hash"]
    codes = {newcomer.code(otp_hash) for _ in range(5)}
    assert len(codes) > 1
    assert "errors" not in newcomer.redeem(otp_hash, newcomer.face.trust.messages[-1].code)


def test_no_code_without_the_password(newcomer: Customer) -> None:
    (error,) = newcomer.ask("mkValidateDevice", **newcomer.identity())["errors"]
    assert error["data"] == {"auth-type": "OTP", "auth-code": "10010", "auth-phones": None, "auth-otp-hash": None}


@pytest.mark.parametrize(("phone", "otp_hash"), [(2, None), (-1, None), (0, "unknown")])
def test_a_message_that_cannot_be_sent(newcomer: Customer, phone: int, otp_hash: str | None) -> None:
    newcomer.try_login()
    known = newcomer.challenge()["auth-otp-hash"]
    assert newcomer.error("mkSendOTP", recordId=phone, otpHash=otp_hash or known)["data"]["err"] == "4"
    assert newcomer.state()["sms"] == []


def test_trust_is_for_one_device(customer: Customer) -> None:
    for key in ("idDevice", "uuid"):
        other = {**customer.device, key: "other"}
        assert customer.try_login(**other)["data"]["xSLoginToken"]["needDeviceAuthorization"] is True
    assert customer.try_login(deviceName="other")["data"]["xSLoginToken"]["needDeviceAuthorization"] is False


def test_forgotten_devices_need_a_code_again(customer: Customer) -> None:
    customer.control("devices/forget")
    assert customer.try_login()["data"]["xSLoginToken"]["msg"] == "auth-api.mfa_needed"
    refused = customer.try_refresh()["data"]["xSRefreshLogin"]
    assert (refused["needDeviceAuthorization"], refused["hash"]) == (True, None)


@pytest.mark.parametrize(
    "changes", [{"password": "Demo"}, {"password": ""}, {"user": "Demo"}, {"country": "FR"}, {"country": "es"}]
)
def test_a_refused_login(newcomer: Customer, changes: dict[str, Any]) -> None:
    assert err(newcomer.try_login(**changes)) == ("ApiError", "60091", "KO")


def test_three_wrong_passwords_lock_the_account(customer: Customer) -> None:
    for wanted in ("60091", "60091", "60052"):
        assert err(customer.try_login(password="no"))[1] == wanted
    document = customer.try_login()
    assert err(document) == ("ApiError", "60052", "LOCK")
    assert document["data"] == {"xSLoginToken": None}
    assert customer.state()["locked"] == ["demo"]
    assert err(customer.try_refresh()) == ("ApiError", "60052", "LOCK")
    assert customer.status()["status"] == "D"
    customer.control("unlock")
    customer.refresh()
    customer.login()


def test_a_password_that_must_be_changed(customers: Customers) -> None:
    made = customers(account=SimulatedAccount(change_password=True))
    answer = made.try_login()["data"]["xSLoginToken"]
    assert (answer["res"], answer["changePassword"], answer["hash"], answer["refreshToken"]) == ("OK", True, None, None)


def test_refresh_tokens_rotate_and_are_good_once(customer: Customer) -> None:
    spent = customer.refresh_token
    customer.refresh()
    assert customer.refresh_token != spent
    assert customer.state()["refresh_reused"] == 0
    fresh, customer.refresh_token = customer.refresh_token, spent
    document = customer.try_refresh()
    assert err(document) == ("ApiError", "60067", "ERROR")
    assert document["errors"][0]["message"] == "Invalid Session"
    assert customer.state()["refresh_reused"] == 1
    customer.refresh_token = fresh
    customer.refresh()
    assert customer.control("reset")["refresh_reused"] == 0


def test_a_spent_refresh_token_may_crash_the_server(customer: Customer) -> None:
    customer.control("settings", refresh_crash=True)
    spent = customer.refresh_token
    customer.refresh()
    customer.refresh_token = spent
    assert customer.try_refresh() == {
        "errors": [
            {"message": "Cannot read properties of undefined (reading 'es')", "extensions": {}, "data": {}},
        ],
        "data": None,
    }


def test_a_refresh_token_lives_180_days(customer: Customer) -> None:
    customer.clock.pass_by(180 * 86_400 - 1)
    fresh = customer.refresh_token
    customer.clock.pass_by(1)
    assert err(customer.try_refresh())[1] == "60067"
    assert (customer.refresh_token, customer.state()["refresh_reused"]) == (fresh, 0)


def test_a_refresh_token_is_of_its_device_and_user(customers: Customers) -> None:
    customer = customers()
    customer.authorise()
    customer.login()
    assert err(customer.try_refresh(uuid="other"))[1] == "60067"
    auth = {**customer.auth(""), "user": "ana"}
    variables = {"refreshToken": customer.refresh_token, "country": "ES", **customer.device}
    assert err(customer.send("RefreshLogin", variables, auth=auth).json)[1] == "60067"
    customer.refresh()


def test_a_hash_lives_900_s(customer: Customer) -> None:
    customer.clock.pass_by(899)
    assert customer.get("mkInstallationList")
    customer.clock.pass_by(1)
    error = customer.error("mkInstallationList")
    assert (error["message"], error["name"]) == ("Invalid session. Please, try again later.", "ExpiredSessionError")
    assert error["data"] == {"res": "ERROR", "err": "ExpiredSessionError", "status": 403}
    customer.refresh()
    assert customer.get("mkInstallationList")


def test_the_life_of_a_token_may_be_set(customer: Customer) -> None:
    customer.control("settings", token_life=60, capabilities_life=30)
    customer.refresh()
    told = claims(customer.hash)
    assert told["exp"] - told["iat"] == 60
    customer.renew_capabilities()
    customer.clock.pass_by(30)
    assert customer.error("Status", numinst=customer.number)["name"] == "accessPermissionsMiddleware"


def test_killed_sessions_leave_the_refresh_token(customer: Customer) -> None:
    assert customer.state()["sessions"] == 1
    assert customer.control("sessions/kill")["sessions"] == 0
    assert customer.error("Status", numinst=customer.number)["name"] == "ExpiredSessionError"
    customer.refresh()
    assert customer.error("Status", numinst=customer.number)["name"] == "accessPermissionsMiddleware"
    customer.renew_capabilities()
    assert customer.status()["status"] == "D"


def test_revoked_refresh_tokens(customer: Customer) -> None:
    customer.control("tokens/revoke")
    assert err(customer.try_refresh())[1] == "60067"
    assert customer.state()["refresh_reused"] == 0
    assert customer.status()["status"] == "D"
    customer.login()


def test_logout_leaves_the_refresh_token(customer: Customer) -> None:
    assert customer.get("Logout") is True
    assert customer.error("mkInstallationList")["name"] == "ExpiredSessionError"
    customer.refresh()
    assert customer.error("Status", numinst=customer.number)["name"] == "accessPermissionsMiddleware"


def test_several_installations(customers: Customers) -> None:
    others = (Contract("0007", "SDVECU", "Playa", active=True), Contract("0008", alias="Vieja"))
    customer = customers(account=SimulatedAccount(others=others))
    customer.authorise()
    customer.login()
    listed = customer.get("mkInstallationList")["installations"]
    assert [(one["numinst"], one["panel"], one["alias"]) for one in listed] == [
        ("2423443", "SDVFAST", "Casa"),
        ("0007", "SDVECU", "Playa"),
        ("0008", "SDVFAST", "Vieja"),
    ]
    customer.renew_capabilities()
    ours, customer.number = customer.capabilities, "0007"
    assert customer.error("Status", numinst="0007")["name"] == "accessPermissionsMiddleware"
    theirs = customer.renew_capabilities()["capabilities"]
    assert claims(theirs)["installations"][0]["ins"] == "0007"
    assert customer.send("Status", {"numinst": "0007"}, panel="SDVECU").json["data"]["xSStatus"]["status"] == "D"
    for number in ("0008", "7", "unknown"):
        error = customer.error("Srv", numinst=number)
        assert (error["data"]["err"], error["data"]["status"]) == ("4", 404)
    customer.number, customer.capabilities = "2423443", ours
    assert customer.status()["status"] == "D"


def test_the_installation_of_spain(customer: Customer) -> None:
    found = customer.renew_capabilities()
    assert (found["numinst"], found["role"], found["panel"]) == ("2423443", "OWNER", "SDVFAST")
    assert found["configRepoUser"] is None
    told = claims(found["capabilities"])
    assert told["exp"] - told["iat"] == 900
    (entry,) = told["installations"]
    assert (entry["ins"], entry["role"]) == ("2423443", "OWNER")
    assert {"ARM", "DARM", "PERI", "ARMDAY", "ARMNIGHT", "ARMINTFPART", "ARMPARTFINT"} <= set(entry["cap"])
    services = {one["request"]: one for one in found["services"]}
    assert (services["ARM"]["idService"], services["EST"]["idService"]) == ("31", "11")
    assert services["SCH"]["attributes"]["attributes"] == [{"name": "PERI", "value": "PERIMETRAL", "active": True}]


def test_no_secret_is_in_the_state(customer: Customer) -> None:
    for path in ("/control/state", "/control"):
        text = customer.client.get(path).text
        assert not any(secret in text for secret in (customer.hash, customer.refresh_token, customer.capabilities))


def test_a_user_that_nobody_knows(newcomer: Customer) -> None:
    newcomer.user = "ana"
    assert newcomer.error("mkValidateDevice", **newcomer.identity())["name"] == "ExpiredSessionError"
    assert newcomer.error("mkSendOTP", recordId=0, otpHash="x")["name"] == "ExpiredSessionError"


@pytest.mark.long
def test_what_a_client_can_grow_is_bounded(newcomer: Customer) -> None:
    hashes = []
    for at in range(MOST_CHALLENGES + 1):
        newcomer.device["uuid"] = str(at)
        newcomer.try_login()
        hashes.append(newcomer.challenge()["auth-otp-hash"])
    assert newcomer.error("mkSendOTP", recordId=0, otpHash=hashes[0])["data"]["err"] == "4"
    codes = [newcomer.code(otp_hash) for otp_hash in hashes[1:]]
    assert [sms["code"] for sms in newcomer.state()["sms"]] == codes[-MOST_SMS:]
    assert "errors" not in newcomer.redeem(hashes[-1], codes[-1])
    for _ in range(MOST_TOKENS + 5):
        newcomer.login()
    assert newcomer.state()["sessions"] == MOST_TOKENS
    newcomer.refresh()
