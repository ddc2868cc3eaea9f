"""The codec against the API document's own samples, every table row, and bytes that are no answer."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emulator.clouds.wsdo import codes, pet, refusals
from emulator.errors import EmulatorError, LoginRefused, Rejected, Retired, SessionExpired, Unreachable
from emulator.model import DISARMED, ArmMode, Axes, Interior
from emulator.simulator.wsdo import texts
from tests.support import fakes

SAMPLES = Path(__file__).parents[2] / "simulator" / "samples"
TOTAL = Axes(Interior.TOTAL, perimeter=False, annex=False)
NIGHT = Axes(Interior.NIGHT, perimeter=False, annex=False)
BOTH = Axes(Interior.TOTAL, perimeter=True, annex=False)
UNKNOWN = Axes()


def sample(name: str) -> pet.PetReply:
    return pet.parse((SAMPLES / f"{name.lower()}.xml").read_bytes())


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


@pytest.mark.parametrize(
    ("name", "expected", "told"),
    [
        ("EST2", DISARMED, DISARMED),
        ("ARM2", TOTAL, BOTH),  # the letter is the panel's word, whatever was expected
        ("PERI2", BOTH, BOTH),
        ("PERI2", Axes(Interior.OFF, perimeter=True, annex=False), None),  # the text says more than was asked
        ("ARMNIGHT2", NIGHT, NIGHT),
        ("ARMDAY2", Axes(Interior.DAY, perimeter=False, annex=False), None),  # the sample's text says night
        ("DARM2", DISARMED, DISARMED),
        ("DARM2", Axes(Interior.OFF, perimeter=False, annex=None), None),
    ],
)
def test_outcomes(name: str, expected: Axes, told: Axes | None) -> None:
    reply = sample(name)
    assert codes.read_outcome(reply.status, reply.message, expected) == told


# -- tables ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("letter", "text"),
    [
        ("0", "disarmed"),
        ("1", "total"),
        ("P", "day"),
        ("Q", "night"),
        ("3", "perimeter"),
        ("4", "total + perimeter"),
        ("B", "day + perimeter"),
        ("C", "night + perimeter"),
        ("A", "total"),
        ("T", "total"),
        ("E", "perimeter"),
        ("X", "annex"),
        ("R", "day + annex"),
        ("S", "night + annex"),
        ("O", "total + annex"),
        ("N", "armed, mode unknown"),
        ("?", "armed, mode unknown"),
        ("D", "armed, mode unknown"),
    ],
)
def test_status_letters(letter: str, text: str) -> None:
    axes = codes.read_status(letter, "")
    assert str(axes) == text
    assert axes.armed is (letter != "0")


@pytest.mark.parametrize(
    ("letter", "message", "axes"),
    [
        ("A", "", Axes(Interior.TOTAL, perimeter=None, annex=False)),
        ("A", "Todos los dispositivos de tu Alarma han sido conectados", Axes(Interior.TOTAL, None, annex=False)),
        ("A", "Tu Alarma está conectada en modo Total y en el exterior", BOTH),
        ("0", "Tu Alarma está desconectada", DISARMED),
        ("0", "Petición procesada correctamente", DISARMED),
        ("0", "Tu Alarma está conectada en modo Noche", Axes(Interior.NIGHT)),  # never off against the panel's words
        ("0", "Tu Alarma está conectada", UNKNOWN),
        ("0", "Your Alarm has been activated in day/night partial mode", UNKNOWN),
        ("0", "Votre alarme est activée", UNKNOWN),
        ("0", "Il tuo allarme è inserito", UNKNOWN),
        ("0", "O seu Alarme está ligado", UNKNOWN),
        ("0", "Tu Alarma está desconectada. Tu Alarma Secundaria está conectada", UNKNOWN),
        ("D", "Tu Alarma está desconectada", DISARMED),
        ("N", "Tu Alarma está desconectada", UNKNOWN),  # the house was still armed when N was seen
        ("Z", "Your Alarm has been activated in night partial mode", Axes(Interior.NIGHT)),
        ("Z", "Tu Alarma está conectada en modo perimetral", Axes(None, perimeter=True)),
        ("Z", "", UNKNOWN),
    ],
)
def test_letters_and_words(letter: str, message: str, axes: Axes) -> None:
    assert codes.read_status(letter, message) == axes


@pytest.mark.parametrize("language", texts.TEXTS)
@pytest.mark.parametrize("key", ["off", "disarmed"])
def test_a_0_is_off_beside_every_disarmed_text(language: str, key: str) -> None:
    assert codes.read_status("0", texts.TEXTS[language][key]) == DISARMED


@pytest.mark.parametrize("language", texts.TEXTS)
@pytest.mark.parametrize("key", ["total", "day", "night", "perimeter", "annex"])
def test_a_0_is_never_off_beside_an_armed_text(language: str, key: str) -> None:
    axes = codes.read_status("0", texts.TEXTS[language][key])
    assert axes.armed
    assert axes.has(ArmMode.parse(key)) is True


@pytest.mark.parametrize(
    ("message", "mode"),
    [
        ("Tu Alarma ha sido desconectada", ArmMode()),
        ("Your Alarm is deactivated", ArmMode()),
        ("Votre Alarme est désactivée", ArmMode()),
        ("Il tuo Allarme è disattivato", ArmMode()),
        ("O seu Alarme está desativado", ArmMode()),
        ("Tu Alarma está conectada en modo Parcial día", ArmMode(Interior.DAY)),
        ("TU ALARMA ESTÁ CONECTADA EN MODO PARCIAL NOCHE", ArmMode(Interior.NIGHT)),
        ("All of your Alarm's devices have been activated", ArmMode(Interior.TOTAL)),
        ("Your Alarm has been activated in day partial mode", ArmMode(Interior.DAY)),
        ("Votre Alarme est activée en mode nuit et extérieur", ArmMode(Interior.NIGHT, perimeter=True)),
        ("Il tuo Allarme è attivato in modo notte", ArmMode(Interior.NIGHT)),
        ("O seu Alarme está ativado em modo noite", ArmMode(Interior.NIGHT)),
        ("Your Secondary Alarm has been activated", ArmMode(annex=True)),
        ("Your Alarm has been activated in day/night partial mode", None),
        ("Su solicitud ha sido enviada", None),
        ("Demande en cours, comme toujours", None),
        ("", None),
    ],
)
def test_words(message: str, mode: ArmMode | None) -> None:
    assert codes.mentions(message) == mode


@pytest.mark.parametrize("expected", [Axes(Interior.TOTAL), UNKNOWN, Axes(Interior.TOTAL, perimeter=False)])
@pytest.mark.parametrize("status", ["0", "", None])
def test_an_outcome_without_letter_or_words_tells_nothing(expected: Axes, status: str | None) -> None:
    assert codes.read_outcome(status, "", expected) is None


@pytest.mark.parametrize(
    ("err", "kind", "advice"),
    [
        ("60022", SessionExpired, "session"),
        ("60067", SessionExpired, "session"),
        ("60161", Retired, "`cloud: owa`"),
        ("60060", Retired, "`callby: AND_61`"),
        ("60057", LoginRefused, "`country` and `lang`"),
        ("60091", LoginRefused, "VERISURE_PASSWORD"),
        ("60052", LoginRefused, "unlock"),
        ("3000", Unreachable, "trouble"),
        ("5304", Unreachable, "trouble"),
    ],
)
def test_errors(err: str, kind: type[EmulatorError], advice: str) -> None:
    error = refusals.error(pet.PetReply("ERROR", "Lo sentimos", err))
    assert type(error) is kind
    assert advice in str(error)
    assert f"ERR {err}" in str(error)
    assert "Lo sentimos" in str(error)


@pytest.mark.parametrize(
    ("reply", "login", "kind", "words"),
    [
        (pet.PetReply("LOCK"), True, LoginRefused, "locked"),
        (pet.PetReply("LOCK"), False, LoginRefused, "locked"),
        (pet.PetReply("KO", "El usuario introducido no existe"), True, LoginRefused, "no existe"),
        (pet.PetReply("ERROR", err="4711"), True, LoginRefused, "ERROR, ERR 4711"),
        (pet.PetReply("ERROR", "Una ventana está abierta"), False, Rejected, "ventana"),
        (pet.PetReply("ERROR", err="4711"), False, Rejected, "without a reason (ERROR, ERR 4711)"),
        (pet.PetReply("ERROR", "Esta aplicación ya no está disponible"), True, Retired, "cloud: owa"),
        (pet.PetReply("ERROR", "Solo tienes acceso a la nueva versión de My Verisure"), True, Retired, "cloud: owa"),
        (pet.PetReply("ERROR", "L'application a été remplacée par My New Verisure"), True, Retired, "cloud: owa"),
        (pet.PetReply("ERROR", "O aplicativo foi substituído"), True, Retired, "cloud: owa"),
    ],
)
def test_refusals(reply: pet.PetReply, login: bool, kind: type[EmulatorError], words: str) -> None:
    error = refusals.error(reply, login=login)
    assert type(error) is kind
    assert words in str(error)


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
    with pytest.raises(Unreachable, match="the cloud answered"):
        pet.parse(data)


@given(st.one_of(st.binary(), st.text().map(str.encode), st.text().map(lambda text: fakes.pet("OK", text))))
@example(b"\x00" * 64)
def test_any_bytes_are_an_answer_or_unreachable(data: bytes) -> None:
    try:
        reply = pet.parse(data)
    except Unreachable:
        return
    assert reply.res


@pytest.mark.parametrize(
    "message",
    [
        "Error 5304. Due to a technical incident, the request cannot be processed",
        "Sorry but we are unable to carry out your request. Please try again later",
        "Lo sentimos. No se ha podido realizar la acción solicitada",
        "Votre demande n'a pas pu être transmise ; veuillez réessayer",
    ],
)
def test_trouble_without_a_number_is_no_refusal(message: str) -> None:
    """Nobody knows then what became of a command (verisure-wsdo.md §2.3)."""
    reply = pet.parse(f"<PET><RES>ERROR</RES><MSG>{message}</MSG></PET>".encode())
    assert isinstance(refusals.error(reply), Unreachable)
