"""The targets: each takes any bytes, and its docstring says which property must hold.

A target returns, or raises AssertionError or another exception. Each has seeds: bytes that mean something to it.
"""

import json
import logging
import re
import tempfile
from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv4Network
from pathlib import Path
from types import SimpleNamespace

from lxml import etree
from waitress.adjustments import Adjustments

from emulator.alarm.hub import Asked, Switch, View
from emulator.app.settings import Settings
from emulator.clock import Moment
from emulator.clouds.firewall import Answer
from emulator.clouds.owa import failures, graphql, operations
from emulator.clouds.wsdo import pet
from emulator.doors.hue.bridge import Bridge
from emulator.doors.hue.lights import Lights
from emulator.doors.hue.messages import ApiRequest
from emulator.doors.hue.v1 import Api
from emulator.doors.mqtt.broker import Broker
from emulator.doors.mqtt.home import Home
from emulator.doors.mqtt.obedience import Obedience
from emulator.doors.mqtt.topics import Topics
from emulator.doors.wemo import description, soap
from emulator.doors.wemo.description import BASICEVENT, METAINFO, Facts
from emulator.errors import ConfigError, EmulatorError, ProtocolError, Unreachable
from emulator.lan import access, callback, search, ssdp, upnp
from emulator.lan.channels import Parser
from emulator.lan.http1 import Conversation, Response
from emulator.lan.network import Place
from emulator.model import Action, ArmMode, Disarm
from emulator.store.identities import BridgeIdentity, Identity
from emulator.store.pairing import Users
from emulator.store.pin import PinRefused
from emulator.system import logs
from emulator.words.language import ENGLISH

PEER = "192.168.7.9"
PLACE = Place("eth0", "192.168.7.2", IPv4Network("192.168.7.0/24"), "192.168.7.2")
PAGE = Adjustments(ident=None)
OURS = {"192.168.7.2"}
NETWORK = IPv4Network("192.168.7.0/24")
FILE = Path(tempfile.mkdtemp(), "devices.yaml")
SECRET = "Contraseña&%"  # noqa: S105  a made-up one

Target = Callable[[bytes], None]


def ssdp_search(data: bytes) -> None:
    """A datagram is a search or nothing, and its search target can stand in an answer."""
    found = ssdp.parse(data, 1900)
    assert found is None or (found.st.isascii() and found.st.isprintable() and " " not in found.st)


def ssdp_answer(data: bytes) -> None:
    """A datagram is an answer to our search or nothing."""
    search.parse(data, PEER)


def http_request(data: bytes) -> None:
    """Bytes are requests or a ProtocolError, independent of where they are cut; and each is answered."""
    cut = data[0] if data else 0
    whole, parts = _requests([data[1:]]), _requests([data[1:][:cut], data[1:][cut:]])
    assert whole == parts


def _requests(pieces: list[bytes]) -> list[object]:
    conversation, found = Conversation(), list[object]()
    for piece in pieces:
        conversation.feed(piece)
        try:
            while request := conversation.next():
                found.append(request)
                assert conversation.answer(Response(200, b"x"), 0).startswith(b"HTTP/1.1 200 ")
        except ProtocolError as error:
            found.append(error.status)
            assert conversation.answer(Response(error.status, close=True), 0).startswith(b"HTTP/1.1 ")
            assert conversation.over
    return found


def page_request(data: bytes) -> None:
    """Bytes for page and bridge are the same requests wherever they were cut, up to the first that is none."""
    cut = data[0] if data else 0
    assert _parsed([data[1:]]) == _parsed([data[1:][:cut], data[1:][cut:]])


def _parsed(pieces: list[bytes]) -> list[object]:
    parser, found = Parser(PAGE), list[object]()
    for piece in pieces:
        unread = piece
        while unread:
            unread = unread[parser.received(unread) :]
            if not parser.completed:
                continue
            if parser.error:
                return [*found, type(parser.error)]
            if not parser.empty:
                body = parser.get_body_stream().read() if parser.body_rcv is not None else b""
                found.append((parser.command, parser.path, parser.headers, body))
            parser = Parser(PAGE)
    return found


def soap_call(data: bytes) -> None:
    """A body is a call or a ProtocolError; a call that turns something is a SetBinaryState."""
    action, _, body = data.decode("utf-8", "replace").partition("\n")
    for service in (BASICEVENT, METAINFO):
        with suppress(ProtocolError):
            call = soap.parse(service, action, body)
            assert (call.on is not None) == (call.action.name == "SetBinaryState")


