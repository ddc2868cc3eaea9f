"""Templates and routes as they were compiled once: each test makes apps of its own, which took most of its time."""

from collections.abc import Callable

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule

Builder = Callable[..., tuple[str, str]]
"""Makes the address of a rule from its arguments; the rule itself is the first."""

compile_builder: Callable[[Rule, bool], Builder] = Rule._compile_builder
BUILDERS: dict[tuple[object, ...], Builder] = {}


class CompiledTemplates(BytecodeCache):
    """Templates, by what Jinja calls them."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._known:
            bucket.bytecode_from_string(self._known[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key] = bucket.bytecode_to_string()


def builder(rule: Rule, append_unknown: bool = True) -> Builder:
    """Return what Werkzeug compiled for another rule of the same words."""
    key = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
    if key not in BUILDERS:
        BUILDERS[key] = compile_builder(rule, append_unknown)
    return BUILDERS[key]


def once() -> None:
    """Let all apps of this process share them."""
    Flask.jinja_options = {"bytecode_cache": CompiledTemplates()}
    Rule._compile_builder = builder  # type: ignore[method-assign, assignment]
