"""The Hue door as a whole on loopback, with a fake hub."""

import errno
import logging
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Interface
from pathlib import Path

import pytest
from flask import Flask
from lxml import etree
from zeroconf import Zeroconf

from emulator.doors import Door
from emulator.doors.hue import door
from emulator.doors.hue.mdns import TYPE
from emulator.doors.hue.ports import port_taken
from emulator.lan.network import Nic, Place
from emulator.lan.web import LOCALHOST, PLACE
from tests.doors.contract import DoorContract
from tests.doors.fakes import FakeHub, a_switch
from tests.doors.hue.rig import (
    FORM,
    LIGHT,
    House,
    a_house,
    fits,
    request,
)
from tests.support.lan import LO, ask, client, collect, silent
from tests.support.patience import PATIENCE_S, until


class TestHue(DoorContract):
    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path) -> Iterator[None]:
        self.house = House(tmp_path)
        yield
        self.house.journal.close()

    def make(self) -> Door:
        return self.house.door

    def serves(self, _: Door, /) -> bool:
        try:
            return request(self.house.port, "GET", "/description.xml")[0] == 200
        except OSError:
            return False


# -- pages ------------------------------------------------------------------------------------------------------


def test_everything_that_the_description_names_is_there(tmp_path: Path) -> None:
    with a_house(tmp_path) as house:
        status, body, kind = request(house.port, "GET", "/description.xml")
        assert (status, kind) == (200, "text/xml; charset=utf-8")
        root = etree.fromstring(body)
        assert root.findtext("{*}URLBase") == f"http://127.0.0.1:{house.port}/"
        for path in ("presentationURL", "iconList/icon/url"):
            for element in root.iterfind("{*}device/" + "/".join(f"{{*}}{part}" for part in path.split("/"))):
                assert request(house.port, "GET", f"/{element.text}")[0] == 200
        assert request(house.port, "GET", "/")[0] == 200
        assert request(house.port, "GET", "/hue_logo_9.png")[0] == 404
        assert request(house.port, "GET", "/nothing")[0] == 404
        assert request(house.port, "POST", "/description.xml", b"")[0] == 405
        assert request(house.port, "GET", "/description.xml/")[0] == 200


def test_paths_and_bodies_as_clients_send_them(tmp_path: Path) -> None:
    with a_house(tmp_path) as house:
        user = house.register()
        lights = house.api("GET", f"/{user}/lights")
        first = next(iter(lights))
        assert house.api("GET", f"/{user}/lights/") == house.api("GET", f"//{user}//lights//") == lights
        assert house.api("POST", "/", {"devicetype": "Echo"})[0]["success"]["username"] == user
        assert house.api("PUT", f"/{user}/lights/{first}/state/", {"on": True}, **FORM) == [
            {"success": {f"/lights/{first}/state/on": True}}
        ]
        status, body, _ = request(house.port, "HEAD", f"/api/{user}/lights")
        assert (status, body) == (200, b"")
        assert house.api("GET", "/config")["bridgeid"] == house.door.identity.bridge_id
        answer = house.api("PUT", f"/{user}/lights/{first}", {"\ud800": 1})
        assert answer[0]["error"]["type"] == 8


def test_names_keep_their_letters_on_the_wire(tmp_path: Path) -> None:
    hub = FakeHub(switches=(a_switch("Día ñ", doors="hue"),))
    with a_house(tmp_path, hub, ascii=False) as house:
        _, body, _ = request(house.port, "GET", f"/api/{house.register()}/lights")
        assert "Día ñ".encode() in body


def test_no_user_name_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with a_house(tmp_path) as house:
        user = house.register()
        first = next(iter(house.api("GET", f"/{user}/lights")))
        house.api("PUT", f"/{user}/lights/{first}/state", {"on": True})
        house.api("DELETE", f"/{user}/config/whitelist/{user}")
        house.api("GET", f"/api/{user}/lights")
        assert house.api("PATCH", f"/{user}/lights")[0]["error"]["type"] == 4
        house.door.api.lights.state = None  # type: ignore[method-assign]
        answer = house.api("GET", f"/{user}/lights")
        assert answer[0]["error"]["type"] == 901
        assert "log" in answer[0]["error"]["description"]
    assert "a request from 127.0.0.1 failed" in caplog.text
    assert "PUT lights/" in caplog.text
    assert user not in caplog.text


