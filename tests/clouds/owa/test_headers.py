"""The headers of every operation, as they are sent."""

import json
from dataclasses import replace
from typing import Any

import pytest

from emulator.alarm.cloud import Reading
from emulator.clouds.account import Account
from emulator.clouds.owa import operations
from emulator.clouds.owa.enrol import OwaEnrolment
from emulator.clouds.owa.operations import Needs, Operation
from emulator.clouds.owa.wire import Wire
from emulator.clouds.turnstile import Turnstile
from emulator.clouds.vault import Login
from emulator.errors import Rejected
from emulator.model import Disarm
from tests.clouds.contract import TOTAL, quiet
from tests.clouds.owa import test_enrol as enrolling
from tests.clouds.owa.test_cloud import CHECKED, LOGIN, SERVICES, World, failed
from tests.clouds.script import TOKENS, MemoryVault, Script, data
from tests.support.fakes import EPOCH_S, FakeClock

ALL = [value for value in vars(operations).values() if isinstance(value, Operation)]
LISTED = data("xSInstallations", {"installations": [{"numinst": "0042", "panel": "SDVFAST"}]})
OPEN = failed("error_mpj_exception", code="102", type="NON_BLOCKING", exceptionsNumber=1, referenceId="F", suid="S")
LOG = data("xSActV2", {"reg": []})

Sent = list[tuple[str, dict[str, str], Login]]
"""Operation, its headers, and the login of that time."""


@pytest.fixture(scope="module")
def sent() -> Sent:
    """Everything that is ever sent: a login with a code, its renewal, readings and commands."""
    clock, vault = FakeClock(), MemoryVault()
    asked = enrolling.challenge()
    script = Script(
        clock,
        mkLoginToken=[enrolling.UNKNOWN, data("xSLoginToken", TOKENS)],
        mkValidateDevice=[asked, enrolling.TRUSTED],
        mkSendOTP=enrolling.SENT,
    )
    enrolment = OwaEnrolment(Wire(Account("u", "p", "ES", "es"), script, clock, Turnstile(0.1), vault))
    assert not enrolment.begin()
    enrolment.send_code(enrolment.phones[0])
    enrolment.confirm("123456")
    found = [(name, headers, LOGIN) for name, _, headers in script.sent]
    answers: dict[str, Any] = {"mkInstallationList": LISTED, "RefreshLogin": data("xSRefreshLogin", TOKENS), **CHECKED}
    answers |= {"ArmStatus": OPEN, "xSGetExceptions": data("xSGetExceptions", {"exceptions": []}), "ActV2Timeline": LOG}
    world = World(Account("u", "", "ES", "es"), **answers)
    world.vault.login = replace(LOGIN, access_until=EPOCH_S)
    world.cloud.describe()
    world.cloud.read(Reading.PANEL)
    world.cloud.read()
    world.cloud.activity()
    world.cloud.execute(Disarm(), quiet)
    with pytest.raises(Rejected):
        world.cloud.execute(TOTAL, quiet)
    assert world.vault.login
    return [*found, *((name, headers, world.vault.login) for name, _, headers in world.script.sent)]


def test_all_operations_are_looked_at(sent: Sent) -> None:
    assert {name for name, *_ in sent} == {operation.name for operation in ALL}


@pytest.mark.parametrize("operation", ALL, ids=lambda one: one.name)
def test_an_operation_brings_along_what_it_needs_and_no_more(operation: Operation, sent: Sent) -> None:
    capabilities = json.loads(SERVICES.body)["data"]["xSSrv"]["installation"]["capabilities"]
    for _, found, login in (one for one in sent if one[0] == operation.name):
        assert found["X-APOLLO-OPERATION-NAME"] == operation.name
        assert found["User-Agent"]
        assert ("auth" in found) is (operation.needs is not Needs.NOTHING)
        is_about = operation.needs in (Needs.INSTALLATION, Needs.CAPABILITIES)
        about = {"numinst": "0042", "panel": "SDVFAST"} if is_about else {}
        assert {name: found[name] for name in ("numinst", "panel") if name in found} == about
        assert found.get("X-Capabilities") == (capabilities if operation.needs is Needs.CAPABILITIES else None)
        auth = json.loads(found.get("auth", "{}"))
        if operation.needs is Needs.DEVICE:
            assert (auth["hash"], auth["refreshToken"]) == ("", "")
        elif auth:
            assert auth["hash"] in (LOGIN.access, login.access)


def test_the_auth_header() -> None:
    world = World()
    world.vault.login = replace(LOGIN, login_at=1_700_000_000.123)
    world.cloud.read()
    auth = json.loads(world.script.sent[-1][2]["auth"])
    assert auth.pop("id").startswith("OWA")
    assert auth == {
        "loginTimestamp": 1_700_000_000_123,
        "user": "u",
        "country": "ES",
        "lang": "es",
        "callby": "OWA_10",
        "hash": LOGIN.access,
    }


def test_the_code_goes_into_the_security_header(sent: Sent) -> None:
    [first, second] = [headers for name, headers, _ in sent if name == "mkValidateDevice"]
    assert "security" not in first
    assert json.loads(second["security"]) == {"token": "123456", "type": "OTP", "otpHash": "H1"}
    assert ["security" in headers for _, headers, _ in sent].count(True) == 1
