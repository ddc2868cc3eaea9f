"""The documents, held against what each client needs of them (lan-emulation.md §2.2-2.4)."""

import struct
from dataclasses import replace

import pytest
from lxml import etree

from emulator.doors.wemo import description
from emulator.doors.wemo.description import BASICEVENT, METAINFO, SERVICES, Facts
from emulator.lan import upnp
from emulator.words.language import ENGLISH

FACTS = Facts(
    name="Tom & <Jerry> ñ\x01",
    serial="221517K0101769",
    mac="02:ab:cd:00:00:04",
    udn="uuid:Socket-1_0-221517K0101769",
    url="http://192.168.7.2:49151",
    on=True,
    uptime=3725.9,
    now=1_700_000_000.5,
)
D = "{urn:schemas-upnp-org:device-1-0}"
S = "{urn:schemas-upnp-org:service-1-0}"


def device(facts: Facts = FACTS) -> etree._Element:
    root = etree.fromstring(description.setup(facts))
    assert root.tag == f"{D}root"
    assert [root.findtext(f"{D}specVersion/{D}{part}") for part in ("major", "minor")] == ["1", "0"]
    found = root.find(f"{D}device")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("element", "text"),
    [
        ("deviceType", "urn:Belkin:device:controllee:1"),
        ("friendlyName", "Tom & <Jerry> ñ"),
        ("manufacturer", "Belkin International Inc."),
        ("modelName", "Socket"),
        ("modelDescription", "Belkin Plugin Socket 1.0"),
        ("modelNumber", "1.0"),
        ("serialNumber", "221517K0101769"),
        ("UDN", "uuid:Socket-1_0-221517K0101769"),
        ("UPC", "123456789"),
        ("macAddress", "02ABCD000004"),
        ("firmwareVersion", "WeMo_WW_2.00.11420.PVT-OWRT-SNSV2"),
        ("iconVersion", "0|49151"),
        ("binaryState", "1"),
        ("presentationURL", "/pluginpres.html"),
    ],
)
def test_setup_tells_what_clients_read(element: str, text: str) -> None:
    assert device().findtext(f"{D}{element}") == text


@pytest.mark.parametrize(("on", "text"), [(True, "1"), (False, "0"), (None, None)])
def test_setup_does_not_make_up_a_state(on: bool | None, text: str | None) -> None:
    assert device(replace(FACTS, on=on)).findtext(f"{D}binaryState") == text


def test_setup_lists_two_services_under_the_built_in_paths() -> None:
    services = device().findall(f"{D}serviceList/{D}service")
    assert [{child.tag.removeprefix(D): child.text for child in service} for service in services] == [
        {
            "serviceType": f"urn:Belkin:service:{name}:1",
            "serviceId": f"urn:Belkin:serviceId:{name}1",
            "controlURL": f"/upnp/control/{name}1",
            "eventSubURL": f"/upnp/event/{name}1",
            "SCPDURL": scpd,
        }
        for name, scpd in (("basicevent", "/eventservice.xml"), ("metainfo", "/metainfoservice.xml"))
    ]


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_service_description_is_complete_and_agrees_with_the_table(service: description.Service) -> None:
    root = etree.fromstring(description.scpd(service))
    assert root.tag == f"{S}scpd"
    states = {each.findtext(f"{S}name"): each for each in root.findall(f"{S}serviceStateTable/{S}stateVariable")}
    assert {each.findtext(f"{S}dataType") for each in states.values()} <= {"boolean", "string"}
    assert {name for name, each in states.items() if each.get("sendEvents") == "yes"} == set(service.evented)
    actions = root.findall(f"{S}actionList/{S}action")
    assert [each.findtext(f"{S}name") for each in actions] == [action.name for action in service.actions]
    for element, action in zip(actions, service.actions, strict=True):
        arguments = [[child.text for child in each] for each in element.findall(f"{S}argumentList/{S}argument")]
        assert arguments == [[name, "in", name] for name in action.ins] + [[name, "out", name] for name in action.outs]
        assert {argument[2] for argument in arguments} <= set(states)


def test_every_value_that_an_action_returns_exists() -> None:
    values = FACTS.values()
    for service in SERVICES:
        assert set(service.evented) <= set(service.variables())
        for action in service.actions:
            assert action.refused or set(action.outs) <= set(values)


def test_metainfo_has_as_many_fields_as_clients_split() -> None:
    values = FACTS.values()
    assert values["MetaInfo"].split("|")[:2] == ["02ABCD000004", "221517K0101769"]
    assert len(values["MetaInfo"].split("|")) == 6
    assert values["ExtMetaInfo"] == "1|0|1|0|1:2:5|4|1700000000|0|1|Socket"


def test_actions_are_found_in_any_case() -> None:
    found = BASICEVENT.action("GETBINARYSTATE")
    assert found
    assert found.name == "GetBinaryState"
    assert METAINFO.action("GetBinaryState") is None


def test_the_icon_is_the_png_that_setup_announces() -> None:
    width, height, depth = struct.unpack(">IIB", upnp.icon(description.ICON_SIDE_PX)[16:25])
    icon = device().find(f"{D}iconList/{D}icon")
    assert icon is not None
    assert [child.text for child in icon] == ["image/png", str(width), str(height), str(depth), description.ICON]


@pytest.mark.parametrize(("on", "word"), [(True, b"<p>on"), (False, b"<p>off"), (None, b"not known yet")])
def test_the_page_tells_name_and_state(on: bool | None, word: bytes) -> None:
    page = description.page(replace(FACTS, on=on), ENGLISH)
    assert word in page
    assert "<h1>Tom &amp; &lt;Jerry&gt; ñ</h1>".encode() in page
