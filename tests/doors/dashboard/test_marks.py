"""No word of the page, its scripts and error pages stays English: with a catalogue that marks all, all is marked."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import html

from emulator.alarm.queue import View
from emulator.model import DISARMED, Arm, ArmMode, Axes, Interior, Origin, Outcome, PanelState, Result
from emulator.simulator.faults import InjectedFault
from emulator.store.history import first_known
from emulator.views.timeline import DAY_S
from emulator.words.text import Text
from tests.doors.dashboard.rig import PIN, Rig
from tests.doors.dashboard.test_codes import CODE, CodedDoor
from tests.support.catalogue import MARKED

ATTRIBUTES = ("title", "aria-label", "placeholder", "alt", "label", "data-was")

NAMES = [
    r"emulator \d\S*|API|\b\w+ alarm( here)?\b|\bhome\b|192\.168\.7\.\d+(:\d+)?|http://\S+",  # ours, and the house's
    r"WeMo|Hue|HomeKit|MQTT|\{\w+\}",
    r"(No ha sido posible|Ahora mismo solo)[^«»]*|the cloud is down|urn:\S+",  # of the cloud, and of a stranger
    r"doors\.hue\.pairing|\bopen\b|emulator pair|emulator pin|VERISURE_NOTIFY",  # typed as they are
    r"\d|\W|_",
]
"""All that may stand on the page without a catalogue."""


def visible(page: html.HtmlElement) -> Iterator[str]:
    """Yield every text that a person sees or hears."""
    for each in page.iter():
        if not isinstance(each.tag, str) or each.tag in ("style", "script"):
            continue
        yield from filter(None, (each.text, *(child.tail for child in each)))
        yield from (each.get(name) or "" for name in ATTRIBUTES)
    yield from json.loads(page.find("body").get("data-words", "{}")).values()
    yield from (each.get("content") for each in page.iter("meta") if "title" in (each.get("name") or ""))


def unmarked(text: str) -> str:
    """Return what is left of a text without what is marked, and without names."""
    while (left := re.sub("«[^«»]*»", " ", text)) != text:
        text = left
    for name in NAMES:
        text = re.sub(name, " ", text)
    return text.strip()


def english(data: bytes) -> list[str]:
    """Return what is not marked on a page."""
    # A mark may go over several elements, such as a bold word in a sentence.
    page = html.fromstring(data)
    parts = [page.find("head/title").text, " ".join(" ".join(page.find("body").itertext()).split())]
    inside = [text for text in visible(page) if text not in page.find("body").itertext()]
    return [left for left in map(unmarked, [*parts, *inside]) if left]


def armed(rig: Rig) -> bytes:
    rig.post("/arm", installation="home", mode="night")
    rig.settle()
    return rig.get("/").data


def under_way(rig: Rig) -> bytes:
    for _ in range(2):
        armed(rig)
        rig.post("/disarm", installation="home", pin=PIN)
        rig.settle()
    rig.post("/arm", installation="home", mode="night")
    page = rig.get("/").data
    assert b"quiet usual" in page
    return page


def refused(rig: Rig) -> bytes:
    rig.panel.window("Comedor", is_open=True)
    rig.post("/arm", installation="home", mode="total")
    rig.settle()
    return rig.get("/").data


def silent(rig: Rig) -> bytes:
    rig.backend.faults.add(InjectedFault("down"))
    rig.poll()
    return rig.get("/").data


def login_needed(rig: Rig) -> bytes:
    rig.face.sessions.kill()
    rig.backend.faults.add(InjectedFault("retired"))
    rig.poll()
    return rig.get("/").data


def unknown(rig: Rig) -> bytes:
    rig.alarm._commands.view = View(PanelState(Axes(), rig.clock.time(), "?", "Status", ("Cocina",)))
    return rig.get("/").data.replace(b"Cocina", b"")


def annex_unknown(rig: Rig) -> bytes:
    rig.alarm._commands.view = View(PanelState(replace(DISARMED, annex=None), rig.clock.time(), "?", "Status"))
    return rig.get("/").data


def unwritten(rig: Rig) -> bytes:
    rig.journal.trouble = Text("the disk is full")
    return rig.get("/").data


def unsure(rig: Rig) -> bytes:
    ticket = rig.hub.command("home", Arm(ArmMode(Interior.NIGHT)), Origin("hue", "192.168.7.30"))
    rig.alarm.records.finish(ticket.entry, Outcome(Result.UNCONFIRMED, Text("no answer")))
    rig.journal.settle([ticket.entry], PanelState(DISARMED, rig.clock.time(), "0", "EST2"), rig.clock.time())
    rig.alarm._commands.view = View(rig.alarm.view.state)
    return rig.get("/").data


def whole_week(rig: Rig) -> bytes:
    armed(rig)
    for action in ("GET /x", "POST /arm", "press the link button", "other requests", "unpair others"):
        rig.journal.refuse(Origin("dashboard", "192.168.7.9"), action, Text("why"), rig.clock.time())
        rig.journal.refuse(Origin("cli"), action, Text("why"), rig.clock.time())
    rig.clock.now += 8 * DAY_S
    rig.poll()
    assert first_known(rig.journal, "home")
    return rig.get("/?days=7").data


def question(rig: Rig) -> bytes:
    armed(rig)
    return rig.post("/arm", installation="home", mode="perimeter").data


def wrong_pin(rig: Rig) -> bytes:
    return rig.post("/disarm", installation="home", pin="1111").data


def too_late(rig: Rig) -> bytes:
    return rig.post("/arm", installation="home", mode="night", at="1").data


def searched(rig: Rig) -> bytes:
    rig.heard.note("192.168.7.30", "urn:Belkin:device:**", Text("4 answers"), rig.clock.time())
    return rig.get("/").data


def door_down(rig: Rig) -> bytes:
    rig.door.serves, rig.door.in_the_way = False, [Text("port 80 is taken")]
    return rig.get("/").data


def invitation(rig: Rig) -> bytes:
    object.__setattr__(rig.shown, "doors", lambda: {"wemo": rig.door, "homekit": CodedDoor()})
    assert b"<dt>" in rig.get("/").data
    return rig.post("/invite", door="homekit", pin=PIN).data.replace(CODE.code.encode(), b"")


def two_alarms(rig: Rig) -> bytes:
    rig.hub._installations = {"home": rig.alarm, "beach": rig.alarm}
    return rig.get("/").data.replace(b"beach", b"home")


def nobody_notified(rig: Rig) -> bytes:
    object.__setattr__(rig.shown, "unnotified", Text("{variable} is not set", variable="VERISURE_NOTIFY"))
    page = rig.get("/").data
    assert b"VERISURE_NOTIFY" in page
    return page


def journal(rig: Rig) -> bytes:
    refused(rig)
    return rig.get("/journal?outcome=refused&who=192.168.7.9").data


SITUATIONS = [
    lambda rig: rig.get("/").data,
    armed,
    under_way,
    refused,
    silent,
    login_needed,
    unknown,
    annex_unknown,
    unwritten,
    unsure,
    whole_week,
    question,
    wrong_pin,
    too_late,
    searched,
    door_down,
    invitation,
    two_alarms,
    nobody_notified,
    journal,
    lambda rig: rig.get("/journal?outcome=none").data,
    lambda rig: rig.get("/nothing").data,
    lambda rig: rig.get("/arm").data,
    lambda rig: rig.post("/arm", mode="x" * 70_000).data,
    lambda rig: rig.get("/", Host="alarm.lan", Accept="text/html").data,
]


@pytest.mark.sampled
@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda one: one.__name__)
def test_every_word_comes_from_the_catalogue(tmp_path: Path, situation: Callable[[Rig], bytes]) -> None:
    rig = Rig(tmp_path, language=MARKED)
    rig.settle()
    assert english(situation(rig)) == []
    rig.journal.close()


@pytest.mark.sampled
@pytest.mark.parametrize(("pairing", "pin"), [("open", None), ("button", None), ("button", PIN)])
def test_pairing_too(tmp_path: Path, pairing: str, pin: str | None) -> None:
    rig = Rig(tmp_path, pairing=pairing, pin=pin, language=MARKED)  # type: ignore[arg-type]  # of a parameter
    assert english(rig.get("/").data) == []
    assert english(rig.post("/pair", pin="1111").data) == []
    rig.post("/pair", pin=PIN)
    assert english(rig.get("/").data) == []
    rig.journal.close()
