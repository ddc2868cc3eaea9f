"""The same facts as numbers for Prometheus."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from emulator import __version__
from emulator.model import Interior
from emulator.views import schema

GAUGES: dict[str, tuple[str, Callable[[schema.InstallationView], float | None]]] = {
    # Name behind `emulator_`, for each installation → its help, and its value.
    "cloud_up": ("1 when the last poll brought news and that is not too old.", lambda it: it.health.cloud == "ok"),
    "login_needs_user": ("1 when logins have stopped until a person acts.", lambda it: it.health.login != "ok"),
    "poll_failures": ("Polls in a row without news.", lambda it: it.health.failures),
    "next_poll_timestamp_seconds": ("When the panel is to be read next.", lambda it: it.health.next_poll_at),
    "command_pending": ("1 while a command is under way.", lambda it: it.pending is not None),
    "last_read_timestamp_seconds": ("When the panel was last read.", lambda it: it.panel.read_at if it.panel else None),
    "panel_armed": ("0 only when the panel said that all is off.", lambda it: it.panel.armed if it.panel else None),
    "panel_perimeter": ("Whether the perimeter is armed.", lambda it: it.panel.perimeter if it.panel else None),
    "panel_annex": ("Whether the annex is armed.", lambda it: it.panel.annex if it.panel else None),
}


def text(state: schema.StateView, counts: Mapping[tuple[str, str, str], int]) -> bytes:
    """Return the samples in Prometheus' text format. What the panel has not said has no sample.

    `counts` are the commands that ended, by installation, door and result.
    """
    return generate_latest(Samples(state, counts))


@dataclass(frozen=True)
class Samples(Collector):
    """The samples of a moment."""

    state: schema.StateView
    counts: Mapping[tuple[str, str, str], int]

    def collect(self) -> Iterator[Metric]:
        """Yield them, metric by metric."""
        state = self.state
        yield InfoMetricFamily("emulator", "The program.", value={"version": __version__})
        for name, (text, value) in GAUGES.items():
            yield _gauge(name, text, ("installation",), [((one.name,), value(one)) for one in state.installations])
        interiors = [(one.name, one.panel.interior) for one in state.installations if one.panel and one.panel.interior]
        modes = [((name, mode), interior is mode) for name, interior in interiors for mode in Interior]
        yield _gauge("panel_interior", "1 for the mode of the interior.", ("installation", "mode"), modes)
        doors = [((door.name,), door.status != "down") for door in state.doors]
        yield _gauge("door_up", "0 when no client can reach the door.", ("door",), doors)
        yield _gauge("state_writable", "0 when the state folder refuses writes.", (), [((), not state.trouble)])
        commands = CounterMetricFamily(
            "emulator_commands", "Commands that ended since the start.", labels=("installation", "door", "result")
        )
        for labels, number in self.counts.items():
            commands.add_metric(labels, number)
        yield commands


def _gauge(name: str, text: str, labels: Sequence[str], points: Iterable[tuple[Sequence[str], float | None]]) -> Metric:
    gauge = GaugeMetricFamily(f"emulator_{name}", text, labels=labels)
    for values, number in points:
        if number is not None:
            gauge.add_metric(values, float(number))
    return gauge
