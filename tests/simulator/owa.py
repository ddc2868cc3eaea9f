"""A client of the customer API for tests; it spells its queries by hand from verisure-owa.md."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from emulator.simulator.backend import Backend
from emulator.simulator.owa.face import PATH, Owa
from emulator.simulator.owa.profiles import OwaUnit
from emulator.simulator.panel.panel import SimulatedPanel

if TYPE_CHECKING:
    from tests.simulator.conftest import Clock

DEVICE = ["idDevice", "idDeviceIndigitall", "uuid", "deviceName", "deviceBrand", "deviceOsVersion", "deviceVersion"]
LOGIN = ["id", "country", "lang", "callby", "deviceType", "deviceResolution", *DEVICE]
TOKEN = "res msg hash refreshToken legals changePassword needDeviceAuthorization mainUser"
POLL = "res msg status protomResponse protomResponseDate numinst requestId error { "
ERROR = "code type allowForcing exceptionsNumber referenceId"
EXCEPTIONS = "exceptions { status deviceType alias }"

# Operation → kind, field, types of its variables, what it selects, and what it needs: n(othing), d(evice), s(ession) or
# i(nstallation).
QUERIES: dict[str, tuple[str, str, dict[str, str], str, str]] = {
    "mkLoginToken": (
        "mutation",
        "xSLoginToken",
        dict.fromkeys(["user", "password", *LOGIN], "String!"),
        f"__typename {TOKEN}",
        "n",
    ),
    "mkValidateDevice": (
        "mutation",
        "xSValidateDevice",
        dict.fromkeys(DEVICE, "String"),
        "res msg hash refreshToken legals",
        "d",
    ),
    "mkSendOTP": ("mutation", "xSSendOtp", {"recordId": "Int!", "otpHash": "String!"}, "res msg", "d"),
    "RefreshLogin": ("mutation", "xSRefreshLogin", dict.fromkeys(["refreshToken", *LOGIN], "String!"), TOKEN, "d"),
    "mkInstallationList": ("query", "xSInstallations", {}, "installations { numinst alias panel type }", "s"),
    "Srv": (
        "query",
        "xSSrv",
        {"numinst": "String!", "uuid": "String"},
        "res msg installation { numinst role alias panel capabilities "
        "services { idService active request attributes { attributes { name value active } } } "
        "configRepoUser { alarmPartitions { id enterStates leaveStates } } }",
        "s",
    ),
    "Status": (
        "query",
        "xSStatus",
        {"numinst": "String!"},
        f"status timestampUpdate wifiConnected {EXCEPTIONS}",
        "i",
    ),
    "xSArmPanel": (
        "mutation",
        "xSArmPanel",
        {
            "numinst": "String!",
            "request": "ArmCodeRequest!",
            "panel": "String!",
            "currentStatus": "String",
            "suid": "String",
            "forceArmingRemoteId": "String",
            "armAndLock": "Boolean",
        },
        "res msg referenceId",
        "i",
    ),
    "ArmStatus": (
        "query",
        "xSArmStatus",
        {
            "numinst": "String!",
            "request": "ArmCodeRequest",
            "panel": "String!",
            "referenceId": "String!",
            "counter": "Int!",
            "forceArmingRemoteId": "String",
            "armAndLock": "Boolean",
        },
        f"{POLL}{ERROR} suid }}",
        "i",
    ),
    "xSDisarmPanel": (
        "mutation",
        "xSDisarmPanel",
        {"numinst": "String!", "request": "DisarmCodeRequest!", "panel": "String!"},
        "res msg referenceId",
        "i",
    ),
    "DisarmStatus": (
        "query",
        "xSDisarmStatus",
        {
            "numinst": "String!",
            "panel": "String!",
            "referenceId": "String!",
            "counter": "Int!",
            "request": "DisarmCodeRequest",
        },
        f"{POLL}{ERROR} }}",
        "i",
    ),
    "xSGetExceptions": (
        "query",
        "xSGetExceptions",
        {
            "numinst": "String!",
            "panel": "String!",
            "referenceId": "String!",
            "counter": "Int!",
            "suid": "String",
        },
        f"res msg {EXCEPTIONS}",
        "i",
    ),
    "CheckAlarm": ("query", "xSCheckAlarm", {"numinst": "String!", "panel": "String!"}, "res msg referenceId", "i"),
    "CheckAlarmStatus": (
        "query",
        "xSCheckAlarmStatus",
        dict.fromkeys(["numinst", "idService", "panel", "referenceId"], "String!"),
        "res msg status numinst protomResponse protomResponseDate",
        "i",
    ),
    "ActV2Timeline": (
        "query",
        "xSActV2",
        {"numinst": "String!", "panel": "String", "numRows": "Int", "offset": "Int", "timeFilter": "TimeFilter!"},
        "reg { alias type source idSignal myVerisureUser time }",
        "i",
    ),
    "Logout": ("mutation", "xSLogout", {}, "", "s"),
}


def query(name: str, given: Mapping[str, Any]) -> str:
    """The query text of an operation with these variables; the required ones are declared in any case."""
    kind, of, types, selection, _ = QUERIES[name]
    used = [one for one in types if one in given or types[one].endswith("!")]
    declared = ", ".join(f"${one}: {types[one]}" for one in used)
    arguments = ", ".join(f"{one}: ${one}" for one in used)
    head = f"{kind} {name}({declared})" if used else f"{kind} {name}"
    field_ = f"{of}({arguments})" if used else of
    return f"{head} {{ {field_} {{ {selection} }} }}" if selection else f"{head} {{ {field_} }}"


def claims(token: str) -> dict[str, Any]:
    """What a JWT says."""
    middle = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return found


@dataclass
class Customer:
    """One customer with one device. Everything he sends may be changed before it is sent."""

    clock: "Clock"
    backend: Backend
    face: Owa
    client: FlaskClient
    unit: OwaUnit
    user: str = "demo"
    password: str = "demo"
    number: str = "2423443"
    hash: str = ""
    refresh_token: str = ""
    capabilities: str = ""
    device: dict[str, str] = field(
        default_factory=lambda: {
            "id": "OWA_______________demo2026",
            "lang": "es",
            "callby": "OWA_10",
            "idDevice": "abc:APA91b",
            "idDeviceIndigitall": "",
            "deviceType": "",
            "deviceVersion": "10.102.0",
            "deviceResolution": "",
            "deviceName": "emulator",
            "deviceBrand": "python",
            "deviceOsVersion": "12",
            "uuid": "0123456789abcdef",
        }
    )

    @property
    def panel(self) -> SimulatedPanel:
        return self.backend.panel

    @property
    def country(self) -> str:
        return self.unit.country

    def auth(self, hash_: str | None = None, **changes: Any) -> dict[str, Any]:
        given = {key: self.device[key] for key in ("id", "lang", "callby")}
        hash_ = self.hash if hash_ is None else hash_
        return {**given, "user": self.user, "country": self.country, "loginTimestamp": 1, "hash": hash_, **changes}

    def headers(self, name: str) -> dict[str, str]:
        needs = QUERIES[name][4]
        found = {"X-APOLLO-OPERATION-NAME": name, "User-Agent": "tests"}
        if needs != "n":
            empty = {"hash_": "", "refreshToken": ""} if needs == "d" else {}
            found["auth"] = json.dumps(self.auth(**empty))
        if needs == "i":
            found |= {"numinst": self.number, "panel": self.unit.panel, "X-Capabilities": self.capabilities}
        return found

    def send(
        self, name: str, /, variables: dict[str, Any] | None = None, *, drop: str = "", **headers: Any
    ) -> TestResponse:
        """One request; a header that is None is left out, and one that is no text is sent as JSON."""
        changed = {**self.headers(name), **{key.replace("_", "-"): value for key, value in headers.items()}}
        body = {"operationName": name, "variables": variables or {}, "query": query(name, variables or {})}
        body.pop(drop, None)
        told = {
            key: value if isinstance(value, str) else json.dumps(value)
            for key, value in changed.items()
            if value is not None
        }
        return self.client.post(PATH, json=body, headers=told)

    def ask(self, name: str, /, **variables: Any) -> dict[str, Any]:
        """The document of an answer."""
        reply = self.send(name, variables)
        assert reply.status_code == 200
        assert reply.mimetype == "application/json"
        found: dict[str, Any] = reply.json
        return found

    def get(self, name: str, /, **variables: Any) -> Any:
        """The value of the field; there must be no error."""
        document = self.ask(name, **variables)
        assert "errors" not in document, document
        return document["data"][QUERIES[name][1]]

    def error(self, name: str, /, **variables: Any) -> dict[str, Any]:
        """The one error."""
        document = self.ask(name, **variables)
        (found,) = document["errors"]
        assert not any((document.get("data") or {}).values())
        return dict(found)

    def mine(self, **more: Any) -> dict[str, Any]:
        return {"numinst": self.number, "panel": self.unit.panel, **more}

    def try_login(self, **changes: Any) -> dict[str, Any]:
        given = {"user": self.user, "password": self.password, "country": self.country, **self.device}
        return self.ask("mkLoginToken", **{**given, **changes})

    def try_refresh(self, **changes: Any) -> dict[str, Any]:
        return self.ask(
            "RefreshLogin", refreshToken=self.refresh_token, **{"country": self.country, **self.device, **changes}
        )

    def identity(self) -> dict[str, str]:
        return {key: self.device[key] for key in DEVICE}

    def challenge(self) -> dict[str, Any]:
        """The data of the first mkValidateDevice."""
        found: dict[str, Any] = self.error("mkValidateDevice", **self.identity())["data"]
        return found

    def code(self, otp_hash: str, phone: int = 0) -> str:
        """The code that was sent."""
        assert self.get("mkSendOTP", recordId=phone, otpHash=otp_hash)["res"] == "OK"
        return self.face.trust.messages[-1].code

    def redeem(self, otp_hash: str, code: str) -> dict[str, Any]:
        """The document of the second mkValidateDevice."""
        security = {"token": code, "type": "OTP", "otpHash": otp_hash}
        found: dict[str, Any] = self.send("mkValidateDevice", self.identity(), security=security).json
        return found

    def authorise(self) -> None:
        """From nothing to a trusted device."""
        self.try_login()
        otp_hash = self.challenge()["auth-otp-hash"]
        assert self.redeem(otp_hash, self.code(otp_hash))["data"]["xSValidateDevice"]["res"] == "OK"

    def login(self) -> None:
        self._keep(self.try_login()["data"]["xSLoginToken"])

    def refresh(self) -> None:
        self._keep(self.try_refresh()["data"]["xSRefreshLogin"])

    def _keep(self, answer: dict[str, Any]) -> None:
        assert answer["hash"], answer
        self.hash, self.refresh_token = answer["hash"], answer["refreshToken"]

    def renew_capabilities(self) -> dict[str, Any]:
        found: dict[str, Any] = self.get("Srv", numinst=self.number, uuid=self.device["uuid"])["installation"]
        self.capabilities = found["capabilities"]
        return found

    def submit(self, request: str, **more: Any) -> str:
        """The reference of a command."""
        name = "xSDisarmPanel" if request.startswith("DARM") else "xSArmPanel"
        answer = self.get(name, **self.mine(request=request, **more))
        assert (answer["res"], answer["msg"]) == ("OK", "alarm-manager.processed.request")
        return str(answer["referenceId"])

    def poll(self, request: str, reference: str, counter: int, **more: Any) -> dict[str, Any]:
        name = "DisarmStatus" if request.startswith("DARM") else "ArmStatus"
        found: dict[str, Any] = self.get(
            name, **self.mine(request=request, referenceId=reference, counter=counter, **more)
        )
        return found

    def run(self, request: str, **more: Any) -> dict[str, Any]:
        """Submit, WAIT, and what comes of it."""
        reference = self.submit(request, **more)
        more.pop("suid", None)
        assert self.poll(request, reference, 1, **more)["res"] == "WAIT"
        self.clock.pass_by(self.panel.answer_after)
        return self.poll(request, reference, 2, **more)

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.get("Status", numinst=self.number)
        return found

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get("/control/state").json
        return found

    def control(self, thing: str, **body: Any) -> dict[str, Any]:
        reply = self.client.post(f"/control/{thing}", json=body)
        assert reply.status_code == 200, reply.text
        found: dict[str, Any] = reply.json
        return found
