"""GraphQL as far as the faces need it: query texts are read, and answers cut to what was selected. Pure.

A text is one operation without fragments or directives: all that known clients send (verisure-owa.md §1.2, §6). The
clients share none of it, so that a mistake cannot cancel out.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.errors import EmulatorError

DEEPEST = 12
"""Nesting of selections; the deepest known has 5."""

LEXER = re.compile(
    r'#[^\n]*|[\s,]+|(?P<token>[{}()\[\]:$!=@]|\.\.\.|"(?:[^"\\]|\\.)*"|-?\w+(?:\.\w+)?)|(?P<wrong>.)', re.DOTALL
)

Selection = dict[str, "Picked"]


class Invalid(EmulatorError):
    """A request that the schema does not allow; `code` is the `extensions.code` of the answer.

    `known_elsewhere` is for what other countries have, so that the client cannot know better.
    """

    def __init__(self, code: str, message: str, *, known_elsewhere: bool = False) -> None:
        self.code = code
        self.known_elsewhere = known_elsewhere
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Picked:
    """A selected field, and the selection within it."""

    name: str
    within: Selection | None = None


@dataclass(slots=True)
class Document:
    """A query text: `query` or `mutation`, name, declared variables with their types, used variables, fields."""

    kind: str = "query"
    name: str = ""
    declared: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    selection: Selection = field(default_factory=dict)


def parse(text: str) -> Document:
    """Parse a query text. Raise Invalid if it is none."""
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


def check_selection(picked: Selection, shape: Mapping[str, Any], of: str = "") -> None:
    """Require that every selected field is in the shape: field → shape of its own fields; empty for a plain value."""
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
            check_selection(one.within, inner, one.name)


def cut(value: Any, picked: Picked) -> Any:
    """Return `value` with the selected fields only."""
    if picked.within is None or value is None:
        return value
    if isinstance(value, list):
        return [cut(one, picked) for one in value]
    typed = {**value, "__typename": picked.name[0].upper() + picked.name[1:]}
    return {key: cut(typed.get(one.name), one) for key, one in picked.within.items()}


class _Tokens:
    """Tokens of a query text, with one token of look-ahead."""

    def __init__(self, text: str) -> None:
        self._rest = self._lex(text)
        self.next = next(self._rest, "")

    def take(self, *expected: str) -> str:
        """Return the next token, which must be one of `expected`, or else a name."""
        if self.next not in expected if expected else not re.fullmatch(r"\w+", self.next):
            raise _syntax(self.next)
        return self.skip()

    def skip(self) -> str:
        """Return the next token of any kind."""
        word, self.next = self.next, next(self._rest, "")
        if not word:
            raise _syntax(word)
        return word

    @staticmethod
    def _lex(text: str) -> Iterator[str]:
        for found in LEXER.finditer(text):
            if found["wrong"]:
                raise _syntax(found["wrong"])
            if found["token"]:
                yield found["token"]


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
    """Skip the arguments of a field, and collect the variables that they use."""
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
