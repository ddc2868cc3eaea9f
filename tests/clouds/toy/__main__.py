"""The program with one more row; `python -m tests.clouds.toy` in place of `emulator`."""

from emulator.clouds import CLOUDS

CLOUDS["toy"] = "tests.clouds.toy.provider"

from emulator.cli import main  # noqa: E402  # as if the row had always been there

main()
