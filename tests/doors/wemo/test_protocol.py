"""Answers of a switch to every client, and to malformed requests (lan-emulation.md §2.3-2.9)."""

import logging
import re
from ipaddress import IPv4Network
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emulator.alarm.hub import Ticket
from emulator.doors.wemo import description
from emulator.doors.wemo.description import BASICEVENT, METAINFO
from emulator.errors import Rejected
from emulator.lan import lanes, limits
from emulator.lan.network import Place
from emulator.model import Origin, Outcome, Result
from tests.doors.clockwork import advance
from tests.doors.rig import PEER, PLACE, Inline, Rig, with_rig
from tests.doors.wemo.test_soap import ECHO_QUERY, OFF, ON, body

HOST = "192.168.7.2:49151"
STATE = re.compile(rb"<BinaryState>(.*?)</BinaryState>")


def request(method: str, path: str, text: str = "", version: str = "1.1", **headers: str) -> bytes:
    data = text.encode()
    lines = {"Host": HOST, "Content-Length": str(len(data)), **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value or name != "Host")
    return f"{method} {path} HTTP/{version}\r\n{head}\r\n".encode() + data


def post(action: str, inner: str = "", service: str = "basicevent", **headers: str) -> bytes:
    soapaction = f'"urn:Belkin:service:{service}:1#{action}"'
    return request("POST", f"/upnp/control/{service}1", body(action, inner), SOAPACTION=soapaction, **headers)


SET_ON, SET_OFF, GET = post("SetBinaryState", ON), post("SetBinaryState", OFF), post("GetBinaryState")
# As captured: content type, lower-case names, an empty Accept (§2.6).
ECHO_GET = request(
    "POST",
    "/upnp/control/basicevent1",
    ECHO_QUERY,
    **{
        "Accept": "",
        "Content-type": 'text/xml; charset="utf-8"',
        "SOAPACTION": '"urn:Belkin:service:basicevent:1#GetBinaryState"',
    },
)


def status(answer: bytes) -> int:
    return int(answer[9:12])


def header(answer: bytes, name: str) -> str | None:
    head = answer.partition(b"\r\n\r\n")[0].decode()
    found = re.search(rf"^{name}: ?(.*)\r?$", head, re.IGNORECASE | re.MULTILINE)
    return found[1].strip() if found else None


def ask(data: bytes, **states: bool | None) -> bytes:
    found = []

    async def test(rig: Rig) -> None:
        rig.hub.states.update({rig.switch.name: states.get("on", False)})
        found.append(rig.connect().say(data))

    with_rig(test)()
    return bytes(found[0])


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/setup.xml", "text/xml"),
        ("/eventservice.xml", "text/xml"),
        ("/metainfoservice.xml", "text/xml"),
        ("/icon.png", "image/png"),
        ("/pluginpres.html", "text/html"),
    ],
)
def test_everything_advertised_is_served(path: str, kind: str) -> None:
    answer = ask(request("GET", path))
    head, _, content = answer.partition(b"\r\n\r\n")
    assert status(answer) == 200
    assert (header(answer, "content-type") or "").startswith(kind)
    assert header(answer, "content-length") == str(len(content))
    assert header(answer, "connection") == "close"
    assert header(answer, "date")
    only_head = ask(request("HEAD", path))
    assert only_head.endswith(b"\r\n\r\n")
    assert header(only_head, "content-length") == str(len(content))
    for again in (
        request("GET", path, version="1.0", Host=""),
        request("GET", f"{path}?x=1"),
        request("GET", f"http://{HOST}{path}"),
        request("GET", path, **{"Content-Type": "application/json", "Connection": "Keep-Alive"}),
        b"\r\n" + request("GET", path),
        request("GET", path, Referer="http://192.168.7.9/links"),
    ):
        assert status(ask(again)) == 200
    assert head


