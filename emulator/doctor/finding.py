"""The result of a check: one line for a person, one object for a program."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """The severity of a finding. A warning is worth reading; only a problem keeps something from working."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One result: the subject, what was found, and how to fix it. Holds no secret."""

    check: str
    verdict: Verdict
    found: str
    fix: str = ""


def ok(check: str, found: str) -> Finding:
    """Report that all is well."""
    return Finding(check, Verdict.OK, found)


def warning(check: str, found: str, fix: str) -> Finding:
    """Report something that is worth knowing."""
    return Finding(check, Verdict.WARNING, found, fix)


def problem(check: str, found: str, fix: str) -> Finding:
    """Report something that has to be mended."""
    return Finding(check, Verdict.PROBLEM, found, fix)


def skipped(check: str, why: str) -> Finding:
    """Report that the check was not possible, or not needed."""
    return Finding(check, Verdict.SKIPPED, why)
