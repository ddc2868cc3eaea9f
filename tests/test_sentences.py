"""Sentences for people, held against the source: each can be said in another language, wherever it comes from."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.test_architecture import FILES, name, nodes, within

MAKERS = frozenset({"Text", "counted", "sense", "str", "read_table"})
"""Calls that make a sentence with a memory, keep that of an error, or read a table of sentences."""

ENGLISH = ("addon", "cli", "doctor", "config", "simulator", "system.local_api")
"""Rooms whose texts are for whoever types, or for a log: English."""

TYPED = ("ConfigError", "Hindered", "ProtocolError")
"""Errors whose texts are for whoever types or programs: English."""

REASONS = {"refuse": 2, "_deny": 2, "did": 2, "tell": -1, "_tell": -1, "notify": -1, "_on_wrong": 0, "_drop": 1}
"""Method → position of the sentence among its arguments, where there are enough of them."""

LEAST = {"refuse": 3, "_deny": 3, "did": 4, "tell": 2, "_tell": 3, "notify": 3, "_on_wrong": 1, "_drop": 2}
"""Fewest arguments with which a method of that name is the one that is meant."""

PASSED_ON = ("words.text", "words.speech")
"""Modules that get templates: of the sentences themselves, and those that stand in the page's templates."""

ALLOWED = {
    # Module and source of an argument that is no sentence of ours → why.
    ("clouds.owa.session", "f'no session is at hand for {operation.name}'"): "its reader only logs it",
    ("clouds.owa.session", "f'the session does not open {operation.name}: {ended}'"): "its reader only logs it",
    ("clouds.owa.tokens", "values.text(content, 'msg') or Text('the cloud gave no new tokens')"): "the cloud's words",
}


@cache
def spoken_errors() -> frozenset[str]:
    """Return the names of the errors whose texts people may see: all of commands and clouds, and the general one."""
    bases = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for file in FILES
        for node in nodes(file)
        if isinstance(node, ast.ClassDef)
    }
    found = {"CommandError", "CloudError", "PinRefused"}
    while more := {one for one, parents in bases.items() if parents & found} - found:
        found |= more
    # Their constructors take something else, and make the sentence themselves.
    own = {
        node.name
        for file in FILES
        for node in nodes(file)
        if isinstance(node, ast.ClassDef) and node.name in found
        for inner in node.body
        if isinstance(inner, ast.FunctionDef)
        and inner.name == "__init__"
        and [one.arg for one in inner.args.args[1:2]] != ["message"]
    }
    return frozenset(found - own | {"EmulatorError"})


