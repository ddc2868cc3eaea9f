"""/healthz and /metrics: healthy, cloud down, login needs the user and a LAN door down are four different things."""

import threading
from collections.abc import Mapping
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from emulator.alarm.freshness import STEP_READS, UNANSWERED
from emulator.errors import EmulatorError
from emulator.simulator.faults import InjectedFault
from emulator.store.journal_file import FILE
from tests.doors.dashboard.rig import POLL_S, READ_S, FakeDoor, Rig
from tests.support.fakes import AppTransport

PATIENCE_S = 30.0


def health(rig: Rig) -> tuple[int, str, dict[str, str], dict[str, str]]:
    answer = rig.get("/healthz")
    said = answer.json or {}
    return answer.status_code, said["status"], said["installations"]["home"], said["doors"]


def samples(rig: Rig) -> dict[str, float]:
    """Return the samples by name and label values, sorted by label name."""
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
    rig.backend.faults.add(InjectedFault("down"))
    rig.poll()
    assert health(rig) == (200, "cloud down", {"cloud": "down", "login": "ok"}, {"wemo": "ok"})
    found = samples(rig)
    assert (found["emulator_cloud_up home"], found["emulator_poll_failures home"]) == (0, 1)
    assert found["emulator_panel_armed home"] == 0
    rig.backend.faults.clear()
    rig.poll()
    assert health(rig)[1] == "healthy"


def test_a_cloud_whose_answer_does_not_come_is_down_though_nobody_could_say_so(rig: Rig) -> None:
    rig.clock.now += POLL_S + READ_S + 1
    assert health(rig) == (200, "cloud down", {"cloud": "down", "login": "ok"}, {"wemo": "ok"})
    assert samples(rig)["emulator_cloud_up home"] == 0
    assert UNANSWERED in rig.get("/").text
    rig.alarm.step()
    assert health(rig)[1] == "healthy"


def test_a_thread_that_hangs_for_good_is_a_reason_to_restart(rig: Rig) -> None:
    reading, go_on = threading.Event(), threading.Event()

    def hang(method: str, params: Mapping[str, str], timeout_s: float | None = None) -> bytes:
        reading.set()
        go_on.wait(PATIENCE_S)
        return AppTransport.send(rig.transport, method, params, timeout_s)

    rig.transport.send = hang  # type: ignore[method-assign]
    rig.clock.now += POLL_S
    thread = threading.Thread(target=rig.alarm.step)
    thread.start()
    assert reading.wait(PATIENCE_S)
    rig.clock.now += STEP_READS * READ_S + 1
    assert health(rig)[:2] == (503, "program broken")
    go_on.set()
    thread.join()
    assert health(rig)[:2] == (200, "healthy")


@pytest.mark.parametrize(("deleted", "status"), [(False, 200), (True, 503)])
def test_a_state_folder_that_refuses_writes_is_not_healthy(rig: Rig, deleted: bool, status: int) -> None:
    if deleted:
        (rig.folder / FILE).unlink()
    else:
        [[pages]] = rig.journal.rows("PRAGMA page_count")
        rig.journal.rows(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(EmulatorError):
        rig.journal.note("large", "x" * 100_000)
    answer = rig.get("/healthz")
    said = answer.json or {}
    assert (answer.status_code, said["status"], said["state_folder"]) == (status, "state folder refuses writes", "down")
    assert samples(rig)["emulator_state_writable"] == 0
    assert "cannot be written" in (rig.get("/api/state").json or {})["trouble"]
    page = rig.get("/").text
    assert "Nothing can be written down" in page
    if not deleted:
        rig.journal.rows("PRAGMA max_page_count = 1000000")
        rig.poll()
        assert health(rig)[:2] == (200, "healthy")
        assert samples(rig)["emulator_state_writable"] == 1
        assert "Nothing can be written down" not in rig.get("/").text


def test_a_login_that_needs_the_user_is_none_either(rig: Rig) -> None:
    rig.face.sessions.kill()
    rig.backend.faults.add(InjectedFault("retired"))
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


def test_a_door_whose_broker_is_away_is_no_reason_to_restart(rig: Rig) -> None:
    """A restart mends no broker, and costs the account a login."""
    broken = FakeDoor(serves=False, in_the_way=["mqtt://broker:1883 refuses connections"])
    rig.opened |= {"mqtt": broken}
    rig.hub.switches = tuple(replace(one, doors=one.doors | {"mqtt"}) for one in rig.hub.switches)
    assert health(rig)[::3] == (200, {"wemo": "ok", "mqtt": "down"})
    assert health(rig)[1] == "other program down"
    assert samples(rig)["emulator_door_up mqtt"] == 0
    assert "refuses connections" in rig.get("/").text
    rig.door.serves = False
    assert health(rig)[:2] == (503, "LAN door down")
    rig.door.serves, broken.serves, broken.in_the_way = True, True, []
    assert health(rig)[:2] == (200, "healthy")


@pytest.mark.parametrize(
    ("name", "serves", "in_the_way", "word"),
    [
        ("mqtt", False, ["mqtt://broker:1883 refuses connections"], "down"),
        ("homekit", False, ["TCP port 51826 is taken"], "down"),
        ("mqtt", False, [], "ok"),
        ("hue", False, ["TCP port 80 is taken"], "ok"),
        ("wemo", False, ["UDP port 1900 is taken"], "ok"),
    ],
)
def test_a_door_that_no_switch_names_is_well_only_if_it_shows_no_alarms(
    rig: Rig, name: str, serves: bool, in_the_way: list[str], word: str
) -> None:
    rig.hub.switches = tuple(replace(one, doors=frozenset()) for one in rig.hub.switches)
    rig.opened = {name: FakeDoor(serves, in_the_way)}
    assert health(rig)[3] == {name: word}


def test_commands_are_counted_by_how_they_ended(rig: Rig) -> None:
    rig.call("/api/command", {"arm": "night"})
    rig.settle()
    rig.panel.window("Comedor", is_open=True)
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
