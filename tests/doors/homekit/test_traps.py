"""What the library does unless it is kept from it, one test each."""

import asyncio
import logging
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from aiohomekit.exceptions import AuthenticationError, BusyError
from pyhap import util

from emulator.alarm.queue import Ticket, View
from emulator.doors.homekit import driver, server
from emulator.doors.homekit.words import AWAY, DISARMED, NIGHT
from emulator.errors import EmulatorError
from emulator.lan.lanes import PER_PEER
from emulator.model import DISARMED as OFF
from emulator.system import logs
from tests.doors.homekit.rig import CURRENT, TARGET, House, PanelHub, a_house, ask
from tests.support.patience import PATIENCE_S, until

ACCESSORIES = "GET /accessories HTTP/1.1\r\nHost: x\r\n{}\r\n"
WRONG = "000-00-000"
NO_COMMUNICATION = -70402
"""Status that the Home app shows as No Response."""


class WatchedHub(PanelHub):
    """A hub that notes by which threads it is asked, and takes no command before `go`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.go = threading.Event()
        self.go.set()
        self.threads: dict[str, set[str]] = {"view": set(), "command": set()}

    def view(self, installation: str) -> View:
        self.threads["view"].add(threading.current_thread().name)
        return super().view(installation)

    def command(self, *args: Any, **named: Any) -> Ticket:
        self.threads["command"].add(threading.current_thread().name)
        assert self.go.wait(PATIENCE_S)
        return super().command(*args, **named)


def test_a_write_is_handed_over_and_the_loop_goes_on(tmp_path: Path) -> None:
    """The library calls a setter on the loop, and answers when it returns; the hub may block."""
    hub = WatchedHub()
    with a_house(tmp_path, hub) as house:
        phone = house.phone()
        hub.go.clear()
        phone.write(house.alarm, TARGET, NIGHT)
        assert phone.read(house.alarm, TARGET) == NIGHT  # answered while the hub blocks
        hub.go.set()
        until(lambda: hub.tickets)
    [name] = hub.threads["command"]
    assert name.startswith("lan-submit")


def test_values_are_set_on_the_loop_whoever_brings_the_news(tmp_path: Path) -> None:
    """The library takes the main thread for that of a loop that it did not make, and sends without a lock."""
    hub = WatchedHub()
    with a_house(tmp_path, hub) as house:
        phone = house.phone()
        phone.listen(house.alarm, CURRENT)
        hub.threads["view"].clear()
        hub.look(type(hub.seen)(None))
        hub.look(type(hub.seen)(house.hub.seen.state))
        phone.read(house.alarm, CURRENT)
        assert hub.threads["view"] == {"lan"}


def test_a_refused_value_is_not_kept(tmp_path: Path) -> None:
    """The library keeps a value even if its setter raises."""
    hub = WatchedHub()
    with a_house(tmp_path, hub) as house:
        phone, alarm = house.phone(), house.alarm
        hub.go.clear()
        phone.write(alarm, TARGET, NIGHT)
        until(lambda: hub.threads["command"])  # it is under way, and no longer in the queue
        answers = [phone.write(alarm, TARGET, NIGHT) for _ in range(PER_PEER + 1)]
        assert [answer[alarm, TARGET]["status"] for answer in answers[-1:]] == [NO_COMMUNICATION]
        assert phone.write(alarm, TARGET, AWAY)[alarm, TARGET]["status"] == NO_COMMUNICATION
        assert phone.read(alarm, TARGET) == NIGHT  # what was asked for before, and waits
        hub.refusal = EmulatorError("the journal cannot be written")
        hub.go.set()
        until(lambda: phone.read(alarm, TARGET) == DISARMED)


def test_a_command_that_cannot_be_written_down_is_shown_as_not_done(house: House) -> None:
    phone, alarm = house.phone(), house.alarm
    phone.listen(alarm, TARGET)
    house.hub.refusal = EmulatorError("the journal cannot be written")
    phone.write(alarm, TARGET, NIGHT)
    phone.wait(lambda: phone.told(alarm, TARGET)[-1:] == [DISARMED])


def test_nothing_is_printed_and_no_secret_is_logged(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The library prints the code at each start without a pairing; at `debug` it logs what it decrypts."""
    logs.setup("debug")
    logging.getLogger().addHandler(caplog.handler)
    with caplog.at_level(logging.DEBUG), a_house(tmp_path) as house:
        phone = house.phone()
        phone.write(house.alarm, TARGET, NIGHT)
        phone.write(house.alarm, TARGET, 4)
        ask(house.port, "POST /pair-setup HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nxyz")
        kept = house.code, house.code.replace("-", ""), "characteristics", "Traceback"
    assert capfd.readouterr().out == ""
    ours = "\n".join(caplog.handler.format(one) for one in caplog.records if not one.name.startswith("aiohomekit"))
    assert "paired" in ours
    assert [secret for secret in kept if secret in ours] == []


