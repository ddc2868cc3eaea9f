"""A person logs in: what is asked, what is kept, and what is said when it does not work."""

import json
from dataclasses import replace
from typing import Any

import pytest

from emulator.clouds.account import Account
from emulator.clouds.enrolment import CodeRefused, Phone
from emulator.clouds.owa.enrol import OwaEnrolment
from emulator.clouds.owa.provider import SPACING_S
from emulator.clouds.owa.wire import Wire
from emulator.clouds.turnstile import Turnstile
from emulator.clouds.vault import Device, Login
from emulator.errors import CloudError, LoginRefused, Unreachable
from tests.clouds.script import TOKENS, MemoryVault, Script, Scripted, data, errors
from tests.support.fakes import FakeClock

LOGGED_IN = data("xSLoginToken", TOKENS)
UNKNOWN = data(
    "xSLoginToken", {"res": "OK", "msg": "auth-api.mfa_needed", "hash": None, "needDeviceAuthorization": True}
)
NO_TERMS = {"hash": None, "legals": False, "needDeviceAuthorization": False}
PHONES = [{"id": 0, "phone": "***123"}, {"id": 1, "phone": "***456"}, {"id": None, "phone": "?"}]
SENT = data("xSSendOtp", {"res": "OK", "msg": None})
TRUSTED = data("xSValidateDevice", {"res": "OK", "hash": None, "refreshToken": None})


def challenge(
    otp_hash: str | None = "H1", code: str | None = "10001", phones: Any = PHONES, name: str = "SecurityError"
) -> Scripted:
    more = {"auth-type": "OTP", "auth-code": code, "auth-phones": phones, "auth-otp-hash": otp_hash}
    return errors("Unauthorized", name, **more)


ACCOUNT = Account("u", "p", "ES", "es")


class World:
    """An account that may or may not know us."""

    def __init__(self, login: Login | None = None, account: Account = ACCOUNT, **answers: Any) -> None:
        self.clock = FakeClock()
        self.vault = MemoryVault(login)
        self.script = Script(self.clock, **({"mkSendOTP": SENT} | answers))
        wire = Wire(account, self.script, self.clock, Turnstile(SPACING_S), self.vault)
        self.enrolment = OwaEnrolment(wire)

    def security(self) -> list[Any]:
        """The `security` header of each mkValidateDevice."""
        found = [headers for name, _, headers in self.script.sent if name == "mkValidateDevice"]
        return [json.loads(headers["security"]) if "security" in headers else None for headers in found]


def test_a_device_that_is_trusted_needs_no_code_and_stays_the_same() -> None:
    known = Login("u", Device.new(), trouble="the login has ended")
    world = World(known, mkLoginToken=LOGGED_IN)
    assert world.enrolment.begin()
    assert world.script.names() == ["mkLoginToken"]
    assert world.vault.login
    assert (world.vault.login.device, world.vault.login.trouble) == (known.device, "")


def test_a_new_device_is_kept_before_anybody_is_asked_to_trust_it() -> None:
    world = World(mkLoginToken=Unreachable("no answer"))
    with pytest.raises(Unreachable):
        world.enrolment.begin()
    assert world.vault.login
    [variables] = world.script.of("mkLoginToken")
    assert variables["idDevice"] == world.vault.login.device.id
    assert "`emulator login`" in world.vault.login.trouble


def test_the_code_makes_the_device_a_trusted_one() -> None:
    world = World(mkLoginToken=[UNKNOWN, LOGGED_IN], mkValidateDevice=[challenge(), TRUSTED])
    assert not world.enrolment.begin()
    assert world.enrolment.phones == (Phone(0, "***123"), Phone(1, "***456"))
    world.enrolment.send_code(world.enrolment.phones[1])
    assert world.script.of("mkSendOTP") == [{"recordId": 1, "otpHash": "H1"}]
    world.enrolment.confirm("123456")
    assert world.security() == [None, {"token": "123456", "type": "OTP", "otpHash": "H1"}]
    assert world.vault.login
    assert world.vault.login.access == TOKENS["hash"]
    names = ["mkLoginToken", "mkValidateDevice", "mkSendOTP", "mkValidateDevice", "mkLoginToken"]
    assert world.script.names() == names
    assert len({variables["uuid"] for name, variables, _ in world.script.sent if "uuid" in variables}) == 1


def test_a_wrong_code_needs_another_one_and_another_challenge() -> None:
    answers = [challenge(), challenge("H2"), challenge("H3"), TRUSTED]
    world = World(mkLoginToken=[UNKNOWN, LOGGED_IN], mkValidateDevice=answers)
    world.enrolment.begin()
    world.enrolment.send_code(world.enrolment.phones[0])
    with pytest.raises(CodeRefused):
        world.enrolment.confirm("000000")
    world.enrolment.send_code(world.enrolment.phones[0])
    world.enrolment.confirm("123456")
    assert [variables["otpHash"] for variables in world.script.of("mkSendOTP")] == ["H1", "H3"]
    assert world.security()[-1]["otpHash"] == "H3"


