"""For machines that watch: /healthz and /metrics tell what is wrong, and whose it is to mend.

/healthz is 503 only for what a restart may mend: a door of the LAN that no client can reach, an alarm whose thread has
ended or hangs, a journal that was deleted. A cloud that is down, a login that needs the user and a full disk are 200:
restarting would cost the account a login and the house its last state's freshness, and mend nothing.
"""

from collections.abc import Callable, Iterator
from http import HTTPStatus

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from emulator import __version__
from emulator.doors.dashboard import schema
from emulator.doors.dashboard.overview import Overview
from emulator.model import Interior


def healthz(overview: Overview) -> tuple[schema.Healthz, HTTPStatus]:
    """One word for each part, and for the whole that of the part that is worst off."""
    health = {name: overview.health(name) for name in overview.hub.installations}
    doors = {door.name: door.status for door in overview.doors()}
    status, code = "healthy", HTTPStatus.OK
    if any(one.cloud == "down" for one in health.values()):
        status = "cloud down"
    if any(one.blocked for one in health.values()):
        status = "login needs the user"
    if overview.journal.trouble:
        status = "state folder refuses writes"
        code = HTTPStatus.SERVICE_UNAVAILABLE if overview.journal.is_gone else code
    if "down" in doors.values():
        status, code = "LAN door down", HTTPStatus.SERVICE_UNAVAILABLE
    if not all(overview.hub.health(name).alive for name in health):
        status, code = "program broken", HTTPStatus.SERVICE_UNAVAILABLE
    alarms = {name: schema.AlarmHealth(cloud=one.cloud, login=one.login) for name, one in health.items()}
    folder = "down" if overview.journal.trouble else "ok"
    told = {"status": status, "installations": alarms, "doors": doors, "state_folder": folder}
    return schema.Healthz.model_validate(told), code


def _panel(value: Callable[[schema.PanelView], float | None]) -> Callable[[schema.InstallationView], float | None]:
    """A number that there is once the panel was read."""
    return lambda one: value(one.panel) if one.panel else None


GAUGES: dict[str, tuple[str, Callable[[schema.InstallationView], float | None]]] = {
    # What each installation has → what it says, and where it comes from.
    "emulator_cloud_up": (
        "1 when the last poll brought news and that is not too old.",
        lambda one: one.health.cloud == "ok",
    ),
    "emulator_login_needs_user": (
        "1 when logins have stopped until a person acts.",
        lambda one: one.health.login != "ok",
    ),
    "emulator_poll_failures": ("Polls in a row without news.", lambda one: one.health.failures),
    "emulator_next_poll_timestamp_seconds": ("When the panel is to be read next.", lambda one: one.health.next_poll_at),
    "emulator_command_pending": ("1 while a command is under way.", lambda one: one.pending is not None),
    "emulator_last_read_timestamp_seconds": ("When the panel was last read.", _panel(lambda panel: panel.read_at)),
    "emulator_panel_armed": ("0 only when the panel said that all is off.", _panel(lambda panel: panel.armed)),
    "emulator_panel_perimeter": ("Whether the perimeter is armed.", _panel(lambda panel: panel.perimeter)),
    "emulator_panel_annex": ("Whether the annex is armed.", _panel(lambda panel: panel.annex)),
}


class Metrics(Collector):
    """Everything that has a number, read when it is asked for. What the panel has not said has no sample."""

    def __init__(self, overview: Overview, started: float) -> None:
        self._overview = overview
        self._started = started
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def text(self) -> bytes:
        """In Prometheus' own format."""
        return generate_latest(self._registry)

    def describe(self) -> list[Metric]:
        """Nothing beforehand: registering must not read the house."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The samples of this moment."""
        state = self._overview.state()
        yield InfoMetricFamily("emulator", "The program.", value={"version": __version__})
        for name, (text, value) in GAUGES.items():
            gauge = GaugeMetricFamily(name, text, labels=["installation"])
            for one in state.installations:
                if (number := value(one)) is not None:
                    gauge.add_metric([one.name], float(number))
            yield gauge
        yield self._interiors(state)
        yield self._doors(state)
        yield GaugeMetricFamily("emulator_state_writable", "0 when the state folder refuses writes.", not state.trouble)
        yield self._commands()

    @staticmethod
    def _interiors(state: schema.StateView) -> Metric:
        gauge = GaugeMetricFamily(
            "emulator_panel_interior", "1 for the mode of the interior.", labels=["installation", "mode"]
        )
        for one in state.installations:
            if one.panel and one.panel.interior:
                for mode in Interior:
                    gauge.add_metric([one.name, mode], float(one.panel.interior is mode))
        return gauge

    @staticmethod
    def _doors(state: schema.StateView) -> Metric:
        gauge = GaugeMetricFamily("emulator_door_up", "0 when no client can reach the door.", labels=["door"])
        for door in state.doors:
            gauge.add_metric([door.name], float(door.status != "down"))
        return gauge

    def _commands(self) -> Metric:
        counter = CounterMetricFamily(
            "emulator_commands", "Commands that ended since the start.", labels=["installation", "door", "result"]
        )
        for (installation, door, result), number in self._overview.journal.counts(self._started).items():
            counter.add_metric([installation, door, result], number)
        return counter
