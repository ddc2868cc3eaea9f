"""Notification targets: counted and judged, and nothing is sent to them."""

import sys

import pytest

from emulator.doctor import state
from emulator.doctor.finding import Verdict
from emulator.system.extras import InstalledAs
from tests.doctor.conftest import MakeCase

NOBODY_THERE = "json://127.0.0.1:1/"


def test_none_is_said(make_case: MakeCase) -> None:
    assert state.notifications(make_case()).verdict is Verdict.SKIPPED


def test_a_file_that_cannot_be_read_is_named(make_case: MakeCase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERISURE_NOTIFY_FILE", "/nowhere/at/all")
    found = state.notifications(make_case())
    assert (found.verdict, "VERISURE_NOTIFY_FILE" in found.found) == (Verdict.PROBLEM, True)


def test_targets_are_counted(make_case: MakeCase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERISURE_NOTIFY", f"{NOBODY_THERE} {NOBODY_THERE}other")
    found = state.notifications(make_case())
    assert (found.verdict, found.found.partition(";")[0]) == (Verdict.OK, "2 target(s)")


def test_one_that_is_none_is_a_problem_that_quotes_no_secret(
    make_case: MakeCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VERISURE_NOTIFY", f"{NOBODY_THERE} nonsense://secret")
    found = state.notifications(make_case())
    assert (found.verdict, "VERISURE_NOTIFY" in found.found) == (Verdict.PROBLEM, True)
    assert "secret" not in f"{found}"


def test_without_apprise_the_command_that_adds_it_is_named(
    make_case: MakeCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VERISURE_NOTIFY", NOBODY_THERE)
    monkeypatch.setitem(sys.modules, "apprise", None)
    found = state.notifications(make_case())
    assert (found.verdict, found.fix) == (Verdict.PROBLEM, state.RESTART)
    assert InstalledAs.here().lacks("notify") in found.found
