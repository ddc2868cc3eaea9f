"""Proof in the errors of any GraphQL answer that the document was not executed. Pure.

Facts: verisure-owa.md §12.
"""

import re
from dataclasses import dataclass
from typing import Any

CODES = frozenset(
    {
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "OPERATION_RESOLUTION_FAILURE",
        "PERSISTED_QUERY_NOT_FOUND",
        "PERSISTED_QUERY_NOT_SUPPORTED",
        "BAD_REQUEST",
        "BAD_USER_INPUT",
    }
)
"""`extensions.code` of documents that GraphQL servers refuse before they execute anything."""

VALIDATION = re.compile(
    r"Syntax Error|Unknown (argument|type|field|directive|fragment|operation)\b|Cannot query field\b|Must provide "
    r'|Variable "\$|Field "[^"]*" (argument|must|is not|of type)|Argument "|Fragment "|Directive "'
    r'|Value "[^"]*" (does not exist|cannot)|Expected type\b'
)
"""Beginnings of validation errors. Validation precedes execution, as does the check of the variables."""

OF_VALUES = re.compile(r'Enum "|Expected value of type\b')
"""Beginnings of errors about a value before execution, and likewise about a result after it: no proof alone."""

CRASH = re.compile(
    r"Cannot (read|set|destructure|convert)\b|\w*Error:|.* is not (a function|defined|iterable)", re.DOTALL
)
"""Beginnings of errors about a crash of the server's program, at any point."""

UNKNOWN_FIELD = re.compile(
    r'Cannot query field "(\w+)"|Field "(\w+)" (?:of type "[^"]*" )?must (?:not )?have a (?:sub)?selection'
)
UNKNOWN_ARGUMENT = re.compile(r'Unknown argument "(\w+)"')
"""Validation errors that name a part which the schema does not have."""

BAD_REQUEST, SERVER_ERROR = 400, 500


@dataclass(frozen=True, slots=True)
class Lacking:
    """Parts that a schema does not have: fields, each with its column in the document (0 if unknown), and arguments.

    `begun` is set if execution had begun, by any sign: it is not harmless to ask again.
    """

    fields: tuple[tuple[str, int], ...] = ()
    arguments: tuple[str, ...] = ()
    begun: bool = False

    def __bool__(self) -> bool:
        return bool(self.fields or self.arguments)


NOTHING = Lacking()


def lacking(errors: Any, *, begun: bool = False) -> Lacking:
    """Return the missing parts that errors name; nothing if one of them is about anything else.

    `begun` is as for `is_unread`.
    """
    if not isinstance(errors, list):
        return NOTHING
    fields, arguments = [], []
    for error in errors:
        if not isinstance(error, dict):
            return NOTHING
        field, argument = (found.match(str(error.get("message"))) for found in (UNKNOWN_FIELD, UNKNOWN_ARGUMENT))
        if field:
            fields.append((field[1] or field[2], _column(error.get("locations"))))
        elif argument:
            arguments.append(argument[1])
        else:
            return NOTHING
    return Lacking(tuple(fields), tuple(arguments), begun or any(error.get("path") for error in errors))


def _column(locations: Any) -> int:
    """Return the column of an error in a document of one line, counted from 1; 0 if unknown."""
    first = locations[0] if isinstance(locations, list) and locations else None
    column = first.get("column") if isinstance(first, dict) and first.get("line") == 1 else None
    return column if isinstance(column, int) else 0


def is_unread(errors: Any, status: int, *, begun: bool = False) -> bool:
    """Return whether all errors prove that nothing was executed; `status` is that of HTTP.

    `begun` is set if the answer has the operation's field, even as null: only execution makes one. The path of an error
    is a sign of execution, too. Without either, status 400 is for a request that was not accepted.
    """
    if begun or status >= SERVER_ERROR:
        return False
    return isinstance(errors, list) and bool(errors) and all(_proves(e, status) for e in errors)


def _proves(error: Any, status: int) -> bool:
    if not isinstance(error, dict) or error.get("path"):
        return False
    message, extensions = error.get("message"), error.get("extensions")
    message = message.strip() if isinstance(message, str) else ""
    code = extensions.get("code") if isinstance(extensions, dict) else None
    refused = code in CODES if code and isinstance(code, str) else status == BAD_REQUEST
    return bool(VALIDATION.match(message)) or (refused and not CRASH.match(message))
