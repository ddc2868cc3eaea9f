"""The cloud of tin: a panel in memory that does as it is told, and the row that the program knows it by."""

from collections.abc import Sequence

from emulator.alarm.cloud import Details, Phase, Reading, Report
from emulator.clock import Clock
from emulator.clouds import Country, Polling, Provider
from emulator.clouds.account import Account, Reach
from emulator.model import DISARMED, Action, PanelState
from emulator.model.activity import AlarmEvent


class TinCloud:
    """One installation; each reading and each command succeeds at once."""

    def __init__(self, account: Account, clock: Clock) -> None:
        self._account = account
        self._clock = clock
        self._axes = DISARMED

    def read(self, how: Reading = Reading.POLL) -> PanelState:
        return PanelState(self._axes, self._clock.time(), str(how), "tin")

    def execute(self, action: Action, report: Report) -> PanelState:
        report(Phase.SENDING, "tin")
        report(Phase.ACCEPTED, "tin")
        self._axes = self._axes.after(action)
        return self.read()

    def activity(self) -> Sequence[AlarmEvent]:
        return ()

    def describe(self) -> Details:
        return Details(self._account.number, "TIN", self._account.lang)

    def close(self) -> None: ...


def _open(account: Account, _reach: Reach, clock: Clock) -> TinCloud:
    return TinCloud(account, clock)


ROW = Provider(
    title="the tests",
    api="tin",
    countries={"ES": Country("127.0.0.1:1", "es"), "AT": Country("127.0.0.1:1", "de")},
    path="/tin",
    polling=Polling(every_s=300.0, at_least_s=100.0, spacing_s=0.1),
    open=_open,
    after_refusal="Wind it up.",
    again="wind it up",
)
