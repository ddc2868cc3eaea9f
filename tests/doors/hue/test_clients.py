"""Pairing: by a name of its own, by the button, by a name from elsewhere; and unpairing."""

import json
import logging
from typing import Any

import pytest

from emulator.errors import EmulatorError
from emulator.model import Origin
from emulator.store import pairing
from emulator.store.journal import Journal
from emulator.store.pairing import NEW_BY_PEER, NEW_WITHIN_S
from tests.doors.hue.rig import (
    NOW,
    PEER,
    USER,
    Client,
    errors,
)


def test_a_journal_that_fails_is_an_answer(journal: Journal) -> None:
    client = Client(journal)
    client.users.add = _fail  # type: ignore[assignment, method-assign]
    (answer,) = client.register()
    assert answer["error"]["type"] == 901


def _fail(*_: object) -> Any:
    raise EmulatorError("the journal cannot be written: is the disk full?")


def test_while_open_a_registration_succeeds_at_once_and_the_same_client_keeps_its_name(client: Client) -> None:
    first, second = client.register(), client.register()
    name = first[0]["success"]["username"]
    assert len(name) == 40
    assert name.isalnum()
    assert first == second
    assert client.raw("GET", f"{name}/lights") == client.ask("GET", "/lights")
    assert client.raw("POST", "", b'{"devicetype": "Echo"}', peer="192.168.7.10") != first


@pytest.mark.parametrize("mode", ["open", "button"])
def test_who_pairs_with_ever_new_names_is_told_to_press_the_button_again(journal: Journal, mode: Any) -> None:
    client = Client(journal, mode=mode)
    pairing.press_button(journal, NOW)
    said = [client.register(devicetype=f"app#{number}")[0] for number in range(50)]
    assert [one.get("error", {}).get("type") for one in said] == [None] * NEW_BY_PEER + [101] * (50 - NEW_BY_PEER)
    assert len(pairing.paired(journal)) == NEW_BY_PEER
    client.now += NEW_WITHIN_S
    pairing.press_button(journal, client.now)
    assert "success" in client.register(devicetype="again")[0]


def test_a_key_for_streaming_is_given_when_asked_for(client: Client) -> None:
    answer = client.register(generateclientkey=True)[0]["success"]
    assert len(bytes.fromhex(answer["clientkey"])) == 16


@pytest.mark.parametrize(
    ("body", "number"),
    [(b"", 2), (b"{", 2), (b"{}", 5), (b'{"devicetype": 1}', 7), (b'{"devicetype": ""}', 7)]
    + [(json.dumps({"devicetype": text}).encode(), 7) for text in ("x" * 41, "a\nb", "\ud800")],
)
def test_a_registration_that_makes_no_sense(client: Client, body: bytes, number: int) -> None:
    (answer,) = client.raw("POST", "", body)
    assert answer["error"]["type"] == number


OLD = "83b7780291a6ceffbe0bd049104df"

SCANNER = "192.168.7.66"


