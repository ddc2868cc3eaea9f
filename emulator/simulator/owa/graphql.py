"""GraphQL as far as the customer API needs it: requests are checked against the tables, and answers are cut to what was
selected (verisure-owa.md §1.2, §6). Pure.

The client shares none of it, so that a mistake cannot cancel out. graphql-core is no substitute: tests and clients rely
on the exact texts of the errors, which are the vendor's, and the base install would grow by it.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.simulator.document import Document, Invalid, Selection, check_selection, cut, parse
from emulator.simulator.owa.schema import ENUMS, OPERATIONS, SHAPES, Signature

PYTHON: dict[str, type] = {"Int": int, "Boolean": bool}
"""Type of the schema → type in JSON; all others are texts."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CheckedCall:
    """A request that the schema allows."""

    name: str
    signature: Signature
    variables: Mapping[str, Any]
    picked: Selection

    def answer(self, value: Any) -> Json:
        """Return the document that carries `value`, cut to what was selected."""
        return {"data": {key: cut(value, one) for key, one in self.picked.items()}}


def name_of(body: Mapping[str, Any], header: str) -> str:
    """Return the operation that a body asks for: by its name, else by its first field, else by the header."""
    named = body.get("operationName")
    if isinstance(named, str) and named in OPERATIONS:
        return named
    text = body.get("query")
    fields = {signature.field: name for name, signature in OPERATIONS.items()}
    if not named and isinstance(text, str):
        first = next((word for word in re.findall(r"\w+", text.partition("{")[2])), "")
        return fields.get(first, header if header in OPERATIONS else "")
    return header if not named and header in OPERATIONS else ""


def read(body: Mapping[str, Any], name: str, lacks: Collection[str] = ()) -> CheckedCall:
    """Check a body against the schema, without fields and arguments named in `lacks`.

    Raise Invalid if it does not fit; then nothing may be carried out.
    """
    signature = OPERATIONS.get(name)
    if signature is None:
        raise Invalid("GRAPHQL_VALIDATION_FAILED", f"Unknown operation named {body.get('operationName')!r}.")
    text, variables = body.get("query"), body.get("variables")
    if not isinstance(text, str):
        raise Invalid("GRAPHQL_PARSE_FAILED", "Must provide query string.")
    document = parse(text)
    named = body.get("operationName")
    if named and document.name and named != document.name:
        raise Invalid("GRAPHQL_VALIDATION_FAILED", f"Unknown operation named {named!r}.")
    if [one.name for one in document.selection.values()] != [signature.field] or document.kind != signature.kind:
        raise Invalid("GRAPHQL_VALIDATION_FAILED", f"{name} is a {signature.kind} of {signature.field}.")
    check_selection(document.selection, SHAPES)
    if variables is not None and not isinstance(variables, dict):
        raise Invalid("BAD_REQUEST", "Variables must be provided as an Object.")
    for variable, type_ in signature.variables.items():
        _check_variable(variable, type_, document, variables or {})
    undeclared = sorted(document.used - set(document.declared))
    if undeclared:
        raise Invalid("GRAPHQL_VALIDATION_FAILED", f'Variable "${undeclared[0]}" is not defined.')
    _check_lacking(document, name, lacks)
    return CheckedCall(name, signature, variables or {}, document.selection)


def _check_lacking(document: Document, name: str, lacks: Collection[str]) -> None:
    """Refuse fields and arguments that only other countries have."""
    asked = [one for field_ in document.selection.values() for one in _names(field_.within or {})]
    said = [f'Unknown argument "{one}" on field "{name}".' for one in sorted(document.used) if one in lacks]
    said += [f'Cannot query field "{one}" on type "{name}".' for one in asked if one in lacks]
    if said:
        raise Invalid("GRAPHQL_VALIDATION_FAILED", said[0], known_elsewhere=True)


def _names(picked: Selection) -> Iterator[str]:
    for one in picked.values():
        yield one.name
        yield from _names(one.within or {})


def _check_variable(name: str, type_: str, document: Document, variables: Mapping[str, Any]) -> None:
    """Require that it is declared, used, given, and of its type; a nullable one may be left out altogether."""
    required, declared, value = type_.endswith("!"), document.declared.get(name), variables.get(name)
    if declared is None and not required:
        return
    if declared not in (type_, f"{type_}!"):
        raise Invalid("GRAPHQL_VALIDATION_FAILED", f'Variable "${name}" must be declared as {type_}.')
    if name not in document.used:
        raise Invalid("GRAPHQL_VALIDATION_FAILED", f'Variable "${name}" is never used.')
    if value is None:
        if declared.endswith("!"):
            raise Invalid("BAD_USER_INPUT", f'Variable "${name}" of required type "{declared}" was not provided.')
        return
    if type(value) is not PYTHON.get(type_.rstrip("!"), str):
        raise Invalid("BAD_USER_INPUT", f'Variable "${name}" got invalid value; Expected type "{type_}".')
    enum = type_.rstrip("!")
    if value not in ENUMS.get(enum, (value,)):
        raise Invalid("BAD_USER_INPUT", f'Variable "${name}" got invalid value; Value does not exist in "{enum}" enum.')
