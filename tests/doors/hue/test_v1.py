"""The Hue API v1 without a socket: every path, every error, pairing."""

import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.doors.hue.bridge import Bridge
from emulator.doors.hue.lights import Lights
from emulator.doors.hue.messages import ApiRequest
from emulator.doors.hue.names import named
from emulator.doors.hue.v1 import EMPTY, Api
from emulator.errors import EmulatorError, Rejected
from emulator.model import LightIdentity
from emulator.store import pairing
from emulator.store.journal import Journal
from emulator.store.pairing import NEW_BY_PEER, NEW_WITHIN_S
from tests.alarm.test_held import Rig as HeldRig
from tests.doors.hue.test_bridge import FULL, HERE, LIGHT, SHORT, fits

PEER = "192.168.7.9"
USER = "x" * 40
NOW = 1_700_000_000.0


class Rig(HeldRig):
    """The lights of a hub that holds back."""

    def __init__(self, number: int = 4, shape: str = "plug", **settings: Any) -> None:
        super().__init__(number)
        identities = {
            one.identity.key: LightIdentity(n, shape, f"02:AB:CD:EF:00:{n:02X}:00:11-01")
            for n, one in enumerate(self.hub.switches, 1)
        }
        self.lights = Lights(
            self.hub, named(self.hub.switches, identities), reply_within_s=0.0, now=self.clock.time, **settings
        )


class Client:
    """Somebody on the LAN."""

    def __init__(self, journal: Journal, shape: str = "plug", mode: Any = "open", **settings: Any) -> None:
        self.rig = Rig(shape=shape, **settings)
        self.journal = journal
        self.users = pairing.Users(journal)
        self.now = NOW
        self.api = Api(self.rig.lights, self.users, pairing=mode, now=lambda: self.now)

    def raw(self, method: str, path: str, body: bytes = b"", peer: str = PEER) -> Any:
        return self.api.answer(ApiRequest(method, tuple(filter(None, path.split("/"))), body, peer, HERE))

    def ask(self, method: str, path: str, body: object = None) -> Any:
        return self.raw(method, f"{USER}{path}", b"" if body is None else json.dumps(body).encode())

    def register(self, **body: object) -> Any:
        return self.raw("POST", "", json.dumps({"devicetype": "Echo", **body}).encode())


def errors(answer: Any) -> list[tuple[int, str]]:
    return [(entry["error"]["type"], entry["error"]["address"]) for entry in answer if "error" in entry]


@pytest.fixture
def client(journal: Journal) -> Client:
    made = Client(journal)
    made.users.add(USER, PEER, "app#phone", NOW)
    return made


@pytest.fixture
def locked(journal: Journal) -> Client:
    return Client(journal, mode="button")


# -- documents --------------------------------------------------------------------------------------------------


def test_the_full_state(client: Client) -> None:
    state = client.ask("GET", "")
    assert set(state) == {"lights", "groups", "config", *EMPTY}
    fits(state["config"], FULL)
    assert list(state["lights"]) == ["1", "2", "3", "4"]
    for light in state["lights"].values():
        fits(light, LIGHT)
    assert state["lights"] == client.ask("GET", "/lights")
    assert state["lights"]["3"] == client.ask("GET", "/lights/3")
    assert all(state[name] == client.ask("GET", f"/{name}") == {} for name in ("groups", *EMPTY))


@pytest.mark.parametrize("path", ["config", "nobody/config", "(null)/config"])
def test_anybody_may_read_the_short_configuration_and_is_not_paired_by_it(client: Client, path: str) -> None:
    config = client.raw("GET", path)
    fits(config, SHORT)
    assert "whitelist" not in config
    assert len(client.users) == 1


def test_a_client_sees_only_itself_on_the_list(client: Client) -> None:
    client.users.add("another", PEER, "", NOW)
    config = client.ask("GET", "/config")
    assert config["whitelist"] == {
        USER: {"last use date": "2023-11-14T22:13:20", "create date": "2023-11-14T22:13:20", "name": "app#phone"}
    }


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/lights/new", {"lastscan": "none"}),
        ("/sensors/new", {"lastscan": "none"}),
        ("/capabilities", {}),
        ("/info/timezones", []),
    ],
)
def test_what_is_empty(client: Client, path: str, answer: object) -> None:
    assert client.ask("GET", path) == answer


def test_the_group_of_all(client: Client) -> None:
    assert client.ask("GET", "/groups/0")["lights"] == ["1", "2", "3", "4"]


def test_a_search_for_lights_finds_them_there_already(client: Client) -> None:
    assert client.ask("POST", "/lights") == [{"success": {"/lights": "Searching for new devices"}}]


# -- commands ---------------------------------------------------------------------------------------------------


