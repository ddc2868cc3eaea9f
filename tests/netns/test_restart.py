"""kill -9 in the middle of a command, and start again with the same state folder."""

from contextlib import closing

import pytest

from emulator.store.journal import Journal
from emulator.store.subscriptions import NOTE
from tests.netns import raw
from tests.netns.home import MODES, Home, hears
from tests.netns.lan import Lan, until


@pytest.mark.long
def test_killed_in_the_middle_of_a_command(cabin: Home) -> None:
    """Unconfirmed, then settled by asking the panel; nothing is sent again; all is the same as before."""
    cabin.alarm.post("keypad", arm="perimeter")
    cabin.reads("perimeter", "1")
    cabin.alarm.post("settings", answer_after=4)
    shown, described = cabin.switches, [cabin.ask(mode, raw.get()).body for mode in MODES]
    assert cabin.ask("total", raw.turn(True)).state == "1"
    until(lambda: cabin.alarm.state()["busy"], "the panel is at work")
    cabin.program.kill()
    assert cabin.alarm.state()["busy"]
    assert [(one["action"], one["result"]) for one in cabin.journal()] == [("arm total", None)]

    cabin.alarm.post("fault", fault="down")
    cabin.start()
    assert cabin.switches == shown
    # Nothing can have been read: this is what was known.
    assert cabin.ask("perimeter").state == "1"
    assert [cabin.ask(mode).state for mode in MODES] == ["0", "0", "0", "1", "0", "0"]
    assert identities(cabin) == [identity(text) for text in described]
    unconfirmed = cabin.journal()[-1]
    assert (unconfirmed["result"], unconfirmed["settled"]) == ("unconfirmed", None)
    assert unconfirmed["peer"] == "10.77.0.20"

    cabin.alarm.post("fault", fault="all", on=False)
    settled = until(lambda: next(iter(one for one in cabin.journal() if one["settled"]), None), "the panel is asked")
    assert (settled["id"], settled["result"]) == (unconfirmed["id"], "unconfirmed")
    cabin.reads("total", "1")
    assert cabin.alarm.state()["letter"] == "4"
    assert cabin.journal()[-1]["settled"] == "total + perimeter"
    assert cabin.alarm.sent() == cabin.alarm.accepted() == {"ARM1": 1}
    assert len(cabin.journal()) == 1


@pytest.mark.long
def test_a_subscriber_hears_what_happened_while_the_program_was_dead(lan: Lan, cabin: Home) -> None:
    """Armed, killed, disarmed at the keypad, started: pywemo shows the truth without having subscribed anew."""
    cabin.alarm.post("keypad", arm="total")
    cabin.reads("total", "1")
    listener = lan.listening("client", "wemo.py", "listen", cabin.location("total"))
    hears(listener, "total", "1")
    until(lambda: note_of(cabin), "the subscription is written down")
    cabin.program.kill()
    cabin.alarm.post("keypad", disarm="main")
    cabin.start()
    hears(listener, "total", "1", "0")
    assert cabin.alarm.sent() == {}
    assert listener.stop() == 0


def note_of(home: Home) -> str | None:
    """What is kept of subscriptions."""
    with closing(Journal(home.state_dir, read_only=True)) as journal:
        return journal.recall(NOTE)


def identities(home: Home) -> list[str]:
    """What clients know the switches by."""
    return [identity(home.ask(mode, raw.get()).body) for mode in MODES]


def identity(description: str) -> str:
    """Name, serial number, UDN and MAC in a description."""
    names = ("friendlyName", "serialNumber", "UDN", "macAddress")
    found = [description.partition(f"<{name}>")[2].partition("<")[0] for name in names]
    assert all(found)
    return " ".join(found)