def called(node: ast.Call) -> str:
    """Return the last part of the name that is called."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def sentences(file: Path) -> Iterator[ast.expr]:
    """Yield the arguments of a file that people may read."""
    for node in nodes(file):
        if not isinstance(node, ast.Call) or any(isinstance(one, ast.Starred) for one in node.args):
            continue
        what, args = called(node), node.args
        if args and (what in spoken_errors() or (what == "__init__" and _of_error(file, node))):
            yield args[0]
        elif what == "Outcome" and len(args) > 1:
            yield args[1]
        elif what in REASONS and len(args) >= LEAST[what]:
            yield args[REASONS[what]]


def _of_error(file: Path, call: ast.Call) -> bool:
    """Return whether `super().__init__` is called in a class whose errors people see."""
    holders = [node for node in nodes(file) if isinstance(node, ast.ClassDef) and call in ast.walk(node)]
    holders = [one for one in holders if one.name not in TYPED]
    return any(base.id in spoken_errors() for one in holders for base in one.bases if isinstance(base, ast.Name))


@cache
def functions(file: Path, called: str) -> tuple[tuple[Path, ast.FunctionDef], ...]:
    """Return the functions of that name that return a text: of this file, or else of any."""
    found = [
        (where, node)
        for where in dict.fromkeys((file, *FILES))
        for node in nodes(where)
        if isinstance(node, ast.FunctionDef) and node.name == called and node.returns
        if re.search(r"\b(str|Text)\b", ast.unparse(node.returns))
    ]
    return tuple([one for one in found if one[0] == file] or found)


@cache
def parents(file: Path) -> dict[ast.AST, ast.AST]:
    return {inner: node for node in nodes(file) for inner in ast.iter_child_nodes(node)}


def scopes(file: Path, node: ast.AST) -> Iterator[ast.AST]:
    """Yield the functions and classes around a node, and then the module."""
    while node in parents(file):
        node = parents(file)[node]
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
            yield node


def bindings(scope: ast.AST, wanted: str) -> Iterator[ast.expr | None]:
    """Yield what a name, or an attribute of that name, is bound to; None where the source does not tell."""
    if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
        arguments = (*scope.args.posonlyargs, *scope.args.args, *scope.args.kwonlyargs)
        yield from (None for one in arguments if one.arg == wanted)
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if getattr(target, "id", getattr(target, "attr", "")) == wanted:
                    yield node.value
                elif isinstance(target, ast.Tuple):
                    yield from _unpacked(target, node.value, wanted)
        elif isinstance(node, ast.For | ast.comprehension):
            yield from (None for inner in ast.walk(node.target) if getattr(inner, "id", "") == wanted)


def _unpacked(target: ast.Tuple, value: ast.expr | None, wanted: str) -> Iterator[ast.expr | None]:
    for place, one in enumerate(target.elts):
        if getattr(one, "id", getattr(one, "attr", "")) == wanted:
            yield value.elts[place] if isinstance(value, ast.Tuple) else None


def flaw(file: Path, node: ast.expr | None, seen: frozenset[ast.AST] = frozenset()) -> str:
    """Return the part of an expression that is bare English; empty where it is a sentence that can be translated."""
    if node is None or node in seen:
        return ""
    seen |= {node}
    match node:
        case ast.Constant():
            return repr(node.value) if node.value else ""
        case ast.IfExp():
            return flaw(file, node.body, seen) or flaw(file, node.orelse, seen)
        case ast.BoolOp():
            return next(filter(None, (flaw(file, one, seen) for one in node.values)), "")
        case ast.NamedExpr():
            return flaw(file, node.value, seen)
        case ast.Name(id=wanted) | ast.Attribute(attr=wanted):
            for scope in scopes(file, node):
                if found := list(bindings(scope, wanted)):
                    return next(filter(None, (flaw(file, one, seen) for one in found)), "")
            return ""
        case ast.Subscript(value=table):
            return flaw(file, table, seen)
        case ast.Dict():
            return next(filter(None, (flaw(file, one, seen) for one in node.values)), "")
        case ast.Tuple():
            return next(filter(None, (flaw(file, one, seen) for one in node.elts)), "")
        case ast.Call() if called(node) in MAKERS or ast.unparse(node.func).startswith("spoken."):
            return ""
        case ast.Call(func=ast.Name(id="next"), args=[ast.GeneratorExp(elt=first), other]):
            return flaw(file, first, seen) or flaw(file, other, seen)
        case ast.Call(func=ast.Attribute(value=table, attr="get")):
            return flaw(file, table, seen)
        case ast.Call(func=ast.Name(id=wanted)) if None in bindings(next(scopes(file, node)), wanted):
            return ""
        case ast.Call() if makers := functions(file, called(node)):
            ends = ((where, end) for where, one in makers for end in ast.walk(one) if isinstance(end, ast.Return))
            return next(filter(None, (flaw(where, end.value, seen) for where, end in ends)), "")
        case _:
            return ast.unparse(node)


def rooms() -> list[Path]:
    return [file for file in FILES if not any(within(name(file), one) for one in ENGLISH)]


@pytest.mark.parametrize("file", rooms(), ids=name)
def test_a_sentence_for_people_remembers_how_it_is_made(file: Path) -> None:
    """It is a Text, counted, a sense, the text of an error, or a name that is bound to one."""
    found = [
        f"{file.name}:{one.lineno}: {flaw(file, one)}"
        for one in sentences(file)
        if (name(file), ast.unparse(one)) not in ALLOWED and flaw(file, one)
    ]
    assert not found


@pytest.mark.parametrize("file", [file for file in FILES if name(file) not in PASSED_ON], ids=name)
def test_a_template_is_a_literal(file: Path) -> None:
    """Otherwise nothing puts it into the catalogues."""
    needed = {"Text": 1, "counted": 2, "sense": 2}
    found = [
        f"{file.name}:{node.lineno}"
        for node in nodes(file)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in needed
        for one in node.args[: needed[node.func.id]]
        if not (isinstance(one, ast.Constant) and isinstance(one.value, str))
    ]
    assert not found


def test_what_is_allowed_is_there() -> None:
    there = {(name(file), ast.unparse(one)) for file in FILES for one in sentences(file)}
    assert ALLOWED.keys() <= there


def test_a_bare_text_would_be_found(tmp_path: Path) -> None:
    """The judge sees through names, tables, branches and functions."""
    source = tmp_path / "bare.py"
    source.write_text(
        "def why(x):\n    return f'no {x}' if x else Text('no')\n"
        "def found(self, error, said):\n"
        "    told = 'it is ' + said\n"
        "    raise Rejected(told)\n"
        "    raise Rejected(WHY[1])\n"
        "    raise Unreachable(f'no: {error}', sent=False)\n"
        "    return Outcome(Result.FAILED, 'no')\n"
        "def fine(self, error, said):\n"
        "    told = Text('it is {said}', said=said)\n"
        "    raise Rejected(told)\n"
        "    raise Rejected(str(error))\n"
        "    return Outcome(Result.FAILED, said)\n"
        "WHY = {1: 'bare'}\n"
    )
    assert [flaw(source, one) for one in sentences(source)] == [
        "'it is ' + said",
        "'bare'",
        "f'no: {error}'",
        "'no'",
        "",
        "",
        "",
    ]
