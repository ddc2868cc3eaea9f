"""The program with one more row; `python -m tests.toys.tin` in place of `emulator`."""

from emulator.clouds import CLOUDS

CLOUDS["tin"] = "tests.toys.tin.provider"

from emulator.cli import main  # noqa: E402  # as if the row had always been there

main()
