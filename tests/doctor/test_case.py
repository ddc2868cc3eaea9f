"""Identities that the journal remembers; reading changes nothing."""

from contextlib import closing
from pathlib import Path

from emulator.doctor.case import Memory, remember
from emulator.model import ArmMode
from emulator.store.identities import Wanted, identities
from emulator.store.journal import Journal
from emulator.store.journal_file import FILE
from tests.doctor.conftest import SIMULATED, MakeCase

NIGHT = ArmMode.parse("night")
TWO = SIMULATED.replace("}]", "}, {name: Bedtime, on: night}]")


def test_there_is_nothing_before_the_first_run(make_case: MakeCase) -> None:
    assert make_case().memory == Memory()


def test_identities_are_those_of_the_next_run(make_case: MakeCase, tmp_path: Path) -> None:
    with closing(Journal(tmp_path / "state")) as book:
        night, bedtime = identities(book, [Wanted("home", NIGHT, "Night"), Wanted("home", NIGHT, "Bedtime")], 49151)
    memory = make_case(TWO).memory
    assert memory.switches == {"Night": night, "Bedtime": bedtime}
    assert memory.devices == {night.udn: "Night", bedtime.udn: "Bedtime"}


def test_a_switch_that_was_renamed_keeps_its_identity(make_case: MakeCase, tmp_path: Path) -> None:
    with closing(Journal(tmp_path / "state")) as book:
        [identity] = identities(book, [Wanted("home", NIGHT, "Old name")], 49151)
    assert make_case().memory.switches == {"Night": identity}


def test_a_journal_that_is_none_tells_nothing(make_case: MakeCase, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / FILE).write_text("no database")
    assert make_case().memory == Memory()
    assert remember(None, tmp_path / "state") == Memory()
