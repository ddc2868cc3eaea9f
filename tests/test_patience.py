"""No test measures the machine: what Hypothesis may take is said once, for all."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

HERE = Path(__file__).parent
FILES = sorted(file for file in HERE.rglob("*.py") if file != HERE / "conftest.py" and "hypothesis" in file.read_text())
FOR_ALL = {"deadline", "suppress_health_check"}
"""What a test that sets one of them would take from the profile."""


def named(node: ast.expr) -> str:
    """`settings` of `settings(…)`, and of `hypothesis.settings(…)`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def own_ways(file: Path) -> Iterator[str]:
    """Every place in a file that leaves the profile."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call):
            name, words = named(node.func), {word.arg for word in node.keywords}
            if (name == "settings" and words & FOR_ALL) or name in ("register_profile", "load_profile"):
                yield f"{file.relative_to(HERE)}:{node.lineno}"


@pytest.mark.parametrize("profile", ["short", "long"])
def test_no_profile_has_a_deadline(profile: str) -> None:
    chosen = settings.get_profile(profile)
    assert chosen.deadline is None
    assert HealthCheck.too_slow in chosen.suppress_health_check


def test_every_property_is_tried_with_a_profile_of_ours(request: pytest.FixtureRequest) -> None:
    assert settings.get_current_profile_name() in ("short", "long")
    for item in request.session.items:
        own = getattr(getattr(item, "obj", None), "_hypothesis_internal_use_settings", settings.default)
        assert own.deadline is None, item.nodeid
        assert HealthCheck.too_slow in own.suppress_health_check, item.nodeid


def test_no_test_has_its_own_patience() -> None:
    assert [place for file in FILES for place in own_ways(file)] == []
