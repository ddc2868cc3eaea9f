"""What a cache that lags may show after commands, and what of it counts."""

from emulator.clouds.owa.cached import LAG_S, Cached

D1, P2, T3 = ("D", "1"), ("P", "2"), ("T", "3")


def after(*letters: str) -> Cached:
    """Commands at 10 s, 20 s and so on, each sent where the panel stood at that letter."""
    cached = Cached()
    assert cached.is_news(D1, 0)
    for index, letter in enumerate(letters, 1):
        cached.commanded(letter, 10.0 * index)
    return cached


def test_without_a_command_everything_is_news() -> None:
    cached = after()
    assert cached.is_news(D1, 1)
    assert cached.is_news(P2, 2)


def test_after_a_command_what_has_not_moved_is_old_for_a_while() -> None:
    cached = after("D")
    assert not cached.is_news(D1, 11)
    assert not cached.is_news(D1, 10 + LAG_S - 1)
    assert cached.is_news(D1, 10 + LAG_S)


def test_after_a_command_what_has_moved_is_news() -> None:
    cached = after("D")
    assert cached.is_news(P2, 11)
    assert cached.is_news(P2, 12)


def test_what_an_earlier_command_led_to_is_old() -> None:
    cached = after("D", "P")
    assert [cached.is_news(seen, 21) for seen in (D1, P2, P2, T3)] == [False, False, False, True]


def test_a_cache_may_leave_that_out() -> None:
    assert after("D", "P").is_news(T3, 21)


def test_the_same_letter_again_is_somebody_else() -> None:
    cached = after("D", "P")
    assert not cached.is_news(P2, 21)
    assert cached.is_news(("P", "4"), 22)


def test_what_nobody_knows_may_be_anything_once() -> None:
    for unknown in ("", "D"):
        cached = after("D", unknown)
        assert [cached.is_news(seen, 21) for seen in (T3, ("D", "4"))] == [False, True]


def test_of_three_commands_the_last_counts() -> None:
    cached = after("D", "P", "T")
    assert [cached.is_news(seen, 31) for seen in (P2, T3, ("P", "4"))] == [False, False, True]
    cached = after("D", "P", "T")
    assert [cached.is_news(seen, 31) for seen in (T3, P2)] == [False, True]


def test_after_a_while_the_cache_is_believed_whatever_it_shows() -> None:
    cached = after("D", "P")
    assert cached.is_news(P2, 20 + LAG_S)


def test_a_command_long_after_the_last_one_owes_nothing() -> None:
    cached = after("D")
    cached.commanded("T", 10 + LAG_S)
    assert cached.is_news(T3, 11 + LAG_S)


def test_a_command_that_was_refused_takes_nothing_from_the_one_before() -> None:
    cached = after("D", "P")
    cached.nothing_done()
    assert not cached.is_news(D1, 21)
    assert cached.is_news(P2, 22)


def test_a_command_that_was_refused_leaves_the_cache_as_good_as_it_was() -> None:
    cached = after("D")
    cached.nothing_done()
    assert cached.is_news(D1, 11)
