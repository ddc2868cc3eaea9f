"""A cloud that repeats what it was sent, wherever it has a place for words: nobody gets to read a secret."""

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from xml.sax.saxutils import escape

import pytest

from emulator.alarm.cloud import Cloud, Reading
from emulator.clouds import values
from emulator.clouds.account import Account
from emulator.clouds.firewall import Answer
from emulator.clouds.owa.cloud import OwaCloud
from emulator.clouds.owa.enrol import OwaEnrolment
from emulator.clouds.owa.provider import SPACING_S
from emulator.clouds.owa.wire import Wire
from emulator.clouds.strike import STRUCK
from emulator.clouds.turnstile import Turnstile
from emulator.clouds.vault import Device, Login
from emulator.clouds.wsdo.cloud import WsdoCloud
from emulator.errors import EmulatorError
from emulator.model import Disarm
from tests.clouds.contract import TOTAL, quiet
from tests.clouds.owa.test_cloud import ARMED, CHECKED, DISARMED_AGAIN, OPEN, ZONES, status
from tests.clouds.owa.tokens import jwt
from tests.clouds.script import MemoryVault, Script, Scripted, data, errors
from tests.support.fakes import DEADLINE_S, DEMO, EPOCH_S, FakeClock, ScriptTransport, new_gate, pet

pytestmark = pytest.mark.sampled


