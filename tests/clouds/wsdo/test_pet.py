"""The codec against the API document's own samples, and bytes that are no answer."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emulator.clouds.wsdo import pet
from emulator.errors import Unreachable
from tests.clouds.wsdo.samples import SAMPLES, sample
from tests.support import fakes

# -- the document's samples -----------------------------------------------------------------------------------------


def test_every_sample_is_read() -> None:
    files = sorted(SAMPLES.glob("*.xml"))
    assert len(files) == 10
    for file in files:
        assert pet.parse(file.read_bytes()).res == pet.OK


def test_login() -> None:
    assert sample("LOGIN").hash == "11111111111"


def test_myinstallation_without_its_secrets() -> None:
    reply = sample("MYINSTALLATION")
    assert [device["alias"] for device in reply.devices][:2] == ["Entrada", "Comedor"]
    assert {"service": "Corte de corriente", "id": "23", "by": "email"} in reply.services
    assert {"service": "Accesos SMS", "id": "5", "by": "phone"} in reply.services
    assert "XXXX" not in repr(reply)


# -- shapes ---------------------------------------------------------------------------------------------------------


def test_a_log_with_one_row_with_none_and_no_log() -> None:
    one = pet.parse(fakes.pet("OK", '<LIST totalreg="1"><REG type="31" idsignal="9" time="260101"/></LIST>'))
    assert one.log == (pet.LogRow(("9", "260101", "31", ""), "31"),)
    assert pet.parse(fakes.pet("OK", '<LIST totalreg="0"/>')).log == ()
    assert pet.parse(fakes.pet("OK")).log is None


def test_services_of_srv() -> None:
    inner = '<INSTALATION><SERVICES><SERVICE idService="31" request="ARM"/></SERVICES></INSTALATION>'
    assert pet.parse(fakes.pet("OK", inner)).services == ({"service": "ARM", "id": "31", "by": "app"},)


BOMB = b'<!DOCTYPE PET [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><PET><RES>&b;</RES></PET>'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html><body>Request unsuccessful</body></html>",
        b"<!DOCTYPE html><html></html>",
        BOMB,
        BOMB.decode().encode("utf-16"),
        b'<!DOCTYPE PET SYSTEM "http://127.0.0.1:9/x.dtd"><PET><RES>OK</RES></PET>',
        b'<!DOCTYPE PET [<!ENTITY f SYSTEM "file:///etc/hostname">]><PET><RES>OK</RES><MSG>&f;</MSG></PET>',
        b"<PET><RES>OK</RES>",
        b"<PET/>",
        b"<PET><RES> </RES></PET>",
        b"<pet><RES>OK</RES></pet>",
        b"{}",
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_answer(data: bytes) -> None:
    with pytest.raises(Unreachable, match="cannot be understood"):
        pet.parse(data)


@given(st.one_of(st.binary(), st.text().map(str.encode), st.text().map(lambda text: fakes.pet("OK", text))))
@example(b"\x00" * 64)
def test_any_bytes_are_an_answer_or_unreachable(data: bytes) -> None:
    try:
        reply = pet.parse(data)
    except Unreachable:
        return
    assert reply.res
