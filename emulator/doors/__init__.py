"""The near side: doors speak to clients on the LAN. A door is a row in DOORS; importing this package loads no door.

Over 250 lines: a door, its surroundings and its row are one contract.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from emulator.alarm.hub import Switch
from emulator.errors import ProtocolError
from emulator.model import Notice
from emulator.store.identities import Identity
from emulator.words.language import ENGLISH, Language
from emulator.words.text import Text

if TYPE_CHECKING:
    from concurrent.futures import Future

    from emulator.alarm.hub import Hub
    from emulator.clock import Clock
    from emulator.config.fields import Section
    from emulator.doors.mounted import Mounted
    from emulator.lan.network import Nic
    from emulator.lan.responder import Responder
    from emulator.store.journal import Journal
    from emulator.store.peer_names import PeerNames
    from emulator.store.pin import Pin


Pairing = Literal["open", "button"]
"""Pairing mode: every local client may pair at any time, or only for some time after the link button."""


class Door(Protocol):
    """A way into the house for clients on the LAN. Its methods may be called from any thread, and repeatedly.

    Making one opens no socket and starts no thread. What it says to people is a Text each, which the page translates.
    """

    def start(self) -> None:
        """Return when clients can be served, or when it was logged why they cannot be yet."""

    def stop(self) -> None:
        """Take leave of the clients; no thread and no socket is left."""

    def urls(self) -> Sequence[tuple[Switch, str]]:
        """Return the switches that can be reached now, each with its address."""

    def obstacles(self) -> Sequence[str]:
        """Return what keeps it from serving as it should, in words for the user; empty when nothing does."""

    def report(self, switch: Switch) -> str:
        """Return what clients see of a switch now: `on`, `off`, or why neither."""


class Changes(Protocol):
    """The changes of the settings file, which the running program takes when it is asked to. For any thread."""

    @property
    def trouble(self) -> str:
        """Reason for not running with the settings that it was last asked to take; empty if it does."""

    def ask(self) -> "Future[str]":
        """Ask for the file to be taken; the answer comes once it is checked, and before anything is closed.

        Its text is for people. It raises EmulatorError where the settings cannot be taken.
        """


@dataclass(frozen=True, slots=True)
class DoorContext:
    """The surroundings of a door, the same for each."""

    hub: "Hub"
    journal: "Journal"
    clock: "Clock"
    pin: "Pin"
    """The PIN of the house: one object, as it counts wrong tries for all doors."""
    state_dir: Path
    responder: "Responder"
    """Announces devices and answers searches, for doors that join it."""
    nics: "Callable[[], list[Nic]]"
    interfaces: Sequence[str] | None
    """Names of the interfaces to serve; None for every one."""
    address: str | None
    """Address that clients are told instead of the interface's own."""
    look_s: float
    """Between looks at the interfaces, and between attempts at a port that was taken."""
    reply_within_s: float
    """Longest time that a client waits for the cloud."""
    poll_every_s: float
    """Longest interval between two polls of an alarm."""
    notify: Callable[[Notice, str, str], None]
    """Tells people: the notice, what it is about, and a text."""
    opened: "Callable[[], Mapping[str, Door]]"
    """The doors that are open now, by name; each is opened once the one before it is served."""
    pairing: Pairing | None
    """Pairing mode of the door whose clients pair; None where there is none."""
    names: "PeerNames"
    """Names that people gave to addresses of the LAN."""
    of_alarms: Mapping[str, Any] = field(default_factory=dict)
    """The door's own section of each alarm that has one, by the alarm's name."""
    language: Language = ENGLISH
    """The language of the house."""
    changes: Changes | None = None
    """Takes changed settings when it is asked to; None where that is not possible."""
    mounted: "Sequence[Mounted]" = ()
    """Pages of other rooms."""
    unnotified: str = ""
    """Reason that `notify` tells nobody, in words for people; empty where it tells somebody."""


class DoorPort(NamedTuple):
    """A TCP port that a door listens on."""

    number: int
    if_taken: str
    """Remedy when another program has it."""


class ClosedPort(NamedTuple):
    """A TCP port that has to refuse connections, since clients try it first."""

    number: int
    if_answered: str
    """Consequence when another program answers there."""
    if_dropped: str
    """Consequence when connections are neither accepted nor refused."""


class SharedPort(NamedTuple):
    """A UDP port at which several programs of a machine may listen, unless `is_alone`."""

    number: int
    title: str
    """Name for people of what is heard there."""
    if_others: str
    """Consequence when another program listens there, too, and what to do about it."""
    is_alone: bool = False
    """True if only one program can have it."""


MDNS = SharedPort(5353, "mDNS", "as a rule both are heard; if nothing finds the bridge, stop that one")


class Trouble(NamedTuple):
    """An obstacle that `emulator check` finds at a program on which a door depends, and its remedy."""

    found: str
    fix: str
    is_warning: bool = False
    """True if everything works all the same."""


class AlarmSection(NamedTuple):
    """A section of a door below each installation."""

    settings: "type[Section]"
    summary: str
    """Its meaning in the table of settings."""


class DecisionPage(NamedTuple):
    """The page behind a notice, where a person decides something: its address, which holds a token.

    `at_once` is True if a POST of JSON there decides; otherwise it needs more than the token.
    """

    url: str
    at_once: bool


