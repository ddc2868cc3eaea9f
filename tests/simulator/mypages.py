"""A client of My Pages in a few lines: it sends what a known client sends, with the hand."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from emulator.simulator.backend import Backend
from emulator.simulator.face import HOST
from emulator.simulator.mypages.face import Mypages

USER, PASSWORD, CODE, GIID = "demo@house.invalid", "demo", "4711", "2423443"

QUERIES = {
    "fetchAllInstallations": "query fetchAllInstallations($email: String!) { account(email: $email) { installations {"
    " giid alias subsidiary pinCodeLength locale } } }",
    "ArmState": "query ArmState($giid: String!) { installation(giid: $giid) { armState {"
    " type statusType date name changedVia __typename } __typename } }",
    "armAway": "mutation armAway($giid: String!, $code: String!, $forceArm: Boolean) {"
    " armStateArmAway(giid: $giid, code: $code, forceArm: $forceArm) }",
    "armHome": "mutation armHome($giid: String!, $code: String!, $forceArm: Boolean) {"
    " armStateArmHome(giid: $giid, code: $code, forceArm: $forceArm) }",
    "disarm": "mutation disarm($giid: String!, $code: String!) { armStateDisarm(giid: $giid, code: $code) }",
    "pollArmState": "query pollArmState($giid: String!, $transactionId: String, $futureState: ArmStateStatusTypes!) {"
    " installation(giid: $giid) { armStateChangePollResult(transactionId: $transactionId, futureState: $futureState)"
    " { result createTime } } }",
    "ArmStateDryRun": "mutation ArmStateDryRun($giid: String!) { armStateDryRun(giid: $giid) }",
    "ArmStateDryRunStatus": "query ArmStateDryRunStatus($giid: String!, $transactionId: String!) {"
    " installation(giid: $giid) { armState { dryRunStatus(transactionId: $transactionId) { status { status }"
    " result { deviceViolations { deviceLabel violation } } } } } }",
    "DoorWindow": "query DoorWindow($giid: String!) { installation(giid: $giid) { doorWindows { device { deviceLabel }"
    " area state } } }",
    "EventLog": "query EventLog($giid: String!, $offset: Int!, $pagesize: Int!, $eventCategories: [String]) {"
    " installation(giid: $giid) { eventLog(offset: $offset, pagesize: $pagesize, eventCategories: $eventCategories)"
    " { moreDataAvailable pagedList { device { area } eventType eventCategory eventId eventTime userName armState"
    " } } } }",
}
"""Operation → its query."""


@dataclass
class Resident:
    """A customer at a host; its cookies go along by themselves."""

    clock: Any
    backend: Backend
    face: Mypages
    client: FlaskClient
    host: int = 0
    cookies: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        reply = self.client.open(
            path,
            method=method,
            data=None if body is None else json.dumps(body),
            headers={**headers, "Cookie": cookies} if cookies else headers,
            environ_overrides={HOST: self.host},
        )
        for line in reply.headers.getlist("Set-Cookie"):
            name, _, rest = line.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return reply

    def login(self, password: str = PASSWORD, user: str = USER) -> TestResponse:
        """Answer the first step of a login; only trust goes along."""
        self.cookies = {name: value for name, value in self.cookies.items() if name.startswith("vs-trust-")}
        basic = base64.b64encode(f"{user}:{password}".encode()).decode()
        return self.send("POST", "/auth/login", Authorization=f"Basic {basic}")

    def enrol(self) -> None:
        """Log in with the code that comes, and trust this device."""
        assert "stepUpToken" in self.login().json
        assert self.send("POST", "/auth/mfa?type=phone").status_code == 200
        code = self.face.logins.messages[-1].code
        assert self.send("POST", "/auth/mfa/validate", {"token": code}).status_code == 200
        assert self.send("POST", "/auth/trust").json["trustTokenValue"]

    def operation(self, name: str, **variables: Any) -> dict[str, Any]:
        """One operation, as it stands in the list."""
        who = {"email": USER} if name == "fetchAllInstallations" else {"giid": GIID}
        return {"operationName": name, "variables": {**who, **variables}, "query": QUERIES[name]}

    def ask(self, name: str, **variables: Any) -> Any:
        """The answer to a request of one operation."""
        reply = self.send("POST", "/graphql", [self.operation(name, **variables)])
        assert reply.status_code == 200, reply.text
        return reply.json

    def state(self) -> str:
        return str(self.ask("ArmState")["data"]["installation"]["armState"]["statusType"])

    def command(self, name: str, **variables: Any) -> Any:
        """The transaction id of a command."""
        return next(iter(self.ask(name, **{"code": CODE, **variables})["data"].values()))

    def outcome(self, transaction: str, future: str = "ARMED_AWAY") -> Any:
        found = self.ask("pollArmState", transactionId=transaction, futureState=future)
        return found["data"]["installation"]["armStateChangePollResult"]["result"]

    def dry_run(self) -> Any:
        """Start one, wait, and return what stands in the way."""
        transaction = self.ask("ArmStateDryRun")["data"]["armStateDryRun"]
        self.clock.pass_by(1)
        found = self.ask("ArmStateDryRunStatus", transactionId=transaction)
        return found["data"]["installation"]["armState"]["dryRunStatus"]


def error(reply: Any) -> tuple[int, str]:
    """Status and code of an error, which stands in a body of its own or in the answer to an operation."""
    if isinstance(reply, TestResponse):
        if reply.status_code != 200:
            return reply.status_code, reply.json["errorCode"]
        reply = reply.json
    data = reply["errors"][0]["data"]
    return data["status"], data["errorCode"]
