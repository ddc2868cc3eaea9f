"""/healthz and /metrics: healthy, cloud down, login needs the user and a LAN door down are four different things."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from emulator.simulator.faults import Fault
from tests.dashboard.rig import Rig


def health(rig: Rig) -> tuple[int, str, dict[str, str], dict[str, str]]:
    answer = rig.get("/healthz")
    said = answer.json or {}
    return answer.status_code, said["status"], said["installations"]["home"], said["doors"]


def samples(rig: Rig) -> dict[str, float]:
    """By name and the values of its labels, which are sorted by their names."""
    text = rig.get("/metrics").text
    return {
        " ".join((sample.name, *sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_healthy(rig: Rig) -> None:
    assert health(rig) == (200, "healthy", {"cloud": "ok", "login": "ok"}, {"wemo": "ok"})
    found = samples(rig)
    assert (found["emulator_cloud_up home"], found["emulator_login_needs_user home"]) == (1, 0)
    assert found["emulator_door_up wemo"] == 1
    assert (found["emulator_panel_armed home"], found["emulator_panel_interior home off"]) == (0, 1)
    assert found["emulator_last_read_timestamp_seconds home"] == rig.clock.time()


def test_cloud_down_is_no_reason_to_restart(rig: Rig) -> None:
    rig.backend.faults.add(Fault("down"))
    rig.poll()
    assert health(rig) == (200, "cloud down", {"cloud": "down", "login": "ok"}, {"wemo": "ok"})
    found = samples(rig)
    assert (found["emulator_cloud_up home"], found["emulator_poll_failures home"]) == (0, 1)
    assert found["emulator_panel_armed home"] == 0
    rig.backend.faults.clear()
    rig.poll()
    assert health(rig)[1] == "healthy"


def test_a_login_that_needs_the_user_is_none_either(rig: Rig) -> None:
    rig.backend.kill_sessions()
    rig.backend.faults.add(Fault("retired"))
    rig.poll()
    assert health(rig) == (200, "login needs the user", {"cloud": "ok", "login": "needs you"}, {"wemo": "ok"})
    assert samples(rig)["emulator_login_needs_user home"] == 1
    page = rig.get("/").text
    assert "The login needs you" in page
    assert "`emulator status` has the same login tried once more" in page


@pytest.mark.parametrize(("serves", "in_the_way", "word", "status"), [
    (False, ["UDP port 1900 is taken"], "down", 503),
    (False, [], "down", 503),
    (True, ["port 49152 is taken"], "partly", 200),
])  # fmt: skip
def test_a_door_of_the_lan(rig: Rig, serves: bool, in_the_way: list[str], word: str, status: int) -> None:
    rig.door.serves, rig.door.in_the_way = serves, in_the_way
    code, said, _, doors = health(rig)
    assert (code, said, doors) == (status, "LAN door down" if word == "down" else "healthy", {"wemo": word})
    assert samples(rig)["emulator_door_up wemo"] == (word != "down")


def test_commands_are_counted_by_how_they_ended(rig: Rig) -> None:
    rig.call("/api/command", {"arm": "night"})
    rig.settle()
    rig.house.window("Comedor", is_open=True)
    rig.call("/api/command", {"arm": "perimeter"})
    rig.settle()
    rig.call("/api/command", {"disarm": "main", "pin": "0000"})
    found = samples(rig)
    assert found["emulator_commands_total api home confirmed"] == 1
    assert found["emulator_commands_total api home rejected"] == 1
    assert found["emulator_commands_total dashboard home refused"] == 1


def test_what_the_panel_has_not_said_has_no_sample(rig: Rig) -> None:
    fresh = Rig(rig.folder / "fresh")
    found = samples(fresh)
    assert not [name for name in found if "panel" in name or "last_read" in name]
    assert found["emulator_cloud_up home"] == 0
    fresh.journal.close()
