"""What proves that a document was not executed, and what only looks like it."""

from typing import Any

import pytest

from emulator.clouds.unread import is_unread

PROOF = [
    # As graphql-js words its validation, with and without the code that Apollo gives it.
    'Unknown argument "armAndLock" on field "Mutation.xSArmPanel".',
    'Unknown type "ArmCodeRequest".',
    'Unknown operation named "ArmStatus".',
    'Cannot query field "suid" on type "XSError". Did you mean "uid"?',
    'Variable "$pin" of required type "String!" was not provided.',
    'Variable "$x" is not defined by operation "y".',
    'Field "xSArmPanel" argument "pin" of type "String!" is required, but it was not provided.',
    'Field "x" must not have a selection since type "y" has no subfields.',
    'Value "ARM9" does not exist in "ArmCodeRequest" enum.',
    "Syntax Error: Expected Name, found <EOF>.",
    "Must provide query string.",
]
NO_PROOF = [
    "Cannot read properties of undefined (reading 'fr')",
    "TypeError: x.y is not a function",
    "status 500 reading RemoteServicesFeignClient",
    "Cannot return null for non-nullable field Mutation.xSArmPanel.",
    "Internal Server Error",
    "Request timed out",
    "",
]


def one(message: str, code: str | None = None, **more: Any) -> dict[str, Any]:
    return {"message": message, **({"extensions": {"code": code}} if code else {}), **more}


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("message", PROOF)
def test_what_comes_before_execution_is_proof(message: str, status: int) -> None:
    assert is_unread([one(message)], status)
    assert is_unread([one(message, "GRAPHQL_VALIDATION_FAILED"), one(message)], status)


@pytest.mark.parametrize("code", [None, "GRAPHQL_VALIDATION_FAILED"])
@pytest.mark.parametrize("message", [*PROOF, "upstream request timed out"])
def test_nothing_is_proof_once_execution_had_begun(message: str, code: str | None) -> None:
    # A server that asks another one passes on its words, with where it had come to itself.
    assert not is_unread([one(message, code, path=["xSArmPanel"])], 400)
    assert not is_unread([one(message, code)], 400, begun=True)


@pytest.mark.parametrize(
    "message", ['Enum "ArmResult" cannot represent value: "PARTIAL"', 'Expected value of type "XSArm" but got: {}.']
)
def test_a_value_may_be_one_of_the_result(message: str) -> None:
    assert not is_unread([one(message)], 200)
    assert is_unread([one(message, "GRAPHQL_VALIDATION_FAILED")], 200)


@pytest.mark.parametrize("message", NO_PROOF)
def test_what_may_come_at_any_time_is_none(message: str) -> None:
    assert not is_unread([one(message)], 200)
    assert not is_unread([one(message, "INTERNAL_SERVER_ERROR")], 400)
    assert not is_unread([one(message, path=["xSArmPanel"])], 400)
    assert not is_unread([one(PROOF[0]), one(message)], 200)


@pytest.mark.parametrize("code", ["GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "BAD_REQUEST", "BAD_USER_INPUT"])
def test_a_code_is_proof_in_any_language_but_not_beside_a_crash(code: str) -> None:
    assert is_unread([one("El argumento no existe", code)], 200)
    assert not is_unread([one(NO_PROOF[0], code)], 200)


def test_a_bad_request_that_came_nowhere_is_proof() -> None:
    assert is_unread([one("no")], 400)
    assert is_unread([{}], 400)
    assert not is_unread([one("no")], 200)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_server_in_trouble_proves_nothing(status: int) -> None:
    assert not is_unread([one(PROOF[0], "GRAPHQL_VALIDATION_FAILED")], status)


@pytest.mark.parametrize("errors", [None, [], {}, "no", [None], ["no"], {"data": {"reason": PROOF[0]}}])
def test_errors_of_another_shape_prove_nothing(errors: Any) -> None:
    assert not is_unread(errors, 400)
