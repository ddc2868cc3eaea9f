"""The codec: what goes out, what comes in, and what the errors mean."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.clouds import values
from emulator.clouds.firewall import Answer
from emulator.clouds.owa import failures, graphql, operations
from emulator.clouds.owa.operations import Operation
from emulator.errors import CloudError, Rejected, Unreachable
from tests.clouds.owa.tokens import jwt

ALL = [value for value in vars(operations).values() if isinstance(value, Operation)]


def answer(content: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(content).encode())


@pytest.mark.parametrize("operation", ALL, ids=lambda one: one.name)
def test_a_document_asks_for_its_field_with_all_that_it_declares(operation: Operation) -> None:
    assert f"{operation.name}(" in operation.query or f"{operation.name} {{" in operation.query
    assert operation.field in operation.query
    assert operation.query.count("{") == operation.query.count("}")
    declared = re.findall(r"\$(\w+): \w", operation.query.partition("{")[0])
    used = re.findall(r": \$(\w+)", operation.query)
    assert sorted(declared) == sorted(used)


def test_the_body_names_the_operation() -> None:
    sent = json.loads(graphql.body(operations.STATUS, {"numinst": "0042"}))
    assert sent == {"operationName": "Status", "variables": {"numinst": "0042"}, "query": operations.STATUS.query}


# -- answers ------------------------------------------------------------------------------------------------------


def test_content_counts_even_beside_errors() -> None:
    reply = graphql.parse(
        operations.STATUS, answer({"data": {"xSStatus": {"status": "D"}}, "errors": [{"message": "x"}]})
    )
    assert (reply.content, reply.failure) == ({"status": "D"}, None)


def test_a_failure_is_read_from_where_it_stands() -> None:
    error = {"message": "m", "name": "ApiError", "data": {"res": "ERROR", "err": "60067", "status": 403}}
    failure = graphql.parse(operations.STATUS, answer({"data": {"xSStatus": None}, "errors": [error]})).failure
    assert failure is not None
    assert (failure.message, failure.name, failure.err, failure.res, failure.status) == (
        "m",
        "ApiError",
        "60067",
        "ERROR",
        "403",
    )


@pytest.mark.parametrize(
    "errors", [None, [], [None], ["text"], {}, {"data": {"reason": "r"}}, [{"message": None, "data": []}]], ids=str
)
def test_errors_of_any_shape_are_a_failure(errors: Any) -> None:
    reply = graphql.parse(operations.STATUS, answer({"data": None, "errors": errors}))
    assert reply.failure is not None
    assert isinstance(failures.error(reply.failure), Unreachable)


def test_the_other_form_of_errors_keeps_its_reason() -> None:
    reply = graphql.parse(operations.STATUS, answer({"errors": {"data": {"reason": "maintenance"}}}))
    assert reply.failure is not None
    assert "maintenance" in str(failures.error(reply.failure))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'"x"', b"{}", b"\xff\xfe", b"[" * 100_000])
def test_what_is_not_the_api_is_unreachable(body: bytes) -> None:
    with pytest.raises(Unreachable, match="HTTP 502"):
        graphql.parse(operations.STATUS, Answer(502, body))


KEYS = st.sampled_from(["data", "errors", "xSStatus", "message", "name", "extensions", "err"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
)


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_answer_is_a_crash(body: bytes) -> None:
    try:
        reply = graphql.parse(operations.STATUS, Answer(200, body))
    except Unreachable:
        return
    assert reply.failure is None or isinstance(failures.error(reply.failure), CloudError | Rejected)


def test_the_accessors_take_what_is_missing() -> None:
    row = {"text": " x ", "number": 3, "flag": True, "list": [{"a": 1}, None, 2], "null": None}
    assert [values.text(row, key) for key in ("text", "number", "flag", "null", "no")] == ["x", "3", "", "", ""]
    assert values.text(None, "x") == ""
    assert values.items(row, "list") == [{"a": 1}]
    assert values.items(row, "text") == values.items(None, "x") == []


# -- tokens -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "life_s"),
    [
        (jwt(iat=1000, exp=1900), 900.0),
        (jwt(iat=1000, exp=1060), 60.0),
        (jwt(iat=1000, exp=900), graphql.TOKEN_LIFE_S),
        (jwt(exp=900), graphql.TOKEN_LIFE_S),
        (jwt(iat="a", exp=[]), graphql.TOKEN_LIFE_S),
        ("", graphql.TOKEN_LIFE_S),
        ("a.b.c", graphql.TOKEN_LIFE_S),
        ("a.é.c", graphql.TOKEN_LIFE_S),
    ],
)
def test_life_of_a_token(token: str, life_s: float) -> None:
    assert graphql.life_s(token) == life_s


def test_half_a_character_can_be_printed_and_kept() -> None:
    content = json.loads(json.dumps({"alias": "Coc" + chr(0xD800) + "ina"}))
    assert values.text(content, "alias") == "Coc?ina"