def test_a_set_is_answered_at_once_and_reads_back(client: Client) -> None:
    assert client.ask("PUT", "/lights/3/state", {"on": True}) == [{"success": {"/lights/3/state/on": True}}]
    assert client.ask("GET", "/lights/3")["state"]["on"] is True
    assert client.rig.sent == []
    client.rig.wait()
    assert client.rig.sent == [("Night", True)]


def test_a_refusal_is_an_error_with_the_reason(client: Client) -> None:
    client.rig.alarm.obstacle = Rejected("a window is open")
    (answer,) = client.ask("PUT", "/lights/3/state", {"on": True})
    assert answer["error"]["type"] == 901
    assert answer["error"]["address"] == "/lights/3/state/on"
    assert answer["error"]["description"].endswith("a window is open")
    assert client.ask("GET", "/lights/3")["state"]["on"] is False


def test_a_plug_does_not_dim(client: Client) -> None:
    answer = client.ask("PUT", "/lights/1/state", {"on": True, "bri": 100, "transitiontime": 4})
    assert errors(answer) == [(6, "/lights/1/state/bri")]
    assert answer[1:] == [
        {"success": {"/lights/1/state/on": True}},
        {"success": {"/lights/1/state/transitiontime": 4}},
    ]


@pytest.mark.parametrize("bri", [1, 127, 254])
def test_a_brightness_reads_back_exactly(journal: Journal, bri: int) -> None:
    client = Client(journal, "dimmable")
    assert errors(client.ask("PUT", "/lights/1/state", {"on": True, "bri": bri})) == []
    assert client.ask("GET", "/lights/1")["state"]["bri"] == bri


@pytest.mark.parametrize("bri", [0, 255, -1, True, "100", None, 1.5])
def test_a_brightness_out_of_range_is_none(journal: Journal, bri: object) -> None:
    client = Client(journal, "dimmable")
    assert errors(client.ask("PUT", "/lights/1/state", {"bri": bri})) == [(7, "/lights/1/state/bri")]
    assert client.ask("GET", "/lights/1")["state"]["bri"] == 254


def test_a_coloured_light_takes_colours_and_shows_none(journal: Journal) -> None:
    client = Client(journal, "extended")
    answer = client.ask("PUT", "/lights/1/state", {"on": True, "xy": [0.1, 0.2], "bri": 7, "ct": 200})
    assert errors(answer) == []
    assert set(client.ask("GET", "/lights/1")["state"]) == {"on", "alert", "mode", "reachable"}


def test_a_brightness_alone_turns_nothing_on(journal: Journal) -> None:
    client = Client(journal, "dimmable")
    client.ask("PUT", "/lights/1/state", {"bri": 10})
    client.rig.wait()
    assert client.rig.sent == []


@pytest.mark.parametrize("on", [True, False])
def test_all_at_once_is_answered_and_changes_nothing(client: Client, on: bool) -> None:
    client.rig.alarm.be("Night")
    assert client.ask("PUT", "/groups/0/action", {"on": on}) == [{"success": {"/groups/0/action/on": on}}]
    client.rig.wait()
    assert client.rig.sent == []
    assert len(client.rig.ignored()) == 4
    assert client.ask("GET", "/lights/3")["state"]["on"] is True


def test_all_at_once_with_something_else_touches_no_light(client: Client) -> None:
    assert errors(client.ask("PUT", "/groups/0/action", {"scene": "abc", "bri": 3, "alert": "select"})) == []
    assert client.rig.ignored() == []


def test_a_refusal_of_all_at_once(journal: Journal) -> None:
    client = Client(journal, allow_sweep=True)
    client.rig.lights.turn_all = lambda *_: Rejected("a window is open")  # type: ignore[method-assign]
    assert errors(client.ask("PUT", "/groups/0/action", {"on": True})) == [(901, "/groups/0/action/on")]


