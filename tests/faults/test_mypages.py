"""Faults that only My Pages has, at every step of an arm, a disarm and a poll, for once and until they are mended.

A renewal that is refused is left out: then a person has to log in, as with every cloud.
"""

from itertools import product
from pathlib import Path

import pytest

from tests.faults.alarm import Alarm
from tests.faults.test_matrix import WHAT, cloud, hold, prepared, requests

pytestmark = pytest.mark.sampled

KINDS = (
    *("gateway_timeout", "bad_gateway", "not_json", "trouble", "trouble_500", "passive", "passive_200"),
    *("unauthorized", "unauthorized_200", "limited", "limited_200", "busy", "no_transaction", "silent"),
    *("state_unknown", "state_null", "null_list"),
)


SESSIONS = ("unauthorized", "unauthorized_200")
CASES = [(kind, once, what) for kind, once, what in product(KINDS, (True, False), WHAT) if once or kind not in SESSIONS]


class PatientAlarm(Alarm):
    """A house whose cloud may want fewer requests: nothing is sent for an hour, and settling is rare by then."""

    beyond_s = 6000.0


@pytest.mark.parametrize(("kind", "once", "what"), CASES)
def test_whatever_the_cloud_does_at_whatever_step(tmp_path: Path, kind: str, once: bool, what: str) -> None:
    row = cloud(kind, once=once)
    for step, request in enumerate(requests(tmp_path / "calm", "mypages", what, PatientAlarm)):
        if request == "auth/token" and kind in SESSIONS:
            continue
        alarm = prepared(tmp_path / str(step), "mypages", what, PatientAlarm)
        hold(alarm, row, what, step)
        assert alarm.world.face.client_faults == []
        alarm.journal.close()
