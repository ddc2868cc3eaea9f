"""UPnP documents of every door: descriptions, presentation page, icon. Pure (lan-emulation.md §2.2, §2.3, §3.1)."""

import re
import struct
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape

from lxml import etree

DEVICE_NS = "urn:schemas-upnp-org:device-1-0"
SCPD_NS = "urn:schemas-upnp-org:service-1-0"
"""The namespaces that strict UPnP clients demand; every other client takes any (§2.2, §2.3)."""

INVALID_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Tree = Mapping[str, "str | Tree | Sequence[Tree]"]
"""Elements by name, in order: a list repeats its element, `@name` is an attribute."""


def document(root: str, namespace: str, content: Tree) -> bytes:
    """Return a description of version 1.0 with every element in `namespace`."""
    element = etree.Element(root, nsmap=by_default(namespace))
    _fill(element, {"specVersion": {"major": "1", "minor": "0"}, **content})
    # Elements are made without a namespace under a default one: a parser of the document finds them in it.
    return etree.tostring(element, encoding="utf-8", xml_declaration=True)


def _fill(parent: etree._Element, content: Tree) -> None:
    for name, inner in content.items():
        if name.startswith("@"):
            parent.set(name[1:], str(inner))
            continue
        for one in (inner,) if isinstance(inner, str | Mapping) else inner:
            child = etree.SubElement(parent, name)
            if isinstance(one, str):
                child.text = one
            else:
                _fill(child, one)


def by_default(namespace: str) -> dict[str, str]:
    """Return the nsmap that makes `namespace` the one without a prefix."""
    return {None: namespace}  # type: ignore[dict-item]  # lxml's word for "no prefix", which its stubs leave out


def text(value: str) -> str:
    """Remove the characters that no XML document can hold."""
    return INVALID_IN_XML.sub("", value)


def page(title: str, *paragraphs: str, lang: str) -> bytes:
    """Return a presentation page; `lang` is the language of its paragraphs (BCP 47)."""
    name = escape(text(title))
    written = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    head = f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>{name}</title>'
    return f"{head}<h1>{name}</h1>{written}</html>".encode()


@cache
def icon(side: int) -> bytes:
    """Draw a grey-scale PNG of a shield: a square above, a parabola below. `side` is in pixels."""
    middle = (side - 1) / 2
    rows = b""
    for y in range(side):
        half = middle * 0.8 * (1 - max(0.0, (y - middle) / middle) ** 2)
        rows += b"\0" + bytes(40 if abs(x - middle) <= half and y > 2 else 255 for x in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
