from ipaddress import IPv4Network

import pytest

from emulator import policy
from emulator.model import Narrowing, Origin
from emulator.policy import SWEEP_S, Sweeps

LAN = IPv4Network("192.168.7.0/24")
OURS = {"192.168.7.2", "10.9.8.7"}
ECHO, OTHER = "192.168.7.9", "192.168.7.10"


@pytest.mark.parametrize(
    ("peer", "local"),
    [
        ("192.168.7.9", True),
        ("127.0.0.1", True),
        ("192.168.8.9", False),
        ("8.8.8.8", False),
        ("10.9.8.7", False),
        ("::1", False),
        ("", False),
        ("echo.lan", False),
        ("192.168.7.9.", False),
    ],
)
def test_a_peer_is_local_in_the_network_it_came_in_by(peer: str, local: bool) -> None:
    assert policy.is_local(peer, LAN) is local


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("192.168.7.2", True),
        ("192.168.7.2:49151", True),
        ("10.9.8.7:49151", True),
        ("192.168.7.3", False),
        ("alarm.evil.example:49151", False),
        ("192.168.7.2.evil.example", False),
        ("evil@192.168.7.2", False),
        ("192.168.7.2/evil", False),
        ("192.168.7.2:port", False),
        ("192.168.7.2?x", False),
        ("192.168.7.2#x", False),
        ("[::1", False),
        ("", False),
        ("192.168.7.2, evil.example", False),
    ],
)
@pytest.mark.parametrize("peer", ["192.168.7.9", "127.0.0.1"])
def test_a_host_names_us_by_address_only(host: str, ours: bool, peer: str) -> None:
    assert policy.may_name(host, OURS, peer) is ours


@pytest.mark.parametrize("name", ["localhost:49151", "LOCALHOST", "127.0.0.1", "127.0.0.1:3000"])
def test_this_machine_is_named_so_only_by_itself(name: str) -> None:
    both = {*OURS, "127.0.0.1"}
    assert policy.may_name(name, both, "127.0.0.1")
    assert policy.may_act_from(f"http://{name}", both, "127.0.0.7")
    for peer in ("192.168.7.9", "192.168.7.2", ""):
        assert not policy.may_name(name, both, peer)
        assert not policy.may_act_from(f"http://{name}", both, peer)
    assert not policy.may_name("127.0.0.9", both, "127.0.0.1")


@pytest.mark.parametrize(
    ("page", "ours"),
    [
        ("http://192.168.7.2:8099", True),
        ("http://192.168.7.2:8099/night?x=1", True),
        ("https://192.168.7.2", True),
        ("http://evil.example", False),
        ("http://evil.example/192.168.7.2", False),
        ("null", False),
        ("", False),
        ("file://192.168.7.2", False),
        ("192.168.7.2", False),
        ("http://[", False),
        ("http://192.168.7.2, http://evil.example", False),
    ],
)
def test_a_page_acts_only_when_it_is_ours(page: str, ours: bool) -> None:
    assert policy.may_act_from(page, OURS, ECHO) is ours


@pytest.mark.parametrize(
    ("method", "headers", "why"),
    [
        ("POST", {}, ""),
        ("POST", {"host": "192.168.7.2", "origin": "http://192.168.7.2", "referer": "http://192.168.7.2/x"}, ""),
        ("POST", {"host": "evil.example"}, "by a name that is not our address"),
        ("GET", {"origin": "http://evil.example"}, "from a web page that is not ours"),
        ("POST", {"referer": "http://evil.example/form"}, "from a web page that is not ours"),
        ("SUBSCRIBE", {"referer": "http://localhost:3000/"}, "from a web page that is not ours"),
        (
            "POST",
            {"origin": "http://192.168.7.2", "referer": "http://evil.example"},
            "from a web page that is not ours",
        ),
        ("POST", {"origin": "", "referer": ""}, "from a web page that is not ours"),
        ("POST", {"referer": ""}, ""),
        ("GET", {"referer": "http://evil.example/links"}, ""),
    ],
)
def test_a_foreign_page_is_known_by_what_its_browser_says(method: str, headers: dict[str, str], why: str) -> None:
    assert policy.why_not_enter(ECHO, method, headers, OURS) == why


# -- sweeps -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("on", [True, False])
def test_three_lights_in_a_row_are_a_sweep(on: bool) -> None:
    sweeps = Sweeps(4)
    assert not sweeps.add(ECHO, on, {1}, 0.0).swept
    assert not sweeps.add(ECHO, on, {2}, 1.0).swept
    run = sweeps.add(ECHO, on, {3}, 2.0)
    assert run.swept
    assert run.ends == 2.0 + SWEEP_S


