from pathlib import Path

import pytest

from emulator.doors.matter import messages, pairing
from emulator.doors.matter.messages import Beat, Begin, Fabric, Fabrics, PairingCode, Set, ShownDevice
from emulator.errors import ProtocolError
from emulator.store.journal import Journal


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b'{"ready":{"manualPairingCode":"1","qrPairingCode":"MT:1"}}', PairingCode("1", "MT:1")),
        (b'{"set":"s1","on":true,"reply":3,"fabric":1,"node":"7","at":2000}', Set("s1", True, 3, 1, "7", 2.0)),
        (b'{"fabrics":[{"index":1,"label":"x","vendor":2}]}', Fabrics((Fabric(1, "x", 2),))),
        (b'{"beat":true}', Beat()),
    ],
)
def test_reads_what_the_bridge_tells(line: bytes, told: messages.Told) -> None:
    assert messages.read(line) == told


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"7",
        b"{",
        b"\xff",
        b'{"set":"s1","on":1}',
        b'{"fabrics":[{}]}',
        b'{"fabrics":7}',
        b'{"fabrics":[{"index":999,"label":"","vendor":1}]}',
        b"[" * 60_000,
        b'{"set":"s1","on":true,"reply":3,"fabric":1,"node":"x y","at":2000}',
        b'{"set":"s1","on":true,"reply":3,"fabric":900,"node":"7","at":2000}',
        b'{"set":"s1","on":true,"reply":3,"fabric":1,"node":"7","at":1' + b"0" * 400 + b"}",
        b'{"ready":{"manualPairingCode":"x","qrPairingCode":"MT:1"}}',
    ],
)
def test_refuses_the_rest(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        messages.read(line)


def test_a_label_is_cut_between_letters() -> None:
    assert messages.fit("Alarm") == "Alarm"
    assert messages.fit("ñ" * 20) == "ñ" * 16
    assert messages.fit("a" + "ñ" * 20) == "a" + "ñ" * 15


def test_the_secret_is_not_printed() -> None:
    own = Begin("/x", "Verisure", "1", 20202021, 3840, "")
    assert "20202021" not in repr(own)
    assert b'"passcode":20202021' in messages.begin(own, [ShownDevice("s1", "Night", "22")])


def test_an_ecosystem_has_a_name() -> None:
    assert [Fabric(1, "Home", 1).title, Fabric(1, "", 0x1217).title, Fabric(1, "", 7).title] == [
        "Home",
        "Amazon",
        "Matter 7",
    ]


def test_trivial_passcodes_are_drawn_again() -> None:
    drawn = iter([11_111_110, 12_345_677, 41, 7])
    made = pairing.make(lambda _below: next(drawn))
    assert (made.passcode, made.discriminator) == (42, 7)
    assert "passcode" not in repr(made)


def test_the_secrets_are_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    book = Journal(tmp_path)
    kept = pairing.open_kept(book)
    assert pairing.open_kept(book) == kept
    book.note(pairing.SETUP, "{")
    assert pairing.open_kept(book) != kept
    assert "another code from now on" in caplog.text
    book.close()
