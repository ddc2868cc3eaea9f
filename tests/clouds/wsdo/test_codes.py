"""The meaning of letters, words and outcomes: every table row, and the API document's samples."""

import pytest

from emulator.clouds.wsdo import codes
from emulator.model import DISARMED, ArmMode, Axes, Interior
from emulator.simulator import texts
from tests.clouds.wsdo.samples import sample

TOTAL = Axes(Interior.TOTAL, perimeter=False, annex=False)
NIGHT = Axes(Interior.NIGHT, perimeter=False, annex=False)
BOTH = Axes(Interior.TOTAL, perimeter=True, annex=False)
UNKNOWN = Axes()


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