@pytest.mark.parametrize(
    ("data", "state"),
    [
        (GET, b"1"),
        (ECHO_GET, b"1"),
        *(
            (request("POST", "/upnp/control/basicevent1", ECHO_QUERY, **{"Content-Type": kind}), b"1")
            for kind in (
                "text/xml",
                'Text/XML; charset="utf-8"',
                "application/xml",
                "application/soap+xml;charset=UTF-8",
            )
        ),
    ],
)
@with_rig
async def test_a_query_is_answered_from_memory_and_arms_nothing(rig: Rig, data: bytes, state: bytes) -> None:
    wire = rig.connect()
    rig.hub.states[rig.switch.name] = True
    answer = wire.say(data)
    assert (status(answer), STATE.findall(answer)) == (200, [state])
    assert header(answer, "ext") == ""
    rig.hub.states[rig.switch.name] = False
    assert STATE.findall(wire.say(data)) == [b"0"]
    assert rig.hub.asked == []
    assert not wire.closed


def get(action: str, inner: str = "", service: str = "basicevent") -> bytes:
    """Send the body of a POST with a GET, with blanks before the XML, as w3mo does."""
    soapaction = f'"urn:Belkin:service:{service}:1#{action}"'
    text = f"\n        {body(action, inner)}\n    "
    return request("GET", f"/upnp/control/{service}1", text, Accept="", SOAPACTION=soapaction)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (get("GetBinaryState"), b"<BinaryState>1</BinaryState>"),
        (get("GetFriendlyName"), b"<FriendlyName>"),
        (get("GetMacAddr"), b"<PluginUDN>uuid:Socket-1_0-"),
        (get("GetMetaInfo", service="metainfo"), b"<MetaInfo>"),
    ],
)
def test_a_get_with_an_envelope_is_a_question(data: bytes, said: bytes) -> None:
    answer = ask(data, on=True)
    assert (status(answer), said in answer, header(answer, "ext")) == (200, True, "")
    assert b"<faultcode>" in ask(get("GetBinaryState"), on=None)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (get("SetBinaryState", ON), 405),
        (get("SetBinaryState", OFF), 405),
        (get("GetBinaryState").replace(b"#GetBinaryState", b"#SetBinaryState"), 500),
        (get("SetBinaryState", ON).replace(b"#SetBinaryState", b"#GetBinaryState"), 500),
        (get("SetBinaryState", ON).replace(b"SOAPACTION", b"X-SOAPACTN"), 405),
        (get("ChangeFriendlyName", "<FriendlyName>x</FriendlyName>"), 500),
        (get("Nonsense"), 500),
        (request("GET", "/upnp/control/basicevent1", SOAPACTION="x#GetBinaryState"), 405),
    ],
)
@with_rig
async def test_a_get_never_sets(rig: Rig, data: bytes, code: int) -> None:
    rig.hub.states[rig.switch.name] = False
    assert status(rig.connect().say(data)) == code
    assert rig.hub.asked == []


def test_what_the_panel_has_not_said_is_a_fault_that_sends_nobody_to_the_next_port() -> None:
    answer = ask(GET, on=None)
    assert status(answer) == 200
    assert b"<u:GetBinaryStateResponse" in answer
    assert STATE.findall(answer) == []
    assert b"<errorCode>501</errorCode>" in answer
    assert b"has not been read yet" in answer
    assert b"binaryState" not in ask(request("GET", "/setup.xml"), on=None)
    assert status(ask(post("GetFriendlyName"), on=None)) == 200


