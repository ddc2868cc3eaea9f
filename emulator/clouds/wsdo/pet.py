"""Pure codec of the ws.do API: `<PET>` XML to frozen values, and the tables of its STATUS, ERR and log codes.

Facts: verisure-wsdo.md §2 and §3, and the user's API document.
"""

import re
import unicodedata
from dataclasses import dataclass, field

from lxml import etree

from emulator.clouds.readable import readable
from emulator.clouds.strike import Secrets
from emulator.errors import CloudError, LoginRefused, Rejected, Retired, SessionExpired, Unreachable
from emulator.model import DISARMED, ArmMode, Axes, Interior

DEFAULT_PANEL = "SDVFAST"
"""The API document's "typically SDVFAST", for accounts whose INS does not say."""

OK, WAIT = "OK", "WAIT"

STATUS = {
    # Seen on ws.do (verisure-wsdo.md §3). A is ambiguous: see `read_status`.
    "0": DISARMED,
    "1": Axes(Interior.TOTAL, perimeter=False, annex=False),
    "P": Axes(Interior.DAY, perimeter=False, annex=False),
    "Q": Axes(Interior.NIGHT, perimeter=False, annex=False),
    "3": Axes(Interior.OFF, perimeter=True, annex=False),
    "4": Axes(Interior.TOTAL, perimeter=True, annex=False),
    "B": Axes(Interior.DAY, perimeter=True, annex=False),
    "C": Axes(Interior.NIGHT, perimeter=True, annex=False),
    "A": Axes(Interior.TOTAL, perimeter=None, annex=False),
    # Only seen on the successor API, which kept the letters (same section).
    "T": Axes(Interior.TOTAL, perimeter=False, annex=False),
    "E": Axes(Interior.OFF, perimeter=True, annex=False),
    "X": Axes(Interior.OFF, perimeter=False, annex=True),
    "R": Axes(Interior.DAY, perimeter=False, annex=True),
    "S": Axes(Interior.NIGHT, perimeter=False, annex=True),
    "O": Axes(Interior.TOTAL, perimeter=False, annex=True),
}

LOG_CHANGES: dict[str, ArmMode | None] = {
    # Activity log codes to what they change; None is a disarm of interior and perimeter (§2.2).
    "1": None,
    "32": None,
    "2": ArmMode(Interior.TOTAL),
    "31": ArmMode(Interior.TOTAL),
    "40": ArmMode(perimeter=True),
    "204": ArmMode(perimeter=True),
    "46": ArmMode(Interior.NIGHT),
    "203": ArmMode(Interior.NIGHT),
    "202": ArmMode(Interior.DAY),
    "311": ArmMode(Interior.DAY),
}

LOG_OWN = {"ARM": "31", "ARMDAY": "311", "ARMNIGHT": "46", "PERI": "40", "DARM": "32"}
"""A request to the code of the row that it leaves (§2.2); those of the annex are not known."""

LOG_STATUS_CHECK = "27"
"""The row that EST writes (§2.2)."""

LOG_SILENT = frozenset({LOG_STATUS_CHECK, "13", "14", "16", "24", "25", "26", "29", "241", "331", "501", "502", "3121"})
"""Codes that do not move the axes: alarms, photos, mains, status checks (§2.2)."""

LOG_MOVING = frozenset(
    "37 107 531 537 540 546 700 701 720 721 800 801 802 820 821 822 823 824 850".split()  # noqa: SIM905  # a list of 19
)
"""Codes of the successor API that move the axes, or tried to, nobody knows exactly how (§2.2)."""

