"""What answers of My Pages mean, and where it is asked."""

import json
from datetime import datetime
from typing import Any

import pytest

from emulator.clouds import values
from emulator.clouds.firewall import Answer
from emulator.clouds.mypages import codec, failures
from emulator.clouds.mypages.failures import CodesExhausted, Elsewhere, Limited, WrongCode
from emulator.clouds.mypages.operations import CHANGES, INSTALLATIONS, STATE
from emulator.clouds.mypages.provider import hosts
from emulator.errors import LoginRefused, Rejected, SessionExpired, Unreachable

HOUR_S = 3600.0


def reply(status: int, document: Any) -> codec.PagesReply:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return codec.parse(Answer(status, body))


def coded(code: str, message: str = "") -> dict[str, str]:
    return {"errorGroup": "X", "errorCode": code, "errorMessage": message}


def within(code: str) -> dict[str, Any]:
    return {"errors": [{"message": "Request Failed", "data": coded(code)}], "data": {"armStateDisarm": None}}


def error(status: int, document: Any, *, login: bool = False) -> object:
    return failures.error(reply(status, document), str, login=login)


@pytest.mark.parametrize(
    ("status", "document", "kind"),
    [
        (503, coded("SYS_00004"), Elsewhere),
        (200, within("SYS_00004"), Elsewhere),
        (429, {}, Limited),
        (200, within("AUT_00021"), Limited),
        (401, coded("AUT_00011"), SessionExpired),
        (200, within("AUT_00011"), SessionExpired),
        (401, b"<response><status><errorCode>AUT_00011</errorCode></status></response>", SessionExpired),
        (400, coded("VAL_00008"), WrongCode),
        (200, within("VAL_00008"), WrongCode),
        (404, coded("VAL_00818"), Rejected),
        (401, coded("ACC_00002"), CodesExhausted),
        (403, {"message": "Forbidden"}, Unreachable),
        (504, b"<html>Verisure API Gateway</html>", Unreachable),
        (200, b"<html>", Unreachable),
        (200, within("SYS_00001"), Unreachable),
        (400, {"errors": [{"message": 'Cannot query field "x" on type "Y".'}]}, Rejected),
        (200, {"errors": [{"message": "TypeError: x is not a function"}], "data": {"x": None}}, Unreachable),
    ],
)
def test_what_an_error_means(status: int, document: Any, kind: type[Exception]) -> None:
    assert type(error(status, document)) is kind


@pytest.mark.parametrize("code", ["SYS_00004", "AUT_00011", "AUT_00021", "VAL_00008"])
def test_what_was_taken_is_not_sent_again_whatever_else_the_answer_says(code: str) -> None:
    for status in (200, 401, 503):
        found = error(status, within(code) | {"data": {"armStateArmAway": "transaction"}})
        assert type(found) is Unreachable
        assert found.sent


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"message": "Forbidden"}', b"null", b"[" * 200_000])
def test_an_answer_without_a_code_proves_nothing(body: bytes) -> None:
    """But for 401 and 429, by which HTTP itself says that nothing was done."""
    for status in {*range(300, 600)} - {401, 429}:
        found = error(status, body)
        assert type(found) is Unreachable
        assert found.sent


@pytest.mark.parametrize("code", ["AUT_00001", "AUT_00004"])
def test_a_refused_login(code: str) -> None:
    assert isinstance(error(401, coded(code), login=True), LoginRefused)


@pytest.mark.parametrize("body", [b"", b"Unauthorized", b"<response><errorCode>AUT_00001</errorCode></response>"])
def test_a_refused_login_in_other_words_than_json_is_one(body: bytes) -> None:
    """It would be tried again every some minutes otherwise."""
    assert isinstance(error(401, body, login=True), LoginRefused)


def test_no_failure_of_a_server_is_a_refused_login() -> None:
    for status in (500, 502, 504):
        assert type(error(status, coded("SYS_00001"), login=True)) is Unreachable
        assert type(error(status, b"<html>", login=True)) is Unreachable


def test_one_answer_comes_with_or_without_a_list_around_it() -> None:
    one: Any = {"data": {"installation": {"armState": {"statusType": "DISARMED"}}}}
    for document in (one, [one]):
        assert values.text(reply(200, document).value(STATE), "statusType") == "DISARMED"
    nothing: Any
    for nothing in ([], [None], 7, "x", {"data": None}, {"data": {"installation": []}}):
        assert reply(200, nothing).value(STATE) is None


def test_a_deep_answer_ends_the_search_for_errors() -> None:
    deep: Any = {"errorCode": "SYS_00004"}
    for _ in range(900):
        deep = [deep]
    assert reply(200, deep).codes in ({"SYS_00004"}, frozenset())
    assert reply(200, [[{}] * 5000, coded("SYS_00004")]).codes == {"SYS_00004"}


def test_operations_are_a_list_of_what_is_needed() -> None:
    [said] = json.loads(codec.ask(INSTALLATIONS, {"email": "a@b"}, {}).body)
    assert said.keys() == {"operationName", "variables", "query"}
    assert all(operation.changes for operation in CHANGES.values())
    assert not any(codec.ask(operation, {}, {}).repeated for operation in CHANGES.values())


def test_a_login_shows_trust_alone_and_a_renewal_neither_trust_nor_access() -> None:
    cookies = {"vid": "1", "vs-access": "2", "vs-refresh": "3", "vs-trust-x": "4"}
    assert codec.log_in("a@b", "å", cookies).cookies == {"vs-trust-x": "4"}
    assert codec.renew(cookies).cookies == {"vid": "1", "vs-refresh": "3"}
    assert "vid" not in codec.merged(cookies, {"vid": ""})
    assert "4" not in repr(codec.log_in("a@b", "x", cookies))


@pytest.mark.parametrize(
    ("clock", "blocked", "after", "until"),
    [
        ("2026-03-10 14:00", True, "", "2026-03-11 00:15"),
        ("2026-03-10 01:00", True, "", "2026-03-10 02:00"),
        ("2026-03-10 14:00", False, "", "2026-03-10 15:00"),
        ("2026-03-10 14:00", False, "120", "2026-03-10 14:02"),
        ("2026-03-10 14:00", False, "0", "2026-03-10 14:01"),
        ("2026-03-10 14:00", False, "-5", "2026-03-10 15:00"),
        ("2026-03-10 14:00", False, "99999999", "2026-03-11 14:00"),
    ],
)
def test_how_long_a_limit_lasts(clock: str, blocked: bool, after: str, until: str) -> None:
    now = datetime.fromisoformat(clock).astimezone().timestamp()
    found = failures.quiet_until(Limited("x", blocked=blocked), after, now)
    assert f"{datetime.fromtimestamp(found).astimezone():%Y-%m-%d %H:%M}" == until


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://automation01.verisure.com", ("automation01", "automation02")),
        ("https://automation02.verisure.com", ("automation02", "automation01")),
        ("https://proxy.example/x", ("proxy.example",)),
        ("http://127.0.0.1:8010", (":8010", ":8011")),
        ("http://[::1]:8010", (":8010", ":8011")),
        ("http://192.168.1.5:8010", (":8010",)),
    ],
)
def test_the_hosts_of_an_endpoint(url: str, found: tuple[str, ...]) -> None:
    assert [part in one for part, one in zip(found, hosts(url), strict=True)] == [True] * len(found)
