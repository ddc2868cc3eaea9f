"""Requests of GraphQL, checked against the tables (verisure-mypages.md §3). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.simulator.document import Document, Invalid, Selection, check_selection, cut, parse
from emulator.simulator.mypages.schema import ARM_STATES, OPERATIONS, MypagesOperation

TYPES: Mapping[str, type] = {"Int": int, "Boolean": bool, "[String]": list}
"""Type of the schema → type in JSON; all others are texts."""

MOST_CALLS = 20
"""Operations of one request; the app sends a dozen."""


@dataclass(frozen=True, slots=True)
class MypagesCall:
    """An operation that the schema allows."""

    name: str
    operation: MypagesOperation
    variables: Mapping[str, Any]
    picked: Selection

    def answer(self, value: Any) -> dict[str, Any]:
        """Return the answer that carries the `value` of its field, cut to what was selected."""
        return {"data": {key: cut(value, one) for key, one in self.picked.items()}}


def bodies(body: Any) -> list[Mapping[str, Any]]:
    """Return the operations of a body, unchecked. Raise Invalid if it is none."""
    found = body if isinstance(body, list) else [body]
    if not found or len(found) > MOST_CALLS or not all(isinstance(one, dict) for one in found):
        raise Invalid("BAD_REQUEST", "The body is no list of operations.")
    return found


def name_of(body: Mapping[str, Any]) -> str:
    """Return the name of an operation; "unknown" if there is none of that name."""
    name = body.get("operationName")
    return name if isinstance(name, str) and name in OPERATIONS else "unknown"


def read(body: Mapping[str, Any]) -> MypagesCall:
    """Check an operation. Raise Invalid if the schema does not allow it; then nothing may be carried out."""
    name, text, variables = name_of(body), body.get("query"), body.get("variables")
    operation = OPERATIONS.get(name)
    if operation is None:
        raise Invalid("GRAPHQL_VALIDATION_FAILED", f"Unknown operation named {body.get('operationName')!r}.")
    if not isinstance(text, str) or not isinstance(variables, dict):
        raise Invalid("BAD_REQUEST", "An operation has a query and variables.")
    document = parse(text)
    if (document.kind, document.name) != (operation.kind, name):
        raise Invalid("GRAPHQL_VALIDATION_FAILED", f"{name} is a {operation.kind} of that name.")
    if [one.name for one in document.selection.values()] != [operation.field]:
        raise Invalid("GRAPHQL_VALIDATION_FAILED", f"{name} asks for {operation.field}.")
    check_selection(document.selection, operation.shape)
    _check_variables(operation, document, variables)
    return MypagesCall(name, operation, variables, document.selection)


def _check_variables(operation: MypagesOperation, document: Document, variables: Mapping[str, Any]) -> None:
    if document.used != set(document.declared):
        raise Invalid("GRAPHQL_VALIDATION_FAILED", "Variables are declared and not used, or used and not declared.")
    for name, declared in document.declared.items():
        type_ = operation.variables.get(name, "")
        if declared.rstrip("!") != type_.rstrip("!") or (type_.endswith("!") and not declared.endswith("!")):
            raise Invalid("GRAPHQL_VALIDATION_FAILED", f'Variable "${name}" is not of type "{type_}".')
        value = variables.get(name)
        if value is None and not declared.endswith("!"):
            continue
        base = type_.rstrip("!")
        fits = type(value) is TYPES.get(base, str) and (base != "ArmStateStatusTypes" or value in ARM_STATES)
        if not fits:
            raise Invalid("BAD_USER_INPUT", f'Variable "${name}" got an invalid value.')
    needed = {name for name, type_ in operation.variables.items() if type_.endswith("!")}
    lacking = sorted((needed | set(variables)) - set(document.declared))
    if lacking:
        raise Invalid("GRAPHQL_VALIDATION_FAILED", f"Variables are not declared: {', '.join(lacking)}.")
