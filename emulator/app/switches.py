"""The switches of the settings as doors see them, each with its identity and a port of its own."""

import socket

from emulator import doors
from emulator.alarm.switch import Switch
from emulator.app.settings import Settings
from emulator.store.identities import Wanted, identities
from emulator.store.journal import Journal

FIRST_PORT = 1024
"""Lowest port of a switch where no door listens at a port for each; the first that any user may open."""


def switches(settings: Settings, journal: Journal) -> list[Switch]:
    """Return the switches in their order; ConfigError where no port is left for one."""
    opened = [(doors.row(name), section) for name, section in settings.doors.opened.items()]
    showing = {name for name in settings.doors.opened if doors.row(name).binds_switches}
    wanted = [Wanted(settings.installation_of(one), one.on, one.name, one.port or 0) for one in settings.switches]
    known = identities(
        journal,
        wanted,
        next((row.first_port(section) for row, section in opened if row.first_port), FIRST_PORT),
        _port_is_free,
        reserved={port.number for row, section in opened for port in row.ports(section)},
    )
    return [
        Switch(
            name=one.name,
            installation=settings.installation_of(one),
            mode=one.on,
            off_disarms=one.off == "disarm",
            doors=frozenset(filter(one.is_at, showing)),
            identity=identity,
            force=one.force,
            narrowing=one.narrowing,
        )
        for one, identity in zip(settings.switches, known, strict=True)
    ]


def _port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
