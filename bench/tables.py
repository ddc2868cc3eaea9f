"""Figures to Markdown: medians with their spread, tables, and the verdict on each target."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """The values of one figure, round by round."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, *values: float) -> "Figure":
        """Return a figure."""
        return cls(tuple(values))

    @property
    def median(self) -> float:
        """The value that the text names."""
        return statistics.median(self.values)

    def __str__(self) -> str:
        low, high = min(self.values), max(self.values)
        spread = f" ({short(low)} to {short(high)})" if len(self.values) > 1 else ""
        return short(self.median) + spread


def ratio(ours: Figure, theirs: Figure) -> Figure:
    """Return the ratio of ours to theirs, round by round: each round had both under the same conditions."""
    return Figure(tuple(a / b for a, b in zip(ours.values, theirs.values, strict=True)))


def short(value: float) -> str:
    """Return three significant digits, without an exponent."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


@dataclass(frozen=True, slots=True)
class Target:
    """A bound, and the measured figure."""

    name: str
    bound: float
    figure: Figure | None
    unit: str = ""
    at_least: bool = False

    @property
    def met(self) -> bool:
        """True if the median meets the bound; False without a figure."""
        if self.figure is None:
            return False
        return self.figure.median >= self.bound if self.at_least else self.figure.median <= self.bound

    @property
    def row(self) -> tuple[str, str, str, str]:
        """The row of the table."""
        sign = "≥" if self.at_least else "≤"
        verdict = "not measured" if self.figure is None else "met" if self.met else "**missed**"
        return (self.name, f"{sign} {short(self.bound)}{self.unit}", str(self.figure or ""), verdict)


def markdown(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table; all but the first column are numbers."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def by_program(title: str, rows: Mapping[str, Mapping[str, object]]) -> str:
    """Return a table with a column for each program, and a dash for a missing figure."""
    programs = list(dict.fromkeys(program for row in rows.values() for program in row))
    return markdown(
        [title, *programs], [[name, *(row.get(program, "-") for program in programs)] for name, row in rows.items()]
    )
