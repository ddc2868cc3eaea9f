"""Attack each target with atheris (coverage-guided) for some seconds, or with random and mutated bytes.

    python -m fuzz                        every target, 60 s each; needs the extra `fuzz`
    python -m fuzz --bytes 1000000        every target, a million bytes each; needs nothing
    python -m fuzz --seconds 600 soap_call

Prints a Markdown table, and findings above it. The exit status is 1 if there are any.
"""

import argparse
import logging
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

MOST_BYTES = 4096
"""Size limit of an input; longer ones meet the bounds, which have tests of their own."""


def mutated(chance: random.Random, seeds: Sequence[bytes]) -> Iterator[bytes]:
    """Yield random bytes, and seeds with bytes changed, removed, doubled and inserted, without end."""
    while True:
        data = bytearray(chance.choice(seeds) if chance.random() < 0.9 else chance.randbytes(chance.randrange(200)))
        for _ in range(chance.randrange(6)):
            place = chance.randrange(len(data) + 1)
            end = min(len(data), place + chance.randrange(1, 9))
            match chance.randrange(4):
                case 0:
                    data[place:end] = chance.randbytes(end - place)
                case 1:
                    del data[place:end]
                case 2:
                    data[place:place] = data[place:end] * chance.randrange(1, 20)
                case _:
                    data[place:place] = chance.choice(
                        [b"\r\n", b"\0", b"<", b"&", b'"', b"{", b"[", b":", b"%", b"\xff"]
                    )
        yield bytes(data[:MOST_BYTES])


def resident_kib() -> int:
    """Return the resident memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def by_chance(name: str, size: int) -> tuple[int, str]:
    """Feed `size` bytes to one target. Return the number of inputs, and the growth of memory after the first tenth."""
    from fuzz import targets

    check, seeds = next((check, seeds) for check, seeds in targets.TARGETS.items() if check.__name__ == name)
    inputs, left, settled = 0, size, 0
    for data in mutated(random.Random(name), seeds):  # noqa: S311  reproducible
        try:
            check(data)
        except Exception:
            traceback.print_exc()
            print(f"{name} did not stand {data!r}")
            return inputs, "found something"
        inputs, left = inputs + 1, left - len(data) - 1
        if not settled and left < 0.9 * size:
            settled = resident_kib()
        if left <= 0:
            break
    return inputs, f"memory {resident_kib() - settled:+} KiB"


def by_coverage(name: str, seconds: int) -> tuple[int, str]:
    """Run atheris on one target, in a process of its own, since it exits when it is done."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "fuzz.coverage",
                name,
                folder,
                f"-max_total_time={seconds}",
                f"-max_len={MOST_BYTES}",
                f"-artifact_prefix={folder}/",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    runs = re.search(r"^Done (\d+) runs", done.stdout, re.MULTILINE)
    if done.returncode or not runs:
        print(done.stdout[-4000:])
        return 0, "found something"
    covered = re.findall(r"cov: (\d+)", done.stdout)
    return int(runs[1]), f"{covered[-1]} edges covered" if covered else ""


def names() -> list[str]:
    """Return the targets, in order: read as text, so that no module is imported before atheris instruments it."""
    return re.findall(r"^    (\w+): \(", Path(__file__).with_name("targets.py").read_text(), re.MULTILINE)


def main() -> int:
    """Attack the targets, and print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m fuzz", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("targets", nargs="*", choices=[*names(), []], metavar="TARGET", help=", ".join(names()))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--bytes", type=int, default=0, dest="size")
    chosen = parser.parse_args()
    # Without one, each warning of the program would be a line here.
    logging.getLogger().addHandler(logging.NullHandler())
    rows, found = [], False
    for name in chosen.targets or names():
        began = time.monotonic()
        inputs, remark = by_chance(name, chosen.size) if chosen.size else by_coverage(name, chosen.seconds)
        found |= remark == "found something"
        rows.append(f"| {name} | {inputs} | {time.monotonic() - began:.0f} s | {remark} |")
    print("| target | inputs | time | |", "|---|---|---|---|", *rows, sep="\n")
    return int(found)


if __name__ == "__main__":
    sys.exit(main())
