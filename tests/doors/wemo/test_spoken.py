"""A WeMo socket in another language: what a person reads in an app is translated, what a program reads is not."""

import re
import socket
from html import unescape
from pathlib import Path

from emulator.doors.wemo.settings import ROW, WemoSettings
from emulator.errors import Rejected
from emulator.lan import network
from emulator.store.journal import Journal
from emulator.words.text import Text
from tests.doors.fakes import FakeHub, a_context, a_switch
from tests.doors.rig import Rig, with_rig
from tests.doors.wemo.test_protocol import GET, HOST, SET_ON, post, request
from tests.support.catalogue import spanish
from tests.support.lan import LO, a_responder, a_wemo
from tests.support.patience import PATIENCE_S

SPANISH = spanish(
    {
        "open: {zones}": "abierto: {zones}",
        "The alarm has not been read yet": "La alarma aún no se ha leído",
        "The name is set in devices.yaml of the emulator": "El nombre se pone en devices.yaml",
        "the same was asked of {switch} a moment before: this client tries one port after the other": "ya a {switch}",
        "Internal error; the log of the emulator tells more": "Error interno",
        "not known yet": "aún no se sabe",
        "An alarm mode shown as a switch by verisure-emulator.": "Un modo de alarma.",
        "no answer yet": "sin respuesta",
        "WeMo door": "puerta WeMo",
        "Port {port} on {host}, which {switch} needs, cannot be used ({why}): stop the program that keeps it, or give "
        "the switch another `port`; trying again": "Puerto {port} ocupado",
    },
    switch={"on": "encendido", "off": "apagado"},
)
OPEN = Text("open: {zones}", zones=("Kitchen",))
RENAME = post("ChangeFriendlyName", "<FriendlyName>x</FriendlyName>")


def in_spanish(rig: Rig) -> None:
    rig.language = SPANISH
    rig.make_plugs()


def told(answer: bytes) -> str:
    """Return the words of a fault."""
    found = re.search(r"<errorDescription>(.*?)</errorDescription>", unescape(answer.decode()))
    return found[1] if found else ""


@with_rig
async def test_a_refusal_says_why_in_the_language_of_the_house(rig: Rig) -> None:
    rig.hub.refusal = Rejected(OPEN)
    english = rig.connect().say(SET_ON)
    in_spanish(rig)
    answer = rig.connect().say(SET_ON)
    assert (told(english), told(answer)) == ("open: Kitchen", "abierto: Kitchen")
    # All that programs look at stays.
    same = re.compile(rb"(?<=<errorDescription>).*?(?=</errorDescription>)|(?<=CONTENT-LENGTH: )\d+|DATE: .*?\r", re.I)
    assert same.sub(b"", answer) == same.sub(b"", english)


@with_rig
async def test_a_refusal_that_comes_later_is_translated_too(rig: Rig) -> None:
    in_spanish(rig)
    rig.hub.prompt = False
    wire = rig.connect()
    assert wire.say(SET_ON) == b""
    rig.hub.tickets[0].accepted.set_exception(Rejected(OPEN))
    assert told(wire.taken()) == "abierto: Kitchen"


@with_rig
async def test_a_walk_is_told_so(rig: Rig) -> None:
    in_spanish(rig)
    rig.hub.refusal = Rejected(OPEN)
    rig.connect().say(SET_ON)
    assert told(rig.connect(plug=rig.other).say(SET_ON)) == f"ya a {rig.switch.name}"
    [(_, _, reason)] = rig.hub.ignored
    assert SPANISH.say(reason) == f"ya a {rig.switch.name}"  # the journal can be read in any language


@with_rig
async def test_what_cannot_be_done_is_said_and_a_defect_too(rig: Rig) -> None:
    in_spanish(rig)
    rig.hub.states[rig.switch.name] = None
    assert told(rig.connect().say(GET)) == "La alarma aún no se ha leído"
    assert told(rig.connect().say(RENAME)) == "El nombre se pone en devices.yaml"
    rig.hub.refusal = RuntimeError("a defect")
    assert told(rig.connect().say(SET_ON)) == "Error interno"


@with_rig
async def test_words_of_the_protocol_stay(rig: Rig) -> None:
    in_spanish(rig)
    assert told(rig.connect().say(post("Nonsense"))) == "Invalid Action"


@with_rig
async def test_the_page_speaks_the_language_of_the_browser(rig: Rig) -> None:
    rig.hub.states[rig.switch.name] = None
    english = rig.connect().say(request("GET", "/pluginpres.html")).decode()
    in_spanish(rig)
    spanish, other = (
        rig.connect().say(request("GET", "/pluginpres.html", **{"Accept-Language": tag})).decode()
        for tag in ("", "en-GB,en;q=0.9")
    )
    assert 'lang="es"' in spanish
    assert "aún no se sabe" in spanish
    assert "Un modo de alarma." in spanish
    assert f"<h1>{rig.switch.name}</h1>" in spanish
    assert 'lang="en"' in other
    assert other.partition("<h1>")[0].partition("\r\n\r\n")[2] == english.partition("<h1>")[0].partition("\r\n\r\n")[2]


def test_what_the_page_of_the_program_says_of_it_can_be_translated() -> None:
    hub = FakeHub(switches=(a_switch(),))
    hub.states[hub.switches[0].name] = None
    port = hub.switches[0].identity.port
    with network.listener("127.0.0.1", port), a_wemo(hub, a_responder(nics=lambda: [LO])) as door:
        assert [SPANISH.say(one) for one in door.obstacles()] == [f"Puerto {port} ocupado"]
        said = [door.report(hub.switches[0])]
        for on in (True, False):
            hub.be(hub.switches[0], on)
            said.append(door.report(hub.switches[0]))
    assert [*map(SPANISH.say, said)] == ["sin respuesta", "encendido", "apagado"]
    assert SPANISH.say(ROW.title) == "puerta WeMo"


def test_the_door_of_a_program_speaks_the_language_of_its_house(tmp_path: Path) -> None:
    hub, journal = FakeHub(switches=(a_switch(),), refusal=Rejected(OPEN)), Journal(tmp_path)
    context = a_context(hub, journal, tmp_path, nics=lambda: [LO], language=SPANISH)
    door = ROW.open(context, WemoSettings())
    door.start()
    try:
        with socket.create_connection(("127.0.0.1", hub.switches[0].identity.port), PATIENCE_S) as client:
            client.sendall(SET_ON.replace(HOST.encode(), b"127.0.0.1"))
            assert told(client.recv(65536)) == "abierto: Kitchen"
    finally:
        door.stop()
        journal.close()
