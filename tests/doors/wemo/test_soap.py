"""SOAP bodies as clients send them (lan-emulation.md §2.5, §2.6), and malformed ones."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from emulator.doors.wemo import soap
from emulator.doors.wemo.description import BASICEVENT, METAINFO
from emulator.errors import ProtocolError

SET = '"urn:Belkin:service:basicevent:1#SetBinaryState"'
GET = '"urn:Belkin:service:basicevent:1#GetBinaryState"'


def body(action: str, inner: str = "", prefix: str = "u:") -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
        's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
        f'<{prefix}{action} xmlns:u="urn:Belkin:service:basicevent:1">{inner}</{prefix}{action}></s:Body></s:Envelope>'
    )


ON, OFF = "<BinaryState>1</BinaryState>", "<BinaryState>0</BinaryState>"
# The Echo's query: no blank before the second attribute, and a value that it does not mean (§2.6).
ECHO_QUERY = body("GetBinaryState", ON).replace('" s:encodingStyle', '"s:encodingStyle')


@pytest.mark.parametrize(
    ("soapaction", "text", "action", "on"),
    [
        (SET, body("SetBinaryState", ON), "SetBinaryState", True),
        (SET, body("SetBinaryState", OFF), "SetBinaryState", False),
        (SET.strip('"'), body("SetBinaryState", "<BinaryState> 1\n</BinaryState>"), "SetBinaryState", True),
        (f" {SET.lower()} ", body("SetBinaryState", OFF), "SetBinaryState", False),
        ("", body("SetBinaryState", ON), "SetBinaryState", True),
        ('""', body("SetBinaryState", ON, prefix=""), "SetBinaryState", True),
        ("urn:Belkin:service:basicevent:1", body("SetBinaryState", ON), "SetBinaryState", True),
        (SET, body("SetBinaryState", ON).replace('" s:', '"s:'), "SetBinaryState", True),
        (SET, body("SetBinaryState", ON + ON), "SetBinaryState", True),
        (SET, body("SetBinaryState", f"<!-- {OFF} -->{ON}"), "SetBinaryState", True),
        (SET, body("SetBinaryState", '<a:BinaryState type="x">1</a:BinaryState><UDN>1</UDN>'), "SetBinaryState", True),
        (SET, body("SetBinaryState", "<BinaryState>1%d</BinaryState>"), "SetBinaryState", True),
        (SET, body("SetBinaryState", "<BinaryState>0|1394|0</BinaryState>"), "SetBinaryState", False),
        (SET, ON, "SetBinaryState", True),
        (SET, body("SetBinaryState", "<BinaryState>1"), "SetBinaryState", True),
        (GET, ECHO_QUERY, "GetBinaryState", None),
        ("", ECHO_QUERY, "GetBinaryState", None),
        (GET, "", "GetBinaryState", None),
        (GET, body("SetBinaryState", ON).partition("<s:Body")[0], "GetBinaryState", None),
        ("'urn:Belkin:service:basicevent:1#GetFriendlyName'", "", "GetFriendlyName", None),
    ],
)
def test_the_name_of_the_action_decides(soapaction: str, text: str, action: str, on: bool | None) -> None:
    call = soap.parse(BASICEVENT, soapaction, text)
    assert (call.action.name, call.on) == (action, on)


@pytest.mark.parametrize(
    ("soapaction", "text", "code"),
    [
        (GET, body("SetBinaryState", ON), 401),
        (SET, body("GetBinaryState", ON), 401),
        (SET, ECHO_QUERY, 401),
        ("", "", 401),
        ("", ON, 401),
        ("urn:x#Explode", "", 401),
        ('"urn:Belkin:service:metainfo:1#GetMetaInfo"', "", 401),
        (SET, body("SetBinaryState"), 402),
        (SET, body("SetBinaryState", ON + OFF), 402),
        (SET, body("SetBinaryState", "<BinaryState>1<BinaryState>0</BinaryState>"), 402),
        (SET, "<BinaryState>1", 402),
        (SET, body("SetBinaryState", "<BinaryState/>"), 402),
        (SET, body("SetBinaryState", "<BinaryState></BinaryState>"), 600),
        (SET, body("SetBinaryState", "<BinaryState>2</BinaryState>"), 600),
        (SET, body("SetBinaryState", "<BinaryState>on</BinaryState>"), 600),
        (SET, body("SetBinaryState", "<BinaryState>&#49;</BinaryState>"), 600),
        (SET, body("SetBinaryState", "<BinaryState>10</BinaryState>"), 600),
        (SET, body("SetBinaryState", "<BinaryState>0.5</BinaryState>"), 600),
        (SET, body("SetBinaryState", "<BinaryState>0 1</BinaryState>"), 600),
        (SET, body("SetBinaryState", "<BinaryState>%d</BinaryState>"), 600),
        (SET, body("SetBinaryState", "<BinaryState>1%d</BinaryState><BinaryState>0%d</BinaryState>"), 402),
        ("urn:x#ReSetup", body("ReSetup", "<Reset>2</Reset>"), 501),
        ("urn:x#ChangeFriendlyName", body("ChangeFriendlyName", "<FriendlyName>x</FriendlyName>"), 501),
    ],
)
def test_what_cannot_be_done_is_a_fault(soapaction: str, text: str, code: int) -> None:
    with pytest.raises(soap.UpnpFault) as caught:
        soap.parse(BASICEVENT, soapaction, text)
    assert (caught.value.code, caught.value.status) == (code, 500)


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE x [<!ENTITY on "1">]>' + body("SetBinaryState", "<BinaryState>&on;</BinaryState>"),
        "<!ENTITY x>" + body("SetBinaryState", ON),
        body("SetBinaryState", f"<![CDATA[{ON}]]>"),
    ],
)
def test_a_document_type_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        soap.parse(BASICEVENT, SET, text)
    assert caught.value.status == 400


def test_metainfo_has_its_own_actions() -> None:
    assert soap.parse(METAINFO, '"urn:Belkin:service:metainfo:1#GetMetaInfo"', "").action.name == "GetMetaInfo"


pieces = st.sampled_from(
    [
        "<s:Body>",
        "<u:SetBinaryState>",
        "<u:GetBinaryState",
        ON,
        OFF,
        "<BinaryState>",
        "1",
        "<",
        ">",
        "<!--",
        "-->",
        "<!",
        " ",
    ]
)


@given(
    st.sampled_from(["", SET, GET, "#", "#ReSetup"]) | st.text(max_size=30), st.text() | st.lists(pieces).map("".join)
)
@example(SET, "<BinaryState>" * 1000)
@example(SET, body("SetBinaryState", " " * 16000))
@example("", "<s:Body>" + " " * 16000)
def test_any_text_is_an_action_or_a_protocol_error(soapaction: str, text: str) -> None:
    try:
        call = soap.parse(BASICEVENT, soapaction, text)
    except ProtocolError:
        return
    assert (call.on is not None) == (call.action.name == "SetBinaryState")


def test_a_reply_has_the_prefixes_that_hubs_look_up() -> None:
    action = BASICEVENT.action("GetBinaryState")
    assert action
    assert soap.reply(BASICEVENT, action, {"BinaryState": "1", "FriendlyName": "x"}) == (
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
        b's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
        b'<u:GetBinaryStateResponse xmlns:u="urn:Belkin:service:basicevent:1"><BinaryState>1</BinaryState>'
        b"</u:GetBinaryStateResponse></s:Body></s:Envelope>"
    )


def test_a_reply_leaves_out_what_is_unknown() -> None:
    action = BASICEVENT.action("SetBinaryState")
    assert action
    assert b"<BinaryState>" not in soap.reply(BASICEVENT, action, {})


def test_a_fault_is_what_the_architecture_wants() -> None:
    root = etree.fromstring(soap.fault(501, "Window <open> & \x00 ñ"))
    assert root.tag == "{http://schemas.xmlsoap.org/soap/envelope/}Envelope"
    fault = root[0][0]
    assert fault.tag == "{http://schemas.xmlsoap.org/soap/envelope/}Fault"
    assert [child.tag for child in fault] == ["faultcode", "faultstring", "detail"]
    assert (fault[0].text, fault[1].text) == ("s:Client", "UPnPError")
    control = "{urn:schemas-upnp-org:control-1-0}"
    assert [(child.tag, child.text) for child in fault[2][0]] == [
        (f"{control}errorCode", "501"),
        (f"{control}errorDescription", "Window <open> &  ñ"),
    ]


def test_an_event_has_one_variable_in_each_property() -> None:
    assert soap.propertyset({"BinaryState": "0", "FriendlyName": "a & b"}) == (
        b'<e:propertyset xmlns:e="urn:schemas-upnp-org:event-1-0"><e:property><BinaryState>0</BinaryState></e:property>'
        b"<e:property><FriendlyName>a &amp; b</FriendlyName></e:property></e:propertyset>"
    )
