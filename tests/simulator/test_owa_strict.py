"""What the customer API does not let pass: queries, variables and headers (verisure-owa.md §1, §5.1)."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.simulator.document import Invalid, parse
from emulator.simulator.owa.face import MOST_CLIENT_FAULTS, PATH
from emulator.simulator.owa.options import OwaOptions
from emulator.simulator.owa.schema import OPERATIONS, SHAPES
from emulator.simulator.server import create_app
from tests.simulator.owa import QUERIES, Customer, query

pytestmark = pytest.mark.sampled


def raw(customer: Customer, body: Any, name: str = "Status", **headers: str | None) -> Any:
    """The document of a body as it stands."""
    told = {**customer.headers(name), "X-APOLLO-OPERATION-NAME": None, **headers}
    reply = customer.client.post(PATH, json=body, headers={key: one for key, one in told.items() if one is not None})
    assert reply.status_code == 200
    return reply.json


def code(document: dict[str, Any]) -> str:
    (error,) = document["errors"]
    assert "data" not in document
    return str(error["extensions"]["code"])


STATUS = "query Status($numinst: String!) { xSStatus(numinst: $numinst) { status timestampUpdate } }"
NUMBER = {"numinst": "2423443"}
BODY = {"operationName": "Status", "query": STATUS, "variables": NUMBER}


def test_our_queries_are_those_of_the_reference() -> None:
    assert set(QUERIES) == set(OPERATIONS)
    for name, (kind, field, types, _, _) in QUERIES.items():
        signature = OPERATIONS[name]
        assert (signature.kind, signature.field, dict(signature.variables)) == (kind, field, types)
        assert field in SHAPES


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (BODY, {}),
        ({**BODY, "operationName": None}, {}),
        ({"query": STATUS, "variables": NUMBER}, {}),
        ({"query": STATUS.replace("query Status", "query Whatever"), "variables": NUMBER}, {}),
        ({"query": "# a word\n" + STATUS.replace(" ", "\n\t"), "variables": {**NUMBER, "undeclared": 7}}, {}),
        ({"query": STATUS.replace("String!)", 'String! = "x")'), "variables": NUMBER}, {}),
        ({**BODY, "extensions": {}}, {"x-installationNumber": "2423443"}),
    ],
)
def test_how_a_request_may_be_named_and_spelt(customer: Customer, body: Any, headers: dict[str, Any]) -> None:
    answer = raw(customer, body, **headers)["data"]["xSStatus"]
    assert answer == {"status": "D", "timestampUpdate": answer["timestampUpdate"]}
    assert customer.state()["requests"] == {"Status": 1}


def test_the_answer_is_cut_to_what_was_selected(customer: Customer) -> None:
    text = STATUS.replace("status timestampUpdate", "__typename now: status")
    assert raw(customer, {**BODY, "query": text})["data"] == {"xSStatus": {"__typename": "XSStatus", "now": "D"}}
    text = STATUS.replace("xSStatus(", "panel: xSStatus(")
    assert raw(customer, {**BODY, "query": text})["data"]["panel"]["status"] == "D"


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"operationName": "Stat"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"operationName": "Srv"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": None}, "GRAPHQL_PARSE_FAILED"),
        ({"query": ""}, "GRAPHQL_PARSE_FAILED"),
        ({"query": STATUS[:-1]}, "GRAPHQL_PARSE_FAILED"),
        ({"query": STATUS + "}"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": STATUS + ";"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": STATUS.replace("query", "mutation")}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": STATUS.replace("query Status", "query Other")}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": STATUS.replace("xSStatus", "xSSrv")}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": STATUS.replace(" status", " letter")}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": STATUS.replace(" status", " status { x }")}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": STATUS.replace(" status", " exceptions")}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": STATUS.replace(" status", " ...Fragment")}, "GRAPHQL_PARSE_FAILED"),
        ({"query": STATUS.replace("String!", "String")}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": STATUS.replace("String!", "Int!")}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": STATUS.replace("($numinst: String!)", "")}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": STATUS.replace("(numinst: $numinst)", "")}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": STATUS.replace("(numinst: $numinst)", "(numinst: $numinst, x: $x)")}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "{" * 20 + "}" * 20}, "GRAPHQL_PARSE_FAILED"),
        ({"query": STATUS.replace("status", "a { " * 20 + "}" * 20)}, "GRAPHQL_VALIDATION_FAILED"),
        ({"variables": None}, "BAD_USER_INPUT"),
        ({"variables": []}, "BAD_REQUEST"),
        ({"variables": {"numinst": 2423443}}, "BAD_USER_INPUT"),
        ({"variables": {"numinst": None}}, "BAD_USER_INPUT"),
    ],
)
def test_bodies_that_the_schema_refuses(customer: Customer, change: dict[str, Any], wanted: str) -> None:
    assert code(raw(customer, {**BODY, **change})) == wanted
    assert len(customer.state()["client_faults"]) == 1


def test_nothing_is_done_when_only_the_selection_is_wrong(customer: Customer) -> None:
    variables = customer.mine(request="ARM1")
    text = query("xSArmPanel", variables).replace("referenceId", "reference")
    body = {"operationName": "xSArmPanel", "query": text, "variables": variables}
    assert code(raw(customer, body)) == "GRAPHQL_VALIDATION_FAILED"
    assert customer.panel.pending is None


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'"x"', b"null", b"\xff"])
def test_what_is_no_json_object(customer: Customer, data: bytes) -> None:
    reply = customer.client.post(PATH, data=data, content_type="application/json")
    assert reply.status_code == 200
    assert reply.json["errors"]
    assert customer.state()["requests"] == {"unknown": 1}


def test_a_body_of_another_type(customer: Customer) -> None:
    reply = customer.client.post(
        PATH, data=json.dumps(BODY), content_type="text/plain", headers=customer.headers("Status")
    )
    assert reply.json["errors"]


def test_the_header_names_the_operation_when_nothing_else_does(customer: Customer) -> None:
    headers = {**customer.headers("Status"), "X-APOLLO-OPERATION-NAME": "Status"}
    customer.client.post(PATH, json={}, headers=headers)
    customer.client.post(PATH, json={}, headers={"X-APOLLO-OPERATION-NAME": "nonsense"})
    assert customer.state()["requests"] == {"Status": 1, "unknown": 1}


@pytest.mark.parametrize("method", ["get", "put", "head", "options"])
def test_other_methods_do_nothing(customer: Customer, method: str) -> None:
    assert getattr(customer.client, method)(PATH).status_code == 405
    assert customer.state()["requests"] == {}


REQUIRED = [(name, key) for name, one in QUERIES.items() for key, type_ in one[2].items() if type_.endswith("!")]


@pytest.mark.parametrize(("name", "key"), REQUIRED)
def test_every_required_variable_is_required_and_typed(customer: Customer, name: str, key: str) -> None:
    types = QUERIES[name][2]
    values = {"Int!": 1, "ArmCodeRequest!": "ARM1", "DisarmCodeRequest!": "DARM1", "TimeFilter!": "ALL"}
    good = {one: values.get(type_, "x") for one, type_ in types.items() if type_.endswith("!")}
    wrong = "1" if types[key] == "Int!" else 1
    for bad in ({**good, key: wrong}, {**good, key: None}, {one: good[one] for one in good if one != key}):
        assert code(customer.ask(name, **bad)) == "BAD_USER_INPUT"
    assert customer.panel.pending is None
    assert customer.state()["accepted"] == {}


def test_nullable_variables_are_typed_too(customer: Customer) -> None:
    good = customer.mine(request="ARM1")
    for key, bad in (("armAndLock", "false"), ("suid", 1), ("currentStatus", True)):
        assert code(customer.ask("xSArmPanel", **good, **{key: bad})) == "BAD_USER_INPUT"
    assert customer.get("xSArmPanel", **good, armAndLock=False, suid=None, currentStatus="D")["res"] == "OK"


INSTALLATION = [name for name, one in QUERIES.items() if one[4] == "i"]
SESSION = [name for name, one in QUERIES.items() if one[4] in "si"]
DEVICE = [name for name, one in QUERIES.items() if one[4] == "d"]


def filled(customer: Customer, name: str) -> dict[str, Any]:
    """Variables that the schema takes."""
    values: dict[str, Any] = {
        **customer.device,
        **customer.mine(counter=1, recordId=0, idService="11", timeFilter="ALL"),
        "request": "DARM1" if "isarm" in name else "ARM1",
        "country": "ES",
    }
    types = QUERIES[name][2]
    return {key: values.get(key, "x") for key, type_ in types.items() if type_.endswith("!")}


@pytest.mark.parametrize("name", SESSION)
@pytest.mark.parametrize(
    "change",
    [
        None,
        {"hash": ""},
        {"hash": "x.y.z"},
        {"user": "ana"},
        {"country": "FR"},
    ],
)
def test_without_a_session(customer: Customer, name: str, change: dict[str, Any] | None) -> None:
    auth = None if change is None else {**customer.auth(), **change}
    document = customer.send(name, filled(customer, name), auth=auth).json
    (error,) = document["errors"]
    assert (error["name"], error["data"]["status"]) == ("ExpiredSessionError", 403)
    assert document["data"] == {QUERIES[name][1]: None}
    assert customer.state()["accepted"] == {}


@pytest.mark.parametrize("name", [*SESSION, *DEVICE])
@pytest.mark.parametrize("spoilt", ["{", "[]", "country", "lang", "callby", "id", "user", "hash", "ES"])
def test_an_auth_header_that_is_none(customer: Customer, name: str, spoilt: str) -> None:
    auth: Any = customer.auth("" if name in DEVICE else None)
    if spoilt == "ES":
        auth["country"] = "es"
    elif spoilt in auth:
        del auth[spoilt]
    else:
        auth = spoilt
    assert code(customer.send(name, filled(customer, name), auth=auth).json) == "BAD_REQUEST"
    assert len(customer.state()["client_faults"]) == 1


def test_what_goes_with_a_hash_only(customer: Customer) -> None:
    auth = customer.auth()
    del auth["loginTimestamp"]
    assert code(customer.send("mkInstallationList", auth=auth).json) == "BAD_REQUEST"
    assert customer.send("mkValidateDevice", customer.identity(), auth={**auth, "hash": ""}).json["data"]


@pytest.mark.parametrize("name", DEVICE)
def test_what_goes_without_a_hash(customer: Customer, name: str) -> None:
    for more in ({"hash_": customer.hash}, {"hash_": "", "refreshToken": "x"}):
        document = customer.send(name, filled(customer, name), auth=customer.auth(**more)).json
        assert code(document) == "BAD_REQUEST"


def test_a_login_goes_without_an_auth_header(customer: Customer) -> None:
    document = customer.send("mkLoginToken", filled(customer, "mkLoginToken"), auth=customer.auth("")).json
    assert code(document) == "BAD_REQUEST"
    assert customer.backend.bad_passwords == {}


@pytest.mark.parametrize(
    "security",
    [
        "{",
        "[]",
        {"token": "1", "type": "OTP"},
        {"token": 1, "type": "OTP", "otpHash": "x"},
        {"token": "1", "type": "SMS", "otpHash": "x"},
    ],
)
def test_a_security_header_that_is_none(newcomer: Customer, security: Any) -> None:
    newcomer.try_login()
    assert code(newcomer.send("mkValidateDevice", newcomer.identity(), security=security).json) == "BAD_REQUEST"


@pytest.mark.parametrize("name", INSTALLATION)
@pytest.mark.parametrize(
    "change",
    [
        {"numinst": None},
        {"numinst": "7"},
        {"panel": None},
        {"panel": "SDVECU"},
        {"X_Capabilities": None},
        {"X_Capabilities": "x.y.z"},
    ],
)
def test_without_access_to_the_installation(customer: Customer, name: str, change: dict[str, Any]) -> None:
    document = customer.send(name, filled(customer, name), **change).json
    (error,) = document["errors"]
    assert error["message"] == "accessPermissions: Missing capabilities data"
    assert (error["name"], document["data"]) == ("accessPermissionsMiddleware", {QUERIES[name][1]: None})
    assert customer.panel.pending is None


@pytest.mark.parametrize("name", INSTALLATION)
def test_another_number_or_panel_in_the_variables(customer: Customer, name: str) -> None:
    variables = {**filled(customer, name), "numinst": "7"}
    assert customer.error(name, **variables)["name"] == "accessPermissionsMiddleware"
    if "panel" in QUERIES[name][2]:
        variables = {**filled(customer, name), "panel": "SDVECU"}
        assert code(customer.ask(name, **variables)) == "BAD_REQUEST"


def test_capabilities_die_of_age(customer: Customer) -> None:
    customer.clock.pass_by(600)
    customer.refresh()
    customer.clock.pass_by(299)
    assert customer.status()
    customer.clock.pass_by(1)
    assert customer.error("Status", **NUMBER)["name"] == "accessPermissionsMiddleware"


def test_mistakes_are_bounded(customer: Customer) -> None:
    for _ in range(MOST_CLIENT_FAULTS + 5):
        raw(customer, {**BODY, "variables": None})
    assert len(customer.state()["client_faults"]) == MOST_CLIENT_FAULTS


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(list(OPERATIONS)), st.sampled_from(["operationName", "query", "variables"]), JSON)
def test_any_json_is_answered(name: str, key: str, value: Any) -> None:
    """In JSON, whatever stands in the body."""
    client = create_app(api="owa", options=OwaOptions(flood_limit=0)).test_client()
    body = {"operationName": name, "query": query(name, {}), "variables": {}}
    reply = client.post(PATH, json={**body, key: value})
    assert (reply.status_code, bool(reply.json["errors"])) == (200, True)


@given(st.data())
def test_any_value_of_a_variable_is_answered(data: st.DataObject) -> None:
    client = create_app(api="owa", options=OwaOptions(flood_limit=0)).test_client()
    variables = {key: data.draw(JSON) for key in QUERIES["mkLoginToken"][2]}
    body = {"operationName": "mkLoginToken", "query": query("mkLoginToken", variables), "variables": variables}
    assert client.post(
        PATH, json=body, headers={"auth": data.draw(st.text(st.characters(codec="latin-1", exclude_categories=["Cc"])))}
    ).is_json
    assert client.post(PATH, json=body).is_json


@given(st.text(alphabet='{}()[]$:!="q .#,\\a1', max_size=60) | st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Never anything but Invalid, whatever comes."""
    with suppress(Invalid):
        parse(text)