def test_a_web_page_from_elsewhere_gets_nothing(tmp_path: Path) -> None:
    with a_house(tmp_path) as house:
        assert request(house.port, "GET", "/api/config", Origin="http://evil.example")[0] == 403
        assert request(house.port, "GET", "/api/config", Host="alarm.evil.example")[0] == 403
        assert request(house.port, "GET", "/api/config", Host="localhost")[0] == 200


def test_a_body_without_end_is_refused(tmp_path: Path) -> None:
    with a_house(tmp_path) as house:
        status, *_ = request(house.port, "POST", "/api", b" " * 70_000)
        assert status == 413


# -- switches ---------------------------------------------------------------------------------------------------


def test_an_echo_finds_and_turns_a_light(tmp_path: Path) -> None:
    """Follow the sequence of lan-emulation.md §3.3."""
    with a_house(tmp_path) as house:
        request(house.port, "GET", "/description.xml")
        user = house.register()
        for number, light in house.api("GET", f"/{user}/lights").items():
            fits(light, LIGHT)
            assert house.api("GET", f"/{user}/lights/{number}") == light
        for on in (True, False):
            assert house.api("PUT", f"/{user}/lights/{number}/state", {"on": on}, **FORM) == [
                {"success": {f"/lights/{number}/state/on": on}}
            ]
            reads = [house.api("GET", f"/{user}/lights/{number}")["state"]["on"] for _ in range(3)]
            assert reads == [on] * 3
        assert [(name, on) for name, on, _ in house.hub.asked] == [("Perimeter", True), ("Perimeter", False)]
        assert {origin.door for *_, origin in house.hub.asked} == {"hue"}


def test_a_change_by_anybody_is_seen_at_once(tmp_path: Path) -> None:
    with a_house(tmp_path) as house:
        user = house.register()
        for on in (True, False):
            house.hub.be(house.hub.switches[0], on)
            first = next(iter(house.api("GET", f"/{user}/lights").values()))
            assert first["state"]["on"] is on


def test_only_switches_of_this_door_are_shown(tmp_path: Path) -> None:
    hub = FakeHub(switches=(a_switch("WeMo", 1), a_switch("Hue", 2, doors="hue")))
    with a_house(tmp_path, hub, suffix="plug") as house:
        assert [light["name"] for light in house.api("GET", f"/{house.register()}/lights").values()] == ["Hue plug"]
        ((switch, url),) = house.door.urls()
        assert switch.name == "Hue"
        assert url.startswith(f"http://127.0.0.1:{house.port}/description.xml#")
    assert house.door.urls() == ()


def test_too_many_for_an_echo_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    many = tuple(a_switch(f"s{number}", number, port=6000, doors="hue") for number in range(50))
    with a_house(tmp_path, FakeHub(switches=many)):
        assert "50 switches are on the Hue bridge" in caplog.text


