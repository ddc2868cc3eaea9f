"""Messages between the door and the process that speaks Matter: JSON, one object a line. Pure.

`bridge/bridge.js` is the other end. What it sends is taken word for word, or it is at fault.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from emulator.errors import ProtocolError

VENDORS = {0x1217: "Amazon", 0x1349: "Apple", 0x6006: "Google", 0x110A: "SmartThings", 0x134B: "Home Assistant"}
"""Number of a maker → name, for ecosystems that give themselves no label (matter.md §5)."""

LABEL_BYTES = 32
"""Length of a label in Matter, in UTF-8."""

FABRICS = range(255)
"""Numbers of fabrics; 0 is none, as for a group (matter.md §2)."""

CODE, QR_TEXT, NODE = re.compile(r"\d{1,21}"), re.compile(r"MT:[0-9A-Z.-]{1,60}"), re.compile(r"\d{0,20}")
"""Forms of a code, of the text of its QR code, and of the number of a node in decimal (matter.md §1)."""


def fit(name: str) -> str:
    """Return what of a name fits into a label."""
    return name.encode()[:LABEL_BYTES].decode(errors="ignore").strip()


@dataclass(frozen=True, slots=True)
class ShownDevice:
    """A device of the bridge, as controllers see it: a plug with `on`, or a contact that opens when an alarm goes off.

    A value that is None is not known: the device is out of reach. `id` and `serial` never change.
    """

    id: str
    name: str
    serial: str
    on: bool | None = None
    is_contact: bool = False

    def as_json(self) -> Mapping[str, Any]:
        """Return the fields of the message."""
        value = {"triggered" if self.is_contact else "on": self.on}
        return {"id": self.id, "name": fit(self.name), "serial": self.serial, **value}


@dataclass(frozen=True, slots=True)
class Begin:
    """The bridge itself. `path` is the folder of its keys; `interface` the one that it is found on, all if empty."""

    path: str
    name: str
    serial: str
    passcode: int = field(repr=False)
    discriminator: int
    interface: str


@dataclass(frozen=True, slots=True)
class PairingCode:
    """The bridge is served, and is paired by this code or the text of this QR code while its window is open."""

    code: str
    qr: str

    @property
    def spoken(self) -> str:
        """Return the code as people read and type it."""
        return f"{self.code[:4]}-{self.code[4:7]}-{self.code[7:]}"


@dataclass(frozen=True, slots=True)
class Set:
    """A controller asks for a device to be on or off, and waits for the answer `reply`; `at` is in epoch seconds."""

    id: str
    on: bool
    reply: int
    fabric: int
    node: str
    at: float


@dataclass(frozen=True, slots=True)
class Fabric:
    """An ecosystem that is paired: its number here, the label that it gave itself, and the number of its maker."""

    index: int
    label: str
    vendor: int

    @property
    def title(self) -> str:
        """Return its name for people."""
        return self.label or VENDORS.get(self.vendor) or f"Matter {self.vendor}"


@dataclass(frozen=True, slots=True)
class Fabrics:
    """The ecosystems that are paired now."""

    all: tuple[Fabric, ...]


@dataclass(frozen=True, slots=True)
class Beat:
    """The bridge reads what it is sent."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Another program has the port, so it ends."""


Told = PairingCode | Set | Fabrics | Beat | Taken


def read(line: bytes) -> Told:
    """Parse a message of the bridge; ProtocolError for anything else."""
    try:
        match json.loads(line):
            case {"ready": {"manualPairingCode": str(code), "qrPairingCode": str(qr)}} if CODE.fullmatch(
                code
            ) and QR_TEXT.fullmatch(qr):
                return PairingCode(code, qr)
            case {
                "set": str(id_),
                "on": bool(on),
                "reply": int(reply),
                "at": int(at_ms),
                "fabric": int(fabric),
                "node": str(node),
            } if fabric in FABRICS and NODE.fullmatch(node):
                return Set(id_, on, reply, fabric, node, at_ms / 1000)
            case {"fabrics": list(found)}:
                return Fabrics(tuple(map(_fabric, found[: len(FABRICS)])))
            case {"beat": True}:
                return Beat()
            case {"taken": True}:
                return Taken()
    except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError):
        pass
    raise ProtocolError("the Matter bridge says what means nothing")


def _fabric(row: Mapping[str, Any]) -> Fabric:
    index, label = int(row["index"]), str(row["label"])[:LABEL_BYTES]
    if index not in FABRICS:
        raise ValueError("no fabric has this number")
    return Fabric(index, "".join(letter for letter in label if letter.isprintable()), int(row["vendor"]))


def begin(own: Begin, devices: Iterable[ShownDevice]) -> bytes:
    """Return the first message: all that the bridge is."""
    return _line({**asdict(own), "name": fit(own.name), "devices": [one.as_json() for one in devices]})


def show(devices: Iterable[ShownDevice]) -> bytes:
    """Return the message that shows these devices, and no others."""
    return _line({"show": [one.as_json() for one in devices]})


def answer(reply: int, refused: str = "") -> bytes:
    """Return the answer to a Set; a controller is told of a failure if it was refused."""
    return _line({"reply": reply, **({"refused": refused} if refused else {})})


OPEN = b'{"open":true}\n'
"""Message that opens the window in which another ecosystem may pair; the library closes it after 15 minutes."""


BEAT = b'{"beat":true}\n'
"""Message that a bridge which reads answers at once."""


def remove(index: int) -> bytes:
    """Return the message that ends the pairing of a fabric."""
    return _line({"remove": index})


def as_rows(fabrics: Iterable[Fabric]) -> list[dict[str, Any]]:
    """Return fabrics as they are kept."""
    return [asdict(one) for one in fabrics]


def _line(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"
