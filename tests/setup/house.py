"""The pages of a bench's first start."""

from collections.abc import Callable
from functools import partial

from emulator.setup.claim import ClaimCode
from emulator.setup.set_up import SetUp
from emulator.setup.web.desk import SetUpDesk
from emulator.setup.web.first_run import create_app
from emulator.store.pin import set_pin
from emulator.words.text import Text
from tests.setup.browser import PEER, Browser
from tests.setup.rig import Bench


class House:
    """The pages of a bench's first start."""

    def __init__(self, bench: Bench, *, is_over: bool = False) -> None:
        self.bench = bench
        self.code = ClaimCode(bench.clock.monotonic)
        self.finished: list[str] = []
        begin = partial(
            SetUp,
            bench.path,
            bench.state,
            bench.journal,
            bench.clock,
            conceal=bench.concealed.append,
            set_pin=partial(set_pin, bench.journal),
            page_port=8099,
        )
        self.desk = SetUpDesk(begin, self.code.check, bench.clock.monotonic, goes_on=True)
        self.app = create_app(self.desk, self._finish, lambda: is_over)

    def _finish(self) -> str:
        self.finished.append("yes")
        return Text("The program starts with it now.")

    def browser(self, peer: str = PEER) -> Browser:
        """Return a browser that has not shown the code."""
        return Browser(self.app, peer)

    def claimed(self, peer: str = PEER) -> Browser:
        """Return a browser that has."""
        return self.browser(peer).get().form(code=str(self.code))


Open = Callable[..., House]
"""Opens a house; its arguments are those of Bench."""
