"""Behaviour of My Pages."""

from dataclasses import dataclass

from emulator.simulator.settings import (
    CLOCK_OFF,
    FLOOD_BAN,
    FLOOD_LIMIT,
    FLOOD_WINDOW,
    LIFE,
    flag,
    number,
    setting,
    whole,
)

REFRESH_LIFE_S = 4_747_879.0
"""About 55 days (verisure-mypages.md §2)."""

DAILY_LIMIT = 2000
"""Requests of an account in a day. The real limit is unknown: those who polled every minute were not blocked (§9)."""


@dataclass(slots=True)
class MypagesOptions:
    """All of it may change while the face runs. Times are seconds."""

    step_up: bool = setting(True, flag, "Login asks for a code")
    """A login without trust needs a code by SMS or e-mail (verisure-mypages.md §2)."""
    first_passive: bool = setting(False, flag, "First host is not active")
    """It answers SYS_00004 (§1)."""
    second_passive: bool = setting(False, flag, "Second host is not active")
    first_hangs: bool = setting(False, flag, "First host hangs")
    """It never answers, whatever is asked."""
    second_hangs: bool = setting(False, flag, "Second host hangs")
    hangs_after: bool = setting(False, flag, "A hanging host carries out")
    """A host that hangs carries out the request first; the client cannot know."""
    windows_wait: bool = setting(False, flag, "Open windows keep an arm waiting")
    """Without force and with an open window the outcome of an arm stays null instead of STATE_CHANGE_FAILED (§5)."""
    shows_pending: bool = setting(True, flag, "State PENDING under way")
    """While the panel acts the state is PENDING (§4)."""
    rotates: bool = setting(False, flag, "Refresh replaces its token")
    """A refresh brings a new refresh token, and the old one is spent; unknown (§2)."""
    steering: bool = setting(False, flag, "Names steer terminals")
    """Names hold characters that steer terminals."""
    access_life: float = setting(900.0, LIFE)
    """Life of an access token (§2)."""
    refresh_life: float = setting(REFRESH_LIFE_S, number(1, REFRESH_LIFE_S))
    log_clock: float = setting(0.0, CLOCK_OFF)
    """Error of the clock behind the activity log; positive if it is fast."""
    daily_limit: int = setting(DAILY_LIMIT, whole(0, 100_000))
    """Requests of an account in a day; one more blocks it until midnight. 0 lets all through (§9)."""
    flood_limit: int = setting(20, FLOOD_LIMIT)
    """Requests of an account that are answered within `flood_window`; 0 answers all. The figures are unknown (§8)."""
    flood_window: float = setting(5.0, FLOOD_WINDOW)
    flood_ban: float = setting(300.0, FLOOD_BAN)
    """Each request of an account that floods is answered 429 for so long."""