def gena_callback(data: bytes) -> None:
    """A CALLBACK leads to the subscriber's segment and not to us, or is a ProtocolError; a TIMEOUT has its bounds."""
    header = data.decode("latin-1")
    assert callback.SHORTEST_S <= callback.granted(header) <= callback.LONGEST_S
    with suppress(ProtocolError):
        host = callback.acceptable(header, PEER, PLACE, callback.Here((PLACE,))).host
        assert host != PLACE.host
        assert access.is_within(host, PLACE.network)


def device_description(data: bytes) -> None:
    """The description of a switch of any name is XML with that name in it."""
    name = data.decode("utf-8", "replace")
    facts = Facts(name, "22", "02AB", "uuid:x", "http://192.168.7.2:1", True, 1.0, 1.0)
    root = etree.fromstring(description.setup(facts))
    assert root.findtext(".//{*}friendlyName", "") == upnp.text(name)
    etree.HTML(description.page(facts, ENGLISH).decode())


def hue_request(data: bytes) -> None:
    """A method, a path and a body are answered with JSON, and a client that is not paired sets no light."""
    method, _, rest = data.partition(b" ")
    path, _, body = rest.partition(b" ")
    segments = tuple(filter(None, path.decode("utf-8", "replace").split("/")))
    json.dumps(_api().answer(ApiRequest(method.decode("latin-1"), segments, body, PEER, BRIDGE)))


class _Nothing:
    """A journal without rows, and a hub without switches."""

    switches = ()

    def rows(self, *_: object) -> list[tuple[object, ...]]:
        return []

    def recall(self, _name: str) -> None: ...


BRIDGE = Bridge(BridgeIdentity("02ABCDEF0000"), "192.168.7.2", 80)


def _api() -> Api:
    nothing = _Nothing()
    return Api(Lights(nothing, ()), Users(nothing), pairing="button", now=lambda: 0.0)  # type: ignore[arg-type]


class _Asked:
    """A hub, a PIN and a journal that note what a broker's client has achieved."""

    def __init__(self) -> None:
        self.knew_pin = False
        self.done: list[Action] = []
        self.off: list[str] = []

    def view(self, _where: str) -> View:
        return View()

    def refresh(self, where: str) -> None:
        assert where == "home"

    def command(self, where: str, action: Action, _origin: object, _asked: object) -> None:
        assert where == "home"
        self.done.append(action)

    def submit(self, _switch: object, on: bool, _origin: object, _guard: object, _asked: object, why_not: str) -> None:
        self.off += [] if on else [why_not]

    def check(self, pin: str, _peer: str) -> None:
        self.knew_pin = pin == PIN
        if not self.knew_pin:
            raise PinRefused("wrong PIN")

    def refuse(self, _origin: object, asked: str, why: str, *_: object) -> bool:
        assert asked.isprintable()
        assert PIN not in why
        return False

    def time(self) -> float:
        return 0.0


PIN = "258036914700"
TOPICS = Topics("v", "1", "h")
NIGHT = Switch("N", "home", ArmMode.parse("night"), True, frozenset(), Identity("k", "22", "02AB", 1))


def mqtt_command(data: bytes) -> None:
    """A command is obeyed or refused; a disarm had the PIN, and an off that no rule allows has a reason not to be."""
    topic, _, payload = data.partition(b"\n")
    path = TOPICS.path(topic.decode("utf-8", "replace"))
    if not path:
        return
    asked = _Asked()
    context = SimpleNamespace(hub=asked, pin=asked, journal=asked, clock=asked)
    settings, arms = SimpleNamespace(arm_code=False), {"home": {"ARM_NIGHT": NIGHT.mode}}
    obedience = Obedience(Home(context, settings, Broker("b", 1, False), TOPICS, [NIGHT], arms, ENGLISH.say))  # type: ignore[arg-type]
    try:
        obedience.obey(path, payload, Asked(1, Moment(0.0, 0.0)))
    except EmulatorError as error:
        obedience.refuse(path, str(error))
        assert not asked.done
    assert asked.knew_pin or not any(isinstance(action, Disarm) for action in asked.done)
    assert all(asked.off)


def ws_do_answer(data: bytes) -> None:
    """A body is an answer with a RES or Unreachable."""
    with suppress(Unreachable):
        assert pet.parse(data).res


def owa_answer(data: bytes) -> None:
    """A body is a reply with content, or with a failure that is one of our errors; or it is Unreachable."""
    for operation in (operations.STATUS, operations.ARM, operations.REFRESH):
        with suppress(Unreachable):
            reply = graphql.parse(operation, Answer(200, data))
            assert reply.content is not None or isinstance(failures.error(reply.failure), Exception)  # type: ignore[arg-type]


def owa_token(data: bytes) -> None:
    """Any token has a positive life."""
    assert graphql.life_s(data.decode("latin-1")) > 0


