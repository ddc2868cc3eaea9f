"""The page as it is sent, without JavaScript."""

from pathlib import Path

import pytest
from lxml import html

from emulator.alarm.queue import View
from emulator.doors.dashboard.pages import LATE_S, NEWS_S
from emulator.model import DISARMED, Arm, ArmMode, Interior, PanelState
from emulator.simulator.faults import InjectedFault
from emulator.system import local_api
from emulator.views.sheet import GROWN_S
from emulator.views.timeline import DAY_S
from tests.doors.dashboard.rig import HOST, PEER, PIN, Rig
from tests.doors.dashboard.test_marks import two_alarms


def read(rig: Rig, path: str = "/") -> str:
    """Return the words of the page, on one line."""
    answer = rig.get(path)
    assert answer.status_code == 200
    page = html.fromstring(answer.data)
    return " ".join(" ".join(page.find("body").itertext()).split())


def test_it_says_where_the_panel_stands_and_since_when(rig: Rig) -> None:
    text = read(rig)
    assert "home Disarmed" in text
    assert "Interior Off" in text
    assert "Read 0 s ago" in text
    assert "Cloud answers" in text
    assert "Total alarm arms total; off disarms" in text
    assert "Perimeter alarm arms perimeter; off does nothing" in text


def test_arming_shows_at_once_and_then_as_it_ended(rig: Rig) -> None:
    answer = rig.post("/arm", installation="home", mode="night")
    assert answer.status_code == 303
    assert "Arm night is under way" in read(rig)
    rig.settle()
    text = read(rig)
    assert "home is armed Night" in text
    assert "is under way" not in text
    assert "Arm night done Page · 192.168.7.9 · took" in text


def test_what_is_no_longer_known_to_be_so_is_told_as_the_past(rig: Rig) -> None:
    faults = rig.backend.faults
    faults.add(InjectedFault("down"))
    rig.poll()
    assert "home was Disarmed" in read(rig)
    faults.clear()
    rig.post("/arm", installation="home", mode="night")
    rig.settle()
    faults.add(InjectedFault("down"))
    rig.poll()
    assert "home was armed Night" in read(rig)
    assert 'class="now old"' in rig.get("/").text
    faults.clear()
    rig.poll()
    assert "home is armed Night" in read(rig)


def test_a_refused_arm_stands_on_top_with_its_reason(rig: Rig) -> None:
    rig.panel.window("Comedor", is_open=True)
    rig.post("/arm", installation="home", mode="total")
    rig.settle()
    assert 'Arm total: refused The cloud said: "No ha sido posible conectar tu Alarma. Hay una zona abierta' in read(
        rig
    )
    rig.clock.now += 3601
    assert "Arm total: refused" not in read(rig)


def test_disarm_by_pin(rig: Rig) -> None:
    rig.post("/arm", installation="home", mode="total")
    rig.settle()
    assert rig.post("/disarm", installation="home", pin="1111").status_code == 403
    answer = html.fromstring(rig.post("/disarm", installation="home", pin="1111").data)
    field = answer.get_element_by_id("pin-home")
    assert field.get("aria-invalid") == "true"
    assert answer.get_element_by_id(field.get("aria-describedby")).text == "Wrong PIN; 3 more tries"
    assert not answer.get_element_by_id("problem").text_content()
    assert rig.post("/disarm", installation="home", pin=PIN).status_code == 303
    rig.settle()
    assert "home Disarmed" in read(rig)


def test_the_disarm_form_is_always_there(rig: Rig) -> None:
    """A form that comes and goes would move other buttons, and the state that is shown may be old."""
    assert 'action="/disarm"' in rig.get("/").text
    assert rig.post("/disarm", installation="home", pin=PIN).status_code == 303


def test_what_has_no_field_is_said_over_the_page(rig: Rig) -> None:
    answer = rig.post("/arm", installation="home", mode="nite")
    assert "unknown arm mode" in html.fromstring(answer.data).get_element_by_id("problem").text_content()


