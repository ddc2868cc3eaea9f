"""The look of `emulator check` at what the door needs of the machine."""

from ipaddress import IPv4Network
from pathlib import Path

import pytest

from emulator.doors.matter import readiness
from emulator.lan.network import Place

ROW = "fe80000000000000000000fffe000001 02 40 20 80 {name:>8}\n"
HOME = Place("eth0", "192.0.2.2", IPv4Network("192.0.2.0/24"), "192.0.2.2", 2)


@pytest.mark.parametrize(
    ("names", "reaches", "warns"),
    [(["lo", "eth0"], True, False), (["lo", "wlan0"], False, False), (["lo"], False, True)],
)
def test_ipv6_is_looked_at(tmp_path: Path, names: list[str], reaches: bool, warns: bool) -> None:
    table = tmp_path / "if_inet6"
    table.write_text("".join(ROW.format(name=name) for name in names))
    assert readiness.has_ipv6([HOME], table) is reaches
    said = [one.found for one in readiness.troubles(tmp_path, table)]
    assert any("IPv6" in one for one in said) is warns
    assert any("emulator matter install" in one or "Node.js" in one for one in said)


def test_a_kernel_without_it_has_none_and_what_cannot_be_read_is_taken_as_given(tmp_path: Path) -> None:
    assert readiness.has_ipv6([HOME], tmp_path / "none") is False
    assert readiness.has_ipv6([HOME], tmp_path) is True
