"""What is remembered of searches."""

from emulator.lan.search_log import KEPT, LoggedSearch, SearchLog


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
