"""Behaviour of the customer API."""

from dataclasses import dataclass

from emulator.simulator.settings import (
    CLOCK_OFF,
    FLOOD_BAN,
    FLOOD_LIMIT,
    FLOOD_WINDOW,
    LIFE,
    flag,
    names,
    number,
    setting,
)

FORCE_WITHIN_S = 180.0
"""Open zones may be bypassed for so long; the longest that a client keeps the context (verisure-owa.md §5.5)."""


@dataclass(slots=True)
class OwaOptions:
    """All of it may change while the face runs. Times are seconds."""

    token_life: float = setting(900.0, LIFE)
    """Life of a hash (verisure-owa.md §2.4)."""
    capabilities_life: float = setting(900.0, LIFE)
    """Life of a capabilities token, about the same (§2.4)."""
    log_clock: float = setting(0.0, CLOCK_OFF)
    """Error of the clock behind the activity log; positive if it is fast."""
    status_lag: float = setting(0.0, number(0, 3600))
    """Delay of `Status` behind the panel, up to an hour; it was never measured (§4.1)."""
    allow_forcing: bool = setting(True, flag, "Forcing allowed")
    """Open zones may be bypassed; in Spain some may not (§5.5)."""
    strict_forcing: bool = setting(False, flag, "Forcing bound to the zones that were told")
    """A forced submission is refused if another zone is open by then; unknown of real panels (§5.5)."""
    force_within: float = setting(FORCE_WITHIN_S, number(0, 3600))
    """Life of the key that forces; the server's own limit is unknown (§5.5)."""
    exceptions_wait: bool = setting(False, flag, "Open zones stay unnamed")
    """The names of open zones never come (§5.5)."""
    zones_by_number: bool = setting(False, flag, "Open zones without their code")
    """Open zones are reported by their number, under a code that no client knows (§12)."""
    no_capabilities: bool = setting(False, flag, "No capabilities")
    """`Srv` reports neither capabilities nor services, and no request needs them (§12)."""
    lacks: str = setting("", names, "Fields that the schema lacks")
    """Fields and arguments that this country's schema does not have; names, separated by blanks."""
    steering: bool = setting(False, flag, "Names steer terminals")
    """Names and texts hold characters that steer terminals."""
    terms_missing: bool = setting(False, flag, "Terms not accepted")
    """The terms were never accepted: the password is right, and there are no tokens (§12)."""
    tells_tries: bool = setting(False, flag, "Tells the tries left")
    """The answer to a wrong password says how many tries are left."""
    otp_tokens: bool = setting(False, flag, "Tokens after the code")
    """The answer to the right code carries tokens, which often are null (§2.3)."""
    refresh_crash: bool = setting(False, flag, "Spent refresh crashes")
    """A refresh token of no use crashes the server instead of being refused (§2.4)."""
    refresh_grace: bool = setting(False, flag, "Refresh good until its successor is used")
    """A refresh token stays good until its successor is used, so that a lost answer costs none; unknown (§11)."""
    flood_limit: int = setting(20, FLOOD_LIMIT)
    """Requests of one address that are answered within `flood_window`; 0 answers all (§1.6)."""
    flood_window: float = setting(2.0, FLOOD_WINDOW)
    """§1.6."""
    flood_ban: float = setting(600.0, FLOOD_BAN)
    """The firewall refuses the address for so long after its last request (§1.6)."""