def test_another_shape_is_never_silent(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with a_house(tmp_path) as house:
        before = set(house.door.lights.all)
    with a_house(tmp_path, light="extended") as house:
        assert "doors.hue.light is now extended: 4 lights" in caplog.text
        assert not before & set(house.door.lights.all)
    caplog.clear()
    with a_house(tmp_path) as house:
        assert set(house.door.lights.all) == before
    assert caplog.text == ""


# -- the LAN ----------------------------------------------------------------------------------------------------


def test_searches_for_it_are_answered_without_any_other_door(tmp_path: Path) -> None:
    with a_house(tmp_path) as house, client() as sock:
        ask(sock, house.door.identity.udn)  # by its own name, as others on this host may answer the rest
        found = [answer for answer, _ in collect(sock, 3)]
        assert {answer["LOCATION"] for answer in found} == {f"http://127.0.0.1:{house.port}/description.xml"}
        assert {answer["hue-bridgeid"] for answer in found} == {house.door.identity.bridge_id}
        assert silent(sock)


def test_what_does_not_answer_is_not_announced(tmp_path: Path) -> None:
    with a_house(tmp_path) as house:
        assert len(house.door.devices(Place("lo", "127.0.0.1", LOCALHOST.network, "127.0.0.1"))) == 1
        assert not house.door.devices(Place("eth0", "10.0.0.2", LOCALHOST.network, "10.0.0.2"))


def test_it_follows_the_interfaces_and_outlives_what_they_do(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    nics: list[Nic] | None = [LO]

    def look() -> list[Nic]:
        if nics is None:
            raise OSError("no interfaces today")
        return nics

    with a_house(tmp_path, nics=look, look_s=0.02) as house:
        assert house.door.urls()
        nics = [Nic("lo", IPv4Interface("127.0.0.2/8"))]
        until(lambda: any("127.0.0.2" in url for _, url in house.door.urls()))
        nics = None
        until(lambda: "a look failed" in caplog.text)
        nics = []
        until(lambda: not house.door.urls())
    assert house.probes == ["127.0.0.1:443", "127.0.0.2:443"]


@pytest.mark.parametrize(
    ("answers", "said"),
    [(True, "Something else answers on TCP port 443 of 127.0.0.1"), (None, "neither answers nor refuses"), (False, "")],
)
def test_port_443_is_best_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, answers: bool | None, said: str
) -> None:
    with a_house(tmp_path, probe=lambda *_: answers):
        assert said in caplog.text
        assert bool(caplog.text) is bool(said)


def test_a_port_that_is_taken_is_said_once_with_the_ways_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with a_house(tmp_path, port=port, look_s=0.02) as house:
            time.sleep(0.1)
            assert house.door.urls() == ()
            assert len(caplog.messages) == 1
            assert f"cannot use TCP port {port} on 127.0.0.1 (Address already in use)" in caplog.text
            assert "another doors.hue.port" in caplog.text
            assert house.door.obstacles() == tuple(caplog.messages)
            other.close()
            until(house.door.urls)
            assert house.door.obstacles() == ()


def test_it_reports_what_clients_read_of_a_light(tmp_path: Path) -> None:
    hub = FakeHub(switches=(a_switch(doors="hue"),))
    house = House(tmp_path, hub)
    (switch,) = hub.switches
    for on, told in ((True, "on"), (False, "off"), (None, "on, out of reach")):
        hub.states[switch.name] = on
        assert house.door.report(switch).startswith(told)
    house.journal.close()


def test_a_port_that_is_not_allowed_names_the_ways_out() -> None:
    said = port_taken(80, ["192.168.7.2", "10.0.0.2"], PermissionError(errno.EACCES, "Permission denied"))
    for way in ("setcap cap_net_bind_service", "ListenStream=80", "iptables", "--dport 80", "doors.hue.port"):
        assert way in said
    assert "TCP port 80 on 192.168.7.2, 10.0.0.2 (Permission denied): " in said
    assert "Everything else goes on" in said
    assert "doors.hue.port" in port_taken(80, ["192.168.7.2"], OSError(errno.EIO, "I/O error"))


def test_a_socket_from_systemd(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as passed:
        port = passed.getsockname()[1]
        with a_house(tmp_path, port=1, sockets=[passed]) as house:
            assert request(port, "GET", "/description.xml")[0] == 200
            assert all(f":{port}/" in url for _, url in house.door.urls())


def test_a_place_is_what_the_description_tells(tmp_path: Path) -> None:
    house = House(tmp_path)
    app = Flask(__name__)
    app.register_blueprint(door.blueprint(house.door.identity, house.door.api, lambda: 80))
    place = replace(LOCALHOST, advertised="192.168.7.2")
    body = app.test_client().get("/description.xml", environ_overrides={PLACE: place}).data
    assert b"http://192.168.7.2:80/" in body
    house.journal.close()


def test_no_thread_is_left_by_a_door_that_serves_nobody(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with a_house(tmp_path, nics=list):
        assert {thread.name for thread in set(threading.enumerate()) - before} == {"hue-bridge", "lan", "lan-submit_0"}


def test_it_is_announced_by_mdns_when_asked_for(tmp_path: Path) -> None:
    with a_house(tmp_path, mdns=True) as house:
        asking = Zeroconf(interfaces=["127.0.0.1"])
        try:
            name = f"Hue Bridge - {house.door.identity.mac[-6:]}.{TYPE}"
            service = asking.get_service_info(TYPE, name, timeout=int(1000 * PATIENCE_S))
        finally:
            asking.close()
        assert service
        assert service.port == house.port
