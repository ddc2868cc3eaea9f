"""PET documents: values in, XML out, in the element order of the API document's samples (verisure-wsdo.md §2.1).

The client shares none of it, so that a mistake cannot cancel out.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from lxml import etree

from emulator.model import Axes, Interior
from emulator.simulator import texts
from emulator.simulator.accounts import CODE_WORDS, CONTACT_MAIL, CONTACT_PHONE, SimulatedAccount
from emulator.simulator.panel.activity import ActivityRow
from emulator.simulator.panel.equipment import Zone

Words = dict[str, str]

LETTERS = {
    (Interior.OFF, False): "0",
    (Interior.TOTAL, False): "1",
    (Interior.DAY, False): "P",
    (Interior.NIGHT, False): "Q",
    (Interior.OFF, True): "3",
    (Interior.TOTAL, True): "4",
    (Interior.DAY, True): "B",
    (Interior.NIGHT, True): "C",
}
"""Interior, perimeter → STATUS (verisure-wsdo.md §3)."""

ANNEX_LETTERS = {Interior.OFF: "X", Interior.DAY: "R", Interior.NIGHT: "S", Interior.TOTAL: "O"}
"""Interior → STATUS with the annex armed, as the successor has it; with the perimeter, too, no letter is known."""

NO_LETTER = "N"
AMBIGUOUS_TOTAL = "A"

NOTIFICATIONS = {
    "EMAIL": {
        "1": "Petición de imagen",
        "2": "Entradas y salidas",
        "17": "Video petición",
        "23": "Corte de corriente",
    },
    "PHONE": {"5": "Accesos SMS"},
}
"""Medium → idservice → description (the document's sample)."""


def letter(axes: Axes, *, letter_a: bool = False) -> str:
    """Return the STATUS of a panel in this state."""
    interior, perimeter = axes.interior or Interior.OFF, bool(axes.perimeter)
    if axes.annex:
        return NO_LETTER if perimeter else ANNEX_LETTERS[interior]
    found = LETTERS[interior, perimeter]
    return AMBIGUOUS_TOTAL if letter_a and found == "1" else found


def node(tag: str, text: str | None = None, /, *children: etree._Element, **attributes: str) -> etree._Element:
    """Return an element with its text, children and attributes."""
    element = etree.Element(tag, attributes)
    element.text = text
    element.extend(children)
    return element


def xml(text: str) -> str:
    """Return a text without the characters that XML cannot carry."""
    return "".join(letter for letter in text if letter.isprintable() or letter in "\u202e")


def banner() -> etree._Element:
    """Return BLOQ, which stands in most answers and means nothing."""
    return node("BLOQ", texts.BANNER, remotereqactive="1")


def pet(*children: etree._Element) -> bytes:
    """Return the document."""
    return etree.tostring(node("PET", None, *children), xml_declaration=True, encoding="UTF-8", pretty_print=True)


def steer(document: bytes) -> bytes:
    """Return the document with names and messages that steer terminals."""
    root = etree.fromstring(document)
    for item in root.iter("MSG", "ALIAS"):
        item.text = (item.text or "") + texts.STEERING
    for item in root.iter("INSTALLATION", "DEVICE"):
        item.set("alias", item.get("alias", "") + texts.STEERING)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def success(words: Words, text: str, *children: etree._Element) -> bytes:
    """Return OK, a text, and what follows."""
    return pet(node("RES", "OK"), node("MSG", words[text]), *children)


def plain(words: Words, text: str) -> bytes:
    """Return OK and a text: X1 accepted, logged out."""
    return success(words, text, banner())


def failure(words: Words, res: str, text: str, err: str, number: str = "") -> bytes:
    """Return RES, MSG, ERR and perhaps NUMINST, without BLOQ, as in the captured error (verisure-wsdo.md §2.1)."""
    numbers = [node("NUMINST", number)] if number else []
    return pet(node("RES", res), node("MSG", words[text]), node("ERR", err), *numbers)


def login(words: Words, lang: str, token: str) -> bytes:
    """Return the answer to LOGIN."""
    return success(words, "login", node("LANG", lang), node("HASH", token), node("MOBILE", newversion="0"), banner())


def waiting(words: Words) -> bytes:
    """Return the answer to X2 while the operation is under way."""
    return pet(node("RES", "WAIT"), node("MSG", words["wait"]), banner())


def outcome(status: str, text: str, number: str) -> bytes:
    """Return the answer to X2 after the operation has succeeded."""
    return pet(node("RES", "OK"), node("STATUS", status), node("MSG", text), node("NUMINST", number), banner())


def installations(words: Words, account: SimulatedAccount) -> bytes:
    """Return the answer to INS: INSTALATIONS and INSTALATION have one L."""
    installation = _installation(NUMINST=account.number, PANEL=account.panel, ALIAS=account.alias)
    return success(words, "done", node("INSTALATIONS", None, installation), banner())


def services(words: Words, account: SimulatedAccount) -> bytes:
    """Return the answer to SRV, as far as it is known; the shape of its list of services was never published."""
    installation = _installation(ALIAS=account.alias, INSTIBS="100200300", SIM=CONTACT_PHONE, TIMEBOX="1")
    return success(words, "done", installation, banner())


def _installation(**facts: str) -> etree._Element:
    return node("INSTALATION", None, *(node(tag, text) for tag, text in facts.items()))


def details(words: Words, account: SimulatedAccount, zones: Iterable[Zone]) -> bytes:
    """Return the answer to MYINSTALLATION: INSTALLATION has two Ls, and no BLOQ follows."""
    contact = {"alias": "SERVICIOS", "language": "es_ES", "idService": "0"}
    devices = (
        node("DEVICE", idDev=str(at), code=zone.code, alias=zone.name, type=zone.type, aliasType="Foto detector")
        for at, zone in enumerate(zones, 1)
    )
    media = (
        node(medium, None, *(node("SERVICE", description=text, idservice=number) for number, text in rows.items()))
        for medium, rows in NOTIFICATIONS.items()
    )
    installation = node(
        "INSTALLATION",
        None,
        node("DEVICES", None, *devices),
        node("CODEWORDS", **CODE_WORDS),
        node("EMAILS", None, node("EMAIL", address=CONTACT_MAIL, **contact)),
        node("PHONES", None, node("PHONE", number=CONTACT_PHONE, **contact)),
        node("SERVICESATTRIBUTES", None, *media),
        alias=account.alias,
    )
    return success(words, "done", installation)


def activity(words: Words, rows: Iterable[ActivityRow], local: Callable[[float], datetime]) -> bytes:
    """Return the answer to ACT_V2: newest first, no MSG; an empty log is a LIST without REG."""
    found = [
        node(
            "REG",
            type=str(row.type),
            signaltype=str(row.type),
            idsignal=row.idsignal,
            time=f"{local(row.at):%y%m%d%H%M%S}",
            alias=xml(row.said or texts.row_alias(row.label, words)),
            device=xml(row.zone) or row.device,
            source=row.source,
            myverisureUser=xml(row.user) if row.source else "",
            **({"user": xml(row.user)} if row.user and not row.source else {}),
        )
        for row in rows
    ]
    return pet(node("RES", "OK"), node("LIST", None, *found, totalreg=str(len(found)), costtotal="0"), banner())