def test_a_code_that_is_too_old_is_as_good_as_wrong() -> None:
    world = World(mkLoginToken=UNKNOWN, mkValidateDevice=[challenge(), challenge(code="10002"), challenge()])
    world.enrolment.begin()
    with pytest.raises(CodeRefused):
        world.enrolment.confirm("123456")


@pytest.mark.parametrize("code", ["10010", None])
def test_a_wrong_code_is_that_whatever_number_its_refusal_has(code: str | None) -> None:
    world = World(mkLoginToken=UNKNOWN, mkValidateDevice=[challenge(), challenge(code=code), challenge("H3")])
    world.enrolment.begin()
    with pytest.raises(CodeRefused):
        world.enrolment.confirm("000000")
    world.enrolment.send_code(world.enrolment.phones[0])
    assert world.script.of("mkSendOTP") == [{"recordId": 0, "otpHash": "H3"}]


@pytest.mark.parametrize(
    "bare", [challenge(code=None), challenge(None, code=None), challenge(code=None, name="ApiError")]
)
def test_a_challenge_is_one_without_its_number(bare: Scripted) -> None:
    world = World(mkLoginToken=[UNKNOWN, LOGGED_IN], mkValidateDevice=[bare, bare, bare, TRUSTED])
    assert not world.enrolment.begin()
    assert world.enrolment.phones
    with pytest.raises(CodeRefused):
        world.enrolment.confirm("000000")
    world.enrolment.confirm("123456")


def test_a_login_that_is_answered_by_the_challenge_itself_goes_on_with_it() -> None:
    world = World(mkLoginToken=[challenge(code=None), LOGGED_IN], mkValidateDevice=[challenge(), TRUSTED])
    assert not world.enrolment.begin()
    world.enrolment.confirm("123456")
    assert world.vault.login
    assert world.vault.login.access == TOKENS["hash"]


WITH_TOKENS = data("xSValidateDevice", {key: TOKENS[key] for key in ("res", "hash", "refreshToken")})
NONE = data("xSLoginToken", {**TOKENS, "hash": None, "refreshToken": None})


@pytest.mark.parametrize(
    "after", [UNKNOWN, NONE, Unreachable("no answer"), errors("Internal Server Error", status=500)]
)
@pytest.mark.parametrize("code", [True, False], ids=["with a code", "trusted at once"])
def test_tokens_that_come_with_the_trust_are_used_where_the_login_brings_none(after: Scripted, code: bool) -> None:
    answers = [challenge(), WITH_TOKENS] if code else [WITH_TOKENS]
    known = Login("u", Device.new(), password_at=7.0, passwords_lost=2)
    world = World(known, mkLoginToken=[UNKNOWN, after], mkValidateDevice=answers)
    assert world.enrolment.begin() is not code
    if code:
        world.enrolment.confirm("123456")
    assert (login := world.vault.login)
    assert (login.access, login.refresh, login.trouble) == (TOKENS["hash"], TOKENS["refreshToken"], "")
    assert (login.password_at, login.passwords_lost) == (0.0, 0)


def test_the_tokens_of_the_login_go_before_those_of_the_code() -> None:
    other = data("xSValidateDevice", {"res": "OK", "hash": "OTHER", "refreshToken": "OTHER"})
    world = World(mkLoginToken=[UNKNOWN, LOGGED_IN], mkValidateDevice=[challenge(), other])
    world.enrolment.begin()
    world.enrolment.confirm("123456")
    assert world.vault.login
    assert world.vault.login.access == TOKENS["hash"]


def test_an_account_that_is_locked_meanwhile_is_not_logged_in() -> None:
    locked = errors("locked", err="60052", res="LOCK")
    world = World(mkLoginToken=[UNKNOWN, locked], mkValidateDevice=[challenge(), WITH_TOKENS])
    world.enrolment.begin()
    with pytest.raises(LoginRefused, match="locked"):
        world.enrolment.confirm("123456")


def test_the_other_language_is_for_the_next_login_and_goes_on_with_the_code() -> None:
    known = Login("u", Device.new(), trouble="the login has ended", password_at=7.0, passwords_lost=2)
    world = World(
        known,
        Account("u", "p", "BR", "pt"),
        mkLoginToken=[errors("Cannot read properties of undefined (reading 'pt')"), UNKNOWN, LOGGED_IN],
        mkValidateDevice=[challenge(), TRUSTED],
    )
    with pytest.raises(Unreachable, match="the next login uses “br”"):
        world.enrolment.begin()
    # Until somebody has logged in, what the program has done with the password counts.
    assert world.vault.login == replace(known, bad_lang="pt")
    world.enrolment.begin()
    world.enrolment.confirm("123456")
    assert [variables["lang"] for variables in world.script.of("mkLoginToken")] == ["pt", "br", "br"]
    validated = [headers for name, _, headers in world.script.sent if name == "mkValidateDevice"]
    assert {json.loads(headers["auth"])["lang"] for headers in validated} == {"br"}
    assert world.vault.login
    assert (world.vault.login.password_at, world.vault.login.passwords_lost) == (0.0, 0)