def test_while_open_an_echo_with_a_name_from_elsewhere_is_kept_once_it_turns_a_light(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    def kept() -> bool:
        return pairing.Users(client.journal).find(OLD, NOW) is not None

    lights = client.raw("GET", f"{OLD}/lights")
    assert lights == client.ask("GET", "/lights")
    assert all(client.raw("GET", f"{OLD}/lights/{number}") == light for number, light in lights.items())
    assert not kept()
    for path, body in (("lights/9/state", b'{"on": true}'), ("lights/1/state", b'{"on": 1}'), ("lights/1/state", b"")):
        client.raw("PUT", f"{OLD}/{path}", body)
    assert not kept()
    assert errors(client.raw("PUT", f"{OLD}/lights/1/state", b'{"on": true}')) == []
    assert kept()
    assert [client.raw("GET", f"{OLD}/lights/1")["state"]["on"] for _ in range(3)] == [True] * 3
    assert PEER in caplog.text
    assert OLD not in caplog.text
    locked = Client(client.journal, mode="button")
    assert locked.raw("GET", f"{OLD}/lights") == locked.ask("GET", "/lights")
    assert errors(locked.raw("GET", f"{OLD}/lights", peer=SCANNER)) == [(1, "/lights")]


def test_a_scanner_leaves_nothing_behind(client: Client) -> None:
    before = pairing.paired(client.journal)
    for number in range(1000):
        name = f"x{number}"
        assert len(client.raw("GET", f"{name}/lights", peer=SCANNER)) == 4
        client.raw("GET", name, peer=SCANNER)
        client.raw("PUT", f"{name}/lights/77/state", b'{"on": false}', peer=SCANNER)
        client.raw("PUT", f"{name}/groups/0/action", b'{"alert": "none"}', peer=SCANNER)
    assert pairing.paired(client.journal) == before


def test_who_was_forgotten_commands_nothing_from_that_moment(locked: Client) -> None:
    locked.users.add(USER, PEER, "app#phone", NOW)
    assert errors(locked.ask("PUT", "/lights/1/state", {"on": True})) == []
    pairing.forget(locked.journal, "1")
    assert errors(locked.ask("PUT", "/lights/3/state", {"on": True})) == [(1, "/lights/3/state")]
    assert errors(locked.ask("GET", "/lights")) == [(1, "/lights")]


OTHER = "y" * 40

LISTED = "/config/whitelist"


@pytest.mark.parametrize("mode", ["open", "button"])
def test_a_client_unpairs_itself_and_that_is_journalled(
    journal: Journal, mode: Any, caplog: pytest.LogCaptureFixture
) -> None:
    client = Client(journal, mode=mode)
    client.users.add(USER, "192.168.7.20", "app#phone", NOW)
    client.users.add(OTHER, PEER, "Echo", NOW)
    with caplog.at_level(logging.INFO):
        assert client.ask("DELETE", f"{LISTED}/{USER}") == [{"success": f"{LISTED}/{USER} deleted."}]
    assert [user.name for user in pairing.paired(journal).values()] == [OTHER]
    assert client.users.find(USER, NOW) is None
    (entry,) = journal.commands(9)
    assert (entry.action, entry.door, entry.peer, entry.result) == ("unpair xxxxxx…", "hue", PEER, "confirmed")
    assert entry.message == "the client app#phone, paired from 192.168.7.20"
    assert USER[:7] not in caplog.text
    assert "192.168.7.20" in caplog.text
    again = errors(client.ask("DELETE", f"{LISTED}/{USER}"))
    assert again == [(3, f"{LISTED}/{USER}") if mode == "open" else (1, f"{LISTED}/{USER}")]


def test_another_client_is_unpaired_only_while_the_button_is_pressed(client: Client) -> None:
    client.users.add(OTHER, "192.168.7.20", "Echo", NOW)
    for name in (OTHER, "z" * 40):  # a client cannot find out by it which others are paired
        assert errors(client.ask("DELETE", f"{LISTED}/{name}")) == [(101, f"{LISTED}/{name}")]
    assert client.journal.commands(9) == []
    pairing.press_button(client.journal, NOW)
    assert errors(client.ask("DELETE", f"{LISTED}/{'z' * 40}")) == [(3, f"{LISTED}/{'z' * 40}")]
    assert client.ask("DELETE", f"{LISTED}/{OTHER}") == [{"success": f"{LISTED}/{OTHER} deleted."}]
    assert [user.name for user in pairing.paired(client.journal).values()] == [USER]


def test_who_is_not_paired_unpairs_nobody(locked: Client) -> None:
    locked.users.add(USER, PEER, "app#phone", NOW)
    pairing.press_button(locked.journal, NOW)
    assert errors(locked.raw("DELETE", f"{OTHER}{LISTED}/{USER}")) == [(1, f"{LISTED}/{USER}")]
    assert errors(locked.raw("GET", f"{USER}{LISTED}/{USER}")) == [(4, f"{LISTED}/{USER}")]
    assert len(locked.users) == 1


def test_a_client_that_cannot_be_unpaired_on_disk_stays(client: Client) -> None:
    client.journal.close()
    remove = client.users.remove
    with pytest.raises(EmulatorError):
        remove(USER, Origin("hue", PEER), NOW)
    assert len(client.users) == 1


def test_pairing_and_unpairing_for_days_washes_no_command_out_of_the_journal(client: Client) -> None:
    for number in range(200):
        client.users.add(f"{number:040}", PEER, "app", NOW + NEW_WITHIN_S * number)
        client.users.remove(f"{number:040}", Origin("hue", PEER), NOW + NEW_WITHIN_S * number)
    assert client.journal.rows("SELECT count(*) < 60, min(noise) FROM commands") == [(True, 1)]


def test_a_name_that_was_forgotten_meanwhile_does_not_come_back_by_itself(locked: Client) -> None:
    locked.users.add(USER, PEER, "app#phone", NOW)
    find = locked.users.find

    def once(name: str, now: float) -> pairing.User | None:
        found = find(name, now)
        locked.users.find = find  # type: ignore[method-assign]
        pairing.forget(locked.journal, "1")
        locked.users.follow()
        return found

    locked.users.find = once  # type: ignore[method-assign]
    assert errors(locked.ask("PUT", "/lights/1/state", {"on": True})) == []
    assert pairing.paired(locked.journal) == {}


@pytest.mark.parametrize("name", ["(null)", "null", "lights", "a b", "x" * 65, "ñ"])
def test_what_can_be_no_user_is_unauthorised(client: Client, name: str) -> None:
    assert errors(client.raw("GET", f"{name}/lights")) == [(1, "/lights")]
    assert errors(client.raw("GET", name)) == [(1, "/")]


def test_a_command_by_a_stranger_stands_in_the_journal_once(locked: Client, caplog: pytest.LogCaptureFixture) -> None:
    for path in ("y/lights/1/state", "y/lights/1/state", "y/lights/77/state", "y/lights", "y"):
        assert errors(locked.raw("PUT", path, b'{"on": false}'))[0][0] == 1
    reason = "its key is not paired with the bridge; see `emulator pair`"
    assert locked.rig.alarm.ignored == [("Total", False, reason)]
    assert caplog.messages == [f"{PEER} commands by a key that is not paired: refused"]
    for body in (b"nonsense", b'{"on": 1}', b"[]"):
        locked.raw("PUT", "y/lights/2/state", body, peer="192.168.7.99")
    assert len(locked.rig.alarm.ignored) == 1
    assert locked.rig.sent == []


def test_whoever_asks_for_the_button_every_second_is_one_line(locked: Client, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(5):
        locked.register()
    assert len(caplog.messages) == 1


def test_with_a_button_nobody_pairs_unless_it_was_pressed(locked: Client, caplog: pytest.LogCaptureFixture) -> None:
    assert errors(locked.register()) == [(101, "/")]
    assert "emulator pair" in caplog.text
    assert errors(locked.ask("GET", "/lights")) == [(1, "/lights")]
    assert errors(locked.ask("PUT", "/lights/1/state", {"on": True})) == [(1, "/lights/1/state")]
    pairing.press_button(locked.journal, NOW)
    locked.now += 31
    assert errors(locked.register()) == [(101, "/")]
    locked.now -= 2
    name = locked.register()[0]["success"]["username"]
    assert len(locked.raw("GET", f"{name}/lights")) == 4
    assert locked.raw("GET", f"{name}/config")["linkbutton"] is True
    locked.now += 3600
    assert len(locked.raw("GET", f"{name}/lights")) == 4
    assert locked.raw("GET", f"{name}/config")["linkbutton"] is False
    assert name not in caplog.text
