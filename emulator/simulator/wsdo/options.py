"""Behaviour of the ws.do face."""

from dataclasses import dataclass

from emulator.simulator.settings import CLOCK_OFF, FLOOD_BAN, FLOOD_LIMIT, FLOOD_WINDOW, LIFE, flag, setting


@dataclass(slots=True)
class WsdoOptions:
    """All of it may change while the face runs. Times are seconds."""

    letter_a: bool = setting(False, flag, "Total is A")
    """Total is reported as A, which clients of 2019-21 read so (verisure-wsdo.md §3)."""
    zero_after_arm: bool = setting(False, flag, "STATUS 0 after arming")
    """The outcome of an arm command carries STATUS 0 beside the armed text, as in the API document's samples."""
    steering: bool = setting(False, flag, "Names steer terminals")
    """Names and texts hold characters that steer terminals."""
    log_clock: float = setting(0.0, CLOCK_OFF)
    """Error of the clock behind the activity log; positive if it is fast."""
    session_idle: float = setting(900.0, LIFE)
    """An unused session expires after it; the successor's tokens live as long (verisure-wsdo.md §4)."""
    flood_limit: int = setting(20, FLOOD_LIMIT)
    """Requests of one account that are answered within `flood_window`; 0 answers all."""
    flood_window: float = setting(5.0, FLOOD_WINDOW)
    """A client that leaves 1 s between requests makes 6 at most, and a person may type commands beside it."""
    flood_ban: float = setting(60.0, FLOOD_BAN)
    """Every request of an account that floods is answered 403 for so long."""
