"""`make bench`: measure every figure of docs/performance.md and print it as Markdown. `ARGS=quick` for a look."""

import os
import platform
import subprocess
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench import figures, network, programs, tables, targets
from bench.process import CLIENT_CORE, SERVER_CORE


def main() -> None:
    """Enter a network without a way out, and measure."""
    chosen = network.enter("bench")
    os.sched_setaffinity(0, {CLIENT_CORE})
    quick = "quick" in chosen
    wanted = [each for each in chosen if each != "quick"]
    began, plan, rows = time.monotonic(), figures.Plan.of(quick=quick), {}
    print(f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC{', quick' if quick else ''}: {_machine()}\n")
    for name, why in programs.missing().items():
        print(f"Without {name}: {why}\n")
    for title, measure in figures.ALL:
        if wanted and measure.__name__ not in wanted:
            continue
        found = measure(plan)
        rows |= found
        print(f"### {title}\n\n{tables.by_program(title, found)}\n", flush=True)
    verdicts = [target for target in targets.targets(rows, plan.idle_s) if target.figure or not wanted]
    print("### Targets\n")
    print(tables.markdown(["target", "bound", "measured", "verdict"], [target.row for target in verdicts]))
    print(f"\nIt took {(time.monotonic() - began) / 60:.1f} min.")


def _machine() -> str:
    cpus = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    model = cpus[0].partition(":")[2].strip() if cpus else platform.machine()
    peers = subprocess.run(
        [programs.PEERS / "python", "-m", "pip", "list", "--format", "freeze"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    known = ", ".join(line for line in peers.split() if line.partition("==")[0] in ("fauxmo", "Flask", "redis", "rq"))
    return (
        f"{model}, {os.cpu_count()} cores (programs on {SERVER_CORE}, clients on {CLIENT_CORE}), "
        f"Linux {platform.release()}, Python {platform.python_version()}, "
        f"verisure-emulator {version('verisure-emulator')}; {known}"
    )


if __name__ == "__main__":
    main()
