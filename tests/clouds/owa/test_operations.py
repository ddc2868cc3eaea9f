"""What a country's schema does not have is left out of the documents."""

import json
import re
from typing import Any

import pytest

from emulator.clouds.firewall import Answer
from emulator.clouds.owa import operations
from emulator.clouds.owa.operations import Documents, Operation
from emulator.clouds.owa.provider import SPACING_S
from emulator.clouds.owa.wire import Wire
from emulator.clouds.turnstile import Turnstile
from emulator.clouds.unread import NOTHING, Lacking, lacking
from emulator.errors import Unconfirmed
from emulator.model import DISARMED, Disarm
from tests.clouds.contract import quiet
from tests.clouds.owa.test_cloud import ACCOUNT, LOGIN, SERVICES, SUBMITTED, World, ended, status
from tests.clouds.script import MemoryVault, Script, Scripted, data
from tests.support.fakes import FakeClock

ALL = [value for value in vars(operations).values() if isinstance(value, Operation)]


def selected(operation: Operation) -> list[str]:
    return re.findall(r"\w+", operation.wanted)


def refused(operation: Operation, name: str, nth: int = 0, **more: Any) -> dict[str, Any]:
    """How graphql-js refuses a field of a document, and where it stands in it."""
    begins = operation.query.rindex(operation.wanted)
    places = [one.start() for one in re.finditer(rf"\b{name}\b", operation.wanted)]
    message = f'Cannot query field "{name}" on type "X". Did you mean "y"?'
    return {"message": message, "locations": [{"line": 1, "column": begins + places[nth] + 1}], **more}


@pytest.mark.parametrize("operation", [one for one in ALL if one.wanted], ids=lambda one: one.name)
@pytest.mark.parametrize("located", [True, False])
def test_any_field_can_be_left_out(operation: Operation, located: bool) -> None:
    for name in set(selected(operation)) - operations.KEPT - {"installations", "reg"}:
        error = refused(operation, name)
        if not located:
            del error["locations"]
        left = operation.without(lacking([error]))
        assert len(selected(left)) < len(selected(operation)), name
        assert "{ }" not in left.query
        assert left.query.count("{") == left.query.count("}")
        assert re.findall(r"\$\w+", left.query) == re.findall(r"\$\w+", operation.query)


def test_the_field_that_is_meant_goes_and_not_another_of_its_name() -> None:
    outer = operations.STATUS.without(lacking([refused(operations.STATUS, "status", 0)]))
    assert outer.wanted == "timestampUpdate wifiConnected exceptions { status deviceType alias }"
    inner = operations.STATUS.without(Lacking((("status", 0),)))
    assert inner.wanted == "status timestampUpdate wifiConnected exceptions { deviceType alias }"


def test_several_go_at_once_and_what_is_left_empty_with_them() -> None:
    names = ("wifiConnected", "status", "deviceType", "alias")
    errors = [refused(operations.STATUS, name, -1) for name in names]
    assert operations.STATUS.without(lacking(errors)).wanted == "status timestampUpdate"
    services = [refused(operations.SERVICES, "configRepoUser"), refused(operations.SERVICES, "language")]
    left = operations.SERVICES.without(lacking(services))
    assert not {"configRepoUser", "alarmPartitions", "enterStates", "language"} & set(selected(left))
    assert {"capabilities", "services", "numinst"} <= set(selected(left))


def test_tokens_are_not_given_up() -> None:
    for name in operations.KEPT:
        assert operations.REFRESH.without(Lacking(((name, 0),))) == operations.REFRESH


def test_arguments_are_left_out_of_questions_and_never_of_a_change() -> None:
    unknown = lacking([{"message": f'Unknown argument "{name}" on field "x".'} for name in ("armAndLock", "numinst")])
    assert "armAndLock" not in operations.ARM_STATUS.without(unknown).query
    assert "$numinst" in operations.ARM_STATUS.without(unknown).query
    assert operations.ARM.without(unknown) == operations.ARM


