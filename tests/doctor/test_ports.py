"""Ports that are free, taken, ours, or not for us. Port 80 is broken on the LAN of tests/netns."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from emulator.doctor import ports
from emulator.doctor.finding import Finding, Verdict
from emulator.lan import network, ssdp
from emulator.model import ArmMode
from emulator.store.identities import Wanted, identities
from emulator.store.journal import Journal
from emulator.system.lock import LOCK
from tests.doctor.conftest import SIMULATED, MakeCase
from tests.doctor.test_sockets import HEAD, process, row

NOBODY = 65534


@pytest.fixture
def server() -> Iterator[socket.socket]:
    """Yield a port at which this test run listens."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


@pytest.fixture
def port(server: socket.socket) -> int:
    return int(server.getsockname()[1])


def with_port(port: int) -> str:
    return SIMULATED.replace("on: night", f"on: night, port: {port}")


def free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as made:
        return int(made.getsockname()[1])


def only(found: Iterator[Finding]) -> Finding:
    [one] = found
    return one


def test_a_free_port_is_said_to_be_free(make_case: MakeCase) -> None:
    chosen = free()
    assert only(ports.switches(make_case(with_port(chosen)))) == Finding(f"port {chosen}/tcp Night", Verdict.OK, "free")


def test_whoever_has_it_is_named(make_case: MakeCase, port: int) -> None:
    found = only(ports.switches(make_case(with_port(port))))
    assert found.verdict is Verdict.PROBLEM
    assert "(pid " in found.found
    assert "`port`" in found.fix


def test_this_program_with_another_state_folder_is_known_by_its_name(make_case: MakeCase, tmp_path: Path) -> None:
    proc = tmp_path / "proc"
    (proc / "net").mkdir(parents=True)
    (proc / "net" / "tcp").write_text(HEAD + row("00000000:C350", "0A", 0, 7))
    process(proc, 4242, "emulator", "socket:[7]")
    found = only(ports.switches(make_case(with_port(50_000), proc=proc)))
    assert (found.verdict, found.found) == (Verdict.PROBLEM, "taken by emulator (pid 4242)")
    assert "--state-dir" in found.fix


