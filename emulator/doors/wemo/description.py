"""A WeMo socket's own description: services as a table, adverts, setup.xml, SCPDs. Pure.

Facts: lan-emulation.md §2.2-2.4.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from time import gmtime, strftime

from emulator.lan import ssdp, upnp
from emulator.lan.ssdp import Advert, UpnpDevice
from emulator.words.language import Language
from emulator.words.text import Text, sense

DEVICE_TYPE = "urn:Belkin:device:controllee:1"
FIRMWARE = "WeMo_WW_2.00.11420.PVT-OWRT-SNSV2"
MODEL = "Socket"
"""SmartThings and openHAB know a device by this word (§2.2)."""

SETUP, ICON, PAGE = "/setup.xml", "/icon.png", "/pluginpres.html"
ICON_SIDE_PX = 48


@dataclass(frozen=True, slots=True, eq=False)
class Action:
    """A SOAP action: argument names in and out. `refused` says why it is answered 501."""

    name: str
    ins: tuple[str, ...]
    outs: tuple[str, ...]
    refused: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """A service: its paths, its actions, its evented state variables. Compared by identity."""

    name: str
    scpd: str
    evented: tuple[str, ...]
    actions: tuple[Action, ...]

    @property
    def type(self) -> str:
        """Return the name in serviceType and in SOAPACTION."""
        return f"urn:Belkin:service:{self.name}:1"

    @property
    def control(self) -> str:
        """Return the path for actions, which SmartThings and openHAB have built in (§2.3)."""
        return f"/upnp/control/{self.name}1"

    @property
    def event(self) -> str:
        """Return the path for subscriptions, which SmartThings has built in."""
        return f"/upnp/event/{self.name}1"

    def action(self, name: str) -> Action | None:
        """Find an action by its name in any case."""
        return next((action for action in self.actions if action.name.casefold() == name.casefold()), None)

    def variables(self) -> tuple[str, ...]:
        """Return the state variables, each once."""
        return tuple(dict.fromkeys(name for action in self.actions for name in action.ins + action.outs))


EMPTY = {
    "GetLogFileURL": "LOGURL",
    "GetHomeId": "HomeId",
    "GetHomeInfo": "HomeInfo",
    "GetDeviceId": "DeviceId",
    "GetSmartDevInfo": "SmartDevURL",
    "GetServerEnvironment": "ServerEnvironment",
    "GetCrockpotState": "CrockpotState",
    "GetJardenStatus": "JardenStatus",
    "GetWatchdogFile": "WDFile",
}
"""Action and argument of what real sockets send and no client reads: all take an empty value. The names of the
arguments are unverified (§2.4).
"""

BASICEVENT = Service(
    name="basicevent",
    scpd="/eventservice.xml",
    # Alone: wemo-client and Homebridge find nothing in an event of two properties. The name never changes by itself.
    evented=("BinaryState",),
    actions=(  # arguments as in §2.4
        Action("SetBinaryState", ("BinaryState",), ("BinaryState",)),
        Action("GetBinaryState", (), ("BinaryState",)),  # an Echo sends a BinaryState anyway (§2.6)
        Action("GetFriendlyName", (), ("FriendlyName",)),
        Action(
            "ChangeFriendlyName",
            ("FriendlyName",),
            ("FriendlyName",),
            refused=Text("The name is set in devices.yaml of the emulator"),
        ),
        Action("GetMacAddr", (), ("MacAddr", "SerialNo", "PluginUDN")),
        Action("GetSerialNo", (), ("SerialNo",)),
        Action("GetPluginUDN", (), ("PluginUDN",)),
        Action("GetSignalStrength", (), ("SignalStrength",)),
        Action("GetIconURL", (), ("URL",)),
        Action("GetIconVersion", (), ("IconVersion",)),
        *(Action(name, (), (out,)) for name, out in EMPTY.items()),
        Action("ReSetup", ("Reset",), ("Reset",), refused=Text("An emulated socket keeps no settings to reset")),
    ),
)
METAINFO = Service(
    name="metainfo",
    scpd="/metainfoservice.xml",
    evented=("MetaInfo",),
    actions=(
        Action("GetMetaInfo", (), ("MetaInfo",)),  # at least 6 fields (§2.4)
        Action("GetExtMetaInfo", (), ("ExtMetaInfo",)),  # at least 10 fields (§2.4)
    ),
)
SERVICES = (BASICEVENT, METAINFO)
"""At least two: some clients do not take a single service for a list (§2.3)."""

TYPES = (DEVICE_TYPE, *(service.type for service in SERVICES))

ALIASES = ("urn:Belkin:device:**", "urn:Belkin:device:*", "urn:schemas-upnp-org:device:basic:1")
"""Asked for by Echos of 2015 to 2017 and by SmartThings (one asterisk), announced by no device (§1.2)."""


def upnp_device(udn: str, port: int, nls: str) -> UpnpDevice:
    """Return a socket as SSDP announces it; `nls` changes with each start (§1.3)."""

    def as_(target: str) -> Advert:
        return Advert(target, f"{udn}::{target}")

    return UpnpDevice(
        port=port,
        path=SETUP,
        adverts=(as_(ssdp.ROOT), Advert(udn, udn), *map(as_, TYPES)),
        aliases=tuple(map(as_, ALIASES)),
        # ouimeaux and its descendants take no answer without X-User-Agent (§2.3).
        headers=(("OPT", '"http://schemas.upnp.org/upnp/1/0/"; ns=01'), ("01-NLS", nls), ("X-User-Agent", "redsonic")),
    )


@dataclass(frozen=True, slots=True)
class Facts:
    """A socket's properties at one moment; `on` is None while unknown, `uptime` in seconds, `now` in epoch seconds."""

    name: str
    serial: str
    mac: str
    udn: str
    url: str
    on: bool | None
    uptime: float
    now: float

    def values(self) -> dict[str, str]:
        """Return every state variable that has a value; BinaryState is missing while it is unknown."""
        hours, rest = divmod(int(self.uptime), 3600)
        uptime = f"{hours}:{rest // 60}:{rest % 60}"
        mac = re.sub("[^0-9A-F]", "", self.mac.upper())  # SmartThings wants plain hex (§2.2)
        return {
            **dict.fromkeys(EMPTY.values(), ""),
            **state(self.on),
            "FriendlyName": upnp.text(self.name),
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
    """Return BinaryState, never more than 0 or 1 (§2.4); nothing while it is unknown."""
    return {} if on is None else {"BinaryState": str(int(on))}


def setup(facts: Facts) -> bytes:
    """Return the device description."""
    values, side = facts.values(), str(ICON_SIDE_PX)
    services = [
        {
            "serviceType": service.type,
            "serviceId": f"urn:Belkin:serviceId:{service.name}1",
            "controlURL": service.control,
            "eventSubURL": service.event,
            "SCPDURL": service.scpd,
        }
        for service in SERVICES
    ]
    device: upnp.Tree = {
        "deviceType": DEVICE_TYPE,
        "friendlyName": values["FriendlyName"],
        "manufacturer": "Belkin International Inc.",
        "manufacturerURL": "http://www.belkin.com",
        "modelDescription": "Belkin Plugin Socket 1.0",
        "modelName": MODEL,
        "modelNumber": "1.0",
        "modelURL": "http://www.belkin.com/plugin/",
        "serialNumber": facts.serial,
        "UDN": facts.udn,
        "UPC": "123456789",
        "macAddress": values["MacAddr"],
        "firmwareVersion": FIRMWARE,
        "iconVersion": f"0|{facts.url.rpartition(':')[2]}",
        **({"binaryState": values["BinaryState"]} if "BinaryState" in values else {}),
        "iconList": {"icon": {"mimetype": "image/png", "width": side, "height": side, "depth": "8", "url": ICON}},
        "serviceList": {"service": services},
        "presentationURL": PAGE,
    }
    return upnp.document("root", upnp.DEVICE_NS, {"device": device})


@cache
def scpd(service: Service) -> bytes:
    """Return the service description, from the same table that the actions are answered from."""
    actions: list[upnp.Tree] = [
        {
            "name": action.name,
            "argumentList": {"argument": [*_arguments(action.ins, "in"), *_arguments(action.outs, "out")]},
        }
        for action in service.actions
    ]
    variables = [
        {
            "@sendEvents": "yes" if name in service.evented else "no",
            "name": name,
            "dataType": "boolean" if name == "BinaryState" else "string",  # lower case (§2.3)
        }
        for name in service.variables()
    ]
    content: upnp.Tree = {"actionList": {"action": actions}, "serviceStateTable": {"stateVariable": variables}}
    return upnp.document("scpd", upnp.SCPD_NS, content)


def _arguments(names: Iterable[str], direction: str) -> Iterator[upnp.Tree]:
    return ({"name": name, "direction": direction, "relatedStateVariable": name} for name in names)


def page(facts: Facts, language: Language) -> bytes:
    """Return the presentation page: name and state of the switch."""
    state = {True: sense("switch", "on"), False: sense("switch", "off"), None: Text("not known yet")}[facts.on]
    since = strftime("%Y-%m-%d %H:%M UTC", gmtime(facts.now))
    about = language.say(Text("An alarm mode shown as a switch by verisure-emulator."))
    return upnp.page(facts.name, f"{language.say(state)} ({since})", about, lang=language.tag)
