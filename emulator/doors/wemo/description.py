"""What a WeMo socket says of itself: services as a table, setup.xml, SCPDs, icon. Pure (lan-emulation.md §2.2-2.4)."""

import re
import struct
import zlib
from dataclasses import dataclass
from functools import cache
from html import escape
from time import gmtime, strftime

from lxml import etree

DEVICE_TYPE = "urn:Belkin:device:controllee:1"
FIRMWARE = "WeMo_WW_2.00.11420.PVT-OWRT-SNSV2"
MODEL = "Socket"  # SmartThings and openHAB know a device by this word (§2.2)
SETUP, ICON, PAGE = "/setup.xml", "/icon.png", "/pluginpres.html"

# The namespaces that strict UPnP clients demand; everybody else takes any (§2.2, §2.3).
DEVICE_NS = "urn:schemas-upnp-org:device-1-0"
SCPD_NS = "urn:schemas-upnp-org:service-1-0"

INVALID_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, eq=False)
class Action:
    """A SOAP action: argument names in and out, and where the row comes from. `refused` says why it is answered 501."""

    name: str
    ins: tuple[str, ...]
    outs: tuple[str, ...]
    source: str
    refused: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """A service, its paths, its actions, and the state variables that it sends events for. Each row is only itself."""

    name: str
    scpd: str
    evented: tuple[str, ...]
    actions: tuple[Action, ...]

    @property
    def type(self) -> str:
        """As in serviceType and in SOAPACTION."""
        return f"urn:Belkin:service:{self.name}:1"

    @property
    def control(self) -> str:
        """SmartThings and openHAB have this path built in (§2.3)."""
        return f"/upnp/control/{self.name}1"

    @property
    def event(self) -> str:
        """SmartThings has this path built in."""
        return f"/upnp/event/{self.name}1"

    def action(self, name: str) -> Action | None:
        """The action of that name, in any case."""
        return next((action for action in self.actions if action.name.casefold() == name.casefold()), None)


BASICEVENT = Service(
    name="basicevent",
    scpd="/eventservice.xml",
    # Alone: wemo-client and Homebridge find nothing in an event of two properties. The name never changes by itself.
    evented=("BinaryState",),
    actions=(
        Action("SetBinaryState", ("BinaryState",), ("BinaryState",), "§2.4"),
        Action("GetBinaryState", (), ("BinaryState",), "§2.4; an Echo sends a BinaryState anyway, §2.6"),
        Action("GetFriendlyName", (), ("FriendlyName",), "§2.4"),
        Action(
            "ChangeFriendlyName",
            ("FriendlyName",),
            ("FriendlyName",),
            "§2.4",
            refused="The name is set in devices.yaml of the emulator",
        ),
        Action("GetMacAddr", (), ("MacAddr", "SerialNo", "PluginUDN"), "§2.4"),
        Action("GetSerialNo", (), ("SerialNo",), "§2.4"),
        Action("GetPluginUDN", (), ("PluginUDN",), "§2.4"),
        Action("GetSignalStrength", (), ("SignalStrength",), "§2.4"),
        Action("GetIconURL", (), ("URL",), "§2.4"),
        Action("GetIconVersion", (), ("IconVersion",), "§2.4"),
        Action("GetLogFileURL", (), ("LOGURL",), "§2.4; empty, as there is no such file"),
        Action("GetHomeId", (), ("HomeId",), "§2.4; names of the empty values: unverified"),
        Action("GetHomeInfo", (), ("HomeInfo",), "§2.4"),
        Action("GetDeviceId", (), ("DeviceId",), "§2.4"),
        Action("GetSmartDevInfo", (), ("SmartDevURL",), "§2.4"),
        Action("GetServerEnvironment", (), ("ServerEnvironment",), "§2.4"),
        Action("GetCrockpotState", (), ("CrockpotState",), "§2.4"),
        Action("GetJardenStatus", (), ("JardenStatus",), "§2.4"),
        Action("GetWatchdogFile", (), ("WDFile",), "§2.4"),
        Action("ReSetup", ("Reset",), ("Reset",), "§2.4", refused="An emulated socket keeps no settings to reset"),
    ),
)
METAINFO = Service(
    name="metainfo",
    scpd="/metainfoservice.xml",
    evented=("MetaInfo",),
    actions=(
        Action("GetMetaInfo", (), ("MetaInfo",), "§2.4; at least 6 fields"),
        Action("GetExtMetaInfo", (), ("ExtMetaInfo",), "§2.4; at least 10 fields"),
    ),
)
SERVICES = (BASICEVENT, METAINFO)  # at least two: some clients take a single service for no list (§2.3)
# Sent by real sockets, read by nobody: every client takes an empty value (§2.4).
EMPTY = (
    "LOGURL",
    "HomeId",
    "HomeInfo",
    "DeviceId",
    "SmartDevURL",
    "ServerEnvironment",
    "CrockpotState",
    "JardenStatus",
    "WDFile",
)
BOOLEANS = frozenset({"BinaryState"})  # every other state variable is a string