@pytest.fixture(autouse=True)
def _whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quote all words of the cloud: what is struck may stand far behind."""
    monkeypatch.setattr(values, "BRIEF", 10**6)


PASSWORD, CODE, CHALLENGE = "S3creta & Larga/ñ", "47110815", "0f8fad5b-d9cb-469f-a165-70867728950e"
ACCESS, REFRESH = jwt(iat=0, exp=10**6, jti="access"), "def50200a1b2c3d4e5f60718293a4b5c6d7e8f90"
CAPABILITIES = jwt(iat=0, exp=10**6, cap=["ARM"])
DEVICE = Device.new()
SECRETS = (PASSWORD, ACCESS, REFRESH, CAPABILITIES, DEVICE.id, DEVICE.uuid, DEVICE.indigitall)
ONCE = (CODE, CHALLENGE)
"""What only the login sends, and only its cloud can repeat."""
NEW = {"res": "OK", "hash": jwt(iat=0, exp=10**6, jti="new"), "refreshToken": "fresh-and-opaque-refresh-token-1"}
SERVICES = data(
    "xSSrv",
    {
        "res": "OK",
        "installation": {
            "alias": "Casa",
            "capabilities": CAPABILITIES,
            "services": [{"request": "EST", "idService": 11, "active": True, "description": "x"}],
        },
    },
)
ANSWERS: dict[str, Scripted] = {
    "Srv": SERVICES,
    "Status": status("T", exceptions=[{"status": "0", "alias": "Cocina", "deviceType": "MG"}]),
    "mkInstallationList": data("xSInstallations", {"installations": [{"numinst": "1", "panel": "P", "alias": "Casa"}]}),
    "mkLoginToken": data("xSLoginToken", NEW | {"msg": "m", "needDeviceAuthorization": False}),
    "RefreshLogin": data("xSRefreshLogin", NEW | {"msg": "m"}),
    "mkValidateDevice": errors(
        "Unauthorized",
        "SecurityError",
        **{"auth-code": "10001", "auth-phones": [{"id": 0, "phone": "***1"}], "auth-otp-hash": CHALLENGE},
    ),
    "mkSendOTP": data("xSSendOtp", {"res": "KO", "msg": "m"}),
    "ArmStatus": OPEN,
    "xSGetExceptions": ZONES,
    **{name: answer for name, answer in (ARMED | DISARMED_AGAIN | CHECKED).items() if name != "ArmStatus"},
}


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all texts in an answer."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from leaves(one, (*path, key))
    if isinstance(value, str):
        yield path


def put(value: Any, path: tuple[Any, ...], text: str) -> Any:
    if not path:
        return text
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = put(value[path[0]], path[1:], text)
    return copy


PLACES = [
    (name, path)
    for name, answer in ANSWERS.items()
    if isinstance(answer, Answer)
    for path in leaves(json.loads(answer.body))
    # A token or a number that is repeated is a token or a number.
    if path[-1] not in ("hash", "refreshToken", "capabilities", "auth-otp-hash", "referenceId", "suid", "numinst")
]


class EchoingScript(Script):
    """A server that answers whatever it is asked with an error that holds all of the request."""

    echoing: tuple[str, ...] = ()

    def post(self, headers: Mapping[str, str], body: bytes) -> Answer:
        if json.loads(body)["operationName"] in self.echoing:
            return errors(f"{json.dumps(dict(headers))} {body.decode()}", err="x", data=body.decode())
        return super().post(headers, body)


class Owa:
    """An account whose every secret is known here, and all that is told of it."""

    def __init__(self, answers: Mapping[str, Scripted]) -> None:
        self.clock = FakeClock()
        self.vault = MemoryVault(Login("user", DEVICE, ACCESS, EPOCH_S + 10**6, EPOCH_S, REFRESH))
        scripted: dict[str, Any] = {**ANSWERS, **answers}
        self.script = EchoingScript(self.clock, **scripted)
        self.account = Account("user", PASSWORD, "ES", "es")
        self.cloud = OwaCloud(Wire(self.account, self.script, self.clock, Turnstile(SPACING_S), self.vault), 5.0)
        self.told: list[str] = []

    def log_in(self) -> None:
        """As a person does, with a code."""
        wire = Wire(self.account, self.script, self.clock, Turnstile(SPACING_S), self.vault)
        enrolment = OwaEnrolment(wire)
        steps = (enrolment.begin, lambda: enrolment._validate(None), lambda: enrolment.confirm(CODE))
        for step in (*steps, lambda: enrolment.send_code(enrolment.phones[0]), enrolment.installations):
            keep(self.told, step)
        self.told.append(repr(enrolment.phones))


def keep(told: list[str], step: Any) -> None:
    """Keep what a step gives, or why it failed."""
    try:
        told.append(repr(step()))
    except EmulatorError as error:
        told.append(str(error))
    except IndexError:
        pass


def live(cloud: Cloud, told: list[str]) -> None:
    """Everything that the program asks a cloud for."""
    for step in (
        cloud.read,
        cloud.describe,
        lambda: cloud.execute(TOTAL, lambda _phase, text: told.append(text)),
        lambda: cloud.execute(replace(TOTAL, force=True), quiet),
        lambda: cloud.execute(Disarm(), quiet),
        lambda: cloud.read(Reading.PANEL),
    ):
        keep(told, step)


def check(told: list[str], secrets: tuple[str, ...], caplog: pytest.LogCaptureFixture) -> None:
    said = "\n".join([*told, caplog.text]).lower()
    assert [secret for secret in secrets if secret.lower() in said] == []


@pytest.mark.parametrize(
    ("name", "path"), PLACES, ids=lambda one: one if isinstance(one, str) else ".".join(map(str, one))
)
def test_owa_tells_nothing_that_it_was_sent(name: str, path: tuple[Any, ...], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answer = ANSWERS[name]
    assert isinstance(answer, Answer)
    known = SECRETS + (ONCE if name in ("mkValidateDevice", "mkSendOTP") else ())
    text = " ".join([f'you said "{one}"' for one in known])
    world = Owa({name: replace(answer, body=json.dumps(put(json.loads(answer.body), path, text)).encode())})
    live(world.cloud, world.told)
    world.log_in()
    check(world.told, SECRETS + ONCE, caplog)


@pytest.mark.parametrize("name", [*ANSWERS, "*"])
def test_owa_tells_nothing_of_a_request_that_is_repeated_whole(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    world = Owa({} if name == "xSGetExceptions" else {"ArmStatus": ARMED["ArmStatus"]})
    world.script.echoing = tuple(ANSWERS) if name == "*" else (name,)
    world.vault.login = Login("user", DEVICE, ACCESS, EPOCH_S + 1, EPOCH_S, REFRESH)
    live(world.cloud, world.told)
    world.log_in()
    check(world.told, SECRETS + ONCE, caplog)
    assert STRUCK in caplog.text + "".join(world.told)


# -- ws.do --------------------------------------------------------------------------------------------------------

HASH = "98765432109"
ACCOUNT = replace(DEMO, password=PASSWORD)
WSDO = ("RES", "MSG", "ERR", "STATUS", "ALIAS", "PANEL")


class EchoingTransport(ScriptTransport):
    """Puts into one element of each answer to one request, or to all, what was sent."""

    request, element = "", ""

    def send(self, method: str, params: Mapping[str, str], timeout_s: float | None = None) -> bytes:
        answer = super().send(method, params, timeout_s)
        if self.request not in (params["request"], "*"):
            return answer
        words = escape(f"you said {' '.join(params.values())} {PASSWORD} {HASH}")
        text = answer.decode()
        before, _, after = text.partition(f"<{self.element}>")
        if after:
            return f"{before}<{self.element}>{words}{after[after.index('<') :]}".encode()
        return text.replace("</PET>", f"<{self.element}>{words}</{self.element}></PET>").encode()


@pytest.mark.parametrize(
    "request_name", ["LOGIN", "INS", "SRV", "MYINSTALLATION", "ACT_V2", "ARM1", "ARM2", "EST2", "*"]
)
@pytest.mark.parametrize("element", WSDO)
@pytest.mark.parametrize("res", ["OK", "ERROR"])
def test_wsdo_tells_nothing_that_it_was_sent(
    request_name: str, element: str, res: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    listed = (
        "<INSTALATIONS><INSTALATION><NUMINST>1</NUMINST><PANEL>P</PANEL><ALIAS>A</ALIAS></INSTALATION></INSTALATIONS>"
    )
    sensors = f'<INSTALLATION alias="{escape(PASSWORD)}"><DEVICES><DEVICE code="{HASH}"/></DEVICES></INSTALLATION>'
    inside = {"LOGIN": f"<MSG>hola</MSG><HASH>{HASH}</HASH>", "INS": listed, "MYINSTALLATION": sensors}
    inside |= dict.fromkeys(("EST2", "ARM2", "DARM2"), "<STATUS>0</STATUS><MSG>Tu Alarma está desconectada</MSG>")
    inside |= {
        "ACT_V2": "<LIST totalreg='0'/>",
        **dict.fromkeys(("SRV", "EST1", "ARM1", "DARM1"), "<MSG>Enviada</MSG>"),
    }
    answers: dict[str, list[bytes | Exception]] = {
        name: [pet(res if name == request_name else "OK", content)] for name, content in inside.items()
    }
    transport = EchoingTransport(**answers)
    transport.request, transport.element = request_name, element
    told: list[str] = []
    live(WsdoCloud(replace(ACCOUNT, number="", panel=""), transport, FakeClock(), DEADLINE_S, new_gate()), told)
    ids = tuple({params["ID"] for _, params in transport.sent})
    assert ids
    check(told, (PASSWORD, HASH, *ids), caplog)
