"""The link from the page to set-up. Light: the pages and their libraries are imported once a door shows them."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from emulator.doors import DoorContext
from emulator.doors.mounted import Mounted, Refused
from emulator.setup.claim import ClaimCode
from emulator.words.text import Text


def mounted(path: Path, code: ClaimCode, conceal: Callable[[str], None]) -> Mounted:
    """Return the pages that change the settings file at `path`, to be mounted at the page of the program.

    `code` opens them while there is no PIN.
    """

    stopping = threading.Event()

    def open_pages(context: DoorContext, refused: Refused) -> Any:
        from emulator.setup.web import later

        return later.blueprint(path, code, conceal, context, refused, stopping)

    def served(is_served: bool) -> None:
        (stopping.clear if is_served else stopping.set)()

    return Mounted("/setup", Text("Settings"), open_pages, served)
