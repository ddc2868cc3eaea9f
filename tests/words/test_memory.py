"""A sentence keeps its template and values from where it is made to the journal, the notices and the health."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from emulator.alarm.hub import Hub
from emulator.alarm.installation import Installation
from emulator.alarm.queue import Ticket
from emulator.alarm.sweeps import Guard
from emulator.alarm.switch import Narrowing, Switch
from emulator.app.login_store import JournalVault
from emulator.clouds import row
from emulator.model import Arm, ArmMode, Command, Disarm, Interior, Notice, Origin
from emulator.store import refused_logins
from emulator.store.identities import Identity
from emulator.store.journal import Entry, Journal
from emulator.store.pin import Pin, PinRefused
from emulator.words.text import Text
from tests.support.fakes import DEMO, FakeClock, SimulatedCloud
from tests.support.fakes_owa import SimulatedOwa

NIGHT = Arm(ArmMode(Interior.NIGHT))
ECHO = Origin("wemo", "192.168.7.9", "Night alarm")
HOST = "owa.example"


def shape(value: Any) -> Any:
    """Return a text as its template and the shapes of its values; what is no Text of ours stays bare."""
    if isinstance(value, tuple):
        return tuple(map(shape, value))
    return (
        (value.template, {name: shape(one) for name, one in value.values.items()}) if isinstance(value, Text) else value
    )


class Home:
    """A simulated alarm, its installation and hub with two switches; the journal may be opened anew."""

    def __init__(self, folder: Path, world: SimulatedCloud | SimulatedOwa, credentials: str, after: str) -> None:
        self.folder, self.world, self.clock = folder, world, world.clock
        self.credentials, self.after = credentials, after
        self.told: list[tuple[Notice, str]] = []
        self.journal = Journal(folder)
        self.restart()

    def restart(self) -> None:
        """Start the program anew, on the same files."""
        self.journal.close()
        self.journal = Journal(self.folder)
        self.alarm = Installation(
            "home",
            self.world.new_client,
            self.journal,
            self.clock,
            poll_every_s=60,
            credentials=self.credentials,
            after_refusal=self.after,
            on_notice=lambda notice, text: self.told.append((notice, text)),
        )
        modes = (ArmMode(Interior.NIGHT), ArmMode(Interior.DAY), ArmMode(Interior.TOTAL))
        self.switches = [
            Switch(
                str(mode), "home", mode, True, frozenset({"wemo"}), Identity(str(n), f"S{n}", f"02{n:010}", 49151 + n)
            )
            for n, mode in enumerate(modes)
        ]
        self.hub = Hub(self.switches, {"home": self.alarm}, self.journal, self.clock)

    def run(self, ticket: Ticket) -> Entry:
        """Let a command end; return its entry, as a program that has started since reads it."""
        while not ticket.done.done():
            self.alarm.step()
        return self.kept()

    def arm(self) -> Entry:
        return self.run(self.alarm.submit(Command(NIGHT, ECHO)))

    def kept(self) -> Entry:
        with closing(Journal(self.folder, read_only=True)) as journal:
            return journal.commands(1)[0]


@pytest.fixture
def wsdo(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path, SimulatedCloud(), "pw", row("wsdo").after_refusal)
    made.alarm.step()
    yield made
    made.journal.close()


@pytest.fixture
def owa(tmp_path: Path) -> Iterator[Home]:
    with closing(Journal(tmp_path)) as journal:
        world = SimulatedOwa(vault=JournalVault(journal, tmp_path, HOST))
        made = Home(tmp_path, world, "", row("owa").after_refusal)
        made.alarm.step()
        yield made
        made.journal.close()


def test_open_windows_are_a_tuple_of_names(owa: Home) -> None:
    for zone in ("Cocina", "Salón"):
        owa.world.panel.window(zone, is_open=True)
    template, values = shape(owa.arm().message)
    assert (template, set(values["zones"])) == ("open: {zones}. Close it and try again", {"Cocina", "Salón"})
    assert isinstance(values["zones"], tuple)


def test_the_words_of_a_cloud_stay_its_own(owa: Home, wsdo: Home) -> None:
    owa.world.fault("busy", "xSArmPanel", 1)
    template, values = shape(owa.arm().message)
    busy: Any = ("the alarm is busy with another request, perhaps a photo: try again in some minutes", {})
    assert (template, values["meaning"]) == ('{meaning} (the cloud said: "{words}")', busy)
    assert values["words"]
    assert not isinstance(values["words"], tuple), "bare: it is in the language of the country"
    wsdo.world.panel.window("Cocina", is_open=True)
    template, values = shape(wsdo.arm().message)
    assert (template, type(values["words"])) == ('the cloud said: "{words}"', str)


@pytest.mark.parametrize("cloud", ["owa", "wsdo"])
def test_a_confirmed_command_names_the_state(cloud: str, request: pytest.FixtureRequest) -> None:
    home: Home = request.getfixturevalue(cloud)
    assert shape(home.arm().message) == ("the panel is {state}", {"state": ("night", {})})


def test_a_lost_answer(owa: Home, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    owa.world.fault("lost", "xSArmPanel", 1)
    message = owa.arm().message
    template, values = shape(message)
    assert template == "the answer was lost; the state will tell what became of it: {why}"
    assert "ARMNIGHT1" not in str(message)
    assert f"ARMNIGHT1: {message}" in caplog.messages, "the name of the request is in the log"
    assert values["why"]


def test_a_panel_that_does_not_answer(wsdo: Home) -> None:
    wsdo.world.fault("wait")
    template, values = shape(wsdo.arm().message)
    assert (template, list(values)) == ("the panel has not answered within {s} s", ["s"])


def test_a_login_that_is_needed_is_known_without_its_sentence(owa: Home) -> None:
    owa.world.face.tokens.revoke()
    for _ in range(10):
        owa.clock.now += 600
        owa.alarm.step()
    entry = owa.arm()
    template, values = shape(entry.message)
    assert (template, entry.needs_login) == ("the login needs you: {why}", True)
    assert values["why"][0] == "{why}; type `emulator login`"
    before = shape(owa.alarm.health.blocked)
    assert before == values["why"] == shape(next(text for notice, text in owa.told if notice is Notice.LOGIN))
    owa.restart()
    owa.alarm.step()
    assert shape(owa.alarm.health.blocked) == before, "the login's trouble keeps it, too"


def test_a_refused_login_is_kept_over_a_restart(tmp_path: Path) -> None:
    with_wrong = SimulatedCloud(replace(DEMO, password="wrong"))
    home = Home(tmp_path, with_wrong, "pw", row("wsdo").after_refusal)
    home.alarm.step()
    before = shape(home.alarm.health.blocked)
    assert before[0] == "{why}. {remedy}"
    assert before[1]["remedy"] == shape(row("wsdo").after_refusal)
    assert before[1]["why"][1]["meaning"][1]["meaning"][0].startswith("user or password is wrong")
    home.restart()
    assert shape(home.alarm.health.blocked) == before
    assert home.arm().needs_login
    home.journal.close()


def test_notes_of_an_earlier_version_stay_readable(tmp_path: Path) -> None:
    with closing(Journal(tmp_path)) as journal:
        refused_logins.remember(journal, "home", "pw", Text("no, {n}", n="1"))
        book = json.loads(str(journal.recall("logins refused")))
        for one in book["refused"].values():
            del one["words"]
        journal.note("logins refused", json.dumps(book))
        kept = refused_logins.recall(journal, "pw")
        assert kept == refused_logins.RefusedLogin("no, 1", 1)
        assert shape(refused_logins.last(journal, "home")) == "no, 1"
        vault = JournalVault(journal, tmp_path, HOST, "demo")
        SimulatedOwa(vault=vault)
        login = vault.load()
        assert login is not None
        vault.save(replace(login, trouble=Text("type {what}", what="it")))
        found = vault.load()
        assert found is not None
        assert shape(found.trouble) == ("type {what}", {"what": "it"})
        note = f"owa login {HOST} demo"
        older = json.loads(str(journal.recall(note)))
        del older["trouble_words"]
        journal.note(note, json.dumps(older))
        found = vault.load()
        assert found is not None
        assert shape(found.trouble) == "type it"


def test_a_superseded_command(wsdo: Home) -> None:
    first = wsdo.alarm.submit(Command(NIGHT, ECHO))
    wsdo.alarm.submit(Command(Disarm(), ECHO))
    assert shape(first.done.result().message) == ("a later {action} took its place", {"action": ("disarm", {})})
    with closing(Journal(wsdo.folder, read_only=True)) as journal:
        [kept] = [entry for entry in journal.commands(9) if entry.result == "superseded"]
    assert shape(kept.message) == shape(first.done.result().message)


def test_a_disarm_that_the_rules_refuse(wsdo: Home) -> None:
    night = replace(wsdo.switches[0], narrowing=Narrowing(doors=frozenset({"dashboard"})))
    wsdo.hub.submit(night, False, ECHO, Guard.NONE)
    why = ("it may disarm only through {doors}", {"doors": "dashboard"})
    assert shape(wsdo.kept().message) == ("{why}, says devices.yaml", {"why": why})


def test_a_sweep_names_the_switches_and_the_peers(wsdo: Home) -> None:
    wsdo.hub.submit_all(wsdo.switches, False, ECHO, Guard.OFFS)
    template, values = shape(wsdo.kept().message)
    assert template == "it came with {switches}, asked for by {peers}: {why}"
    assert (values["switches"], values["peers"]) == (("night", "day"), ("192.168.7.9",))
    assert values["why"][0].startswith("that is like “turn everything off”")


def test_news_that_do_not_come(wsdo: Home) -> None:
    wsdo.world.fault("trouble")
    wsdo.clock.now += 60
    wsdo.alarm.step()
    assert isinstance(wsdo.alarm.health.error, Text)


def test_a_notice_says_who_asked_for_what(wsdo: Home) -> None:
    wsdo.world.panel.window("Cocina", is_open=True)
    wsdo.arm()
    [(notice, text)] = wsdo.told
    template, values = shape(text)
    assert (notice, template) == (Notice.FAILED, "{action}, asked for by {who}: {result}: {why}")
    assert values["action"] == ("arm {mode}", {"mode": ("night", {})})
    assert values["who"] == (
        "{first} · {rest}",
        {"first": "Night alarm", "rest": ("{first} · {rest}", {"first": "wemo", "rest": "192.168.7.9"})},
    )
    assert values["result"] == ("refused", {})


@pytest.mark.parametrize("tries", [1, 5])
def test_a_wrong_pin(tmp_path: Path, tries: int) -> None:
    with closing(Journal(tmp_path)) as journal:
        pin = Pin(journal, FakeClock().time)
        pin.set("1234")
        for _ in range(tries):
            with pytest.raises(PinRefused) as caught:
                pin.check("0000", "192.168.7.9")
        expected: dict[int, Callable[[Text], bool]] = {
            1: lambda text: (text.template, text.many) == ("wrong PIN; {n} more try", "wrong PIN; {n} more tries"),
            5: lambda text: shape(text)[1]["time"] == ("{min} min", {"min": 15}),
        }
        text = caught.value.args[0]
        assert isinstance(text, Text)
        assert expected[tries](text)