def test_trouble_while_the_code_is_given_is_not_a_wrong_code() -> None:
    trouble = errors("Internal Server Error", "HttpError", status=500)
    world = World(mkLoginToken=UNKNOWN, mkValidateDevice=[challenge(), trouble])
    world.enrolment.begin()
    with pytest.raises(Unreachable, match="Internal Server Error"):
        world.enrolment.confirm("123456")


def test_a_device_that_turns_out_to_be_trusted_logs_in_at_once() -> None:
    world = World(mkLoginToken=[UNKNOWN, LOGGED_IN], mkValidateDevice=TRUSTED)
    assert world.enrolment.begin()


@pytest.mark.parametrize(
    ("answers", "kind", "said"),
    [
        ({"mkLoginToken": errors("wrong", err="60091")}, LoginRefused, "user and password"),
        ({"mkLoginToken": errors("locked", err="60052", res="LOCK")}, LoginRefused, "locked"),
        (
            {"mkLoginToken": errors("El usuario no existe", res="KO", err="60022", status=400)},
            LoginRefused,
            "^the cloud refused the login: El usuario no existe$",
        ),
        ({"mkLoginToken": errors("no existe", res="KO")}, LoginRefused, "refused the login: no existe"),
        ({"mkLoginToken": errors("busy", res="KO", err="60099", status=503)}, Unreachable, "busy"),
        (
            {"mkLoginToken": data("xSLoginToken", {"res": "OK", "changePassword": True})},
            LoginRefused,
            "app or web page.* new password",
        ),
        (
            # verisure-owa.md §12: a user that has never logged in on the web page.
            {"mkLoginToken": data("xSLoginToken", {"res": "OK", "msg": "Usuario validado", **NO_TERMS})},
            LoginRefused,
            "app or web page.*accept the terms of use:",
        ),
        (
            {"mkLoginToken": data("xSLoginToken", {"res": "OK", "changePassword": True, **NO_TERMS})},
            LoginRefused,
            "accept the terms of use and choose a new password",
        ),
        (
            {"mkLoginToken": data("xSLoginToken", {"res": "KO", "msg": "no such user", **NO_TERMS})},
            LoginRefused,
            "no such user",
        ),
        ({"mkLoginToken": UNKNOWN, "mkValidateDevice": challenge(phones=None)}, LoginRefused, "no phone"),
        ({"mkLoginToken": UNKNOWN, "mkValidateDevice": challenge(None, "10010", None)}, CloudError, "Unauthorized"),
        ({"mkLoginToken": UNKNOWN, "mkValidateDevice": errors("no", err="6")}, LoginRefused, "may not"),
    ],
)
def test_what_keeps_a_person_from_logging_in(answers: dict[str, Any], kind: type[Exception], said: str) -> None:
    world = World(**answers)
    with pytest.raises(kind, match=said):
        world.enrolment.begin()
    assert world.script.names().count("mkLoginToken") == 1


def test_a_login_whose_terms_do_not_matter_is_one() -> None:
    assert World(mkLoginToken=data("xSLoginToken", {**TOKENS, "legals": False})).enrolment.begin()


@pytest.mark.parametrize("password", ["", " \t"])
def test_a_blank_password_is_not_sent(password: str) -> None:
    world = World(account=replace(ACCOUNT, password=password), mkLoginToken=LOGGED_IN)
    with pytest.raises(LoginRefused, match="blank: nothing was sent"):
        world.enrolment.begin()
    assert world.script.names() == []


@pytest.mark.parametrize("answer", [errors("no"), data("xSSendOtp", {"res": "KO", "msg": "no"})])
def test_a_code_that_cannot_be_sent(answer: Scripted) -> None:
    world = World(mkLoginToken=UNKNOWN, mkValidateDevice=challenge(), mkSendOTP=answer)
    world.enrolment.begin()
    with pytest.raises(Unreachable, match="no"):
        world.enrolment.send_code(world.enrolment.phones[0])


def test_a_code_that_was_taken_for_nothing() -> None:
    world = World(mkLoginToken=UNKNOWN, mkValidateDevice=[challenge(), TRUSTED])
    world.enrolment.begin()
    with pytest.raises(LoginRefused, match="still does not know"):
        world.enrolment.confirm("123456")


def test_the_installations_of_the_account() -> None:
    rows = [{"numinst": "0042", "panel": "SDVFAST", "alias": None}]
    world = World(
        mkLoginToken=LOGGED_IN, mkInstallationList=[data("xSInstallations", {"installations": rows}), errors("no")]
    )
    world.enrolment.begin()
    assert world.enrolment.installations() == [("0042", "SDVFAST", "")]
    with pytest.raises(Unreachable):
        world.enrolment.installations()
