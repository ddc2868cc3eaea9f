"""Names of addresses, as they are kept."""

from pathlib import Path

from emulator import doors
from emulator.model import Arm, ArmMode, Command, Interior, Origin
from emulator.store.journal import Journal
from emulator.store.peer_names import PeerNames
from emulator.words import spoken


def test_names_outlive_the_program_and_are_given_to_whoever_reads(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    PeerNames(journal).give(" 10.0.0.9 ", "  Ana's   phone\n")
    journal.begin("home", Command(Arm(ArmMode(Interior.NIGHT)), Origin("wemo", "10.0.0.9")), 1.0)
    journal.close()
    again = Journal(tmp_path, read_only=True)
    names = PeerNames(again)
    assert [entry.peer for entry in names.commands(9)] == ["Ana's phone"]
    assert [entry.peer for entry in again.commands(9)] == ["10.0.0.9"]
    assert spoken.who(Origin("wemo", "10.0.0.9", "Night"), doors.naming(names)) == "Night · WeMo · Ana's phone"
    assert names.named("10.0.0.8") == "10.0.0.8"
    again.close()