@dataclass(frozen=True, slots=True)
class Facts:
    """What a socket knows of itself at one moment; `on` is None when that is unknown, `now` is epoch seconds."""

    name: str
    serial: str
    mac: str
    udn: str
    url: str
    on: bool | None
    uptime: float
    now: float

    def values(self) -> dict[str, str]:
        """Every state variable that has a value; BinaryState is missing while it is unknown."""
        hours, rest = divmod(int(self.uptime), 3600)
        uptime = f"{hours}:{rest // 60}:{rest % 60}"
        mac = re.sub("[^0-9A-F]", "", self.mac.upper())  # SmartThings wants plain hex (§2.2)
        empty = dict.fromkeys(EMPTY, "")
        return {
            **empty,
            **state(self.on),
            "FriendlyName": text(self.name),
            "MacAddr": mac,
            "SerialNo": self.serial,
            "PluginUDN": self.udn,
            "SignalStrength": "100",
            "URL": self.url + ICON,
            "IconVersion": "0",
            "MetaInfo": f"{mac}|{self.serial}|Plugin Device|{FIRMWARE}|Emulated|{MODEL}",
            "ExtMetaInfo": f"1|0|1|0|{uptime}|4|{int(self.now)}|0|1|{MODEL}",
        }


def state(on: bool | None) -> dict[str, str]:
    """BinaryState, never more than 0 or 1 (§2.4); nothing while it is unknown."""
    return {} if on is None else {"BinaryState": str(int(on))}


def text(value: str) -> str:
    """`value` without the characters that no XML document can hold."""
    return INVALID_IN_XML.sub("", value)


def by_default(namespace: str) -> dict[str, str]:
    """The nsmap that makes `namespace` the one without a prefix."""
    return {None: namespace}  # type: ignore[dict-item]  # lxml's word for "no prefix", which its stubs leave out


def setup(facts: Facts) -> bytes:
    """The device description."""
    values = facts.values()
    root = etree.Element("root", nsmap=by_default(DEVICE_NS))
    _add(etree.SubElement(root, "specVersion"), major="1", minor="0")
    device = etree.SubElement(root, "device")
    _add(
        device,
        deviceType=DEVICE_TYPE,
        friendlyName=values["FriendlyName"],
        manufacturer="Belkin International Inc.",
        manufacturerURL="http://www.belkin.com",
        modelDescription="Belkin Plugin Socket 1.0",
        modelName=MODEL,
        modelNumber="1.0",
        modelURL="http://www.belkin.com/plugin/",
        serialNumber=facts.serial,
        UDN=facts.udn,
        UPC="123456789",
        macAddress=values["MacAddr"],
        firmwareVersion=FIRMWARE,
        iconVersion=f"0|{facts.url.rpartition(':')[2]}",
    )
    if "BinaryState" in values:
        _add(device, binaryState=values["BinaryState"])
    icon = etree.SubElement(etree.SubElement(device, "iconList"), "icon")
    _add(icon, mimetype="image/png", width=str(ICON_SIDE), height=str(ICON_SIDE), depth="8", url=ICON)
    services = etree.SubElement(device, "serviceList")
    for service in SERVICES:
        _add(
            etree.SubElement(services, "service"),
            serviceType=service.type,
            serviceId=f"urn:Belkin:serviceId:{service.name}1",
            controlURL=service.control,
            eventSubURL=service.event,
            SCPDURL=service.scpd,
        )
    _add(device, presentationURL=PAGE)
    return _document(root)


@cache
def scpd(service: Service) -> bytes:
    """The service description, from the same table that the actions are answered from."""
    root = etree.Element("scpd", nsmap=by_default(SCPD_NS))
    _add(etree.SubElement(root, "specVersion"), major="1", minor="0")
    actions = etree.SubElement(root, "actionList")
    for action in service.actions:
        element = etree.SubElement(actions, "action")
        _add(element, name=action.name)
        arguments = [(name, "in") for name in action.ins] + [(name, "out") for name in action.outs]
        listed = etree.SubElement(element, "argumentList")
        for name, direction in arguments:
            _add(etree.SubElement(listed, "argument"), name=name, direction=direction, relatedStateVariable=name)
    table = etree.SubElement(root, "serviceStateTable")
    for name in variables(service):
        evented = "yes" if name in service.evented else "no"
        variable = etree.SubElement(table, "stateVariable", sendEvents=evented)
        _add(variable, name=name, dataType="boolean" if name in BOOLEANS else "string")  # lower case (§2.3)
    return _document(root)


def variables(service: Service) -> tuple[str, ...]:
    """The state variables of a service, each once."""
    return tuple(dict.fromkeys(name for action in service.actions for name in action.ins + action.outs))


def page(facts: Facts) -> bytes:
    """The presentation page: which switch this is, and where it stands."""
    state = {True: "on", False: "off", None: "not known yet"}[facts.on]
    name, since = escape(text(facts.name)), strftime("%Y-%m-%d %H:%M UTC", gmtime(facts.now))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{name}</title>'
        f"<h1>{name}</h1><p>{state} ({since})</p><p>An alarm mode shown as a switch by verisure-emulator.</p></html>"
    ).encode()


ICON_SIDE = 48  # pixels


@cache
def icon(side: int = ICON_SIDE) -> bytes:
    """A grey-scale PNG of a shield: a square above, a parabola below."""
    middle = (side - 1) / 2
    rows = b""
    for y in range(side):
        half = middle * 0.8 * (1 - max(0.0, (y - middle) / middle) ** 2)
        rows += b"\0" + bytes(40 if abs(x - middle) <= half and y > 2 else 255 for x in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def _add(parent: etree._Element, **children: str) -> None:
    for name, value in children.items():
        etree.SubElement(parent, name).text = value


def _document(root: etree._Element) -> bytes:
    # Elements made without a namespace under a default one: whoever reads the document finds them in it.
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)
