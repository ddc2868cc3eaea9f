"""The targets, compared with the measured figures."""

from collections.abc import Mapping

from bench.figures import CONNECTIONS, FEW, MOST, SUBSCRIBERS, Rows
from bench.programs import FAUXMO, OURS, STACK
from bench.tables import Figure, Target, ratio


def targets(rows: Rows, idle_s: float) -> list[Target]:
    """Return all targets, in the order of the tables."""
    found = [_compared(rows, f"{_open(number, 'new each')}: p99, ms", "p99 to fauxmo's", 0.8) for number in CONNECTIONS]
    found += [
        _compared(rows, f"{_open(number, 'new each')}: answers/s", "throughput to fauxmo's", 1.3, at_least=True)
        for number in CONNECTIONS
    ]
    found += [
        _compared(rows, f"{_open(number, 'kept open')}: answers/s", "throughput to fauxmo's", 3, at_least=True)
        for number in CONNECTIONS
    ]
    busy, rest = (rows.get(f"p50, ms, {state}", {}).get(OURS) for state in ("during the command", "at rest"))
    every = f"{OURS}, all doors"
    held = rows.get(f"resident memory (RSS), MiB, {FEW} switches", {})
    shared = rows.get(f"resident memory (PSS), MiB, {FEW} switches", {})
    return [
        *found,
        Target("p50 while a command runs, to p50 at rest", 1.2, ratio(busy, rest) if busy and rest else None),
        Target(f"memory (RSS), all doors, {FEW} switches", 60, held.get(every), " MiB"),
        Target("memory (PSS), all doors, to the known stack's", 0.5, _ratio(shared, every, STACK)),
        Target("idle CPU, all doors", 0.2, rows.get(f"idle CPU over {idle_s:g} s, % of a core", {}).get(OURS), " %"),
        Target("set to X1 on the wire", 20, rows.get("set to X1 on the wire, ms", {}).get(OURS), " ms"),
        Target(
            "panel done to event, beyond the poll",
            50,
            rows.get("panel done to event, beyond the poll that saw it, ms", {}).get(OURS),
            " ms",
        ),
        Target("memory per switch", 100, rows.get(f"memory per switch, 1 to {MOST}, KiB", {}).get(OURS), " KiB"),
        Target(
            "memory per subscriber",
            100,
            rows.get(f"memory per subscriber, 0 to {SUBSCRIBERS}, KiB", {}).get(OURS),
            " KiB",
        ),
    ]


def _open(number: int, how: str) -> str:
    return f"{number} connection{'s' * (number > 1)}, {how}"


def _compared(rows: Rows, row: str, what: str, bound: float, *, at_least: bool = False) -> Target:
    where = row.partition(":")[0]
    return Target(f"{where}: {what}", bound, _ratio(rows.get(row, {}), OURS, FAUXMO), at_least=at_least)


def _ratio(row: Mapping[str, Figure], ours: str, theirs: str) -> Figure | None:
    return ratio(row[ours], row[theirs]) if ours in row and theirs in row else None
