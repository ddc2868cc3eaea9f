"""Errors of My Pages, as a body of their own or within an answer of GraphQL (verisure-mypages.md §8). Pure."""

import uuid
from typing import Any

from emulator.errors import EmulatorError

GROUPS = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    409: "CONFLICT",
    429: "TOO_MANY_REQUESTS",
    500: "INTERNAL_SERVER_ERROR",
    503: "SERVICE_UNAVAILABLE",
}
"""HTTP status → errorGroup; those of 404, 409, 429 and 500 are a guess."""


class MypagesError(EmulatorError):
    """The answer to a request is an error. `whole` ends the whole request, not only one operation of it."""

    def __init__(self, status: int, code: str, message: str, *, whole: bool = False) -> None:
        self.status, self.code, self.whole = status, code, whole
        super().__init__(message)

    def body(self) -> dict[str, str]:
        """Return the error as a body of its own."""
        return {"errorGroup": GROUPS[self.status], "errorCode": self.code, "errorMessage": str(self)}

    def within(self, field: str) -> dict[str, Any]:
        """Return the answer to an operation of this field that carries the error."""
        data = {"status": self.status, "logTraceId": uuid.uuid4().hex, **self.body()}
        error = {"message": "Request Failed", "locations": [{"line": 2, "column": 3}], "path": [field], "data": data}
        return {"errors": [error], "data": {field: None}}


def passive() -> MypagesError:
    """The other host is active (§1)."""
    return MypagesError(503, "SYS_00004", "XBN Database is not activated", whole=True)


def wrong_login() -> MypagesError:
    """User or password is wrong."""
    return MypagesError(401, "AUT_00004", "Username/password does not match any valid login", whole=True)


def unknown_user() -> MypagesError:
    """The same for a user that there is not; reports have both codes."""
    return MypagesError(401, "AUT_00001", "Username/password does not match any valid login", whole=True)


def no_session() -> MypagesError:
    """The access token is none, or has ended."""
    return MypagesError(401, "AUT_00011", "Invalid session cookie", whole=True)


def wrong_step_up() -> MypagesError:
    """The code of a step-up is wrong or too old; the text is a guess (§2)."""
    return MypagesError(401, "AUT_00004", "Invalid step up token", whole=True)


def too_many_codes() -> MypagesError:
    """Too many logins have asked for a code."""
    return MypagesError(401, "ACC_00002", "Too many step up tokens sent", whole=True)


def no_sms() -> MypagesError:
    """No SMS is sent any more; an e-mail still is."""
    return MypagesError(400, "VAL_00281", "No SMS available", whole=True)


def limited() -> MypagesError:
    """Too many requests within a short time."""
    return MypagesError(429, "AUT_00021", "Request limit has been reached", whole=True)


def blocked(user: str) -> MypagesError:
    """Too many requests within the day."""
    return MypagesError(403, "AUT_00021", f"User '{user}' blocked", whole=True)


def wrong_code() -> MypagesError:
    """The code that arms and disarms is wrong or missing."""
    return MypagesError(400, "VAL_00008", "Invalid or non-existing value for code")


def not_found() -> MypagesError:
    """There is no such installation or transaction; the code is a guess."""
    return MypagesError(404, "VAL_00818", "Requested resource not found")


def busy() -> MypagesError:
    """The panel is carrying out another command; the code is a guess."""
    return MypagesError(409, "VAL_00819", "Another arm state change is under way")


def trouble() -> MypagesError:
    """The server fails for no reason that a client can know."""
    return MypagesError(500, "SYS_00001", "Internal server error")