def test_no_socket_looks_for_an_address_on_the_internet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def look() -> str:
        raise AssertionError("it asks the way to 8.8.8.8")

    monkeypatch.setattr(util, "get_local_address", look)
    with a_house(tmp_path) as house:
        assert house.door.urls()


def test_stopping_leaves_no_task_and_closes_nobody_elses_mdns(tmp_path: Path) -> None:
    """A task that is left is an error of every test here; the library would close an instance that it shares."""
    from zeroconf import Zeroconf

    other = Zeroconf(interfaces=["127.0.0.1"])
    try:
        with a_house(tmp_path) as house:
            house.phone()
        assert not other.done
    finally:
        other.close()
    assert threading.active_count() == 1


def test_five_wrong_codes_stop_pairing_for_a_while_and_nothing_else(house: House) -> None:
    phone, stranger = house.phone(paired=False), house.phone(paired=False)
    for _ in range(5):
        with pytest.raises(AuthenticationError):
            stranger.pair(WRONG, tries=1)
    with pytest.raises(BusyError):
        phone.pair(house.code)
    assert b" 401 " in ask(house.port, ACCESSORIES.format(""))


def test_one_that_begins_and_never_goes_on_does_not_keep_the_loop_busy(house: House) -> None:
    """Each begin costs a computation on the loop, and makes that of others void."""
    stranger = house.phone(paired=False)
    for _ in range(driver.STARTS):
        stranger.begin()
    with pytest.raises(BusyError):
        stranger.begin()


def test_a_thousand_strangers_keep_nobody_out(house: House) -> None:
    """They may not even pair; a paired controller goes on, and comes in."""
    phone = house.phone()
    sockets = []
    try:
        for _ in range(1000):
            sockets.append(socket.create_connection(("127.0.0.1", house.port), PATIENCE_S))
            sockets[-1].setblocking(False)
        assert phone.read(house.alarm, CURRENT) == DISARMED
        other = house.phone(paired=False)
        other.knows(phone.pairing.pairing_data)
        assert other.read(house.alarm, CURRENT) == DISARMED

        def is_open(sock: socket.socket) -> bool:
            try:
                return sock.recv(1) != b""
            except BlockingIOError:
                return True
            except OSError:
                return False

        assert sum(map(is_open, sockets)) <= server.SHARES.per_peer
    finally:
        for sock in sockets:
            sock.close()


def test_a_connection_that_proves_nothing_is_closed_in_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "UNVERIFIED_S", -1.0)
    phone = house.phone()
    with socket.create_connection(("127.0.0.1", house.port), PATIENCE_S) as sock:
        asyncio.run_coroutine_threadsafe(_look(house), house.context.responder._loop).result(PATIENCE_S)
        assert sock.recv(1) == b""
    assert phone.read(house.alarm, CURRENT) == DISARMED


async def _look(house: House) -> None:
    await house.context.responder._look()


def test_a_stranger_may_not_fill_the_memory(house: House) -> None:
    """The library keeps a million bytes of a request for whoever sends them."""
    with socket.create_connection(("127.0.0.1", house.port), PATIENCE_S) as sock:
        sock.sendall(b"POST /pair-setup HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        with pytest.raises(OSError, match=r"reset|[Bb]roken"):
            _send_for_ever(sock)


def _send_for_ever(sock: socket.socket) -> None:
    while True:
        sock.sendall(bytes(server.UNVERIFIED_BYTES))


def test_a_web_page_does_not_get_in(house: House) -> None:
    """It could try codes for a stranger far away."""
    assert b" 403 " in ask(house.port, ACCESSORIES.format("Origin: http://evil.example\r\n"))


def test_an_unpaired_controller_is_out_at_once(house: House) -> None:
    """The library would go on serving the session of one that is removed."""
    phone = house.phone()
    other = house.phone(paired=False)
    other.knows(phone.pairing.pairing_data)
    assert other.read(house.alarm, CURRENT) == DISARMED
    phone.run(phone.pairing.remove_pairing(phone.pairing.pairing_data["iOSPairingId"]))
    other.wait(lambda: not other.pairing.is_connected)
    again = house.phone()
    assert again.read(house.alarm, CURRENT) == DISARMED
    assert house.hub.seen.axes == OFF
