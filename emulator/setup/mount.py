"""The link from the page to set-up. Light: the pages and their libraries are imported once a door shows them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from emulator.doors import DoorContext
from emulator.doors.mounted import Mounted, Refused
from emulator.words.text import Text


def mounted(path: Path, conceal: Callable[[str], None]) -> Mounted:
    """Return the pages that change the settings file at `path`, to be mounted at the page of the program."""

    def open_pages(context: DoorContext, refused: Refused) -> Any:
        from emulator.setup.web import later

        return later.blueprint(path, conceal, context, refused)

    return Mounted("/setup", Text("Settings"), open_pages)
