"""UPnP documents: well-formed whatever a switch is called, and an icon that is a PNG."""

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from emulator.lan import upnp


def test_a_list_repeats_its_element_and_an_attribute_stands_on_it() -> None:
    content: upnp.Tree = {"list": {"one": [{"@kind": "a", "name": "x"}, {"@kind": "b", "name": "y"}]}, "none": {}}
    assert upnp.document("root", "urn:x", content) == (
        b"<?xml version='1.0' encoding='utf-8'?>\n"
        b'<root xmlns="urn:x"><specVersion><major>1</major><minor>0</minor></specVersion>'
        b'<list><one kind="a"><name>x</name></one><one kind="b"><name>y</name></one></list><none/></root>'
    )


@given(st.text())
def test_any_name_can_be_in_a_document_and_on_a_page(name: str) -> None:
    root = etree.fromstring(upnp.document("root", "urn:x", {"name": upnp.text(name)}))
    assert root.findtext("{urn:x}name", "").splitlines() == upnp.text(name).splitlines()
    assert b"<b>" not in upnp.page(f"<b>{name}", f"<b>{name}", lang="en")


@pytest.mark.parametrize("side", [48, 120])
def test_an_icon_is_a_png_of_its_side(side: int) -> None:
    png = upnp.icon(side)
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">IIB", png[16:25]) == (side, side, 8)
    size = struct.unpack(">I", png[33:37])[0]
    assert len(zlib.decompress(png[41 : 41 + size])) == side * (side + 1)
