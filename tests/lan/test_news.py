"""Long polls: bounded, woken by a change, and ended when the program stops."""

import threading
from collections.abc import Iterator

import pytest

from emulator.lan.news import LISTENERS, LONGEST_S, News

LONG_S = 20.0


@pytest.fixture
def news() -> Iterator[News]:
    made = News()
    made.open()
    yield made
    made.close()


def waiting(news: News, number: int) -> list[threading.Thread]:
    """Start threads that wait for a change, and return when each is about to."""
    ready = threading.Barrier(number + 1)
    revision = news.revision

    def wait(peer: str) -> None:
        ready.wait(LONG_S)
        news.wait(peer, revision, LONG_S)

    threads = [threading.Thread(target=wait, args=(f"peer {each}",)) for each in range(number)]
    for thread in threads:
        thread.start()
    ready.wait(LONG_S)
    return threads


def gone(threads: list[threading.Thread]) -> bool:
    for thread in threads:
        thread.join(LONG_S)
    return not any(thread.is_alive() for thread in threads)


def test_a_change_wakes_everybody(news: News) -> None:
    before = news.revision
    threads = waiting(news, LISTENERS)
    news.changed()
    assert gone(threads)
    assert news.revision != before


def test_whoever_knows_an_older_revision_does_not_wait(news: News) -> None:
    old = news.revision
    news.changed()
    news.wait("peer 0", old, LONG_S)


def test_no_more_than_so_many_wait(news: News) -> None:
    threads = waiting(news, LISTENERS)
    while len(news._listening) < LISTENERS:  # they come one by one
        threads[0].join(0.01)
    news.wait("one more", news.revision, LONG_S)
    news.close()
    assert gone(threads)


def test_one_peer_waits_only_once(news: News) -> None:
    threads = waiting(news, 1)
    while not news._listening:
        threads[0].join(0.01)
    news.wait("peer 0", news.revision, LONG_S)
    news.close()
    assert gone(threads)


def test_a_program_that_stops_lets_nobody_wait(news: News) -> None:
    threads = waiting(news, 1)
    news.close()
    assert gone(threads)
    news.wait("peer 0", news.revision, LONG_S)


def test_it_takes_less_than_our_server_waits_for_a_silent_client() -> None:
    assert LONGEST_S < 30


def test_another_run_has_other_revisions() -> None:
    assert News().revision != News().revision
