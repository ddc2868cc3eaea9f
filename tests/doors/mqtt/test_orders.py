"""Payloads of commands, from bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.doors.mqtt import orders
from emulator.doors.mqtt.orders import PAYLOAD_LIMIT, PanelOrder
from emulator.errors import ProtocolError


@pytest.mark.parametrize(
    ("payload", "order"),
    [
        (b"DISARM", PanelOrder(action="DISARM")),
        (b" arm_night\r\n", PanelOrder(action="ARM_NIGHT")),
        (b'{"action":"DISARM","code":"2580"}', PanelOrder(action="DISARM", code="2580")),
        (b'{ "code" : " 2580" , "action" : " Disarm " }', PanelOrder(action="DISARM", code=" 2580")),
        (b'{"action":"ARM_AWAY"}', PanelOrder(action="ARM_AWAY")),
        (b'{"action":"ARM_AWAY","code":null}', PanelOrder(action="ARM_AWAY")),
        (
            b'{"action":"DISARM","code":"2580","at":1700000000}',
            PanelOrder(action="DISARM", code="2580", at=1700000000.0),
        ),
        (b'{"action":"DISARM","at":1700000000.5}', PanelOrder(action="DISARM", at=1700000000.5)),
        ('{"action":"ARM_AWAY","code":"ñ"}'.encode(), PanelOrder(action="ARM_AWAY", code="ñ")),
        (b"", PanelOrder(action="")),
    ],
)
def test_a_bare_word_or_an_object(payload: bytes, order: PanelOrder) -> None:
    assert orders.parse(payload) == order


@pytest.mark.parametrize(
    "payload",
    [
        b"{",
        b'{"action":"DISARM",}',
        b'{"action":"DISARM"} x',
        b'{"action":"DISARM"}{}',
        b'{"action":null}',
        b'{"action":["DISARM"]}',
        b'{"Action":"DISARM"}',
        b'{"action":"DISARM","pin":"2580"}',
        b'{"action":"DISARM","code":2580}',
        b'{"action":"DISARM","code":"2580","at":"now"}',
        b'{"action":"DISARM","code":"2580","at":true}',
        b'{"action":"DISARM","code":2580.0}',
        b'{"action":"DISARM","code":false}',
        b'{"action":"DISARM","code":{"x":"2580"}}',
        b'{"action":' + b"[" * 1000,
        b'{"action":' * 100,
        b'{"action":' + b"9" * 1000 + b"}",
        b"DISARM" + b" " * PAYLOAD_LIMIT,
        b"\xff",
        b"DIS\xc3RM",
    ],
)
def test_everything_else_is_an_error_that_quotes_nothing(payload: bytes) -> None:
    with pytest.raises(ProtocolError) as caught:
        orders.parse(payload)
    assert "2580" not in str(caught.value)


def test_a_code_is_never_shown() -> None:
    assert "2580" not in repr(orders.parse(b'{"action":"DISARM","code":"2580"}'))


@pytest.mark.parametrize(
    ("payload", "on"), [(b"ON", True), (b"off", False), (b" On\n", True), (b'{"action":"off"}', False)]
)
def test_a_switch_is_turned(payload: bytes, on: bool) -> None:
    assert orders.turned(orders.parse(payload)) is on


@pytest.mark.parametrize("payload", [b"", b"1", b"true", b"TOGGLE", b'{"state":"OFF"}', b"\xff", b"ON" + b" " * 1024])
def test_or_it_is_not(payload: bytes) -> None:
    with pytest.raises(ProtocolError):
        orders.turned(orders.parse(payload))


def test_a_button_is_pressed() -> None:
    orders.pressed(b"press ")
    for payload in (b"", b"ON", b"PRESS PRESS"):
        with pytest.raises(ProtocolError):
            orders.pressed(payload)


@given(st.binary(max_size=2 * PAYLOAD_LIMIT))
def test_any_bytes_are_an_order_or_a_protocol_error(payload: bytes) -> None:
    for reads in (orders.parse, lambda found: orders.turned(orders.parse(found)), orders.pressed):
        try:
            found = reads(payload)
        except ProtocolError:
            continue
        if isinstance(found, PanelOrder):
            assert found.action == found.action.strip().upper()
