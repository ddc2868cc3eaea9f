"""Notices with a decision: a link in the text, buttons where the target has some, and nothing of it written down."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from emulator.app.decision import Decision, decision
from emulator.app.postman import Postman
from emulator.app.targets import actions, apprise_target
from emulator.doors import DecisionPage
from emulator.model import DISARMED
from emulator.store.notices import Noted, Notices
from emulator.words.language import ENGLISH, language
from tests.alarm.test_decisions import ANA, House
from tests.doors.dashboard.test_decisions import Decisive

PAGE = "http://192.168.7.2:8099/"


class Page:
    """The dashboard as a notice sees it."""

    def __init__(self, *, at_once: bool = True) -> None:
        self.at_once = at_once

    def decide(self, token: str) -> DecisionPage:
        return DecisionPage(f"{PAGE}decide?t={token}", self.at_once)


def offered(house: House, entry: int, page: Page | None = None, spoken: str = "en") -> Decision | None:
    doors: Any = {"wemo": object(), "dashboard": page or Page()}
    return decision(entry, house.hub.offers.values(), doors, language(spoken))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.journal.close()


class Mail:
    """A target, and the notices of an alarm."""

    def __init__(self, house: House, *, works: bool = True) -> None:
        self.house, self.works = house, works
        self.notices = Notices(house.journal)
        self.got: list[tuple[str, Decision | None]] = []
        self.postman = self.new()

    def new(self) -> Postman:
        return Postman(
            "1: ntfy",
            "1",
            self._take,
            self.notices,
            self.house.clock,
            ENGLISH,
            lambda entry: offered(self.house, entry),
        )

    def _take(self, text: str, decision: Decision | None = None, /) -> bool:
        if self.works:
            self.got.append((text, decision))
        return self.works

    def tell(self, text: str, entry: int = 0, *, write: bool = True) -> None:
        self.notices.add(Noted(self.house.clock.time(), text, False, entry))
        if write:
            self.notices.write()

    def deliver(self) -> None:
        while self.postman.step() == 0:
            pass


@pytest.mark.parametrize("write", [False, True])
def test_the_link_goes_along_while_it_can_be_decided_and_is_not_written_down(
    house: House, tmp_path: Path, write: bool
) -> None:
    mail = Mail(house)
    house.open("Cocina")
    entry = house.arm()
    token = house.hub.offers["home"].token
    mail.tell("home: arm night: refused", entry, write=write)
    mail.deliver()
    [(text, found)] = mail.got
    assert text.splitlines()[0] == "home: arm night: refused"
    assert text.endswith(f": {PAGE}decide?t={token}")
    assert found
    assert (found.decide, found.look, found.at_once) == ("Arm without Cocina", "Look first", True)
    assert token not in repr(found)
    assert token.encode() not in b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert all(token not in kept for _, _, kept in mail.notices.after(0))


def test_what_comes_late_or_is_decided_has_no_link(house: House) -> None:
    mail = Mail(house, works=False)
    house.open("Cocina")
    entry = house.arm()
    mail.tell("refused", entry)
    mail.deliver()
    house.decide(entry)
    mail.works = True
    mail.deliver()
    [(text, found)] = mail.got
    assert "decide" not in text
    assert found is None


def test_several_together_have_the_link_of_the_last_that_stands(house: House) -> None:
    mail = Mail(house, works=False)
    house.open("Cocina")
    entry = house.arm()
    mail.tell("refused", entry)
    mail.tell("no news")
    mail.deliver()
    mail.works = True
    mail.deliver()
    [(text, found)] = mail.got
    assert text.startswith("Alarm: 2 notices")
    assert found
    assert text.endswith(found.url)


def test_an_offer_that_is_taken_or_of_another_refusal_is_none(house: House) -> None:
    house.open("Cocina")
    entry = house.arm()
    assert offered(house, entry)
    assert offered(house, entry + 1) is None
    assert offered(house, 0) is None
    ticket = house.hub.decide("home", entry, ANA)
    assert offered(house, entry) is None
    house.run(ticket)


# -- buttons ------------------------------------------------------------------------------------------------------


class Ntfy(http.server.BaseHTTPRequestHandler):
    """A server of ntfy that keeps what it got."""

    got: list[tuple[dict[str, str], dict[str, Any]]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.got.append((dict(self.headers), body))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_args: object) -> None: ...


@contextmanager
def ntfy() -> Iterator[tuple[str, list[tuple[dict[str, str], dict[str, Any]]]]]:
    got: list[tuple[dict[str, str], dict[str, Any]]] = []
    with http.server.HTTPServer(("127.0.0.1", 0), type("Here", (Ntfy,), {"got": got})) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"ntfy://127.0.0.1:{server.server_port}/alarm", got
        server.shutdown()
        thread.join()


def test_ntfy_gets_buttons_and_its_own_where_its_url_has_some(house: House) -> None:
    house.world.face.options.steering = False
    house.open("Salón")
    found = offered(house, house.arm())
    with ntfy() as (url, got):
        assert apprise_target(url)("Alarm: not armed\nhome: refused", found)
        assert apprise_target(f"{url}?priority=high")("Alarm: not armed\nhome: refused", found)
        assert apprise_target(url)("Alarm: back again\nhome: well")
        assert apprise_target(f"{url}?actions=view,Mine,http://x")("Alarm: not armed\nhome: refused", found)
    headers = [one.get("X-Actions") for one, _ in got]
    assert headers[0] == headers[1]
    assert headers[2] is None
    assert str(headers[3]).startswith("view,Mine")
    assert found
    press, look = json.loads(str(headers[0]))
    assert (press["action"], press["label"], press["url"]) == ("http", "Arm without Salón", found.url)
    assert (press["method"], press["body"], press["clear"]) == ("POST", "{}", True)
    assert (look["action"], look["url"]) == ("view", found.url)
    assert [body["message"] for _, body in got][:1] == ["home: refused"]


def test_a_decision_that_needs_the_pin_has_no_button_that_decides(house: House) -> None:
    house.open("Cocina")
    found = offered(house, house.arm(), Page(at_once=False))
    assert found
    assert [one["action"] for one in json.loads(actions(found))] == ["view"]


def test_the_button_of_a_notice_arms_once_and_another_window_asks_again(tmp_path: Path) -> None:
    rig = Decisive(tmp_path)
    with closing(rig.house.journal), closing(rig.journal):
        rig.house.open("Cocina")

        def press(entry: int) -> int:
            """Press the button of the notice about a refusal, twice, as its phone does."""
            found = offered(rig.house, entry)
            assert found
            button = json.loads(actions(found))[0]
            path = "/" + button["url"].removeprefix(PAGE)
            answers = [rig.call(path, json.loads(button["body"])).status_code for _ in range(2)]
            rig.run()
            answers.append(rig.call(path, {}).status_code)
            assert answers == [202, 202, 409]
            return rig.house.last().id

        first = rig.house.arm()
        rig.house.open("Comedor")
        again = press(first)
        assert rig.house.world.panel.axes == DISARMED
        assert rig.house.sent == [False, False]
        press(again)
        assert rig.house.world.panel.axes.armed
        assert rig.house.sent == [False, False, False, True]
        assert (rig.house.last().door, set(rig.house.last().past)) == ("notice", {"Cocina", "Comedor"})