def test_what_the_running_program_has_is_as_it_should_be(make_case: MakeCase, port: int, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    with (tmp_path / "state" / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = only(ports.switches(make_case(with_port(port), running=True)))
    assert (found.verdict, found.found) == (Verdict.OK, "the running program has it")


def test_another_program_is_not_taken_for_the_running_one(make_case: MakeCase, port: int, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / LOCK).touch()
    found = only(ports.switches(make_case(with_port(port), running=True)))
    assert found.verdict is Verdict.PROBLEM


def test_a_port_that_the_running_program_does_not_have_is_a_problem(make_case: MakeCase) -> None:
    found = only(ports.switches(make_case(with_port(free()), running=True)))
    assert (found.verdict, found.found) == (Verdict.PROBLEM, "not open, though the program runs")


def test_the_port_is_the_one_that_the_journal_gave(make_case: MakeCase, tmp_path: Path) -> None:
    with closing(Journal(tmp_path / "state")) as book:
        identities(book, [Wanted("home", ArmMode.parse("night"), "Night")], 50_123)
    assert only(ports.switches(make_case())).check == "port 50123/tcp Night"


def test_before_the_first_run_a_taken_port_is_no_problem(make_case: MakeCase, port: int) -> None:
    text = SIMULATED + f"doors: {{wemo: {{first_port: {port}}}}}\n"
    found = only(ports.switches(make_case(text)))
    assert found.verdict is Verdict.OK
    assert found.found.endswith("the first run takes another")


def test_a_switch_of_the_bridge_alone_has_no_port(make_case: MakeCase) -> None:
    text = SIMULATED.replace("on: night", "on: night, doors: [hue]") + f"doors: {{wemo: , hue: {{port: {free()}}}}}\n"
    assert list(ports.switches(make_case(text))) == []


def test_the_ports_of_bridge_and_dashboard(make_case: MakeCase, port: int) -> None:
    text = SIMULATED + f"doors: {{hue: {{port: {port}}}, dashboard: {{port: {free()}}}}}\n"
    bridge, https, dashboard = ports.others(make_case(text))
    assert (bridge.verdict, "doors.hue.port" in bridge.fix) == (Verdict.PROBLEM, True)
    assert https.check == "port 443/tcp refuses"
    assert dashboard.verdict is Verdict.OK
    assert list(ports.others(make_case())) == []


def test_searches_are_heard_beside_others(make_case: MakeCase) -> None:
    with network.receiver("127.0.0.1"):
        assert ports.searches(make_case()).verdict is Verdict.OK
    assert ports.searches(make_case(places=())).verdict is Verdict.SKIPPED


def test_a_program_that_shares_the_port_of_searches_with_nobody_is_named(make_case: MakeCase) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as alone:
        try:
            alone.bind((ssdp.GROUP, ssdp.PORT))
        except OSError:
            pytest.skip("something on this machine listens for searches")
        found = ports.searches(make_case())
    assert found.verdict is Verdict.PROBLEM
    assert "(pid " in found.found


PORT = 80
EVERYWHERE, ELSEWHERE = "00000000:0050", "090200C0:0050"  # 0.0.0.0 and 192.0.2.9, as a little-endian machine has them


def told(folder: Path, address: str, uid: int, pid: int = 0, name: str = "") -> Path:
    """Build a /proc with one socket, and with its program if that can be seen."""
    proc = folder / "proc"
    (proc / "net").mkdir(parents=True)
    (proc / "net" / "tcp").write_text(HEAD + row(address, "0A", uid, 77))
    if pid:
        process(proc, pid, name, "socket:[77]")
    return proc


@pytest.mark.parametrize(("name", "verdict"), [("systemd", Verdict.OK), ("nginx", Verdict.PROBLEM)])
def test_systemd_holds_a_port_for_the_program(make_case: MakeCase, tmp_path: Path, name: str, verdict: Verdict) -> None:
    case = make_case(with_port(PORT), proc=told(tmp_path, EVERYWHERE, 0, 1, name))
    assert only(ports.switches(case)).verdict is verdict


@pytest.mark.parametrize(("running", "verdict"), [(False, Verdict.PROBLEM), (True, Verdict.WARNING)])
def test_what_only_root_can_name_may_be_systemds(
    make_case: MakeCase, tmp_path: Path, running: bool, verdict: Verdict
) -> None:
    lock_of(tmp_path / "state", NOBODY)
    case = make_case(with_port(PORT), running=running, proc=told(tmp_path, EVERYWHERE, 0))
    assert only(ports.switches(case)).verdict is verdict


def test_a_program_that_hides_its_files_is_known_by_its_user(make_case: MakeCase, tmp_path: Path) -> None:
    lock_of(tmp_path / "state", NOBODY)
    case = make_case(with_port(PORT), running=True, proc=told(tmp_path, EVERYWHERE, NOBODY))
    assert only(ports.switches(case)).found == "the running program has it"


def lock_of(folder: Path, uid: int) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    folder.mkdir()
    (folder / LOCK).touch()
    os.chown(folder / LOCK, uid, -1)


def test_addresses_that_we_do_not_serve_are_not_in_the_way(make_case: MakeCase, tmp_path: Path) -> None:
    case = make_case(with_port(PORT), running=True, proc=told(tmp_path, ELSEWHERE, 0, 7, "nginx"))
    assert only(ports.switches(case)).found == "not open, though the program runs"


def test_a_system_that_does_not_tell_is_not_judged(make_case: MakeCase, tmp_path: Path) -> None:
    case = make_case(with_port(PORT), running=True, proc=tmp_path / "proc")
    assert only(ports.switches(case)).verdict is Verdict.SKIPPED


HOMEKIT = SIMULATED + "\ndoors: {homekit: , hue: {mdns: true}}\n"


def test_a_port_that_is_shared_is_looked_at_once(make_case: MakeCase) -> None:
    assert only(ports.shared(make_case(HOMEKIT))) == Finding("port 5353/udp mDNS", Verdict.OK, "can be had")
    assert list(ports.shared(make_case(SIMULATED))) == []


def test_another_program_that_shares_it_is_named(make_case: MakeCase) -> None:
    with network.sharing(5353):
        found = only(ports.shared(make_case(HOMEKIT)))
    assert found.verdict is Verdict.WARNING
    assert "(pid " in found.found
    assert "if nothing finds the bridge" in found.fix


MATTER = SIMULATED + "\ndoors: {matter: }\n"


@pytest.mark.parametrize("parent", [99, 1])
def test_a_port_that_only_one_can_have_is_ours_by_the_program_that_ours_started(
    make_case: MakeCase, tmp_path: Path, parent: int
) -> None:
    (tmp_path / "state").mkdir()
    lock = tmp_path / "state" / LOCK
    lock.touch()
    proc = tmp_path / "proc"
    (proc / "net").mkdir(parents=True)
    (proc / "net" / "udp").write_text(HEAD + row("00000000:15A4", "07", 0, 7))
    process(proc, 4242, "node", "socket:[7]")
    (proc / "4242" / "stat").write_text(f"4242 (no) de) S {parent} 1 1")
    process(proc, 99, "emulator", str(lock))
    found = next(ports.shared(make_case(MATTER, running=True, proc=proc)))
    assert found.check == "port 5540/udp Matter"
    if parent == 99:
        assert (found.verdict, found.found) == (Verdict.OK, "the running program has it")
    else:
        assert (found.verdict, found.found) == (Verdict.PROBLEM, "taken by node (pid 4242)")
        assert found.fix.startswith("Alexa asks no other port")


def test_another_program_that_does_not_share_it_is_a_problem(make_case: MakeCase) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as alone:
        alone.bind(("", 5353))
        found = only(ports.shared(make_case(HOMEKIT)))
    assert found.verdict is Verdict.PROBLEM
    assert "cannot be had (Address already in use); held by " in found.found
