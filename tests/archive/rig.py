"""A state folder with something of everything, for backups."""

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from emulator.archive import bundle, seal
from emulator.archive.backup import collect
from emulator.archive.bundle import Bundle
from emulator.archive.journal_copy import Inventory
from emulator.model import Arm, ArmMode, Axes, Command, Interior, Origin, Outcome, PanelState, Result
from emulator.store import broker_memory, identities, keys, light_ids, pairing, refused_logins
from emulator.store.activity import LogMemory
from emulator.store.identities import Identity, Wanted
from emulator.store.journal import Journal
from emulator.store.notices import Noted, Notices
from emulator.store.pin import set_pin
from emulator.system import kept

NOW = 1_000_000.0
PHRASE = "five words make a phrase"
SETTINGS = "installations: {home: {cloud: simulator}}\nswitches: [{name: Night, on: night}]\n"
NIGHT = ArmMode(Interior.NIGHT)

SECRETS = {
    # What opens something → where it is kept.
    "REFRESH-TOKEN": "the login of an account",
    "hue-user-0123456789": "a paired client",
    "PRIVATE-KEY-OF-THE-BRIDGE": "HomeKit",
    "PASSWORD-OF-THE-ALARM": "set-up",
    "http-callback-of-a-peer": "a subscription",
}


@dataclass(frozen=True)
class House:
    """A state folder, which a program has used."""

    folder: Path

    @property
    def settings(self) -> Path:
        """The settings file, outside of it."""
        return self.folder.with_name(f"{self.folder.name}.yaml")

    def fill(self) -> None:
        """Write something of everything."""
        self.settings.write_text(SETTINGS)
        with closing(Journal(self.folder)) as journal:
            keys.bind(journal, {"home": keys.Key("wsdo", "cloud.example", "1234567", "")})
            self.switches(journal)
            broker_memory.program_id(journal)
            asked = Command(Arm(NIGHT), Origin("wemo", "10.0.0.9", "Night"))
            begun = [journal.begin("home", asked, NOW) for _ in range(3)]
            journal.end(begun[0], Outcome(Result.CONFIRMED, "the panel is night"), NOW + 1)
            journal.end(begun[1], Outcome(Result.UNCONFIRMED, "lost"), NOW + 2)
            journal.save_state("home", PanelState(Axes(Interior.NIGHT, perimeter=False, annex=None), NOW, "Q", "EST1"))
            LogMemory(NOW, NOW).save(journal, "home")
            notices = Notices(journal)
            notices.position("target")
            notices.add(Noted(NOW, "the alarm goes off", is_urgent=True))
            notices.write()
            pairing.Users(journal).add("hue-user-0123456789", "10.0.0.9", "app#phone", NOW)
            pairing.press_button(journal, NOW)
            set_pin(journal, "258036")
            refused_logins.remember(journal, "home", "PASSWORD-OF-THE-ALARM", "no")
            journal.note("owa login cloud.example me", json.dumps({"refresh": "REFRESH-TOKEN"}))
            journal.note("homekit", json.dumps({"key": "PRIVATE-KEY-OF-THE-BRIDGE"}))
            journal.note("wemo subscriptions", json.dumps("http-callback-of-a-peer"))
            journal.note("a door of next year", "REFRESH-TOKEN")
        kept.change(self.folder, {"VERISURE_PASSWORD": "PASSWORD-OF-THE-ALARM"})

    def switches(self, journal: Journal) -> list[Identity]:
        """The switch, as the program would show it, with its light."""
        found = identities.identities(journal, [Wanted("home", NIGHT, "Night")], 12000)
        light_ids.lights(journal, found, "plug")
        return found

    def backup(self, *, with_secrets: bool) -> tuple[Bundle, Inventory]:
        """A backup of it."""
        return collect(self.folder, self.settings, with_secrets=with_secrets, now=NOW + 10, host="old")

    def notes(self) -> set[str]:
        """Names of all notes."""
        with closing(Journal(self.folder, read_only=True)) as journal:
            return {str(name) for (name,) in journal.rows("SELECT name FROM notes")}


def repacked(whole: Bundle) -> bytes:
    """Encrypt it at no cost."""
    return seal.sealed(bundle.packed(whole), PHRASE, cost=1)


def rows(data: bytes, query: str) -> list[tuple[object, ...]]:
    """Ask a journal as it is in a backup."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.deserialize(data)
        return db.execute(query).fetchall()