@pytest.mark.parametrize(
    "action",
    [action for service in description.SERVICES for action in service.actions if not action.ins],
    ids=lambda a: a.name,
)
def test_every_action_answers_with_its_arguments(action: description.Action) -> None:
    service = "metainfo" if METAINFO.action(action.name) else "basicevent"
    answer = ask(post(action.name, service=service))
    assert status(answer) == 200
    assert f"<u:{action.name}Response".encode() in answer
    for name in action.outs:
        assert f"<{name}>".encode() in answer or f"<{name}/>".encode() in answer or f"<{name}></".encode() in answer


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (post("ReSetup", "<Reset>2</Reset>"), b"501"),
        (post("ChangeFriendlyName", "<FriendlyName>x</FriendlyName>"), b"501"),
        (post("Explode"), b"401"),
        (post("GetMetaInfo"), b"401"),
        (post("SetBinaryState"), b"402"),
        (post("SetBinaryState", "<BinaryState>7</BinaryState>"), b"600"),
        (request("POST", "/upnp/control/basicevent1", SOAPACTION=""), b"401"),
    ],
)
@with_rig
async def test_what_cannot_be_done_is_a_fault_on_a_connection_that_lives(rig: Rig, data: bytes, code: bytes) -> None:
    wire = rig.connect()
    answer = wire.say(data)
    assert status(answer) == 500
    assert b"<errorCode>" + code + b"</errorCode>" in answer
    assert status(wire.say(GET)) == 200
    assert rig.hub.asked == []


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (request("GET", "/"), 404),
        (request("GET", "/setup.xml/"), 404),
        (request("SUBSCRIBE", "/upnp/event/rules1"), 404),
        (request("OPTIONS", "*"), 404),
        (request("CONNECT", "evil:443"), 404),
        (request("POST", "/setup.xml"), 405),
        (request("GET", "/upnp/control/basicevent1"), 405),
        (request("OPTIONS", "/upnp/control/basicevent1", Origin=f"http://{HOST}"), 405),
        (request("GET", "/upnp/event/basicevent1"), 405),
        (request("POST", "/upnp/control/basicevent1", "<!DOCTYPE x>", SOAPACTION="x"), 400),
        (request("POST", "/upnp/control/basicevent1", "x" * 16385), 413),
        (request("GET", "/setup.xml", X="x" * 9000), 431),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    ],
)
def test_nonsense_is_answered(data: bytes, code: int) -> None:
    answer = ask(data)
    assert status(answer) == code
    assert header(answer, "access-control-allow-origin") is None


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "/setup.xml", "GET, HEAD"),
        ("GET", "/upnp/control/metainfo1", "POST"),
        ("PUT", "/upnp/event/basicevent1", "SUBSCRIBE, UNSUBSCRIBE"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(method: str, path: str, allow: str) -> None:
    assert header(ask(request(method, path)), "allow") == allow


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "alarm.evil.example"},
        {"Host": "192.168.7.3"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://192.168.7.9"},
        {"Host": "localhost"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "http://127.0.0.1:3000"},
    ],
)
def test_a_web_page_can_neither_arm_nor_look(headers: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    async def test(rig: Rig) -> None:
        for data in (post("SetBinaryState", ON, **headers), request("GET", "/setup.xml", **headers)):
            assert status(rig.connect().say(data)) == 403
        assert rig.hub.asked == []

    with_rig(test)()
    assert [record.levelno for record in caplog.records if "refused" in record.message] == [logging.WARNING]
    assert PEER in caplog.text


def test_an_absolute_target_must_name_us_too() -> None:
    assert status(ask(request("GET", "http://evil.example/setup.xml"))) == 403


FORMS = [{}, *({"Content-Type": kind} for kind in ("text/plain", "application/x-www-form-urlencoded", "text/xmlx"))]


@pytest.mark.parametrize("headers", FORMS)
@pytest.mark.parametrize(("action", "inner"), [("SetBinaryState", OFF), ("GetBinaryState", "")])
@with_rig
async def test_what_a_form_can_send_is_no_action(rig: Rig, headers: dict[str, str], action: str, inner: str) -> None:
    data = request("POST", "/upnp/control/basicevent1", body(action, inner), **headers)
    assert status(rig.connect().say(data)) == 415
    assert rig.hub.asked == []


@pytest.mark.parametrize("page", ["http://evil.example/form", "http://localhost:3000/", "http://192.168.7.9/"])
@with_rig
async def test_a_form_that_tells_its_page_by_referer_only_is_known_too(rig: Rig, page: str) -> None:
    assert status(rig.connect().say(post("SetBinaryState", OFF, Referer=page))) == 403
    assert rig.hub.asked == []


def test_our_own_page_may() -> None:
    assert status(ask(post("SetBinaryState", ON, Origin="http://192.168.7.2:8099"))) == 200


@with_rig
async def test_the_advertised_address_is_ours(rig: Rig) -> None:
    place = Place("eth0", "192.168.7.2", IPv4Network("192.168.7.0/24"), "10.0.0.5")
    answer = rig.connect(place=place).say(post("GetIconURL", Host="10.0.0.5:49151"))
    assert f"<URL>http://10.0.0.5:{rig.switch.identity.port}/icon.png</URL>".encode() in answer


@pytest.mark.parametrize("peer", ["192.168.8.9", "8.8.8.8", ""])
@with_rig
async def test_a_foreign_peer_gets_nothing(rig: Rig, peer: str) -> None:
    wire = rig.connect(peer)
    assert wire.aborted
    assert wire.say(SET_ON) == b""
    await advance()
    assert rig.hub.asked == []
    assert not rig.connections


@pytest.mark.parametrize(("data", "on"), [(SET_ON, True), (SET_OFF, False)])
@with_rig
async def test_a_set_is_submitted_once_and_answered_with_the_state(rig: Rig, data: bytes, on: bool) -> None:
    rig.hub.states[rig.switch.name] = not on
    answer = rig.connect().say(data)
    assert rig.hub.asked == [(rig.switch.name, on, Origin("wemo", PEER, rig.switch.name))]
    assert (status(answer), STATE.findall(answer)) == (200, [str(int(on)).encode()])
    assert b"<u:SetBinaryStateResponse" in answer


NO_HOST = post("SetBinaryState", ON, Host="")


def bare(data: bytes) -> bytes:
    """End the lines of a head in LF alone."""
    head, _, rest = data.partition(b"\r\n\r\n")
    return head.replace(b"\r", b"") + b"\n\n" + rest


BY_HAND = {
    "no Host": NO_HOST,
    "absolute, no Host": NO_HOST.replace(b" /", f" http://{HOST}/".encode(), 1),
    "LF": bare(SET_ON),
    "LF, 1.0, no Host": bare(NO_HOST.replace(b"1.1", b"1.0", 1)) + b"\n",
    "slashes": SET_ON.replace(b" /upnp/control", b" //upnp//control"),
}


@pytest.mark.parametrize("by_hand", BY_HAND)
@with_rig
async def test_a_client_written_by_hand_is_obeyed_once(rig: Rig, by_hand: str) -> None:
    """As go.wemo, scripts and small boards send it; without a Host, some read until the end of the connection."""
    wire = rig.connect()
    answer = wire.say(BY_HAND[by_hand])
    assert status(answer) == 200
    assert rig.hub.asked == [(rig.switch.name, True, Origin("wemo", PEER, rig.switch.name))]
    assert wire.closed is ("Host" in by_hand)


@with_rig
async def test_a_set_may_be_split_anywhere(rig: Rig) -> None:
    for at in range(1, len(SET_ON)):
        wire = rig.connect()
        assert wire.say(SET_ON[:at]) == b""
        assert status(wire.say(SET_ON[at:])) == 200
        wire.close()
        await advance(1)  # lest it is too many sets of a peer
    assert len(rig.hub.asked) == len(SET_ON) - 1
    wire = rig.connect()
    wire.say(*(SET_ON[at : at + 1] for at in range(len(SET_ON) - 1)))
    assert len(rig.hub.asked) == len(SET_ON) - 1
    assert status(wire.say(SET_ON[-1:])) == 200


def test_requests_in_one_segment_are_answered_in_order() -> None:
    answer = ask(
        SET_ON + b"\r\n" + GET + request("GET", "/nothing") + SET_OFF + GET + request("GET", "/setup.xml") + GET
    )
    assert re.findall(rb"HTTP/1.1 (\d+) ", answer) == [b"200", b"200", b"404", b"200", b"200", b"200"]
    assert STATE.findall(answer) == [b"1", b"1", b"0", b"0"]


def held(rig: Rig) -> Ticket:
    return rig.hub.tickets[-1]


@with_rig
async def test_a_set_is_answered_when_the_cloud_has_taken_it(rig: Rig) -> None:
    rig.hub.prompt = False
    wire = rig.connect()
    assert wire.say(SET_ON + GET) == b""
    assert wire.paused
    rig.hub.states[rig.switch.name] = True  # pending
    held(rig).accepted.set_result(None)
    answer = wire.taken()
    assert STATE.findall(answer) == [b"1", b"1"]
    assert not wire.paused
    await advance(3)
    assert wire.taken() == b""


def not_done(answer: bytes, why: bytes) -> bool:
    """Return whether it says so in each way that some client understands, with a status that sends none elsewhere."""
    fault = b"<errorCode>501</errorCode><errorDescription>%s</errorDescription>" % why
    return status(answer) == 200 and fault in answer and STATE.findall(answer) == [b"Error"]


@with_rig
async def test_a_refusal_is_told_with_its_reason(rig: Rig) -> None:
    rig.hub.prompt = False
    wire = rig.connect()
    wire.say(SET_ON)
    held(rig).accepted.set_exception(Rejected("The kitchen window is open"))
    assert not_done(wire.taken(), b"The kitchen window is open")
    assert status(wire.say(GET)) == 200


@with_rig
async def test_patience_ends_with_the_state_as_it_is_before_openhab_tries_another_port(rig: Rig) -> None:
    rig.hub.prompt = False
    wire = rig.connect()
    wire.say(SET_ON)
    await advance(0.7)
    assert wire.taken() == b""
    await advance(0.2)
    assert STATE.findall(wire.taken()) == [b"0"]
    held(rig).accepted.set_exception(Rejected("too late to answer"))
    assert wire.taken() == b""
    wire.say(SET_ON)
    held(rig).accepted.set_result(None)
    assert status(wire.taken()) == 200


@with_rig
async def test_a_set_that_has_to_wait_behind_another_is_answered_at_once(rig: Rig) -> None:
    rig.hub.prompt, rig.hub.busy = False, True
    answer = rig.connect().say(SET_ON)
    assert (status(answer), STATE.findall(answer)) == (200, [b"0"])
    held(rig).accepted.set_exception(Rejected("too late to answer"))


@with_rig
async def test_a_set_that_is_known_to_be_refused_is_answered_at_once(rig: Rig) -> None:
    rig.hub.prompt, rig.hub.obstacle = False, Rejected("the login was refused")
    assert not_done(rig.connect().say(SET_ON), b"the login was refused")
    assert len(rig.hub.asked) == 1


@with_rig
async def test_what_the_settings_ignore_is_answered_politely_whatever_is_in_the_way(rig: Rig) -> None:
    rig.hub.obstacle, rig.hub.busy = Rejected("the login was refused"), True  # and the fake accepts at once
    assert STATE.findall(rig.connect().say(SET_OFF)) == [b"0"]


@with_rig
async def test_a_set_is_acknowledged_even_before_the_first_reading(rig: Rig) -> None:
    rig.hub.prompt = False
    rig.hub.states[rig.switch.name] = None
    wire = rig.connect()
    wire.say(SET_ON)
    held(rig).accepted.set_result(None)
    answer = wire.taken()
    assert status(answer) == 200
    assert b"SetBinaryStateResponse" in answer
    assert STATE.findall(answer) == []


@pytest.mark.parametrize("error", [Rejected("The kitchen window is open"), ZeroDivisionError("a secret")])
def test_a_submit_that_fails_is_told_over_200(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    async def test(rig: Rig) -> None:
        rig.hub.refusal = error
        answer = rig.connect().say(SET_ON)
        expected = b"Internal error; the log of the emulator tells more"
        assert not_done(answer, b"The kitchen window is open" if isinstance(error, Rejected) else expected)
        assert b"secret" not in answer

    with_rig(test)()
    assert ("command failed" in caplog.text) == isinstance(error, ZeroDivisionError)


class Gone(Inline):
    """An executor that was shut down: the program is stopping."""

    def submit(self, *_args: Any, **_kwargs: Any) -> Any:
        raise RuntimeError("cannot schedule new futures after shutdown")


@with_rig
async def test_a_set_while_the_program_stops_is_told_over_200(rig: Rig) -> None:
    rig.executor = Gone()
    rig.make_plugs()
    assert not_done(rig.connect().say(SET_ON), b"Too many commands at once, or the program is stopping; not sent")
    assert rig.hub.asked == []


def test_a_set_that_cannot_be_answered_with_the_state_is_told_over_200(caplog: pytest.LogCaptureFixture) -> None:
    async def test(rig: Rig) -> None:
        rig.hub.prompt = False
        wire = rig.connect()
        wire.say(SET_ON)
        rig.hub.states = {rig.switch.name: "neither"}  # type: ignore[dict-item]  # the bug
        held(rig).accepted.set_result(None)
        assert not_done(wire.taken(), b"Internal error; the log of the emulator tells more")

    with_rig(test)()
    assert "answering SetBinaryState failed" in caplog.text


@with_rig
async def test_a_client_that_leaves_does_not_take_its_command_with_it(rig: Rig) -> None:
    rig.hub.prompt = False
    wire = rig.connect()
    wire.say(SET_ON)
    wire.close()
    await advance()
    assert not rig.connections
    held(rig).accepted.set_result(None)
    held(rig).done.set_result(Outcome(Result.CONFIRMED, "armed"))
    await advance(5)
    assert wire.taken() == b""
    assert len(rig.hub.asked) == 1


def test_a_bug_of_ours_is_an_answer_too(caplog: pytest.LogCaptureFixture) -> None:
    async def test(rig: Rig) -> None:
        wire = rig.connect()
        rig.hub.states = {rig.switch.name: "neither"}  # type: ignore[dict-item]  # the bug
        assert status(wire.say(GET)) == 500
        assert wire.closed

    with_rig(test)()
    assert "POST /upnp/control/basicevent1 from 192.168.7.9" in caplog.text


@with_rig
async def test_a_stalled_request_is_told_so(rig: Rig) -> None:
    wire = rig.connect()
    wire.say(SET_ON[:-1])
    await advance(9.9)
    assert wire.taken() == b""
    await advance(0.2)
    assert status(wire.taken()) == 408
    assert wire.ended
    assert wire.say(SET_ON[-1:]) == b""
    await advance(1.1)
    assert wire.aborted
    assert rig.hub.asked == []
    assert not rig.connections


@with_rig
async def test_a_byte_now_and_then_does_not_keep_a_connection(rig: Rig) -> None:
    wire = rig.connect()
    answer = b""
    for at in range(6):
        answer += wire.say(SET_ON[at : at + 1])
        await advance(2)
    assert status(answer) == 408


@with_rig
async def test_an_idle_connection_is_closed_without_a_word(rig: Rig) -> None:
    wire = rig.connect()
    wire.say(GET)
    await advance(9)
    assert status(wire.say(GET)) == 200
    await advance(9)
    assert not wire.closed
    await advance(2)
    assert wire.closed
    assert wire.taken() == b""


@with_rig
async def test_a_peer_that_holds_all_it_can_closes_what_it_left_idle_longest(rig: Rig) -> None:
    wires = [rig.connect() for _ in range(limits.SHARES.per_peer)]
    await advance(1)
    assert status(wires[0].say(GET)) == 200
    await advance(1)
    assert status(rig.connect().say(GET)) == 200
    assert len([wire for wire in wires if wire.aborted]) == 1
    assert not wires[0].aborted


@with_rig
async def test_a_peer_that_waits_for_all_it_can_is_refused_one_more(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "PER_PEER", limits.SHARES.per_peer)
    rig.hub.prompt = False
    wires = [rig.connect() for _ in range(limits.SHARES.per_peer)]
    assert not any(wire.say(SET_ON) for wire in wires)
    one_more = rig.connect()
    assert status(one_more.taken()) == 503
    assert one_more.closed
    assert not any(wire.closed for wire in wires)


@with_rig
async def test_a_peer_that_reads_nothing_is_served_no_more(rig: Rig) -> None:
    wire = rig.connect()
    wire.protocol.pause_writing()
    assert wire.paused
    assert wire.say(GET) == b""
    wire.protocol.resume_writing()
    assert not wire.paused
    assert status(wire.taken()) == 200
    wire.protocol.pause_writing()
    wire.say(GET)
    await advance(11)
    assert wire.aborted
    wire.protocol.resume_writing()
    assert wire.taken() == b""


@pytest.mark.parametrize(
    ("data", "code"), [(b"", None), (GET, 200), (GET[:-1], 400), (request("GET", "/setup.xml"), 200)]
)
@with_rig
async def test_a_peer_that_has_sent_all_is_answered_and_let_go(rig: Rig, data: bytes, code: int | None) -> None:
    wire = rig.connect()
    answer = wire.say(data)
    assert wire.protocol.eof_received() is False  # asyncio closes, once what was written is out
    answer += wire.taken()
    assert (status(answer) if answer else None) == code
    assert wire.protocol.eof_received() is False


@with_rig
async def test_the_end_does_not_cut_off_a_set_that_waits(rig: Rig) -> None:
    rig.hub.prompt = False
    wire = rig.connect()
    wire.say(SET_ON)
    assert wire.protocol.eof_received() is True
    held(rig).accepted.set_result(None)
    assert status(wire.taken()) == 200


@with_rig
async def test_expect_is_answered_before_the_body_is_sent(rig: Rig) -> None:
    head, _, text = post("SetBinaryState", ON, Expect="100-continue").partition(b"\r\n\r\n")
    wire = rig.connect()
    assert wire.say(head + b"\r\n\r\n").startswith(b"HTTP/1.1 100")
    assert status(wire.say(text)) == 200


@with_rig
async def test_shutting_leaves_nothing(rig: Rig) -> None:
    wire = rig.connect()
    for connection in list(rig.connections):
        connection.shut()
    await advance()
    assert wire.closed
    assert not rig.connections


@with_rig
async def test_subscriptions_are_answered_and_start_with_all_that_is_evented(rig: Rig) -> None:
    wire = rig.connect()
    subscribe = {"CALLBACK": f"<http://{PEER}:8989/x>", "NT": "upnp:event", "TIMEOUT": "Second-300"}
    for service in (BASICEVENT, METAINFO):
        answer = wire.say(request("SUBSCRIBE", service.event, **subscribe))
        assert (status(answer), header(answer, "timeout")) == (200, "Second-300")
        assert header(answer, "content-length") == "0"
        sid = header(answer, "sid") or ""
        (waiting,) = rig.publisher._subscriptions[sid].waiting
        for name in service.evented:
            assert f"<{name}>".encode() in waiting
        assert status(wire.say(request("SUBSCRIBE", service.event, SID=sid))) == 200
        assert status(wire.say(request("UNSUBSCRIBE", service.event, SID=sid))) == 200
        assert status(wire.say(request("UNSUBSCRIBE", service.event, SID=sid))) == 412
    for state, read_at in ((None, 1.0), (True, None)):
        rig.hub.states[rig.switch.name], rig.hub.read_at = state, read_at
        answer = wire.say(request("SUBSCRIBE", BASICEVENT.event, **subscribe))
        # Nothing is said before the panel has said it in this run.
        assert not rig.publisher._subscriptions[header(answer, "sid") or ""].waiting
    for callback, expected in (("192.168.7.77", 200), (PLACE.host, 412), ("192.168.8.77", 412)):
        asked = {**subscribe, "CALLBACK": f"<http://{callback}/>"}
        assert status(wire.say(request("SUBSCRIBE", BASICEVENT.event, **asked))) == expected


PIECES = [
    SET_ON,
    GET,
    ECHO_GET,
    request("GET", "/setup.xml"),
    b"\r\n",
    b"POST ",
    b"Content-Length: 3\r\n",
    SET_OFF[:40],
]


@given(st.lists(st.binary() | st.sampled_from(PIECES), max_size=6))
@example([SET_ON[:100], b"\x00", SET_ON])
@with_rig
async def test_any_bytes_are_answered_or_awaited_and_never_raise(rig: Rig, data: list[bytes]) -> None:
    wire = rig.connect()
    answer = wire.say(*data)
    wire.protocol.eof_received()
    await advance(11)
    await advance(2)
    answer += wire.taken()
    assert wire.closed
    assert not rig.connections
    assert re.fullmatch(rb"(HTTP/1.1 \d\d\d .*)?", answer, re.DOTALL)
    if any(each.strip(b"\r\n") for each in data):
        assert answer
