"""The errors of refused answers: every number, and the texts without one."""

import pytest

from emulator.clouds.wsdo import pet, refusals
from emulator.errors import EmulatorError, LoginRefused, Rejected, Retired, SessionExpired, Unreachable


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
