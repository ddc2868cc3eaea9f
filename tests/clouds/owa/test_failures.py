"""What the errors of the OWA API mean."""

import pytest

from emulator.clouds.owa import failures
from emulator.clouds.owa.failures import (
    CapabilitiesExpired,
    Failure,
    Locked,
    NotTaken,
    Unauthorized,
    Unsupported,
    WithoutContent,
)
from emulator.errors import LoginRefused, Rejected, SessionExpired, Unreachable


@pytest.mark.parametrize(
    ("failure", "kind", "said"),
    [
        # verisure-owa.md §6.
        (
            Failure("Invalid session. Please, try again later.", "ExpiredSessionError", "ExpiredSessionError"),
            SessionExpired,
            "expired",
        ),
        (Failure("x", "ExpiredSessionError"), SessionExpired, "expired"),
        (Failure("Invalid token: Expired"), SessionExpired, "expired"),
        (Failure("accessPermissions: Missing capabilities data"), CapabilitiesExpired, "capabilities"),
        (Failure("x", "accessPermissionsMiddleware"), CapabilitiesExpired, "capabilities"),
        (Failure("Required request header 'x-installationNumber' not present"), CapabilitiesExpired, "capabilities"),
        (Failure("m", "ApiError", "60091"), LoginRefused, "user and password"),
        (Failure("m", "ApiError", "60052", "LOCK"), Locked, "locked"),
        (Failure("m", res="LOCK"), Locked, "locked"),
        (Failure("m", "ApiError", "60067"), SessionExpired, "no longer knows"),
        (Failure("m", "ApiError", "60062"), Rejected, "busy"),
        (Failure("4: Requested data not found error.", "ApiError", "4", "ERROR", "404"), Unsupported, "does not know"),
        (
            Failure(
                "Request ARMNIGHT1 is not valid for Central Unit", err="Request ARMNIGHT1 is not valid for Central Unit"
            ),
            Unsupported,
            "Central Unit",
        ),
        (Failure("m", code="BAD_USER_INPUT"), Unsupported, "does not know"),
        (
            Failure('Value "ARMNIGHT1PERI1" does not exist in "ArmCodeRequest" enum.', unread=True),
            Unsupported,
            "does not know",
        ),
        (Failure('Variable "$request" got invalid value', code="BAD_USER_INPUT"), Unsupported, "does not know"),
        # The schema has changed: that says nothing about the panel.
        (Failure('Variable "$suid" got invalid value', code="BAD_USER_INPUT", unread=True), NotTaken, "$suid"),
        (Failure('Unknown argument "x" on field "y".', status="400", unread=True), NotTaken, "done nothing"),
        (Failure("Cannot read properties of undefined", code="BAD_USER_INPUT"), Unreachable, "undefined"),
        (Failure("Unauthorized", "SecurityError"), Unauthorized, "Unauthorized"),
        (Failure("No autorizado", "SecurityError"), Unauthorized, "No autorizado"),
        (Failure("Sesión no válida", status="403"), Unauthorized, "no válida"),
        (Failure("Votre compte est bloqué", err="60052", status="403"), Locked, "bloqué"),
        (Failure("no such data", "ApiError", status="404"), Unsupported, "does not know"),
        (Failure("no such data", "ApiError", status="400"), Unsupported, "does not know"),
        (Failure("m", "ApiError", "60091", status="404"), LoginRefused, "user and password"),
        (Failure("m", "ApiError", status="409"), Unreachable, "trouble"),
        (Failure("Unauthorized request for current capabilities.", "ApiError", "6", status="401"), Rejected, "may not"),
        (Failure("m", "ApiError", "10", status="500"), Unreachable, "trouble"),
        (Failure("Internal Server Error", "HttpError", "httpError", status="500"), Unreachable, "Internal"),
        (Failure("Cannot read properties of undefined (reading 'fr')"), Unreachable, "undefined"),
        (Failure(""), WithoutContent, "without content"),
    ],
    ids=lambda value: value.message or value.name if isinstance(value, Failure) else "",
)
def test_errors(failure: Failure, kind: type[Exception], said: str) -> None:
    error = failures.error(failure)
    assert type(error) is kind
    assert said in str(error)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"err": "60091", "remainingAttempts": 2}, "; 2 tries are left before the account is locked"),
        ({"intentosRestantes": "1"}, "; 1 try is left before the account is locked"),
        ({"attemptsLeft": "9" * 5000}, "; 999,999,999 tries are left before the account is locked"),
        ({"attempts": 2}, "; tries, as the cloud counts them: 2"),
        ({"err": "60091", "status": 403, "attempts": None}, ""),
    ],
)
def test_the_tries_that_are_left_are_told_where_the_cloud_tells_them(data: dict[str, object], said: str) -> None:
    told = str(failures.error(Failure("wrong", err="60091", data=data)))
    assert told == f'the cloud refused the login: check user and password (the cloud said: "wrong"){said}'


@pytest.mark.parametrize(
    ("failure", "vague", "defect"),
    [
        (Failure("Cannot read properties of undefined (reading 'fr')"), True, True),
        (Failure("TypeError: Cannot destructure property 'a' of 'b' as it is undefined.", status="500"), True, True),
        (Failure("langs[lang] is undefined"), True, True),
        (Failure("undefined is not an object (evaluating 'a.b')"), True, True),
        (Failure(""), True, False),
        (Failure("Session expirée", "ExpiredSessionError", status="403"), True, False),
        (Failure("Invalid Session", err="60067"), False, False),
        (Failure("Unauthorized", "SecurityError"), False, False),
        (Failure("Internal Server Error", "HttpError", "httpError", status="500"), False, False),
        (Failure("FetchError: request failed, reason: connect ECONNREFUSED"), False, False),
        (Failure("", status="500"), False, False),
    ],
)
def test_what_a_dead_token_and_a_defect_look_like(failure: Failure, vague: bool, defect: bool) -> None:
    assert (failures.is_vague(failure), failures.is_defect(failure)) == (vague, defect)
