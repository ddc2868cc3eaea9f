"""The dashboard as a door: real sockets on loopback, and the file that it leaves for the commands of this machine."""

import http.client
import json
import logging
import socket
import urllib.request
from collections.abc import Callable, Iterator
from ipaddress import IPv4Interface
from pathlib import Path
from typing import ClassVar

import pytest

from emulator.doors import Door
from emulator.doors.dashboard.door import Dashboard
from emulator.doors.dashboard.settings import DashboardSettings
from emulator.errors import Unreachable
from emulator.lan.network import Nic
from emulator.model import Arm, ArmMode, Disarm, Result
from emulator.store.journal import Journal
from emulator.store.pairing import BUTTON_S
from emulator.store.pin import Pin, set_pin
from emulator.system import local_api
from emulator.system.local_api import RefusedByProgram, Running
from tests.doors.contract import DoorContract
from tests.doors.dashboard.rig import Rig
from tests.doors.fakes import a_context
from tests.support.patience import PATIENCE_S, until
from tests.support.program import free_port

FOREIGN = Nic("eth0", IPv4Interface("127.0.0.2/32"))
"""An interface whose network has no other address."""


@pytest.fixture
def make(rig: Rig, tmp_path: Path) -> Iterator[Callable[..., Dashboard]]:
    made: list[Dashboard] = []

    def build(port: int | None = None, nics: list[Nic] | None = None, look_s: float = 60.0) -> Dashboard:
        place = {"interfaces": ["eth0"], "nics": lambda: nics or [], "look_s": look_s}
        context = a_context(
            rig.hub, rig.journal, tmp_path, opened=lambda: {"wemo": rig.door}, pairing="button", **place
        )
        door = Dashboard(context, DashboardSettings(port=port or free_port()))
        made.append(door)
        return door

    yield build
    for door in made:
        door.stop()


def ask(url: str, method: str = "GET", body: str | None = None, **headers: str) -> tuple[int, bytes]:
    host, _, port = url.removeprefix("http://").strip("/").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE_S)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, named.pop("path", "/healthz"), body, named)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


class TestDashboard(DoorContract):
    @pytest.fixture(autouse=True)
    def _maker(self, make: Callable[..., Dashboard]) -> None:
        self._make = make

    def make(self) -> Door:
        self.made = self._make()
        return self.made

    def serves(self, _door: Door, /) -> bool:
        try:
            return ask(f"http://127.0.0.1:{self.made._web.port}")[0] == 200
        except OSError:
            return False


def test_it_is_served_on_this_machine_whatever_the_interfaces(make: Callable[..., Dashboard]) -> None:
    door = make()
    door.start()
    (url,) = door.pages()
    assert url.startswith("http://127.0.0.1:")
    assert ask(url, Host="localhost")[0] == 200
    assert b"<h1" in ask(url, path="/")[1]
    assert (door.urls(), door.obstacles()) == ((), ())


def test_the_page_asks_the_pin_of_the_house(rig: Rig, tmp_path: Path) -> None:
    """One object for all doors: it counts a try before it compares, one after the other."""

    class Asked(Pin):
        peers: ClassVar[list[str]] = []

        def check(self, pin: str, peer: str) -> None:
            self.peers.append(peer)
            super().check(pin, peer)

    context = a_context(rig.hub, rig.journal, tmp_path, pin=Asked(rig.journal, rig.clock.time))
    door = Dashboard(context, DashboardSettings(port=free_port()))
    door.start()
    body = json.dumps({"disarm": "main", "pin": "0000"})
    assert ask(door.pages()[0], "POST", body, path="/api/command", Content_Type="application/json")[0] == 403
    door.stop()
    assert Asked.peers == ["127.0.0.1"]


def test_what_comes_by_another_name_is_refused_and_written_down(make: Callable[..., Dashboard], rig: Rig) -> None:
    door = make()
    door.start()
    assert ask(door.pages()[0], Host="evil.example")[0] == 403
    assert rig.last() == ("dashboard", "127.0.0.1", "GET /healthz", "refused", "by a name that is not our address")
    status, page = ask(door.pages()[0], Host="alarm.lan", Accept="text/html", path="/")
    assert (status, f'href="{door.pages()[0]}"' in page.decode()) == (403, True)
    form = "installation=home&mode=total"
    kind = "application/x-www-form-urlencoded"
    assert ask(door.pages()[0], "POST", form, path="/arm", Origin="http://evil.example", Content_Type=kind)[0] == 403
    assert rig.sent == []


