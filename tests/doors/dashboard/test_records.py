"""The journal as a page: filters, pages, and a table to take along."""

import csv
from pathlib import Path

import pytest
from lxml import html

from emulator.doors.dashboard.records import ROWS
from emulator.model import Origin
from emulator.store.journal import Entry
from emulator.words.text import Text
from tests.doors.dashboard.rig import PEER, PIN, Rig
from tests.support.catalogue import MARKED

STRANGER = "192.168.7.30"


@pytest.fixture
def busy(rig: Rig) -> Rig:
    """Return an alarm of which several people have asked several things."""
    rig.post("/arm", installation="home", mode="night")
    rig.settle()
    rig.post("/disarm", installation="home", pin="1111")
    rig.post("/disarm", installation="home", pin=PIN)
    rig.settle()
    rig.panel.window("Comedor", is_open=True)
    rig.hub.submit(rig.switches[0], True, Origin("wemo", STRANGER, "=cmd|'/c calc'!A1"))
    rig.settle()
    return rig


def rows(rig: Rig, query: str = "") -> list[str]:
    """Return what was asked for, and its outcome, of each row."""
    page = html.fromstring(rig.get(f"/journal{query}").data)
    return [" ".join(each.text_content() for each in row[1][:2]) for row in page.iterfind(".//ol/li")]


ALL = ["Arm total refused", "Disarm done", "Disarm refused", "Arm night done"]


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ALL),
        ("?outcome=done", [ALL[1], ALL[3]]),
        ("?outcome=refused", [ALL[0], ALL[2]]),
        (f"?who={STRANGER}", [ALL[0]]),
        (f"?who={PEER}&outcome=done", [ALL[1], ALL[3]]),
        ("?who=wemo", [ALL[0]]),
        ("?who=dashboard&outcome=not-sure", []),
        ("?alarm=home", ALL),
        ("?alarm=elsewhere", []),
        ("?outcome=%3Cscript%3E", []),
        ("?before=x", ALL),
        ("?before=0", ALL),
        ("?before=" + "9" * 40, ALL),
    ],
)
def test_what_is_looked_for_is_found(busy: Rig, query: str, found: list[str]) -> None:
    assert rows(busy, query) == found


def test_a_filter_offers_who_asked_and_keeps_what_was_chosen(busy: Rig) -> None:
    page = html.fromstring(busy.get(f"/journal?who={STRANGER}&outcome=refused").data)
    offered = {each.get("value"): each.text for each in page.get_element_by_id("by-who")}
    assert offered == {
        "": "Everybody",
        "dashboard": "Page",
        "wemo": "WeMo",
        PEER: PEER,
        STRANGER: STRANGER,
    }
    chosen = [each.get("value") for each in page.iter("option") if each.get("selected") is not None]
    assert chosen == [STRANGER, "refused"]
    [table] = page.xpath("//a[@download]/@href")
    assert table == f"/journal.csv?who={STRANGER}&outcome=refused"
    assert busy.get(table).text.count("\r\n") == 2


@pytest.mark.parametrize("query", ["?who=nobody", "?outcome=under-way", "?outcome=x"])
def test_looking_for_nothing_reads_no_entries(busy: Rig, query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal of ten thousand entries would take a small machine many seconds, as often as a peer likes."""
    read: list[int] = []
    commands = busy.journal.commands

    def counted(limit: int, before: int | None = None, *, quiet: bool | None = None) -> list[Entry]:
        read.append(limit)
        return commands(limit, before, quiet=quiet)

    monkeypatch.setattr(busy.journal, "commands", counted)
    assert busy.get(f"/journal.csv{query}").status_code == 200
    assert read == []


def test_pages_follow_each_other_without_a_gap(rig: Rig) -> None:
    for number in range(2 * ROWS + 1):
        rig.journal.refuse(Origin("wemo", f"10.0.0.{number}"), "disarm", "no", rig.clock.time(), "home")
    seen, path = 0, "/journal?outcome=refused"
    while path:
        seen += len(rows(rig, path.removeprefix("/journal")))
        older = html.fromstring(rig.get(path).data).xpath("//a[text()='Older']/@href")
        path = older[0] if older else ""
    assert seen == 2 * ROWS + 1


def test_the_table_holds_no_formula(busy: Rig) -> None:
    """A switch may be called as a stranger likes, and a spreadsheet would carry it out."""
    busy.journal.refuse(Origin("wemo", STRANGER), "=1+1", Text("-1"), busy.clock.time(), "home")
    answer = busy.get("/journal.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="alarm-journal.csv"'
    head, *found = csv.reader(answer.get_data().decode("utf-8-sig").splitlines())
    assert head == ["Time", "Alarm", "Command", "Asked by", "Outcome", "Why", "Times"]
    assert found[0][1:6] == ["home", "'=1+1", f"WeMo · {STRANGER}", "refused", "'-1"]
    assert not [cell for row in found for cell in row if cell[:1] in ("=", "+", "-", "@")]
    assert [row[2] for row in found[1:]] == ["arm total", "disarm", "disarm", "arm night"]


def test_the_table_holds_no_formula_where_semicolons_part_cells(busy: Rig) -> None:
    """So they do in Excel in Spain, Italy, France and Portugal."""
    busy.journal.refuse(Origin("wemo", STRANGER, "x;=1+1"), "disarm", "no; @x;a", busy.clock.time(), "home")
    [_, found, *_] = csv.reader(busy.get("/journal.csv").get_data().decode("utf-8-sig").splitlines())
    assert found[3:6:2] == [f"x;'=1+1 · WeMo · {STRANGER}", "no; '@x;a"]


def test_the_table_speaks_its_readers_language(tmp_path: Path) -> None:
    rig = Rig(tmp_path, language=MARKED)
    rig.post("/arm", installation="home", mode="night")
    rig.settle()
    head, row = csv.reader(rig.get("/journal.csv").get_data().decode("utf-8-sig").splitlines())
    assert head[:2] == ["«Time»", "«Alarm»"]
    assert row[2:5:2] == ["«arm »«night»«»", "«done»"]
    rig.journal.close()
