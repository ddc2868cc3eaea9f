"""An alarm with its dashboard in one process, on one clock: no socket, no thread, nothing to wait for."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from werkzeug.test import Client, TestResponse

from emulator import clouds
from emulator.alarm.hub import Hub, Switch
from emulator.alarm.installation import Installation
from emulator.doors import Pairing
from emulator.doors.dashboard.access import Access
from emulator.doors.dashboard.door import create_app
from emulator.doors.dashboard.failures import misnamed
from emulator.doors.dashboard.overview import Overview
from emulator.lan.network import Place
from emulator.lan.news import News
from emulator.lan.search_log import SearchLog
from emulator.lan.web import gate
from emulator.model import ArmMode
from emulator.store.identities import Identity
from emulator.store.journal import Entry, Journal
from emulator.store.peer_names import PeerNames
from emulator.store.pin import Pin, set_pin
from emulator.words.language import ENGLISH, Language
from tests.support.fakes import SimulatedCloud

PLACE = Place("eth0", "192.168.7.2", IPv4Network("192.168.7.0/24"), "192.168.7.2")
PEER = "192.168.7.9"
HOST = "192.168.7.2:8099"
PAGE = f"http://{HOST}"
PIN = "2580"
TOKEN = "of-this-run"
POLL_S, READ_S = 60.0, 200.0


def a_switch(mode: str, *, off: bool = True, number: int = 1) -> Switch:
    identity = Identity(f"key{number}", f"2215{number:010}", f"02:ab:cd:00:00:{4 * number:02x}", 49150 + number)
    return Switch(f"{mode.title()} alarm", "home", ArmMode.parse(mode), off, frozenset({"wemo"}), identity)


@dataclass
class FakeDoor:
    """A door in the state that a test sets."""

    serves: bool = True
    in_the_way: list[str] = field(default_factory=list)

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def urls(self) -> Sequence[tuple[Switch, str]]:
        return [(a_switch("night"), "http://192.168.7.2:49151/setup.xml")] if self.serves else []

    def obstacles(self) -> Sequence[str]:
        return self.in_the_way

    def report(self, switch: Switch) -> str:
        return f"{switch.name} here"


class FakeChanges:
    """Takes changed settings, or says why it does not."""

    def __init__(self) -> None:
        self.trouble = ""
        self.answer: str | Exception = "taken"
        self.asked = 0

    def ask(self) -> Future[str]:
        self.asked += 1
        answer: Future[str] = Future()
        if isinstance(self.answer, Exception):
            answer.set_exception(self.answer)
        else:
            answer.set_result(self.answer)
        return answer


class Rig(SimulatedCloud):
    """An alarm that is driven step by step; `get` and `post` are requests of a client on the LAN."""

    def __init__(
        self, folder: Path, *, pairing: Pairing | None = None, pin: str | None = PIN, language: Language = ENGLISH
    ) -> None:
        super().__init__()
        self.folder = folder
        self.journal = Journal(folder)
        self.alarm = Installation(
            "home",
            self.new_client,
            self.journal,
            self.clock,
            poll_every_s=POLL_S,
            read_s=READ_S,
            after_refusal=clouds.row("wsdo").after_refusal,
            on_change=self._changed,
        )
        self.switches = (a_switch("total"), a_switch("night", number=2), a_switch("perimeter", off=False, number=3))
        self.hub = Hub(self.switches, {"home": self.alarm}, self.journal, self.clock)
        self.news = News()
        self.hub.subscribe(lambda _: self.news.changed())
        self.door = FakeDoor()
        self.opened = {"wemo": self.door}
        self.heard = SearchLog()
        self.told: list[str] = []
        checked = Pin(self.journal, self.clock.time, self.told.append)
        self.access = Access(self.journal, checked, self.clock.time, TOKEN)
        self.changes = FakeChanges()
        self.shown = Overview(
            self.hub,
            self.journal,
            checked,
            self.news,
            self.clock.time,
            doors=lambda: self.opened,
            searches=self.heard.latest,
            pairing=pairing,
            names=PeerNames(self.journal),
            changes=self.changes,
            language=language,
        )
        self.flask = create_app(self.shown, self.access)
        told = misnamed(self.flask, self.shown.language)
        self.entered = gate(self.flask, lambda: (PLACE,), {"alarm.local"}, self.access.refuse, told)
        self.client = Client(self.entered)
        if pin:
            set_pin(self.journal, pin)

    def _changed(self) -> None:
        self.hub.changed("home")

    def get(self, path: str, *, peer: str = PEER, **headers: str) -> TestResponse:
        return self._ask("GET", path, peer, headers)

    def post(self, path: str, *, peer: str = PEER, origin: str | None = PAGE, **form: str) -> TestResponse:
        """Post a form of the page, or of the page `origin`."""
        return self._ask("POST", path, peer, {"Origin": origin} if origin else {}, data=form)

    def call(self, path: str, body: Any, *, peer: str = PEER, **headers: str) -> TestResponse:
        """Send a program's request."""
        return self._ask("POST", path, peer, headers, json=body)

    def _ask(self, method: str, path: str, peer: str, headers: dict[str, str], **body: Any) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        host = {"Host": HOST} | named
        return self.client.open(
            path, method=method, headers=host, environ_overrides={"REMOTE_ADDR": peer}, buffered=True, **body
        )

    def settle(self) -> None:
        """Run until nothing is under way, then read the panel."""
        self.alarm.step()
        while self.alarm.view.target is not None:
            self.alarm.step()

    def poll(self) -> None:
        """Run the next poll."""
        self.clock.now += 2 * POLL_S
        self.alarm.step()

    @property
    def sent(self) -> list[str]:
        """The requests that were submitted to the panel, without status checks."""
        return [name for name in self.transport.requests() if name.endswith("1") and name != "EST1"]

    def entries(self) -> list[Entry]:
        """Return the journal, newest first."""
        return self.journal.commands(50)

    def last(self) -> tuple[str, str, str, str | None, str | None]:
        """Return door, peer, action, result and reason of the newest entry."""
        entry = self.entries()[0]
        return entry.door, entry.peer, entry.action, entry.result, entry.message
