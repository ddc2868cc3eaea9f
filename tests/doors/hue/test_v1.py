"""The Hue API v1 without a socket: every path, every error, pairing."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.doors.hue import messages
from emulator.doors.hue.bridge import Bridge
from emulator.doors.hue.messages import ApiRequest
from emulator.doors.hue.v1 import EMPTY, Api
from emulator.errors import Rejected
from emulator.store import pairing
from emulator.store.journal import Journal
from tests.doors.hue.rig import (
    FULL,
    HERE,
    LIGHT,
    NOW,
    PEER,
    SHORT,
    USER,
    Client,
    HeldLights,
    errors,
    fits,
)

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
    assert errors(client.ask("PUT", "/groups/0/action", {"bri": 3, "alert": "select"})) == []
    assert client.rig.ignored() == []


def test_a_scene_that_cannot_be_is_refused_as_real_bridges_do(client: Client) -> None:
    """A Logitech POP recalls a scene first; told that there is none, it turns its lights one by one."""
    error = {"type": 7, "address": "/groups/0/action/scene", "description": "invalid value, abc, for parameter, scene"}
    assert client.ask("PUT", "/groups/0/action", {"scene": "abc"}) == [{"error": error}]
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

    rig = HeldLights(2)
    users = pairing.Users(NoJournal())  # type: ignore[arg-type]
    api = Api(rig.lights, users, pairing="button", now=lambda: NOW)
    users._users[USER] = pairing.User(USER, "", "", NOW, NOW)
    bridge = Bridge(HERE.identity, HERE.host, HERE.port)
    for path in ((*segments,), (USER, *segments)):
        json.dumps(api.answer(ApiRequest(method, path, body, PEER, bridge)))


def test_the_root_takes_registrations_only(client: Client) -> None:
    assert errors(client.raw("GET", "")) == [(4, "/")]


def test_errors_are_in_the_bridges_words() -> None:
    assert messages.error(4, "/lights", "PUT", "/lights") == {
        "error": {"type": 4, "address": "/lights", "description": "method, PUT, not available for resource, /lights"}
    }
    assert {*messages.ERRORS, messages.FAILED} == {1, 2, 3, 4, 5, 6, 7, 8, 101, 901}
