"""Health for machines that watch: /healthz and /metrics tell what is wrong, and whose it is to mend.

/healthz is 503 only for what a restart may mend: a door of the LAN that no client can reach, an alarm whose thread has
ended or hangs, a journal that was deleted. A cloud or a broker that is down, a login that needs the user and a full
disk are 200: a restart would cost the account a login, lose the fresh state of the panel, and mend nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from emulator import __version__
from emulator.doors import row
from emulator.doors.dashboard.overview import Overview
from emulator.model import Interior
from emulator.views import schema


class AlarmHealth(schema.Model):
    """The words for one alarm."""

    cloud: schema.Word
    login: schema.Word


class Healthz(schema.Model):
    """One word for each part. HTTP 503 only for what a restart may mend: see metrics.py."""

    status: Literal[
        "healthy",
        "cloud down",
        "login needs the user",
        "other program down",
        "state folder refuses writes",
        "LAN door down",
        "program broken",
    ]
    installations: dict[str, AlarmHealth]
    doors: dict[str, schema.Word]
    state_folder: schema.Word


def healthz(overview: Overview) -> tuple[Healthz, HTTPStatus]:
    """Return one word for each part, the word of the worst part for the whole, and the HTTP status."""
    health = {name: overview.health(name) for name in overview.hub.installations}
    doors = {door.name: door.status for door in overview.door_views()}
    own = [status for name, status in doors.items() if not row(name).depends]
    trouble, restart = overview.journal.trouble, HTTPStatus.SERVICE_UNAVAILABLE
    worst_first = (
        (not all(overview.hub.health(name).alive for name in health), "program broken", restart),
        ("down" in own, "LAN door down", restart),
        (trouble, "state folder refuses writes", restart if overview.journal.is_gone else HTTPStatus.OK),
        (any(one.blocked for one in health.values()), "login needs the user", HTTPStatus.OK),
        (any(one.cloud == "down" for one in health.values()), "cloud down", HTTPStatus.OK),
        ("down" in doors.values(), "other program down", HTTPStatus.OK),
        (True, "healthy", HTTPStatus.OK),
    )
    status, code = next((word, code) for is_so, word, code in worst_first if is_so)
    alarms = {name: AlarmHealth.of(one) for name, one in health.items()}
    folder = "down" if trouble else "ok"
    return Healthz.of(status=status, installations=alarms, doors=doors, state_folder=folder), code


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


@dataclass(frozen=True)
class Metrics(Collector):
    """Prometheus metrics, read from the overview at each scrape. What the panel has not said has no sample."""

    overview: Overview
    started: float

    def text(self) -> bytes:
        """Return the samples in Prometheus' text format."""
        return generate_latest(self)

    def collect(self) -> Iterator[Metric]:
        """Yield the samples of this moment."""
        state = self.overview.state()
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
        for labels, number in self.overview.journal.counts(self.started).items():
            commands.add_metric(labels, number)
        yield commands


def _gauge(name: str, text: str, labels: Sequence[str], points: Iterable[tuple[Sequence[str], float | None]]) -> Metric:
    gauge = GaugeMetricFamily(f"emulator_{name}", text, labels=labels)
    for values, number in points:
        if number is not None:
            gauge.add_metric(values, float(number))
    return gauge
