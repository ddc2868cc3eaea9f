"""GraphQL as far as the customer API needs it: a request is parsed and checked against the tables, an answer is cut to
what was selected (verisure-owa.md §1.2, §6). Pure, and shared with nobody, so that a mistake cannot cancel out.

An operation is one field of one operation, without fragments or directives: what every known client sends.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.errors import EmulatorError
from emulator.simulator.owa.schema import ENUMS, OPERATIONS, SHAPES, Signature

DEEPEST = 12
"""Selections within selections; the deepest known has 5."""

TOKEN = re.compile(r'[{}()\[\]:$!=@]|\.\.\.|"(?:[^"\\]|\\.)*"|-?\w+(?:\.\w+)?')
IGNORED = re.compile(r"#[^\n]*|[\s,]+")

PYTHON: dict[str, type] = {"Int": int, "Boolean": bool}
"""Type of the schema → type in JSON; all others are texts."""

Selection = dict[str, "Picked"]
Json = dict[str, Any]


class Invalid(EmulatorError):
    """Not what the schema allows; `code` is the `extensions.code` of the answer.

    `known_elsewhere` where the client cannot know better: other countries have it.
    """

    def __init__(self, code: str, message: str, *, known_elsewhere: bool = False) -> None:
        self.code = code
        self.known_elsewhere = known_elsewhere
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Picked:
    """A field that was asked for, and what was asked for within it."""

    name: str
    within: Selection | None = None


@dataclass(slots=True)
class Document:
    """A query text: `query` or `mutation`, its name, its variables with their types, those used, and the fields."""

    kind: str = "query"
    name: str = ""
    declared: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    selection: Selection = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckedCall:
    """A request that the schema allows."""

    name: str
    signature: Signature
    variables: Mapping[str, Any]
    picked: Selection

    def answer(self, value: Any) -> Json:
        """The document that carries `value`, cut to what was selected."""
        return {"data": {key: _cut(value, one) for key, one in self.picked.items()}}


def name_of(body: Mapping[str, Any], header: str) -> str:
    """The operation that a body asks for: by its name, else by its first field, else by the header."""
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
    """Check a body against the schema. Invalid says what is wrong, and nothing may be carried out then.

    `lacks` names what this country's schema does not have.
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
    _check_selection(document.selection, SHAPES, "")
    if variables is not None and not isinstance(variables, dict):
        raise Invalid("BAD_REQUEST", "Variables must be provided as an Object.")
    for variable, type_ in signature.variables.items():
        _check_variable(variable, type_, document, variables or {})
    undeclared = sorted(document.used - set(document.declared))
    if undeclared:
        raise Invalid("GRAPHQL_VALIDATION_FAILED", f'Variable "${undeclared[0]}" is not defined.')
    _check_lacking(document, name, lacks)
    return CheckedCall(name, signature, variables or {}, document.selection)


def parse(text: str) -> Document:
    """Read a query text; Invalid when it is none."""
    document, tokens = Document(), _Tokens(text)
    if tokens.next != "{":
        document.kind = tokens.take()
        if tokens.next not in ("(", "{"):
            document.name = tokens.take()
        if tokens.next == "(":
            document.declared = _declarations(tokens)
    document.selection = _selection(tokens, document.used, 0)
    if tokens.next:
        raise _syntax(tokens.next)
    return document


class _Tokens:
    """The words of a query text, one ahead."""

    def __init__(self, text: str) -> None:
        self._rest = self._split(text)
        self.next = next(self._rest, "")

    def take(self, *expected: str) -> str:
        word, self.next = self.next, next(self._rest, "")
        if not word or (expected and word not in expected) or (not expected and not re.fullmatch(r"\w+", word)):
            raise _syntax(word)
        return word

    def skip(self) -> str:
        """Take whatever comes."""
        word, self.next = self.next, next(self._rest, "")
        if not word:
            raise _syntax(word)
        return word

    @staticmethod
    def _split(text: str) -> Iterator[str]:
        at = 0
        while at < len(text):
            ignored = IGNORED.match(text, at)
            found = ignored or TOKEN.match(text, at)
            if found is None:
                raise _syntax(text[at])
            if not ignored:
                yield found.group()
            at = found.end()


def _declarations(tokens: _Tokens) -> dict[str, str]:
    found: dict[str, str] = {}
    tokens.take("(")
    while tokens.next != ")":
        tokens.take("$")
        variable = tokens.take()
        tokens.take(":")
        type_ = ""
        while tokens.next not in ("$", ")", "="):
            type_ += tokens.skip()
        if tokens.next == "=":  # a default value
            tokens.skip()
            tokens.skip()
        found[variable] = type_
    tokens.take(")")
    return found


def _selection(tokens: _Tokens, used: set[str], depth: int) -> Selection:
    if depth > DEEPEST:
        raise Invalid("GRAPHQL_VALIDATION_FAILED", "The query is too deep.")
    found: Selection = {}
    tokens.take("{")
    while tokens.next != "}":
        key = name = tokens.take()
        if tokens.next == ":":
            tokens.skip()
            name = tokens.take()
        if tokens.next == "(":
            _arguments(tokens, used)
        found[key] = Picked(name, _selection(tokens, used, depth + 1) if tokens.next == "{" else None)
    tokens.take("}")
    return found


def _arguments(tokens: _Tokens, used: set[str]) -> None:
    """Skip the arguments of a field, but see which variables they use."""
    depth = 0
    while True:
        word = tokens.skip()
        depth += (word == "(") - (word == ")")
        if word == "$":
            used.add(tokens.take())
        if not depth:
            return


def _syntax(word: str) -> Invalid:
    return Invalid("GRAPHQL_PARSE_FAILED", f"Syntax Error: Unexpected {word[:20] or '<EOF>'}.")


def _check_selection(picked: Selection, shape: Mapping[str, Any], of: str) -> None:
    for one in picked.values():
        if one.name == "__typename":
            continue
        if one.name not in shape:
            raise Invalid("GRAPHQL_VALIDATION_FAILED", f'Cannot query field "{one.name}" on type "{of}".')
        inner = shape[one.name]
        if bool(inner) != (one.within is not None):
            must = "must" if inner else "must not"
            raise Invalid("GRAPHQL_VALIDATION_FAILED", f'Field "{one.name}" {must} have a selection of subfields.')
        if one.within is not None:
            _check_selection(one.within, inner, one.name)


def _check_lacking(document: Document, name: str, lacks: Collection[str]) -> None:
    """Refuse what every other country has."""
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
    """Declared, used, given, and of its type; a nullable one may be left out altogether."""
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
    check_enum(name, type_.rstrip("!"), value)


def check_enum(name: str, type_: str, value: object) -> None:
    """Invalid when the type is an enum and this is not one of its values."""
    if value not in ENUMS.get(type_, (value,)):
        raise Invalid(
            "BAD_USER_INPUT", f'Variable "${name}" got invalid value; Value does not exist in "{type_}" enum.'
        )


def _cut(value: Any, picked: Picked) -> Any:
    if picked.within is None or value is None:
        return value
    if isinstance(value, list):
        return [_cut(one, picked) for one in value]
    typed = {**value, "__typename": picked.name[0].upper() + picked.name[1:]}
    return {key: _cut(typed.get(one.name), one) for key, one in picked.within.items()}
