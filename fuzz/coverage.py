"""Run one target under atheris: `python -m fuzz.coverage TARGET CORPUS-FOLDER [libFuzzer options]`."""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["emulator", "fuzz.targets"]):
    from fuzz import targets


def main() -> None:
    """Write the target's seeds into the corpus, and start."""
    name, folder, *options = sys.argv[1:]
    check, seeds = next((check, seeds) for check, seeds in targets.TARGETS.items() if check.__name__ == name)
    for number, seed in enumerate(seeds):
        Path(folder, str(number)).write_bytes(seed)
    atheris.Setup([sys.argv[0], folder, *options], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
