"""Health for machines that watch: what is wrong, and whose it is to mend.

The status is 503 only for what a restart may mend: a door of the LAN that no client can reach, an alarm whose thread
has ended or hangs, a journal that was deleted. A cloud or a broker that is down, a login that needs the user and a
full disk are 200: a restart would cost the account a login, lose the fresh state of the panel, and mend nothing.
"""

from http import HTTPStatus

from emulator.doors import row
from emulator.doors.dashboard.bodies import AlarmHealth, Healthz
from emulator.doors.dashboard.overview import Overview
from emulator.views import schema
from emulator.views.facts import facts


def healthz(overview: Overview) -> tuple[Healthz, HTTPStatus]:
    """Return one word for each part, the word of the worst part for the whole, and the HTTP status."""
    health = {name: schema.health(facts(overview.hub, name, ())) for name in overview.hub.installations}
    doors = {door.name: door.status for door in overview.shown_doors()}
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