def test_a_port_that_is_taken_is_said_and_tried_again(
    make: Callable[..., Dashboard], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        door = make(port=taken.getsockname()[1])
        door.start()
        assert "another program has it. Stop that program, or choose another port" in door.obstacles()[0]
        assert door.pages() == ()
        # The program that has the port would get the token.
        assert not (tmp_path / "api.json").exists()
    door._look()
    assert local_api.find(tmp_path)
    assert door.obstacles() == ()
    assert len(door.pages()) == 1
    assert [record.levelno for record in caplog.records if "cannot use TCP port" in record.message] == [logging.ERROR]


def test_a_listener_does_not_hold_the_stop(make: Callable[..., Dashboard]) -> None:
    door = make()
    door.start()
    url = door.pages()[0]
    revision = json.loads(ask(url, path="/api/state")[1])["revision"]
    connection = http.client.HTTPConnection("127.0.0.1", door._web.port, timeout=PATIENCE_S)
    connection.request("GET", f"/api/state?since={revision}")
    door.stop()
    connection.close()


# -- the commands of this machine -------------------------------------------------------------------------------------


@pytest.fixture
def program(make: Callable[..., Dashboard], tmp_path: Path) -> Running:
    make().start()
    found = local_api.find(tmp_path)
    assert found
    return found


def test_the_file_that_tells_is_for_its_owner_alone(program: Running, tmp_path: Path) -> None:
    assert (tmp_path / "api.json").stat().st_mode & 0o777 == 0o600
    assert program.token not in repr(program)


def test_they_need_no_pin(program: Running, rig: Rig) -> None:
    def wait(_seconds: float) -> None:
        rig.settle()

    outcome, state = program.carry_out("home", Arm(ArmMode.parse("night+perimeter")), wait)
    assert (outcome.result, str(state and state.axes)) == (Result.CONFIRMED, "night + perimeter")
    outcome, state = program.carry_out("home", Disarm(), wait)
    assert (outcome.result, str(state and state.axes)) == (Result.CONFIRMED, "disarmed")
    assert program.press() == 30.0


def test_the_end_of_a_press_is_news(make: Callable[..., Dashboard], rig: Rig, tmp_path: Path) -> None:
    """An open page shows the button again without a reload."""
    door = make(look_s=0.01)
    door.start()
    found = local_api.find(tmp_path)
    assert found

    def revision() -> bytes:
        with urllib.request.urlopen(f"{found.url}/news", timeout=PATIENCE_S) as answer:  # noqa: S310
            return bytes(answer.read().split()[0])

    found.press()
    until(lambda: door._was_pressed, "the look of the door")
    pressed = revision()
    rig.clock.now += BUTTON_S
    until(lambda: revision() != pressed, "the end of the press")


def test_somebody_who_is_asked_to_stop_leaves_it_to_the_program(program: Running) -> None:
    outcome, _ = program.carry_out("home", Disarm(), lambda _seconds: True)
    assert outcome.result is Result.UNCONFIRMED
    assert "the running program goes on with it" in outcome.message


def test_a_program_that_dies_on_the_way_is_not_asked_twice(
    make: Callable[..., Dashboard], rig: Rig, tmp_path: Path
) -> None:
    door = make()
    door.start()
    found = local_api.find(tmp_path)
    assert found
    outcome, _ = found.carry_out("home", Disarm(), lambda _seconds: door.stop())
    assert (outcome.result, outcome.message) == (Result.UNCONFIRMED, "the running program does not answer")
    rig.settle()
    assert rig.sent == ["DARM1"]


def test_its_refusals_are_told(program: Running, tmp_path: Path) -> None:
    other = Running(program.url, "another")
    journal = Journal(tmp_path)
    set_pin(journal, "1234")
    journal.close()
    with pytest.raises(RefusedByProgram, match="the token is not the one in the state folder"):
        other.command("home", disarm="main")
    with pytest.raises(RefusedByProgram, match="which alarm"):
        program.command("shed", arm="night")
    with pytest.raises(RefusedByProgram, match="lost the command"):
        program.follow(1_000_000, lambda _seconds: False)


def test_after_the_stop_there_is_none(make: Callable[..., Dashboard], tmp_path: Path) -> None:
    door = make()
    door.start()
    found = local_api.find(tmp_path)
    assert found
    door.stop()
    assert local_api.find(tmp_path) is None
    with pytest.raises(Unreachable):
        found.state()
    local_api.announce(tmp_path, found.url, found.token)
    assert local_api.find(tmp_path) is None
    for text in ("", "[]", '{"url": 1}'):
        (tmp_path / "api.json").write_text(text)
        assert local_api.find(tmp_path) is None


def test_a_proxy_of_the_environment_is_passed_by(
    make: Callable[..., Dashboard], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert urllib.request.getproxies()
    make().start()
    assert local_api.find(tmp_path)