def test_another_mode_over_an_armed_one_is_asked_once(rig: Rig) -> None:
    rig.post("/arm", installation="home", mode="night")
    under_way = rig.post("/arm", installation="home", mode="perimeter")
    assert "home is armed: night" in under_way.text
    rig.settle()
    asked = rig.post("/arm", installation="home", mode="perimeter", days="7")
    assert asked.status_code == 409
    question = html.fromstring(asked.data).get_element_by_id("ask")
    assert "Arm perimeter? The panel will then be: night + perimeter." in question.text_content()
    rig.settle()
    assert rig.sent == ["ARMNIGHT1"]
    fields = {each.get("name"): each.get("value") for each in question.iter("input")}
    assert fields == {"installation": "home", "days": "7", "over": "night"}
    assert rig.post("/arm", **fields, mode="perimeter").status_code == 303
    rig.settle()
    assert str(rig.alarm.view.axes) == "night + perimeter"


def test_a_yes_to_another_question_is_none(rig: Rig) -> None:
    """The mode was changed at the keypad meanwhile."""
    rig.post("/arm", installation="home", mode="total")
    rig.settle()
    answer = rig.post("/arm", installation="home", mode="night", over="perimeter")
    assert "home is armed: total" in answer.text
    rig.settle()
    assert rig.sent == ["ARM1"]


@pytest.mark.parametrize("mode", ["total", "perimeter"])
def test_a_mode_that_is_on_already_is_not_asked_about(rig: Rig, mode: str) -> None:
    rig.post("/arm", installation="home", mode=mode)
    rig.settle()
    assert rig.post("/arm", installation="home", mode=mode).status_code == 303