def test_what_is_not_only_about_the_schema_is_nothing() -> None:
    assert lacking([refused(operations.STATUS, "status"), {"message": 'Variable "$x" is not defined.'}]) == NOTHING
    assert lacking([{"message": 'Field "error" must not have a selection since type "E" has no subfields.'}]).fields


def test_a_change_that_may_have_begun_is_left_as_it_is() -> None:
    documents = Documents()
    begun = lacking([refused(operations.DISARM, "msg", path=["xSDisarmPanel"])])
    assert not documents.learn(operations.DISARM, begun)
    assert documents.learn(operations.DISARM, lacking([refused(operations.DISARM, "msg")]))
    assert documents.of(operations.DISARM).wanted == "res referenceId"
    assert documents.learn(operations.STATUS, lacking([refused(operations.STATUS, "alias", path=["xSStatus"])]))


def test_only_arming_asks_for_what_opens_zones() -> None:
    assert "suid" in selected(operations.ARM_STATUS)
    assert "suid" not in selected(operations.DISARM_STATUS)


def lacks(field: str, **more: Any) -> Answer:
    """A document that the schema does not take; nothing was executed."""
    error = {"message": f'Cannot query field "{field}" on type "X".', **more}
    return Answer(400, json.dumps({"errors": [error | {"extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}]}).encode())


@pytest.mark.parametrize(
    ("operation", "answer"),
    [
        ("Srv", SERVICES),
        ("Status", status("T")),
        ("xSDisarmPanel", data("xSDisarmPanel", SUBMITTED)),
        ("DisarmStatus", ended("D", "xSDisarmStatus")),
    ],
)
def test_a_disarm_does_not_hang_on_a_field_that_a_country_lacks(operation: str, answer: Scripted) -> None:
    field = {"Srv": "configRepoUser", "Status": "wifiConnected"}.get(operation, "msg")
    answers: dict[str, Any] = {"Status": status("T"), operation: [lacks(field), answer]}
    world = World(**answers)
    seen: list[str] = []
    for _ in range(2):
        assert world.cloud.execute(Disarm(), lambda phase, text: seen.append(f"{phase} {text}")).axes == DISARMED
    documents = world.script.documents(operation)
    assert field in documents[0]
    assert not any(field in one for one in documents[1:])
    assert seen.count("sending DARM1") == (3 if operation == "xSDisarmPanel" else 2)


def begun(field: str, operation: str) -> Scripted:
    """The words of a schema, and the field that only execution makes."""
    return Answer(200, json.dumps({**json.loads(lacks(field).body), "data": {operation: None}}).encode())


@pytest.mark.parametrize("answer", [lacks("msg", path=["xSDisarmPanel"]), begun("msg", "xSDisarmPanel")])
def test_a_change_whose_error_may_come_from_further_on_is_not_sent_again(answer: Scripted) -> None:
    world = World(Status=status("T"), xSDisarmPanel=answer)
    with pytest.raises(Unconfirmed, match="msg"):
        world.cloud.execute(Disarm(), quiet)
    assert world.submitted() == ["DARM1"]


def test_a_question_that_had_begun_is_asked_again_without_what_is_lacking() -> None:
    world = World(Status=[begun("wifiConnected", "xSStatus"), status("T")])
    assert world.cloud.read().raw == "T"


def test_the_password_goes_along_with_one_document_more_at_most(clock: FakeClock) -> None:
    script = Script(clock, mkLoginToken=[lacks("mainUser"), lacks("legals"), lacks("msg")])
    wire = Wire(ACCOUNT, script, clock, Turnstile(SPACING_S), MemoryVault())
    assert wire.ask(operations.LOGIN, {"password": "p"}, LOGIN).failure
    assert ["mainUser" in one for one in script.documents("mkLoginToken")] == [True, False]