def devices_yaml(data: bytes) -> None:
    """A file is settings or a ConfigError that names a place."""
    FILE.write_bytes(data)
    try:
        Settings.load(FILE)
    except ConfigError as error:
        assert all(str(problem).startswith(str(FILE)) for problem in error.problems)


def host_and_origin(data: bytes) -> None:
    """No header that names another host passes for ours."""
    header = data.decode("latin-1")
    said = re.sub(r"[\t\r\n]", "", header).lower()  # a URL is read without them
    for peer, names in ((PEER, OURS), ("127.0.0.1", {"localhost", *OURS})):
        if access.may_name(header, OURS, peer) or access.may_act_from(header, OURS, peer):
            assert any(name in said for name in names)
    access.is_local(header, NETWORK)


def log_line(data: bytes) -> None:
    """A secret is removed from a log line in any surroundings."""
    redactor = logs.Redactor()
    redactor.conceal(SECRET)
    around = data.decode("utf-8", "replace")
    for spelling in (SECRET, repr(SECRET)[1:-1]):
        record = logging.LogRecord("x", logging.INFO, "", 0, "%s%s%s", (around, spelling, around), None)
        assert spelling not in redactor.format(record)


SOAP = (
    b'"urn:Belkin:service:basicevent:1#SetBinaryState"\n<?xml version="1.0"?><s:Envelope xmlns:s="x"><s:Body>'
    b"<u:SetBinaryState><BinaryState>1</BinaryState></u:SetBinaryState></s:Body></s:Envelope>"
)
HTTP = b"POST /upnp/control/basicevent1 HTTP/1.1\r\nHost: 192.168.7.2:49153\r\nContent-Length: 3\r\n\r\nabc"
INDENTED = HTTP.replace(b"\r\n", b"\r\n  ", 2)
CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\nGET / HTTP/1.0\r\n\r\n"

TARGETS: dict[Target, tuple[bytes, ...]] = {
    # Target → its seeds.
    ssdp_search: (b'M-SEARCH * HTTP/1.1\r\nMAN: "ssdp:discover"\r\nMX: 3\r\nST: upnp:rootdevice\r\n\r\n',),
    ssdp_answer: (b"HTTP/1.1 200 OK\r\nLOCATION: http://192.168.7.5:1/x\r\nUSN: uuid:a\r\nST: b\r\n\r\n",),
    page_request: (b"\x70" + CHUNKED, b"\x05" + HTTP + HTTP, b"\x60" + INDENTED + INDENTED),
    http_request: (b"\x10" + HTTP, b"\x40" + CHUNKED, b"\x05" + HTTP + HTTP, b"\x60" + INDENTED + INDENTED),
    soap_call: (SOAP, SOAP.replace(b"Set", b"Get"), b"#GetMetaInfo\n<u:GetMetaInfo/>"),
    gena_callback: (b"<http://192.168.7.9:8989/sub>", b"Second-300", b"infinite"),
    device_description: ("Día & <Night>".encode(),),
    hue_request: (
        b'POST api {"devicetype":"x#y"}',
        b'PUT abc/lights/1/state {"on":true,"bri":254}',
        b"GET abc/config",
        b"DELETE abc/config/whitelist/abc",
    ),
    mqtt_command: (
        b"v/1/home/set\nARM_NIGHT",
        b'v/1/home/set\n{"action":"DISARM","code":"258036914700","at":1}',
        b'v/1/home/set\n{"action":"DISARM","code":"None"}',
        b"v/1/home/refresh\nPRESS",
        b"v/1/home/switch/22/set\nOFF",
    ),
    ws_do_answer: (
        b"<?xml version='1.0' encoding='UTF-8'?><PET><RES>OK</RES><MSG>x</MSG><STATUS>3</STATUS></PET>",
        b"<PET><RES>OK</RES><LIST><REG><TYPE>2</TYPE><TIME>151119123456</TIME></REG></LIST></PET>",
    ),
    owa_answer: (
        b'{"data":{"xSStatus":{"status":"D","timestampUpdate":"1"}}}',
        b'{"data":null,"errors":[{"message":"m","name":"ApiError","data":{"err":"60067"}}]}',
    ),
    owa_token: (b"e30.eyJpYXQiOjEsImV4cCI6OTAxfQ.x",),
    devices_yaml: (
        b"installations: {home: {cloud: simulator, country: ES}}\nswitches: [{name: N, on: night, off: disarm}]\n"
        b"doors: {wemo: {first_port: 49151}}\n",
    ),
    host_and_origin: (b"192.168.7.2:80", b"http://localhost:8099", b"null"),
    log_line: (b"pwd=", b"\xc3", b"Contrase"),
}
