"""What is remembered of searches."""

from ipaddress import IPv4Network

from emulator.lan.network import Place
from emulator.lan.search_log import KEPT, LoggedSearch, SearchLog
from emulator.lan.site import Site, Traffic


def test_equal_searches_are_one_and_the_newest_comes_first() -> None:
    heard = SearchLog()
    heard.note("10.0.0.9", "ssdp:all", "4 answers", 1.0)
    heard.note("10.0.0.8", "upnp:rootdevice", "not for us", 2.0)
    heard.note("10.0.0.9", "ssdp:all", "4 answers", 3.0)
    assert heard.latest() == (
        LoggedSearch(3.0, "10.0.0.9", "ssdp:all", "4 answers", 2),
        LoggedSearch(2.0, "10.0.0.8", "upnp:rootdevice", "not for us"),
    )


def test_it_is_bounded_and_forgets_the_oldest() -> None:
    heard = SearchLog()
    for number in range(3 * KEPT):
        heard.note("10.0.0.9", f"st:{number}", "not for us", float(number))
    assert [search.at for search in heard.latest()] == [float(at) for at in range(3 * KEPT - 1, 2 * KEPT - 1, -1)]


def test_the_verdict_is_of_the_place_where_the_peer_is() -> None:
    """Each place hears the searches of all interfaces."""
    traffic = Traffic()
    sites = [
        Site(Place(name, f"{net}.2", IPv4Network(f"{net}.0/24"), f"{net}.2"), traffic)
        for name, net in (("eth0", "192.168.7"), ("wlan0", "192.168.8"), ("vlan5", "10.0.5"))
    ]
    for peer in ("192.168.8.9", "10.0.9.9"):
        for site in sites:
            site.answer((peer, 50000), "ssdp:all", 3)
    found = [(search.peer, search.verdict, search.times) for search in traffic.log.latest()]
    assert found == [("10.0.9.9", "not answered: from elsewhere", 1), ("192.168.8.9", "not for us", 1)]
    sites[1].close()
    sites[0].answer(("192.168.8.9", 50001), "ssdp:all", 3)
    assert traffic.log.latest()[0].verdict == "not answered: from elsewhere"
