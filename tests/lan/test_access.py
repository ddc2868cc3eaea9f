from ipaddress import IPv4Network

import pytest

from emulator.lan import access

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
    assert access.is_local(peer, LAN) is local


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
    assert access.may_name(host, OURS, peer) is ours


@pytest.mark.parametrize("name", ["localhost:49151", "LOCALHOST", "127.0.0.1", "127.0.0.1:3000"])
def test_this_machine_is_named_so_only_by_itself(name: str) -> None:
    both = {*OURS, "127.0.0.1"}
    assert access.may_name(name, both, "127.0.0.1")
    assert access.may_act_from(f"http://{name}", both, "127.0.0.7")
    for peer in ("192.168.7.9", "192.168.7.2", ""):
        assert not access.may_name(name, both, peer)
        assert not access.may_act_from(f"http://{name}", both, peer)
    assert not access.may_name("127.0.0.9", both, "127.0.0.1")


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
    assert access.may_act_from(page, OURS, ECHO) is ours


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
    assert access.why_not_enter(ECHO, method, headers, OURS) == why


@pytest.mark.parametrize(
    ("origin", "site", "is_json", "why"),
    [
        ("http://192.168.7.2:8099", "same-origin", False, ""),
        ("http://192.168.7.2:8099", None, False, ""),
        (None, "same-origin", False, ""),
        (None, None, True, ""),
        (None, None, False, "a form that does not say which page it comes from; a program sends application/json"),
        ("http://192.168.7.2", None, True, access.FOREIGN_PAGE),
        ("https://192.168.7.2:8099", "same-origin", True, access.FOREIGN_PAGE),
        ("null", None, True, access.FOREIGN_PAGE),
        ("http://192.168.7.2:8099", "same-site", True, access.FOREIGN_PAGE),
        (None, "none", True, access.FOREIGN_PAGE),
    ],
)
def test_only_our_own_origin_changes_something(origin: str | None, site: str | None, is_json: bool, why: str) -> None:
    assert access.why_not_change(origin, site, "http://192.168.7.2:8099", is_json=is_json) == why


@pytest.mark.parametrize(
    ("hostname", "names"),
    [
        ("pi", {"pi", "pi.local"}),
        ("NAS.home.arpa", {"nas.home.arpa", "nas", "nas.local"}),
        ("", set()),
    ],
)
def test_what_this_machine_is_called(hostname: str, names: set[str]) -> None:
    assert access.own_names(hostname) == names


# -- who may disarm -----------------------------------------------------------------------------------------------
