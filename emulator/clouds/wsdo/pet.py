"""Codec of the ws.do API: `<PET>` XML to frozen values. Pure.

Facts: verisure-wsdo.md §2, and the user's API document.
"""

from dataclasses import dataclass, field

from lxml import etree

from emulator.clouds.account import Listed
from emulator.clouds.strike import Secrets, readable
from emulator.errors import Unreachable
from emulator.words.text import Text

OK, WAIT = "OK", "WAIT"


@dataclass(frozen=True, slots=True)
class LogRow:
    """One `REG` of the activity log; `key` is unique among rows. `attributes` may hold secrets."""

    key: tuple[str, ...]
    type: str
    attributes: dict[str, str] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class PetReply:
    """A `<PET>` answer. `status` is None if the element is missing, `log` if there is no LIST.

    `said` is the message for people, without secrets; `message` is the raw one, to be matched only.
    """

    res: str
    message: str = field(default="", repr=False)
    err: str = ""
    status: str | None = None
    hash: str = field(default="", repr=False)
    log: tuple[LogRow, ...] | None = None
    installations: tuple[Listed, ...] = ()
    alias: str = ""
    devices: tuple[dict[str, str], ...] = ()
    services: tuple[dict[str, str], ...] = ()
    said: str = ""


def parse(data: bytes, secrets: Secrets | None = None) -> PetReply:
    """Parse an answer of the cloud; Unreachable if it is anything but PET (HTML, cut off, with a DTD).

    `secrets` learns the hash of the answer. Texts for people are freed of all of them.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Unreachable(Text("the cloud's answer cannot be understood: it is not its XML")) from None
    # Entities are never expanded; an answer that declares any is not the cloud's.
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreachable(Text("the cloud's answer cannot be understood: it has a document type"))
    if root.tag != "PET" or not _text(root, "RES"):
        raise Unreachable(Text("the cloud's answer cannot be understood: it is another XML"))
    secrets = secrets or Secrets()
    secrets.add(_text(root, "HASH"))
    _strike(root, secrets)
    log = root.find("LIST")
    details = root.find("INSTALLATION")
    return PetReply(
        res=_text(root, "RES").upper(),
        message=readable(_text(root, "MSG")).strip(),
        said=secrets.told(_text(root, "MSG")).strip(),
        err=_text(root, "ERR"),
        status=_text(root, "STATUS").upper() if root.find("STATUS") is not None else None,
        hash=_text(root, "HASH"),
        log=None if log is None else tuple(map(_log_row, log.findall("REG"))),
        installations=tuple(
            Listed(readable(_text(item, "NUMINST")), _text(item, "PANEL"), _text(item, "ALIAS"))
            for item in root.iterfind("INSTALATIONS/INSTALATION")
        ),
        alias=(details.get("alias") or "").strip() if details is not None else "",
        devices=tuple(_attributes(item) for item in root.iterfind("INSTALLATION/DEVICES/DEVICE")),
        services=_services(root),
    )


VERBATIM = frozenset({"MSG", "HASH", "NUMINST"})
"""Elements that are treated one by one, or go back to the cloud unchanged."""


def _strike(root: etree._Element, secrets: Secrets) -> None:
    """Free all texts and attributes of secrets, except those of the log: most of it is never shown."""
    for item in root.iter(etree.Element):
        if item.tag == "REG":
            continue
        if item.text and item.tag not in VERBATIM:
            item.text = secrets.told(item.text)
        for name, value in item.attrib.items():
            item.attrib[name] = secrets.told(str(value))


def _text(parent: etree._Element, name: str) -> str:
    return (parent.findtext(name) or "").strip()


def _attributes(item: etree._Element) -> dict[str, str]:
    return {str(name): str(value) for name, value in item.attrib.items()}


def _log_row(row: etree._Element) -> LogRow:
    attributes = _attributes(row)
    identity = (attributes.get(name, "") for name in ("idsignal", "time", "type", "device"))
    return LogRow(tuple(identity), attributes.get("type", "").strip(), attributes)


def _services(root: etree._Element) -> tuple[dict[str, str], ...]:
    """Return the services of MYINSTALLATION (by e-mail or phone), and the requests that SRV lists as active."""
    found = [
        {"service": item.get("description") or "", "id": item.get("idservice") or "", "by": channel.lower()}
        for channel in ("EMAIL", "PHONE")
        for item in root.iterfind(f"INSTALLATION/SERVICESATTRIBUTES/{channel}/SERVICE")
    ]
    for item in root.iterfind("INSTALATION//SERVICE"):
        name = item.get("request") or item.get("description") or ""
        found.append({"service": name, "id": item.get("idservice") or item.get("idService") or "", "by": "app"})
    return tuple(found)
