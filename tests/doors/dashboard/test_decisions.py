"""Decisions about open windows: on the page, by the API, and behind the link of a notice."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import html
from werkzeug.test import Client, TestResponse

from emulator.alarm.hub import Offer
from emulator.alarm.offers import OFFER_S
from emulator.doors.dashboard.door import create_app
from emulator.lan.web import gate
from emulator.model import DISARMED, Arm, Origin, Result
from tests.alarm.test_decisions import NIGHT, House
from tests.doors.dashboard.rig import PEER, PIN, PLACE, TOKEN, Rig, a_switch


class Decisive(Rig):
    """The dashboard of an alarm of today's app, which lets itself be forced."""

    def __init__(self, folder: Path, *, force_pin: bool = False) -> None:
        super().__init__(folder)
        self.house = House(folder / "house")
        self.shown = replace(
            self.shown, hub=self.house.hub, journal=self.house.journal, now=self.house.clock.time, force_pin=force_pin
        )
        self.house.hub.switches = (a_switch("night"),)
        self.flask = create_app(self.shown, self.access)
        self.client = Client(gate(self.flask, lambda: (PLACE,), {"alarm.local"}, self.access.refuse))

    def run(self) -> None:
        self.house.alarm.step()
        while self.house.alarm.view.target is not None:
            self.house.alarm.step()

    @property
    def offer(self) -> Offer:
        return self.house.hub.offers["home"]

    @property
    def link(self) -> str:
        return f"/decide?t={self.offer.token}"

    def buttons(self, path: str = "/", **headers: str) -> list[str]:
        found = html.fromstring(self.get(path, **headers).data).xpath("//form[@class='deed']//button")
        return [one.text_content() for one in found]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Decisive]:
    made = Decisive(tmp_path)
    yield made
    made.house.journal.close()
    made.journal.close()


def test_the_box_of_a_refusal_names_what_is_open_and_offers_both_answers(rig: Decisive) -> None:
    rig.house.open("Cocina")
    entry = rig.house.arm()
    box = html.fromstring(rig.get("/").data).get_element_by_id("notices-home")
    assert "Open: Cocina" in box.text_content()
    assert rig.buttons() == ["Try again", "Arm without Cocina"]

    assert rig.post("/past", refusal=str(entry)).status_code == 303
    assert rig.buttons() == []
    rig.run()
    assert rig.house.sent == [False, False, True]
    assert rig.buttons() == []
    last = rig.house.last()
    assert (last.door, last.peer, last.past, last.result) == ("dashboard", PEER, ("Cocina",), "confirmed")
    page = rig.get("/").text
    assert "Open and not guarded: Cocina" in page
    assert "Arm night, without Cocina" in page


@pytest.mark.parametrize(
    ("zones", "label"),
    [
        (("Cocina", "Comedor"), "Arm without Comedor and Cocina"),
        (("Cocina", "Comedor", "Salón"), "Arm without 3 open windows"),
    ],
)
def test_up_to_two_windows_are_named(rig: Decisive, zones: tuple[str, ...], label: str) -> None:
    rig.house.open(*zones)
    rig.house.arm()
    assert rig.buttons()[1] == label


def test_a_panel_that_cannot_be_forced_leaves_one_answer(rig: Decisive) -> None:
    rig.house.world.face.options.allow_forcing = False
    rig.house.open("Cocina")
    rig.house.arm()
    assert rig.buttons() == ["Try again"]
    state = rig.get("/api/state").json["installations"][0]
    assert (state["offer"], state["last"]["zones"]) == (None, ["Cocina"])


def test_a_switch_that_repeats_itself_leaves_both_answers(rig: Decisive) -> None:
    rig.house.open("Cocina")
    entry = rig.house.arm()
    rig.house.clock.now += 1
    again = rig.house.hub.command("home", Arm(NIGHT), Origin("wemo", "192.168.7.8", "Night"))
    assert again.entry != entry
    assert again.done.result().result is Result.REJECTED
    assert rig.buttons() == ["Try again", "Arm without Cocina"]


def test_another_window_asks_again_on_the_page(rig: Decisive) -> None:
    rig.house.open("Cocina")
    entry = rig.house.arm()
    rig.house.open("Comedor")
    rig.post("/past", refusal=str(entry))
    rig.run()
    assert rig.house.world.panel.axes == DISARMED
    assert rig.buttons() == ["Try again", "Arm without Comedor and Cocina"]
    assert rig.post("/past", refusal=str(entry)).status_code == 409
    assert rig.house.sent == [False, False]


def test_a_program_sees_the_offer_and_takes_it_once(rig: Decisive) -> None:
    rig.house.open("Cocina")
    entry = rig.house.arm()
    [state] = rig.get("/api/state").json["installations"]
    until = rig.house.clock.time() + OFFER_S
    assert state["offer"] == {"refusal": entry, "mode": "night", "zones": ["Cocina"], "until": until}

    taken = rig.call("/api/arm", {"refusal": entry})
    assert (taken.status_code, taken.json) == (
        202,
        {"entry": entry + 1, "installation": "home", "action": "arm night"},
    )
    assert rig.call("/api/arm", {"refusal": entry}).json == taken.json
    rig.run()
    assert rig.house.sent == [False, False, True]
    assert rig.call("/api/arm", {"refusal": entry}).status_code == 409
    [row, *_] = rig.get("/api/journal").json["entries"]
    assert (row["door"], row["past"], row["zones"]) == ("api", ["Cocina"], ["Cocina"])