def test_an_alarm_of_which_nothing_is_known_is_not_asked_about(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    assert rig.post("/arm", installation="home", mode="night").status_code == 303
    rig.journal.close()


@pytest.mark.parametrize("at", ["nan", "-inf", "soon", "{:.1f}"])
def test_a_tap_that_comes_late_is_not_done(rig: Rig, at: str) -> None:
    """A phone that lost the network may send a tap when it is back."""
    late = {"installation": "home", "at": at.format(rig.clock.time() - LATE_S - 1)}
    assert rig.post("/arm", **late, mode="night").status_code in (400, 409)
    assert rig.post("/disarm", **late, pin=PIN).status_code in (400, 409)
    rig.settle()
    assert rig.sent == []
    assert rig.post("/arm", installation="home", mode="night", at=str(rig.clock.time() - LATE_S)).status_code == 303


def test_a_box_can_be_closed_and_others_stay(rig: Rig) -> None:
    rig.panel.window("Comedor", is_open=True)
    rig.post("/arm", installation="home", mode="total")
    rig.settle()
    rig.backend.faults.add(InjectedFault("down"))
    rig.poll()
    page = html.fromstring(rig.get("/?days=7").data)
    buttons = page.get_element_by_id("notices-home").xpath(".//form[@class='close']/button")
    assert [each.get("aria-label") for each in buttons] == [
        "Close: No news from the alarm",
        "Close: arm total: refused",
    ]
    closed = f"/?days=7&close={buttons[1].get('value')}"
    assert (
        "Arm total: refused"
        not in html.fromstring(rig.get(closed).data).get_element_by_id("notices-home").text_content()
    )
    assert "No news from the alarm" in rig.get(closed).text
    assert (
        "Arm total: refused" not in rig.get(f"{closed}&close={buttons[0].get('value')}").text.split("What happened")[0]
    )


def test_a_page_that_waits_for_news_is_told_soon_that_there_are_none(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[tuple[str, str, float]] = []
    monkeypatch.setattr(rig.news, "wait", lambda *asked: waited.append(asked))
    answer = f"{rig.news.revision} {rig.clock.time()}"
    assert rig.get("/news").text == rig.get("/news?since=older").text == answer
    assert waited == []
    assert rig.get(f"/news?since={rig.news.revision}").text == answer
    assert waited == [(PEER, rig.news.revision, NEWS_S)]


def test_a_panel_that_was_never_read(tmp_path: Path) -> None:
    rig = Rig(tmp_path, pin=None)
    text = read(rig)
    assert "home Not read yet" in text
    assert "Disarmed" not in text
    assert "No PIN is set. Type emulator pin where the program runs." in text
    rig.journal.close()


def test_a_cloud_that_is_down_is_said_with_its_reason(rig: Rig) -> None:
    rig.backend.faults.add(InjectedFault("down"))
    rig.poll()
    text = read(rig)
    assert "No news from the alarm" in text
    assert "Cloud does not answer 1 in a row:" in text
    assert "home was Disarmed" in text


@pytest.mark.parametrize(
    ("path", "form", "said"),
    [
        ("/arm", {"installation": "home", "mode": "nite"}, "unknown arm mode"),
        ("/arm", {}, "unknown arm mode"),
        ("/arm", {"installation": "home"}, "unknown arm mode"),
        ("/arm", {"installation": "h" * 101, "mode": "night"}, "at most 100 characters"),
        ("/disarm", {"installation": "home", "what": "world", "pin": PIN}, "use one of main, annex, all"),
    ],
)
def test_a_form_that_makes_no_sense(rig: Rig, path: str, form: dict[str, str], said: str) -> None:
    answer = rig.post(path, **form)
    assert answer.status_code == 400
    assert said in answer.text
    assert rig.sent == []


def test_the_picture_has_a_text_for_those_who_do_not_see_it(rig: Rig) -> None:
    rig.clock.now += 8 * DAY_S
    rig.poll()
    picture = html.fromstring(rig.get("/?days=7").data).find(".//svg[@role='img']")
    assert picture.findtext("title") == "home: the last 7 days"
    assert "disarmed since" in picture.findtext("desc")


def test_a_first_day_has_no_empty_picture(rig: Rig) -> None:
    assert "From today on a picture of the day stands here" in read(rig)
    assert "24 h" not in read(rig)
    rig.clock.now += GROWN_S
    rig.poll()
    page = rig.get("/").text
    assert "From today on" not in page
    assert html.fromstring(page).find(".//svg[@role='img']").findtext("title").startswith("home: since ")
    assert "disarmed since" in read(rig)
    rig.clock.now += DAY_S
    rig.poll()
    assert "Last 24 hours" in read(rig)


def test_searches_and_the_bridge(tmp_path: Path) -> None:
    rig = Rig(tmp_path, pairing="button")
    assert "Nobody since the start" in read(rig)
    for _ in range(2):
        rig.heard.note("192.168.7.30", "urn:Belkin:device:**", "4 answers", rig.clock.time())
    assert "192.168.7.30 urn:Belkin:device:** \u00d7 2 4 answers" in read(rig)
    assert rig.post("/pair", pin="1111").status_code == 403
    assert rig.post("/pair", pin=PIN).status_code == 303
    assert "The link button is pressed." in read(rig)
    rig.journal.close()


def test_what_others_have_named_is_text(rig: Rig) -> None:
    rig.heard.note("192.168.7.30", "<script>alert(1)</script>", "not for us", rig.clock.time())
    assert "<script>alert" not in rig.get("/").text


def test_no_page_elsewhere(rig: Rig) -> None:
    assert rig.get("/nothing").status_code == 404
    assert rig.get("/static/../door.py").status_code == 404
    assert rig.get("/static/dashboard.js", Host=HOST).status_code == 200


def test_what_is_not_guarded_is_said(rig: Rig) -> None:
    state = PanelState(
        DISARMED.after(Arm(ArmMode(Interior.NIGHT))), rig.clock.time(), "Q", "Status", ("Cocina", "Salón")
    )
    rig.alarm._commands.view = View(state)
    assert "Open and not guarded: Cocina, Salón" in read(rig)
    [told] = rig.get("/api/state").get_json()["installations"]
    assert told["panel"]["bypassed"] == ["Cocina", "Salón"]
    assert local_api.panel(told) == state


def test_each_control_of_a_part_that_lives_is_known_again_when_the_part_is_drawn_anew(rig: Rig) -> None:
    rig.backend.faults.add(InjectedFault("down"))
    rig.post("/arm", installation="home", mode="night")
    rig.settle()
    for page in (html.fromstring(rig.get("/").data), html.fromstring(two_alarms(rig))):
        controls = page.xpath("//*[@data-live]//*[self::button or self::summary or self::a[@href]]")
        assert page.get_element_by_id("told-home") in controls
        assert [html.tostring(one)[:200] for one in controls if not one.get("id")] == []


def test_the_browser_chooses_then_the_house(rig: Rig) -> None:
    answer = rig.get("/", Accept_Language="fr-CA,en;q=0.1")
    assert '<html lang="fr">' in answer.text
    assert answer.headers["Content-Language"] == "fr"
    assert answer.headers["Vary"] == "Accept-Language"
    assert answer.headers["Cache-Control"] == "no-store"
    assert '<html lang="en">' in rig.get("/").text
    assert "Vary" not in rig.get("/api/state").headers