def test_the_first_learn_of_the_sweep_that_they_are_part_of() -> None:
    sweeps = Sweeps(4)
    runs = [sweeps.add(ECHO, False, {light}, 0.1 * light) for light in (1, 2, 3)]
    assert runs[0] is runs[1] is runs[2]


def test_the_same_light_three_times_is_no_sweep_but_each_time_may_be_the_first_of_one() -> None:
    sweeps = Sweeps(4)
    assert [sweeps.add(ECHO, False, {1}, now).ends for now in (0.0, 0.5, 1.9)] == [2.0, 2.5, 3.9]
    assert not sweeps.add(ECHO, False, {1}, 1.99).swept


def test_peers_and_directions_are_told_apart() -> None:
    sweeps = Sweeps(4)
    runs = [sweeps.add(peer, on, {light}, 0.0) for light, (peer, on) in enumerate(((ECHO, True), (ECHO, False)) * 2)]
    runs += [sweeps.add(OTHER, True, {4}, 0.0)]
    assert not any(run.swept for run in runs)


def test_a_run_is_over_when_no_light_came_for_long_enough() -> None:
    sweeps = Sweeps(4)
    sweeps.add(ECHO, False, {1}, 0.0)
    sweeps.add(ECHO, False, {2}, 1.5)
    assert not sweeps.add(ECHO, False, {3}, 1.5 + SWEEP_S).swept


def test_a_sweep_goes_on_as_long_as_it_is_repeated() -> None:
    sweeps = Sweeps(4)
    sweeps.add(ECHO, False, {1, 2, 3}, 0.0)
    assert [sweeps.add(ECHO, False, {1}, now).swept for now in (1.9, 3.8, 5.7)] == [True] * 3
    assert not sweeps.add(ECHO, False, {1}, 5.7 + SWEEP_S).swept


@pytest.mark.parametrize(
    ("lights", "possible"), [(1, (False, False)), (2, (False, True)), (3, (True, True)), (49, (True, True))]
)
def test_a_sweep_needs_lights(lights: int, possible: tuple[bool, bool]) -> None:
    assert (Sweeps(lights).possible(True), Sweeps(lights).possible(False)) == possible


def test_all_at_once_is_a_sweep_of_however_few() -> None:
    assert Sweeps(1).add(ECHO, False, {1}, 0.0, all_at_once=True).swept


# -- who may disarm -----------------------------------------------------------------------------------------------

HOME_NET = (IPv4Network("192.168.1.0/24"), IPv4Network("10.0.0.7/32"))
DAY, NIGHT = (7 * 60, 22 * 60 + 30), (22 * 60, 7 * 60)


@pytest.mark.parametrize(
    ("narrowing", "door", "peer", "minute", "why"),
    [
        (Narrowing(), "wemo", "", 0, ""),
        (Narrowing(doors=frozenset({"hue", "dashboard"})), "hue", "192.168.1.2", 0, ""),
        (Narrowing(doors=frozenset({"hue", "dashboard"})), "wemo", "192.168.1.2", 0, "only through dashboard and hue"),
        (Narrowing(HOME_NET), "wemo", "192.168.1.255", 0, ""),
        (Narrowing(HOME_NET), "wemo", "10.0.0.7", 0, ""),
        (Narrowing(HOME_NET), "wemo", "10.0.0.8", 0, "not disarm for 10.0.0.8"),
        (Narrowing(HOME_NET), "wemo", "", 0, "an unknown address"),
        (Narrowing(between=DAY), "wemo", "", 7 * 60, ""),
        (Narrowing(between=DAY), "wemo", "", 22 * 60 + 29, ""),
        (Narrowing(between=DAY), "wemo", "", 22 * 60 + 30, "only from 07:00 to 22:30"),
        (Narrowing(between=DAY), "wemo", "", 6 * 60 + 59, "only from 07:00 to 22:30"),
        (Narrowing(between=NIGHT), "wemo", "", 23 * 60, ""),
        (Narrowing(between=NIGHT), "wemo", "", 6 * 60 + 59, ""),
        (Narrowing(between=NIGHT), "wemo", "", 7 * 60, "only from 22:00 to 07:00"),
        (Narrowing(HOME_NET, frozenset({"hue"}), DAY), "hue", "10.0.0.7", 12 * 60, ""),
    ],
)
def test_why_not_disarm(narrowing: Narrowing, door: str, peer: str, minute: int, why: str) -> None:
    found = policy.why_not_disarm(narrowing, Origin(door, peer), minute)
    assert found.endswith(why)
    assert bool(found) is bool(why)
