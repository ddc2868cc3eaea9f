"""`emulator check`: find what keeps this program from working here, and tell how to mend it. Changes nothing."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path

from emulator.app.settings import Settings
from emulator.clock import Clock
from emulator.config import devices_yaml
from emulator.doctor import cloud, lan, neighbours, ports, state
from emulator.doctor.case import Case, remember
from emulator.doctor.finding import Finding, ok, problem
from emulator.errors import ConfigError
from emulator.lan import network
from emulator.system.lock import is_running

LOG = logging.getLogger(__name__)

PATIENCE_S = 25.0
"""Time-out of all checks, which run at the same time; the slowest is a cloud whose every step takes its 5 s."""

Findings = Finding | Iterable[Finding]

CHECKS: Mapping[str, Callable[[Case], Findings]] = {
    # Subject → its check, in the order in which people read them.
    "state folder": state.folder,
    "journal": state.journal,
    "login": state.logins,
    "notifications": state.notifications,
    "address": lan.addresses,
    "ports of switches": ports.switches,
    "ports of other doors": ports.others,
    "port of searches": ports.searches,
    "programs of doors": neighbours.programs,
    "ports that are shared": ports.shared,
    "multicast": lan.multicast,
    "search": lan.answers,
    "cloud and clock": cloud.clouds_and_clock,
}


def examine(
    path: Path | None,
    state_dir: Path,
    interfaces: Sequence[str] | None,
    clock: Clock,
    checks: Mapping[str, Callable[[Case], Findings]] = CHECKS,
    patience_s: float = PATIENCE_S,
) -> tuple[list[Finding], bool]:
    """Return all findings in their order, and whether the settings can be used; without them, fewer checks apply."""
    settings, found = _settings(path, state_dir)
    interfaces = interfaces or (settings.lan.interfaces if settings else None)
    address = str(settings.lan.address) if settings and settings.lan.address else None
    places = network.places(network.nics(), interfaces, address)
    case = Case(settings, state_dir, places, remember(settings, state_dir), is_running(state_dir), clock)
    patience = clock.monotonic() + patience_s
    under_way = {name: _begin(name, check, case) for name, check in checks.items()}
    for name, future in under_way.items():
        try:
            found += future.result(max(0.0, patience - clock.monotonic()))
        except TimeoutError:
            found.append(problem(name, f"not known after {patience_s:g} s", "see the other lines first"))
    return found, settings is not None


def _settings(path: Path | None, state_dir: Path) -> tuple[Settings | None, list[Finding]]:
    check = "settings"
    try:
        file = devices_yaml.find(path, state_dir)
        settings = Settings.load(file)
    except ConfigError as error:
        remedy = "mend that; the checks that need the settings are left out"
        return None, [problem(check, str(one), remedy) for one in error.problems]
    counts = f"{len(settings.installations)} alarm(s), {len(settings.switches)} switch(es)"
    return settings, [ok(check, f"{devices_yaml.named(file)}: {counts}")]


def _begin(name: str, check: Callable[[Case], Findings], case: Case) -> Future[list[Finding]]:
    """Carry out a check in a daemon thread, so that one that hangs does not keep the program from ending."""
    future: Future[list[Finding]] = Future()

    def carry_out() -> None:
        try:
            found = check(case)
            future.set_result([found] if isinstance(found, Finding) else list(found))
        except Exception as error:
            LOG.debug("%s", name, exc_info=error)
            found = problem(name, f"could not be checked ({type(error).__name__})", "use --log-level debug")
            future.set_result([found])

    threading.Thread(target=carry_out, name=f"check {name}", daemon=True).start()
    return future