ERRORS: dict[str, tuple[type[CloudError], str]] = {
    # ERR numbers to what they mean for us and what the user can do (§2.3).
    "60022": (SessionExpired, "the session has ended"),
    "60067": (SessionExpired, "the session is not known any more"),
    "60161": (Retired, "this account has moved to the new My Verisure app: set `cloud: owa` for it in devices.yaml"),
    "60060": (Retired, "the cloud wants a newer app: set `callby: AND_61` or `callby: IPH_61`, or `cloud: owa`"),
    "60057": (LoginRefused, "country and language do not go together: check `country` and `lang` in devices.yaml"),
    "60091": (LoginRefused, "user or password is wrong: check VERISURE_USER and VERISURE_PASSWORD"),
    "60052": (LoginRefused, "the account is locked: unlock it in the app or call customer service"),
    "3000": (Unreachable, "the cloud has trouble of its own"),
    "5304": (Unreachable, "the cloud has trouble of its own"),
}

# Texts that come without a number when the API or the account is gone (§2.3, §6); accents stripped, lower case.
RETIRED_TEXT = re.compile(r"ya no esta disponible|nueva version|remplacee par|substituido|no longer available")

# Texts without a number that do not say whether anything was done (§2.3).
TROUBLE_TEXT = re.compile(
    r"technical (incident|issue)|unable to carry out|try (again )?later|problem communicating|native thread"
    r"|no se ha podido realizar la accion|n'a pas pu etre transmise"
)

_DISARMED_TEXT = re.compile(r"desconect|deactivat|desactiv|disattiv|disinser|desativ|deslig")
_ARMED_TEXT = re.compile(r"\b(conect|activ|attiv|ativ|inseri|ligad|armed)")
_INTERIOR_TEXT = {
    Interior.DAY: re.compile(r"\b(dia|day|jour|giorno)\b"),
    Interior.NIGHT: re.compile(r"\b(noche|night|nuit|notte|noite)\b"),
    Interior.TOTAL: re.compile(r"\b(total\w*|todos los dispositivos|all of your|tous les|tutti i|todos os)\b"),
}
_PERIMETER_TEXT = re.compile(r"exterior|exterieur|estern|outside|perim")
_ANNEX_TEXT = re.compile(r"anex|annex|secundari|secondari|secondair|secondary")
_SENTENCE = re.compile(r"[.;!]\s+")


@dataclass(frozen=True, slots=True)
class LogRow:
    """One `REG` of the activity log; `key` tells it from every other row."""

    key: tuple[str, ...]
    type: str


@dataclass(frozen=True, slots=True)
class Listed:
    """One installation of the account, from INS."""

    number: str
    panel: str
    alias: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A `<PET>` answer. `status` is None where the element is missing; `log` where there is no LIST.

    `said` is the message for people, without what must not be told; `message` is only to be understood.
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


