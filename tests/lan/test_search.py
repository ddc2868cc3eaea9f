"""Searching as an Echo would: our own door answers, and so do other makers' devices."""

import http.server
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.doors.wemo.door import WemoDoor
from emulator.lan import search, ssdp
from emulator.lan.responder import Responder
from emulator.lan.search import Found
from tests.doors.fakes import NAMES, FakeHub
from tests.support.patience import PATIENCE_S


def test_our_own_switches_are_found_once_with_all_they_answered() -> None:
    hub = FakeHub()
    door = WemoDoor(hub, Responder(interfaces=["lo"]))
    door.start()
    try:
        found = search.search(["lo"], 1.6)
        urls = {url for _, url in door.urls()}
    finally:
        door.stop()
    assert [each.name for each in found] == [NAMES[1], NAMES[0]] or [each.name for each in found] == sorted(NAMES)
    assert {each.location for each in found} == urls
    assert {each.udn for each in found} == {switch.identity.udn for switch in hub.switches}
    assert {(each.address, each.model, each.server) for each in found} == {("127.0.0.1", "Socket", ssdp.SERVER)}
    for each in found:
        assert {"upnp:rootdevice", each.udn, *search.TARGETS[1:]} <= set(each.sts)
        assert len(set(each.sts)) == len(each.sts)


def test_nowhere_to_search_finds_nothing_at_once() -> None:
    assert search.search(["eth77"], 60) == ()


def test_a_search_is_what_an_echo_sends() -> None:
    assert ssdp.parse(search.request("ssdp:all"), 50000) == ssdp.Search("ssdp:all", 3)


ANSWER = (
    b"HTTP/1.1 200 OK\r\nLocation:http://192.168.7.5:80/d.xml\r\nST: upnp:rootdevice\r\n"
    b"usn: uuid:1::upnp:rootdevice\r\nSERVER: Linux\r\n\r\n"
)


def test_an_answer_is_read_however_it_is_spelled() -> None:
    assert search.parse(ANSWER, "192.168.7.5") == Found(
        "uuid:1", "192.168.7.5", "http://192.168.7.5:80/d.xml", "Linux", ("upnp:rootdevice",)
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        ANSWER.replace(b"200", b"404"),
        ANSWER.replace(b"usn", b"x"),
        ANSWER.replace(b"Location", b"x"),
        search.request("ssdp:all"),
    ],
)
def test_what_is_no_answer_is_ignored(data: bytes) -> None:
    assert search.parse(data, "192.168.7.5") is None


@given(st.binary())
def test_no_datagram_raises(data: bytes) -> None:
    search.parse(data, "192.168.7.5")
    search.parse(ANSWER[:17] + data, "192.168.7.5")


@contextmanager
def a_device(body: bytes) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/d.xml?x"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("body", "name", "model"),
    [
        (b'<root xmlns="urn:x"><device><friendlyName> TV </friendlyName><modelName/></device></root>', "TV", ""),
        (b"<root><friendlyName>A</friendlyName><modelName>B</modelName></root>", "A", "B"),
        (
            b'<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/hostname">]><r><friendlyName>&e;</friendlyName></r>',
            "",
            "",
        ),
        (b"<root/>", "", ""),
        (b"not xml", "", ""),
        (b"", "", ""),
    ],
)
def test_a_description_is_read_without_trust(body: bytes, name: str, model: str) -> None:
    with a_device(body) as location:
        found = search.describe(Found("uuid:1", "127.0.0.1", location))
    assert (found.name, found.model) == (name, model)


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:1/nobody",
        "http://10.0.0.1/elsewhere",
        "https://127.0.0.1/",
        "file:///etc/passwd",
        "http://[",
        "http://127.0.0.1:x/",
        "http://127.0.0.1:1/\r\nX: y",
    ],
)
def test_a_description_elsewhere_is_not_fetched(location: str) -> None:
    found = Found("uuid:1", "127.0.0.1", location)
    assert search.describe(found) == found


def test_a_device_that_is_never_silent_and_never_done_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "WHOLE_S", 0.2)
    left = threading.Event()

    def drip() -> None:
        with suppress(OSError):
            peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n<root>")
            while not left.wait(0.01):
                peer.sendall(b" ")

    with socket.create_server(("127.0.0.1", 0)) as server:
        found = Found("uuid:1", "127.0.0.1", f"http://127.0.0.1:{server.getsockname()[1]}/")
        with ThreadPoolExecutor(1) as executor:
            described = executor.submit(search.describe, found)
            peer, _ = server.accept()
            with peer:
                thread = threading.Thread(target=drip)
                thread.start()
                try:
                    assert described.result(PATIENCE_S) == found
                finally:
                    left.set()
                    thread.join()
