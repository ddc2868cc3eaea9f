"""The state of a house that ran commit ac76729, taken over by today's program.

The journal beside was written by that commit on its simulated `owa` cloud: a login confirmed by SMS, a PIN, a paired
Hue client, four commands, and a disarm in the middle of which the program was killed. All secrets in it are of that
simulator, which has ended.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from emulator.app.alarms import Alarms
from emulator.app.login_store import JournalVault
from emulator.app.settings import Settings
from emulator.app.switches import switches
from emulator.archive.backup import collect
from emulator.archive.restore import put_back, ready
from emulator.config import credentials
from emulator.model import Axes, Interior
from emulator.store import before_update, history, light_ids, pairing, private
from emulator.store.journal import Journal
from emulator.store.journal_file import FILE
from emulator.store.pin import Pin

LEFT = Path(__file__).parent / "vectors" / "journal-ac76729.sqlite3"
HOST = "127.0.0.1:28917"
SETTINGS = f"""
installations:
  home: {{ cloud: owa, country: ES, url: "http://{HOST}/owa-api/graphql", poll_every: 10s }}
switches:
  - {{ name: Total alarm, on: total, off: disarm }}
  - {{ name: Night alarm, on: night, off: disarm, port: 28933 }}
  - {{ name: Night alarm two, on: night }}
  - {{ name: Perimeter alarm, on: perimeter, off: disarm }}
doors:
  wemo: {{ first_port: 28930 }}
  hue: {{ port: 28940 }}
  dashboard: {{ port: 28941 }}
"""
"""Its devices.yaml."""

SWITCHES = [
    ("Total alarm", "228858K4781680", "026EA6300004", 28930, 515589377),
    ("Night alarm", "222986K3065319", "026EA6300008", 28933, 515589378),
    ("Night alarm two", "221237K1284192", "026EA630000C", 28931, 515589379),
    ("Perimeter alarm", "227636K7591251", "026EA6300010", 28932, 515589380),
]
"""Name, serial number, MAC, port and Hue light of each switch, as that commit showed them."""

KILLED_AT = 1795829695.7


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state folder, with the settings beside it."""
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    shutil.copy(LEFT, folder / FILE)
    folder.with_name("devices.yaml").write_text(SETTINGS)
    return folder


@contextmanager
def opened(state: Path) -> Iterator[tuple[Settings, Journal]]:
    """Open the alarms as `emulator run` does."""
    settings = Settings.load(state.with_name("devices.yaml"))
    alarms = Alarms(settings, credentials.read(settings.accounts, {}), state, shared=False)
    try:
        yield settings, alarms.journal
    finally:
        alarms.close()


def same_to_clients(settings: Settings, journal: Journal) -> None:
    """Look at everything that Echos, hubs and apps know the house by."""
    shown = switches(settings, journal)
    lights, _ = light_ids.lights(journal, [one.identity for one in shown], "plug")
    known = [(one.name, one.identity.serial, one.identity.mac, one.identity.port) for one in shown]
    assert [(*one, lights[switch.identity.key].id) for one, switch in zip(known, shown, strict=True)] == SWITCHES
    assert pairing.identity(journal).mac == "026EA6300000"


def same_secrets(state: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the login, the paired client and the PIN."""
    login = JournalVault(journal, state, HOST).load()
    assert (login.user, login.device.uuid, login.trouble, login.spent) == ("demo", "d6edb82968034ac9", "", False)
    assert login.access.startswith("eyJ")
    assert login.refresh.startswith("eyJ")
    [client] = pairing.paired(journal).values()
    assert (client.short, client.devicetype) == ("cac5d8…", "app#phone")
    monkeypatch.setattr(private, "HASH_COST", 2**14)
    Pin(journal, lambda: KILLED_AT).check("258036", "192.168.1.9")


def test_everything_is_there_after_the_update(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(state) as (settings, journal):
        same_to_clients(settings, journal)
        same_secrets(state, journal, monkeypatch)
        panel = journal.load_state("home")
        assert (panel.axes, panel.raw) == (Axes(Interior.TOTAL, perimeter=False, annex=False), "T")
        spans = history.spans(journal, "home", 0.0)
        assert [str(span.axes.interior) for span in spans] == ["off", "night", "off", "total"]
        assert journal.recover(KILLED_AT) == 1
        assert [(one.action, one.result) for one in journal.commands(9)] == [
            ("disarm", "unconfirmed"),
            ("arm annex", "rejected"),
            ("arm total", "confirmed"),
            ("disarm", "confirmed"),
            ("arm night", "confirmed"),
        ]
    [copy] = before_update.copies(state)
    with closing(sqlite3.connect(copy)) as before, closing(sqlite3.connect(LEFT)) as left:
        assert list(before.iterdump()) == list(left.iterdump())


def test_a_backup_of_it_is_the_same_house_elsewhere(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = collect(state, state.with_name("devices.yaml"), with_secrets=True, now=KILLED_AT, host="old")
    elsewhere = tmp_path / "elsewhere" / "state"
    elsewhere.mkdir(parents=True)
    put_back(ready(made), elsewhere, elsewhere.with_name("devices.yaml"), KILLED_AT)
    with opened(elsewhere) as (settings, journal):
        same_to_clients(settings, journal)
        same_secrets(elsewhere, journal, monkeypatch)
        assert journal.recover(KILLED_AT) == 0
        assert journal.unsettled("home") == []
        assert journal.load_state("home") is None
        assert len(journal.commands(9)) == 5