def parse(data: bytes, secrets: Secrets | None = None) -> Reply:
    """Read an answer of the cloud; Unreachable when it is anything but PET (HTML, cut off, with a DTD).

    `secrets` learns the hash of the answer; what is for people is read without any of them.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Unreachable("the cloud answered something that is not its XML") from None
    # Entities are never expanded; an answer that declares any is not the cloud's.
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreachable("the cloud answered XML with a document type, which it never does")
    if root.tag != "PET" or not _text(root, "RES"):
        raise Unreachable("the cloud answered XML that is not its own")
    secrets = secrets or Secrets()
    secrets.add(_text(root, "HASH"))
    _strike(root, secrets)
    log = root.find("LIST")
    details = root.find("INSTALLATION")
    return Reply(
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
"""What is read by itself, or goes back to the cloud as it came."""


def _strike(root: etree._Element, secrets: Secrets) -> None:
    """Make all texts and attributes what people may read, but for those of the log, of which none is ever shown."""
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
    return LogRow(key=tuple(identity), type=attributes.get("type", "").strip())


def _services(root: etree._Element) -> tuple[dict[str, str], ...]:
    """Services from MYINSTALLATION (by e-mail or phone), and the requests that SRV lists as active."""
    found = [
        {"service": item.get("description") or "", "id": item.get("idservice") or "", "by": channel.lower()}
        for channel in ("EMAIL", "PHONE")
        for item in root.iterfind(f"INSTALLATION/SERVICESATTRIBUTES/{channel}/SERVICE")
    ]
    for item in root.iterfind("INSTALATION//SERVICE"):
        name = item.get("request") or item.get("description") or ""
        found.append({"service": name, "id": item.get("idservice") or item.get("idService") or "", "by": "app"})
    return tuple(found)


def error(reply: Reply, *, login: bool = False) -> CloudError | Rejected:
    """What a refused answer means. A refused LOGIN that nobody can explain stops all logins: accounts get locked."""
    words = reply.said or reply.message
    said = f' The cloud said: "{words}"' if words else ""
    if reply.err in ERRORS:
        kind, meaning = ERRORS[reply.err]
        return kind(f"{meaning} (ERR {reply.err}).{said}")
    if login and RETIRED_TEXT.search(_plain(reply.message)):
        return Retired(f"this API no longer serves the account: set `cloud: owa` for it in devices.yaml.{said}")
    if not login and TROUBLE_TEXT.search(_plain(reply.message)):
        kind, meaning = ERRORS["3000"]
        return kind(f"{meaning}.{said}")
    number = f", ERR {reply.err}" if reply.err else ""
    if reply.res == "LOCK":
        return LoginRefused(f"{ERRORS['60052'][1]}.{said}")
    if login:
        return LoginRefused(f"the cloud refused the login ({reply.res}{number}): check user and password.{said}")
    return Rejected(words or f"the cloud refused without a reason ({reply.res}{number})")


def mentions(message: str) -> ArmMode | None:
    """The arm mode that a localised text speaks of; an empty mode for a disarmed text, None when it is unclear."""
    sentences = [_mentioned(sentence) for sentence in _SENTENCE.split(_plain(message))]
    told = [mode for mode in sentences if mode is not None]
    # "The alarm is off. The annex is on": one word for both would be wrong about one.
    return told[0] if len(told) == 1 else None


def _mentioned(text: str) -> ArmMode | None:
    if _DISARMED_TEXT.search(text):
        return ArmMode()
    interiors = [mode for mode, pattern in _INTERIOR_TEXT.items() if pattern.search(text)]
    perimeter, annex = bool(_PERIMETER_TEXT.search(text)), bool(_ANNEX_TEXT.search(text))
    if len(interiors) > 1 or not (interiors or perimeter or annex):
        return None
    return ArmMode(interiors[0] if interiors else None, perimeter=perimeter, annex=annex)


def read_status(status: str, message: str) -> Axes:
    """The axes that EST2 tells. Letters count; the text decides where they do not (verisure-wsdo.md §3, §8.3)."""
    said = mentions(message)
    if status == "A" and said and said.perimeter:
        return Axes(Interior.TOTAL, perimeter=True, annex=False)
    # Some servers say 0 beside an armed text, even one whose mode is unclear: that is never off.
    doubtful = status == "0" and (said not in (None, ArmMode()) or _ARMED_TEXT.search(_plain(message)))
    if status in STATUS and not doubtful:
        return STATUS[status]
    if said is None or (said == ArmMode() and status != "D"):
        return Axes()
    if said == ArmMode():
        return DISARMED
    return Axes(said.interior, said.perimeter or None, said.annex or None)


def read_outcome(status: str | None, message: str, expected: Axes) -> Axes | None:
    """The axes after an arm or disarm, from its X2 answer; None when the answer does not say and EST must.

    0 is a state on some servers and a plain "done" on others (API document's samples, verisure-wsdo.md §8.3), so
    it counts only where the text says the same as what the request was meant to reach.
    """
    if status not in (None, "", "0"):
        return read_status(status, message)
    said = mentions(message)
    return expected if said is not None and said == _mode(expected) else None


def _mode(axes: Axes) -> ArmMode | None:
    if None in (axes.interior, axes.perimeter, axes.annex):
        return None
    interior = None if axes.interior is Interior.OFF else axes.interior
    return ArmMode(interior, perimeter=bool(axes.perimeter), annex=bool(axes.annex))


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
