"""Fields that clients need of the bridge, a client without a socket, and a bridge on loopback."""

import http.client
import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from emulator.alarm.hub import Switch
from emulator.doors.hue.bridge import Bridge
from emulator.doors.hue.door import Hue
from emulator.doors.hue.lights import Light, Lights
from emulator.doors.hue.messages import ApiRequest
from emulator.doors.hue.names import named
from emulator.doors.hue.settings import HueSettings
from emulator.doors.hue.v1 import Api
from emulator.store import pairing
from emulator.store.identities import BridgeIdentity
from emulator.store.journal import Journal
from emulator.store.light_ids import LightIdentity
from tests.alarm.test_held import Rig as HeldRig
from tests.doors.fakes import FakeHub, a_context, a_switch
from tests.support.lan import LO
from tests.support.patience import PATIENCE_S, STOP_S
from tests.support.program import free_port

HERE = Bridge(BridgeIdentity("02ABCDEF0000"), "192.168.7.2", 80)

Fields = Mapping[str, object]

SHORT: Fields = {
    # lan-emulation.md §3.7. aiohue takes no bridge without `bridgeid`, homebridge-hue none without modelid and
    # apiversion.
    "name": str,
    "datastoreversion": "59",
    "swversion": "01043155",
    "apiversion": "1.16.0",
    "mac": re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}"),
    "bridgeid": re.compile(r"[0-9A-F]{6}FFFE[0-9A-F]{6}"),
    "factorynew": False,
    "replacesbridgeid": None,
    "modelid": "BSB001",
    "starterkitid": "",
}

FULL: Fields = {
    **SHORT,
    "ipaddress": "192.168.7.2",
    "netmask": str,
    "gateway": str,
    "dhcp": bool,
    "proxyaddress": str,
    "proxyport": int,
    "UTC": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"),
    "localtime": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"),
    "timezone": str,
    "zigbeechannel": int,
    "linkbutton": bool,
    "portalservices": bool,
    "portalconnection": str,
    "portalstate": dict,
    "internetservices": dict,
    "swupdate": dict,
    "backup": dict,
    "whitelist": dict,
}

LIGHT: Fields = {
    # lan-emulation.md §3.4; a missing manufacturername crashed homebridge-hue, thin lights were refused by Echos.
    "state": {"on": bool, "reachable": True, "alert": "none", "mode": "homeautomation"},
    "type": str,
    "name": str,
    "modelid": str,
    "manufacturername": str,
    "productname": str,
    "productid": str,
    "uniqueid": re.compile(r"([0-9A-F]{2}:){7}[0-9A-F]{2}-[0-9A-F]{2}"),
    "swversion": str,
    "swupdate": {"state": str, "lastinstall": str},
    "capabilities": {"certified": bool, "control": dict, "streaming": dict},
    "config": {"archetype": str, "function": str, "direction": str},
}

GROUP: Fields = {
    "name": str,
    "lights": list,
    "type": "LightGroup",
    "state": {"all_on": bool, "any_on": bool},
    "action": {"on": bool},
}


def fits(value: Any, want: object, where: str = "") -> None:
    """Fail where `value` lacks a field that `want` names, or has one of another type."""
    if isinstance(want, Mapping):
        assert isinstance(value, dict), where
        for name, inner in want.items():
            assert name in value, f"{where}.{name}"
            fits(value[name], inner, f"{where}.{name}")
    elif isinstance(want, re.Pattern):
        assert want.fullmatch(value), f"{where} is {value!r}"
    elif isinstance(want, type):
        assert type(value) is want, f"{where} is {value!r}"
    else:
        assert value == want, f"{where} is {value!r}"


def a_light(shape: str = "plug", number: int = 1) -> Light:
    identity = LightIdentity(4000 + number, shape, f"02:AB:CD:EF:00:{4 * number:02X}:00:11-01")
    return Light(identity, "Night alarm", a_switch("Night alarm", number, port=5000, doors="hue"))