# -- errors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("PUT", "/lights/1/state", b"{", [(2, "/lights/1/state")]),
        ("PUT", "/lights/1/state", b"", [(2, "/lights/1/state")]),
        ("PUT", "/lights/1/state", b"[1]", [(2, "/lights/1/state")]),
        ("PUT", "/lights/1/state", b"\xff\xfe\xfd", [(2, "/lights/1/state")]),
        ("PUT", "/lights/1/state", b"[" * 60_000, [(2, "/lights/1/state")]),
        ("PUT", "/lights/1/state", b"{}", [(5, "/lights/1/state")]),
        ("PUT", "/groups/0/action", b"{}", [(5, "/groups/0/action")]),
        ("PUT", "/lights/1/state", b'{"on": 1}', [(7, "/lights/1/state/on")]),
        ("PUT", "/lights/1/state", b'{"on": "true"}', [(7, "/lights/1/state/on")]),
        ("PUT", "/lights/1/state", b'{"speed": 1}', [(6, "/lights/1/state/speed")]),
        ("PUT", "/lights/9/state", b'{"on": true}', [(3, "/lights/9/state")]),
        ("GET", "/lights/9", b"", [(3, "/lights/9")]),
        ("GET", "/lights/-1", b"", [(3, "/lights/-1")]),
        ("GET", "/lights/²", b"", [(3, "/lights/²")]),
        ("GET", "/lights/" + "1" * 5000, b"", [(3, "/lights/" + "1" * 5000)]),
        ("GET", "/groups/1", b"", [(3, "/groups/1")]),
        ("PUT", "/groups/1/action", b'{"on": false}', [(3, "/groups/1/action")]),
        ("GET", "/nonsense", b"", [(3, "/nonsense")]),
        ("GET", "/scenes/1", b"", [(3, "/scenes/1")]),
        ("DELETE", "/lights/1", b"", [(4, "/lights/1")]),
        ("GET", "/lights/1/state", b"", [(4, "/lights/1/state")]),
        ("POST", "/groups", b"{}", [(4, "/groups")]),
        ("POST", "", b"{}", [(4, "/")]),
        ("PUT", "/lights/1", b'{"name": "Disco"}', [(8, "/lights/1/name")]),
        ("PUT", "/lights/1", b"{}", [(5, "/lights/1")]),
        ("PUT", "/lights/9", b'{"name": "Disco"}', [(3, "/lights/9")]),
        ("PUT", "/config", b'{"linkbutton": true}', [(8, "/config/linkbutton")]),
        ("PUT", "/config", b"{}", [(5, "/config")]),
    ],
)
def test_errors(client: Client, method: str, path: str, body: bytes, expected: list[tuple[int, str]]) -> None:
    answer = client.raw(method, USER + path, body)
    assert errors(answer) == expected
    assert all(entry["error"]["description"] for entry in answer)
    client.rig.wait()
    assert client.rig.sent == []


def test_a_journal_that_fails_is_an_answer(journal: Journal) -> None:
    client = Client(journal)
    client.users.add = _fail  # type: ignore[method-assign]
    (answer,) = client.register()
    assert answer["error"]["type"] == 901


def _fail(*_: object) -> Any:
    raise EmulatorError("the journal cannot be written: is the disk full?")


@given(
    st.sampled_from(["GET", "PUT", "POST", "DELETE", "PATCH"]),
    st.lists(
        st.one_of(st.sampled_from(["lights", "1", "state", "groups", "0", "action", "config", "whitelist"]), st.text())
    ),
    st.one_of(
        st.binary(), st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps).map(str.encode)
    ),
)
def test_no_request_raises(method: str, segments: list[str], body: bytes) -> None:
    class NoJournal:
        def rows(self, query: str) -> list[tuple[object, ...]]:
            return [(USER,)] if query.startswith("SELECT name FROM") else []

        def recall(self, _name: str) -> None: ...

    rig = Rig(2)
    users = pairing.Users(NoJournal())  # type: ignore[arg-type]
    api = Api(rig.lights, users, pairing="button", now=lambda: NOW)
    users._users[USER] = pairing.User(USER, "", "", NOW, NOW)
    bridge = Bridge(HERE.identity, HERE.host, HERE.port)
    for path in ((*segments,), (USER, *segments)):
        json.dumps(api.answer(ApiRequest(method, path, body, PEER, bridge)))


# -- pairing ----------------------------------------------------------------------------------------------------


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


def test_the_root_takes_registrations_only(client: Client) -> None:
    assert errors(client.raw("GET", "")) == [(4, "/")]


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
    for name in (OTHER, "z" * 40):  # nobody finds out by it who is paired
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
        remove(USER, PEER, NOW)
    assert len(client.users) == 1


def test_pairing_and_unpairing_for_days_washes_no_command_out_of_the_journal(client: Client) -> None:
    for number in range(200):
        client.users.add(f"{number:040}", PEER, "app", NOW + NEW_WITHIN_S * number)
        client.users.remove(f"{number:040}", PEER, NOW + NEW_WITHIN_S * number)
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


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("alert", "NaN"), ("alert", "1"), ("transitiontime", "1e999"), ("transitiontime", "-Infinity"),
        ("transitiontime", '"soon"'), ("hue", "true"), ("xy", "[0.1, NaN]"), ("xy", "[0.1]"), ("effect", "{}"),
    ],
)  # fmt: skip
def test_what_is_no_value_is_not_taken_for_one(journal: Journal, name: str, value: str) -> None:
    client = Client(journal, "extended")
    answer = client.raw("PUT", f"{USER}/lights/1/state", f'{{"{name}": {value}}}'.encode())
    assert errors(answer) == [(7, f"/lights/1/state/{name}")]
    json.dumps(answer, allow_nan=False)


@pytest.mark.parametrize("digits", [3, 400, 4000])
def test_a_number_may_be_long(journal: Journal, digits: int) -> None:
    answer = Client(journal, "extended").raw("PUT", f"{USER}/lights/1/state", f'{{"ct": {"9" * digits}}}'.encode())
    assert errors(answer) == []


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
