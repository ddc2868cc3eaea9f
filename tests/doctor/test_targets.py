"""Notification targets, looked at and not used. What Apprise makes of URLs is tested in a process of its own."""

import os
import subprocess
import sys

import pytest

from emulator.doctor import targets
from emulator.doctor.finding import Verdict
from tests.doctor.conftest import MakeCase

PATIENCE_S = 20.0
LOOK = """
from emulator.doctor import targets
found = targets.notifications(None)
print(found.verdict, found.found, found.fix)
"""


def look(urls: str) -> str:
    environment = {**os.environ, "VERISURE_NOTIFY": urls}
    return subprocess.run(
        [sys.executable, "-c", LOOK], env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=True
    ).stdout


def test_none_is_said(make_case: MakeCase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VERISURE_NOTIFY", raising=False)
    assert targets.notifications(make_case()).verdict is Verdict.SKIPPED


def test_a_file_that_cannot_be_read_is_named(make_case: MakeCase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERISURE_NOTIFY_FILE", "/nowhere/at/all")
    found = targets.notifications(make_case())
    assert (found.verdict, "VERISURE_NOTIFY_FILE" in found.found) == (Verdict.PROBLEM, True)


def test_targets_are_counted_and_get_nothing() -> None:
    # Port 1 would refuse.
    assert look("json://127.0.0.1:1/ json://127.0.0.1:1/other").startswith("ok 2 target(s)")


def test_one_that_is_none_is_a_problem_that_quotes_no_secret() -> None:
    said = look("json://127.0.0.1:1/ nonsense://secret")
    assert said.startswith("problem environment: VERISURE_NOTIFY: one of its URLs")
    assert "secret" not in said