NAMES = ("Total", "Day", "Night", "Perimeter")


def switches(number: int = 4) -> tuple[Switch, ...]:
    return tuple(a_switch(name, place, port=1024 + place, doors="hue") for place, name in enumerate(NAMES[:number], 1))


PEER, USER, NOW = "192.168.7.9", "x" * 40, 1_700_000_000.0


class HeldLights(HeldRig):
    """The lights of a hub that holds back."""

    def __init__(self, number: int = 4, shape: str = "plug", **settings: Any) -> None:
        super().__init__(number)
        identities = {
            one.identity.key: LightIdentity(n, shape, f"02:AB:CD:EF:00:{n:02X}:00:11-01")
            for n, one in enumerate(self.hub.switches, 1)
        }
        self.lights = Lights(
            self.hub, named(self.hub.switches, identities), reply_within_s=0.0, now=self.clock.time, **settings
        )


class Client:
    """A client of the API, without a socket."""

    def __init__(self, journal: Journal, shape: str = "plug", mode: Any = "open", **settings: Any) -> None:
        self.rig = HeldLights(shape=shape, **settings)
        self.journal = journal
        self.users = pairing.Users(journal)
        self.now = NOW
        self.api = Api(self.rig.lights, self.users, pairing=mode, now=lambda: self.now)

    def raw(self, method: str, path: str, body: bytes = b"", peer: str = PEER) -> Any:
        return self.api.answer(ApiRequest(method, tuple(filter(None, path.split("/"))), body, peer, HERE))

    def ask(self, method: str, path: str, body: object = None) -> Any:
        return self.raw(method, f"{USER}{path}", b"" if body is None else json.dumps(body).encode())

    def register(self, **body: object) -> Any:
        return self.raw("POST", "", json.dumps({"devicetype": "Echo", **body}).encode())


def errors(answer: Any) -> list[tuple[int, str]]:
    return [(entry["error"]["type"], entry["error"]["address"]) for entry in answer if "error" in entry]


FORM = {"Content-Type": "application/x-www-form-urlencoded"}  # an Echo's JSON (lan-emulation.md §3.3)


def request(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers["Content-Type"]
    finally:
        connection.close()


class Reached:
    """A bridge at a port of loopback."""

    port: int

    def api(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        data = None if body is None else json.dumps(body).encode()
        status, answer, kind = request(self.port, method, f"/api{path}", data, **headers)
        assert (status, kind) == (200, "application/json; charset=utf-8")
        return json.loads(answer)

    def register(self) -> str:
        name: str = self.api("POST", "", {"devicetype": "Echo"}, **FORM)[0]["success"]["username"]
        return name


class House(Reached):
    """A Hue door on loopback, its hub and its journal."""

    def __init__(self, folder: Path, hub: FakeHub | None = None, **settings: Any) -> None:
        self.hub = hub or FakeHub(switches=switches())
        self.journal = Journal(folder)
        self.port = settings.pop("port", None) or free_port()
        self.probes: list[str] = []
        around = {name: settings.pop(name) for name in ("nics", "look_s", "language") if name in settings}
        own = {name: settings.pop(name) for name in ("sockets", "probe") if name in settings}
        context = a_context(self.hub, self.journal, folder, **{"nics": lambda: [LO], **around})
        self.responder = context.responder
        self.door = Hue(context, HueSettings(port=self.port, **settings), **{"probe": self.probe, **own})

    def probe(self, host: str, port: int, _timeout: float) -> bool | None:
        self.probes.append(f"{host}:{port}")
        return False


@contextmanager
def a_house(folder: Path, hub: FakeHub | None = None, **settings: Any) -> Iterator[House]:
    house = House(folder, hub, **settings)
    house.door.start()
    try:
        yield house
    finally:
        before = time.monotonic()
        house.door.stop()
        assert time.monotonic() - before < STOP_S
        house.journal.close()