@pytest.mark.parametrize("body", [{}, {"refusal": 0}, {"refusal": "x"}, {"refusal": 1, "zones": ["Cocina"]}])
def test_nothing_else_can_be_asked_for(rig: Decisive, body: dict[str, object]) -> None:
    rig.house.open("Cocina")
    rig.house.arm()
    assert rig.call("/api/arm", body).status_code == 400
    assert rig.house.sent == [False]


# -- the PIN ------------------------------------------------------------------------------------------------------


def tries(rig: Decisive, entry: int, pin: str) -> list[TestResponse]:
    return [
        rig.post("/past", refusal=str(entry), pin=pin),
        rig.call("/api/arm", {"refusal": entry, "pin": pin}),
        rig.post(rig.link, pin=pin),
    ]


def test_where_the_settings_say_so_it_needs_the_pin(tmp_path: Path) -> None:
    rig = Decisive(tmp_path, force_pin=True)
    rig.house.open("Cocina")
    entry = rig.house.arm()
    assert [answer.status_code for answer in tries(rig, entry, "")] == [403] * 3
    assert [answer.status_code for answer in tries(rig, entry, "1111")] == [403] * 3
    assert rig.call(rig.link, {}).status_code == 403
    assert rig.house.sent == [False]
    assert 'name="pin"' in rig.get(rig.link).text
    assert tries(rig, entry, PIN)[0].status_code == 303
    rig.run()
    assert rig.house.sent == [False, False, True]


# -- the link of a notice -----------------------------------------------------------------------------------------


def test_to_look_at_the_link_decides_nothing(rig: Decisive) -> None:
    rig.house.open("Cocina")
    rig.house.arm()
    for _ in range(3):
        assert rig.buttons(rig.link) == ["Try again", "Arm without Cocina"]
        assert rig.client.head(rig.link, headers={"Host": "192.168.7.2:8099"}, environ_overrides={"REMOTE_ADDR": PEER})
    rig.run()
    assert rig.house.sent == [False]


@pytest.mark.parametrize("by_button", [False, True])
def test_behind_the_link_it_is_armed_once(rig: Decisive, by_button: bool) -> None:
    rig.house.open("Cocina")
    rig.house.arm()
    link = rig.link

    def press() -> TestResponse:
        # A button of ntfy is no page: it sends JSON.
        return rig.call(link, {}) if by_button else rig.post(link)

    first = press()
    assert first.status_code == (202 if by_button else 303)
    press()
    rig.run()
    late = press()
    assert late.status_code == 409
    assert late.is_json is by_button
    assert "cannot be decided any more" in rig.get(link).text
    assert rig.house.sent == [False, False, True]
    assert (rig.house.last().door, rig.house.last().past) == ("notice", ("Cocina",))


def test_behind_an_old_link_another_window_asks_again(rig: Decisive) -> None:
    rig.house.open("Cocina")
    rig.house.arm()
    link = rig.link
    rig.house.open("Comedor")
    rig.call(link, {})
    rig.run()
    assert rig.house.world.panel.axes == DISARMED
    assert rig.call(link, {}).status_code == 409
    assert rig.link != link
    rig.call(rig.link, {})
    rig.run()
    assert rig.house.sent == [False, False, False, True]


def test_a_link_that_was_not_given_out_or_is_old_decides_nothing(rig: Decisive) -> None:
    rig.house.open("Cocina")
    rig.house.arm()
    link = rig.link
    for other in ("/decide", "/decide?t=", "/decide?t=ñ", f"{link}x", link[:-1]):
        assert rig.call(other, {}).status_code == 409
        assert rig.get(other).status_code == 409
    rig.house.live(OFFER_S)
    assert rig.call(link, {}).status_code == 409
    assert rig.house.sent == [False]


def test_only_our_page_and_programs_of_this_lan_may_decide(rig: Decisive) -> None:
    rig.house.open("Cocina")
    entry = rig.house.arm()
    link = rig.link
    assert rig.post(link, origin="http://evil.example").status_code == 403
    assert rig.post(link, origin=None).status_code == 403
    assert rig.call(link, {}, peer="203.0.113.9").status_code == 403
    assert rig.call("/api/arm", {"refusal": entry}, Origin="http://evil.example").status_code == 403
    assert rig.get(link, peer="203.0.113.9").status_code == 403
    assert rig._ask("PUT", link, PEER, {}).status_code == 405
    assert rig.house.sent == [False]
    token = link.partition("=")[2]
    assert not [
        entry for entry in (*rig.entries(), *rig.house.journal.commands(50)) if token in json.dumps(entry.as_dict())
    ]


def test_the_token_is_kept_nowhere(rig: Decisive, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    rig.house.open("Cocina")
    rig.house.arm()
    link, offer = rig.link, rig.offer
    rig.get(link)
    rig.call(link, {})
    rig.run()
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert offer.token.encode() not in kept
    assert offer.token not in caplog.text
    assert offer.token not in repr(offer)
    assert offer.token not in rig.get("/api/state").text + rig.get("/").text


def test_the_machines_token_stands_for_the_pin(tmp_path: Path) -> None:
    rig = Decisive(tmp_path, force_pin=True)
    rig.house.open("Cocina")
    entry = rig.house.arm(NIGHT)
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    answer = rig._ask("POST", "/api/arm", "127.0.0.1", bearer, json={"refusal": entry})
    assert answer.status_code == 202


def test_the_page_behind_the_link_speaks_the_browsers_language(rig: Decisive) -> None:
    rig.house.open("Cocina")
    rig.house.arm()
    assert 'lang="es"' in rig.get(rig.link, Accept_Language="es").text