class Invitation(NamedTuple):
    """All that a client needs to pair, so it is shown only to a person who has given the PIN."""

    door: str
    code: str
    """To be typed."""
    picture: str
    """The same as a QR code: the `d` of an SVG path."""
    side: int
    """Its width and height in units of that path."""
    paired: int
    """Number of clients that are paired."""
    hints: Sequence[str] = ()
    """Ways to pair for each ecosystem, where they differ; a Text each."""


class DoorType(NamedTuple):
    """Row of a door: all that the rest of the program knows of it. Its libraries are imported by `open` alone."""

    settings: "type[Section]"
    open: Callable[[DoorContext, Any], Door]
    title: str
    """Name for people, as in “the Hue bridge”; a Text."""
    label: str
    """Short name, where a switch lists its doors; a Text unless it is a brand's."""
    summary: str
    """Meaning of its section in the table of settings."""
    purpose: str = ""
    """Its use, in a sentence for people who choose their doors."""
    require: Callable[[Any], object] = lambda _settings: None
    """Check that there is what `open` needs besides the settings, such as a library; ConfigError when there is not.

    It is called before anything starts, and `open` after that.
    """
    lacks: "Callable[[Path], str]" = lambda _state_dir: ""
    """Say at once what it takes besides and is not on this machine, for people who choose doors; empty if nothing."""
    ports: Callable[[Any], Sequence[DoorPort]] = lambda _settings: ()
    """Ports with these settings, besides those of switches."""
    closed_ports: Sequence[ClosedPort] = ()
    shared_ports: Callable[[Any], Sequence[SharedPort]] = lambda _settings: ()
    """UDP ports with these settings that it shares with other programs."""
    first_port: Callable[[Any], int] | None = None
    """Lowest port of a switch, for a door that listens at a port for each."""
    binds_switches: bool = True
    """True if switches may name it in their `doors`."""
    serves_only_switches: bool = False
    """True if it has nothing to serve while no switch names it; others show the alarms themselves."""
    is_default: bool = False
    """True if it is opened when the settings name no doors."""
    is_web: bool = False
    """True if it has an HTTP server with worker threads."""
    depends: bool = False
    """True if another program, such as a broker, has to run for it: a restart of ours mends nothing."""
    probe: "Callable[[Any, Journal | None, Path], Iterable[Trouble]] | None" = None
    """Look for obstacles at that program with these settings, for `emulator check`; the journal is None before the
    first run; the path is the state folder. May block for seconds, and raise ConfigError."""
    pages: Callable[[Any], Sequence[str]] | None = None
    """Addresses of its pages for people now, for a door that has some."""
    decide: Callable[[Any, str], DecisionPage | None] | None = None
    """The page where a person decides what a token names, for a door that has one."""
    devices: "Callable[[Journal, Mapping[str, Identity]], Mapping[str, str]]" = lambda _journal, _switches: {}
    """Devices that answer searches for it: unique device name → name for people. Takes the switches by name."""
    pairing: Callable[[Any], Pairing] | None = None
    """Pairing mode with these settings, for a door whose clients pair."""
    of_alarm: AlarmSection | None = None
    """Its section below each installation, for a door that has one."""
    makes_code: bool = False
    """True if it starts a program that makes machine code as it runs, which the unit for systemd forbids otherwise."""
    invitation: Callable[[Any], Invitation] | None = None
    """All that a person needs to pair a client with the open door, for a door that is paired by a code."""


DOORS = {
    "wemo": "emulator.doors.wemo.settings",
    "hue": "emulator.doors.hue.settings",
    "homekit": "emulator.doors.homekit.settings",
    "dashboard": "emulator.doors.dashboard.settings",
    "mqtt": "emulator.doors.mqtt.settings",
    "matter": "emulator.doors.matter.settings",
}
"""Name in devices.yaml → module whose `ROW` describes the door; the order is that of the settings."""


def rows() -> dict[str, DoorType]:
    """Return the row of every door by name."""
    return {name: row(name) for name in DOORS}


def row(name: str) -> DoorType:
    """Return the row of a door."""
    found: DoorType = import_module(DOORS[name]).ROW
    return found


OTHERS = {
    "api": Text("a program"),
    "cli": Text("the command line"),
    "program": Text("this program"),
    "notice": Text("a notice"),
}
"""Source of commands that is no door → its name for people."""


def called(name: str) -> str:
    """Return the name for people of a door, or of what else brings commands."""
    return row(name).label if name in DOORS else OTHERS.get(name, name)


def naming(names: "PeerNames") -> Callable[[str], str]:
    """Return what names doors and addresses as people call them."""
    return lambda bare: names.named(called(bare))


def invitation(opened: Mapping[str, Door], name: str) -> Invitation:
    """Return what is needed to pair a client with an open door; ProtocolError when there is no such thing."""
    if name not in opened or (invite := row(name).invitation) is None:
        raise ProtocolError(Text("which door? There is no such code"))
    return invite(opened[name])


def bindable() -> Sequence[str]:
    """Return the names that may stand in the `doors` of a switch."""
    return [name for name, found in rows().items() if found.binds_switches]
