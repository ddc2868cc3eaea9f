"""How the customer API behaves; all of it may change while it runs."""

from dataclasses import dataclass


@dataclass(slots=True)
class OwaOptions:
    """Times are seconds."""

    token_life: float = 900.0
    """A hash lives as long (verisure-owa.md §2.4)."""
    capabilities_life: float = 900.0
    """About as long (§2.4)."""
    status_lag: float = 0.0
    """By which `Status` is behind the panel; nobody has measured it (§4.1)."""
    allow_forcing: bool = True
    """Whether open zones may be bypassed; in Spain some may not (§5.5)."""
    exceptions_wait: bool = False
    """The names of open zones never come (§5.5)."""
    zones_by_number: bool = False
    """Open zones are told by their number, under a code that nobody knows (§12)."""
    no_capabilities: bool = False
    """`Srv` tells neither capabilities nor services, and nothing asks for them (§12)."""
    lacks: str = ""
    """Fields and arguments that this country's schema does not have; names, parted by blanks."""
    steering: bool = False
    """Names and texts hold characters that steer terminals."""
    terms_missing: bool = False
    """The terms were never accepted: the password is right, and there are no tokens (§12)."""
    tells_tries: bool = False
    """A wrong password is answered with how many tries are left."""
    otp_tokens: bool = False
    """The right code is answered with tokens, which often are null (§2.3)."""
    refresh_crash: bool = False
    """A refresh token of no use crashes the server instead of being refused (§2.4)."""
    refresh_grace: bool = False
    """A refresh token stays good until its successor is used, so that a lost answer costs none; unknown (§11)."""
    flood_limit: int = 20
    """Requests of one address within `flood_window` that are still let through; 0 lets all through (§1.6)."""
    flood_window: float = 2.0
    """§1.6."""
    flood_ban: float = 600.0
    """For which the firewall refuses that address after its last request (§1.6)."""
