"""Errors of the customer API (verisure-owa.md §5.3, §6). Pure."""

import uuid
from datetime import UTC, datetime
from typing import Any

from emulator.errors import EmulatorError
from emulator.simulator.document import Invalid
from emulator.simulator.owa.graphql import Json


class ApiError(EmulatorError):
    """The answer to a request is an error, and `data` stands in it under that name."""

    def __init__(self, message: str, *, name: str = "ApiError", **data: Any) -> None:
        self.name, self.data = name, data
        super().__init__(message)


class Crashed(EmulatorError):
    """The server's own program fails over a token, or for no reason that a client can know (§2.4)."""

    def __init__(self, lang: str) -> None:
        super().__init__(f"Cannot read properties of undefined (reading '{lang}')")


def expired() -> ApiError:
    """The hash is no session."""
    name = "ExpiredSessionError"
    return ApiError("Invalid session. Please, try again later.", name=name, res="ERROR", err=name, status=403)


def unpermitted() -> ApiError:
    """No capabilities for this installation (§1.3)."""
    return ApiError("accessPermissions: Missing capabilities data", name="accessPermissionsMiddleware", res="ERROR")


def wrong_password(more: Json) -> ApiError:
    """User or password; the API does not distinguish them."""
    return ApiError("The user or the password is not correct.", **{"res": "KO", "err": "60091", **more})


def locked() -> ApiError:
    """Too many wrong passwords."""
    return ApiError("Your username has been locked. Please contact us.", res="LOCK", err="60052", status=403)


def unidentified() -> ApiError:
    """A refresh token that is of no use."""
    return ApiError("Invalid Session", res="ERROR", err="60067")


def busy() -> ApiError:
    """Another request is under way at the panel."""
    return ApiError("There is another request in process. Please, try again later.", res="ERROR", err="60062")


def not_found() -> ApiError:
    """No such thing; of a command: it is not supported."""
    return ApiError("4: Requested data not found error.", res="ERROR", err="4", status=404)


def not_valid(request: str) -> ApiError:
    """A command is not supported, in the words of a central unit."""
    message = f"Request {request} is not valid for Central Unit"
    return ApiError(message, res="ERROR", err=message)


def forbidden() -> ApiError:
    """The role or a capability is missing."""
    return ApiError("Unauthorized request for current capabilities.", res="ERROR", err="6", status=401)


def unauthorized() -> ApiError:
    """The session is not accepted, as after a technician has removed the device (§12)."""
    return ApiError("Unauthorized", name="SecurityError", **{"auth-type": "OTP", "auth-code": "10001"})


def challenged() -> ApiError:
    """The same, with all that a confirmation by SMS needs (§2.3, §12)."""
    phones = [{"id": 0, "phone": "******123"}]
    return ApiError("Unauthorized", name="SecurityError", **{"auth-phones": phones, "auth-otp-hash": str(uuid.uuid4())})


def disowned() -> ApiError:
    """The session is not accepted, and a client can know neither the name nor the text of the error (§12)."""
    return ApiError("Sesión no válida. Por favor, inténtelo de nuevo más tarde.", res="ERROR", status=403)


def unknown_argument() -> Invalid:
    """The schema has changed under the clients (§12)."""
    return Invalid("GRAPHQL_VALIDATION_FAILED", 'Unknown argument "panel" on field "Mutation.xSArmPanel".')


def trouble() -> ApiError:
    """The back-end is down."""
    return ApiError("Internal Server Error", name="HttpError", res="ERROR", err="httpError", status=500)


def conflict() -> ApiError:
    """The back-end and the panel disagree."""
    return ApiError("alarm-manager.alarm_process_error", res="ERROR", err="10", status=409)


def document(error: EmulatorError, field: str, at: float) -> Json:
    """Return the answer to a request that failed at this time."""
    if isinstance(error, Crashed):
        return {"errors": [{"message": str(error), "extensions": {}, "data": {}}], "data": None}
    if isinstance(error, Invalid):
        return {"errors": [{"message": str(error), "extensions": {"code": error.code}}]}
    name, data = (error.name, error.data) if isinstance(error, ApiError) else ("ApiError", {})
    thrown = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S.000Z}"
    entry = {"message": str(error), "name": name, "time_thrown": thrown, "data": data, "path": [field]}
    return {"errors": [entry], "data": {field: None}}
