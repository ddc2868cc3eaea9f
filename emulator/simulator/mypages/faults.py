"""Faults of My Pages."""

from collections.abc import Callable

from emulator.simulator.faults import COMMON
from emulator.simulator.mypages import failures
from emulator.simulator.mypages.failures import MypagesError

KINDS = {
    **COMMON,
    "bad_gateway": "HTTP 502, and nothing is carried out",
    "gateway_timeout": "HTTP 504 and a page of HTML, as in many nights, and nothing is carried out",
    "trouble": "SYS_00001 in an answer with HTTP 200, and nothing is carried out",
    "trouble_500": "the same with HTTP 500",
    "passive": "SYS_00004 with HTTP 503: the other host is active, and nothing is carried out",
    "passive_200": "the same in an answer with HTTP 200",
    "limited": "AUT_00021 with HTTP 429: the request limit has been reached, and nothing is carried out",
    "limited_200": "the same in an answer with HTTP 200",
    "blocked": "AUT_00021 with HTTP 403: the user is blocked, from now on until midnight",
    "unauthorized": "the session is not accepted: AUT_00011, and nothing is carried out",
    "unauthorized_200": "the same in an answer with HTTP 200",
    "not_json": "an answer that is no JSON, and nothing is carried out",
    "wrong_code": "a command is refused: VAL_00008, as if its code were wrong",
    "busy": "a command is refused: another one is under way",
    "no_transaction": "a command is answered without a transaction id, and nothing is carried out",
    "refuse": "the panel does nothing, and the outcome is STATE_CHANGE_FAILED",
    "silent": "the panel acts, but the outcome is STATE_CHANGE_FAILED",
    "opens": "another window is opened just before a command",
    "state_unknown": "the state is a word that nobody knows",
    "state_null": "the state is null",
    "null_list": "the list of installations or the activity log is null",
    "no_sms": "no SMS is sent: VAL_00281; an e-mail still is",
    "many_codes": "a login or a code: ACC_00002, too many step-up tokens",
    "no_vid": "a login brings no cookie vid",
    "no_cookies": "a login brings no cookies at all",
}
"""Kind of a fault → its effect."""

PAGES: dict[str, tuple[str, int]] = {
    "unavailable": ("503 Service Temporarily Unavailable", 503),
    "bad_gateway": ("502 Bad Gateway", 502),
    "gateway_timeout": ("504 Gateway Time-out", 504),
    "html": ("Maintenance", 200),
}
"""Faults of the web server, which come before the request is carried out: kind → title and status of its page."""

ERRORS: dict[str, tuple[Callable[[], MypagesError], bool]] = {
    "trouble": (failures.trouble, True),
    "trouble_500": (failures.trouble, False),
    "passive": (failures.passive, False),
    "passive_200": (failures.passive, True),
    "limited": (failures.limited, False),
    "limited_200": (failures.limited, True),
    "unauthorized": (failures.no_session, False),
    "unauthorized_200": (failures.no_session, True),
    "many_codes": (failures.too_many_codes, False),
}
"""Faults of the back-end, which come before the request is carried out: kind → error, and whether HTTP says 200."""
