"""What a check says: one line for a person, one object for a program."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How serious it is. A warning is worth reading; only a problem keeps something from working."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was found, and how to fix it. Holds no secret."""

    check: str
    verdict: Verdict
    found: str
    fix: str = ""


def ok(check: str, found: str) -> Finding:
    """Nothing to do."""
    return Finding(check, Verdict.OK, found)


def warning(check: str, found: str, fix: str) -> Finding:
    """Something to know."""
    return Finding(check, Verdict.WARNING, found, fix)


def problem(check: str, found: str, fix: str) -> Finding:
    """Something to mend."""
    return Finding(check, Verdict.PROBLEM, found, fix)


def skipped(check: str, why: str) -> Finding:
    """Something that could not be looked at, or need not be."""
    return Finding(check, Verdict.SKIPPED, why)
