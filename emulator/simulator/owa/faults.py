"""Faults of the customer API (verisure-owa.md §10.1)."""

from collections.abc import Callable

from emulator.errors import EmulatorError
from emulator.simulator.faults import COMMON
from emulator.simulator.owa import failures

KINDS = {
    **COMMON,
    "ban": "the firewall bans this address: HTTP 403 and a page, from now on for the setting flood_ban",
    "ban_page": "the same, but its first page comes with HTTP 200",
    "throttle": "HTTP 403 with Retry-After: `seconds`, and nothing is carried out",
    "bad_gateway": "HTTP 502, and nothing is carried out",
    "gateway_timeout": "HTTP 504, and nothing is carried out",
    "trouble": "HttpError, status 500, and nothing is carried out",
    "conflict": "alarm_process_error, status 409, and nothing is carried out",
    "unpermitted": "the capabilities are not accepted, and nothing is carried out",
    "unauthorized": "the session is not accepted: Unauthorized, and nothing is carried out",
    "challenge": "the session is not accepted: Unauthorized with an OTP challenge, and nothing is carried out",
    "disowned": "the session is not accepted: status 403 in Spanish, and nothing is carried out",
    "schema": "the document does not fit the schema: GRAPHQL_VALIDATION_FAILED, and nothing is carried out",
    "busy": "a submission is refused: the installation is busy (60062)",
    "refuse": "a submission is refused: the capabilities do not allow it (err 6, status 401)",
    "unsupported": "a submission is refused: requested data not found (err 4, status 404)",
    "not_valid": "a submission is refused: the request is not valid for this central unit",
    "bad_input": "a submission is refused: BAD_USER_INPUT",
    "opens": "another window is opened just before a forced submission",
    "silent": "the panel acts, but its outcome is ERROR: no response to the request",
    "letter_n": "the panel is reported as N",
    "letter_unknown": "the panel is reported by an unknown letter",
    "letter_word": "the panel is reported by a word instead of a letter",
    "letter_empty": "the panel is reported by an empty letter",
    "null_list": "the list of installations or the activity log is null",
    "crash": "a login or a refresh: Cannot read properties of undefined, and nothing is carried out",
    "lang_crash": "the same, unless `lang` is the country's letters (br, ar)",
    "null_refresh": "a login or a refresh brings no new refresh token, and the old one stays good",
    "null_device": "a login or a refresh: needDeviceAuthorization is null",
    "no_login": "a login with the right password brings no tokens, as if the device were still to be confirmed",
    "bare_challenge": "an OTP challenge comes without its auth-code",
}
"""Kind of a fault → its effect."""

PAGES: dict[str, tuple[str, int]] = {
    "unavailable": ("503 Service Temporarily Unavailable", 503),
    "bad_gateway": ("502 Bad Gateway", 502),
    "gateway_timeout": ("504 Gateway Time-out", 504),
    "html": ("Mantenimiento", 200),
}
"""Faults of the web server, which come before the request is carried out: kind → title and status of its page."""

TROUBLES: dict[str, Callable[[], EmulatorError]] = {
    "trouble": failures.trouble,
    "conflict": failures.conflict,
    "unpermitted": failures.unpermitted,
    "unauthorized": failures.unauthorized,
    "challenge": failures.challenged,
    "disowned": failures.disowned,
    "schema": failures.unknown_argument,
}
"""Faults of the back-end, which come before the request is carried out."""
