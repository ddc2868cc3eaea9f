"""The answers of a set-up: the alarms of a house, their switches and its doors. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from emulator import clouds, doors
from emulator.app.settings import Settings
from emulator.doors import DoorType
from emulator.errors import EmulatorError
from emulator.model import ArmMode
from emulator.words.language import LANGUAGES, OF_COUNTRY, Language, of_house
from emulator.words.text import Text


class AnswerRefused(EmulatorError):
    """An answer that cannot be taken; the text says what would be right."""


@dataclass(frozen=True, slots=True)
class AlarmAnswer:
    """An alarm. `name` is its key in devices.yaml; `title` is its name for people."""

    name: str
    cloud: str
    country: str
    number: str = ""
    url: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class SwitchAnswer:
    """A switch of an alarm. `at` is its place in the file so far; None for a new one."""

    name: str
    alarm: str
    mode: ArmMode
    disarms: bool = True
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """All that devices.yaml is written from. `language` is empty where it is the country's."""

    alarms: tuple[AlarmAnswer, ...] = ()
    switches: tuple[SwitchAnswer, ...] = ()
    doors: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Door → its keys that set-up asks for."""
    language: str = ""

    @property
    def accounts(self) -> tuple[AlarmAnswer, ...]:
        """The alarms that are reached by a login."""
        return tuple(one for one in self.alarms if not clouds.row(one.cloud).simulated)

    @property
    def spoken(self) -> Language:
        """The language of the house."""
        return of_house(self.language or None, self.alarms[0].country if self.alarms else "")


def of(settings: Settings) -> Answers:
    """Return the answers that settings stand for."""
    alarms = tuple(
        AlarmAnswer(name, one.cloud, one.country, one.number, one.url, name)
        for name, one in settings.installations.items()
    )
    switches = tuple(
        SwitchAnswer(one.name, settings.installation_of(one), one.on, one.off == "disarm", at)
        for at, one in enumerate(settings.switches)
    )
    opened = {
        name: {key: str(getattr(section, key)) for key in asked(doors.row(name))}
        for name, section in settings.doors.opened.items()
    }
    return Answers(alarms, switches, opened, settings.language or "")


def are_same(one: Answers, other: Answers) -> bool:
    """Return whether two answers make the same house; titles, and places in the file, make none."""

    def bare(answers: Answers) -> tuple[object, ...]:
        alarms = {replace(alarm, title="") for alarm in answers.alarms}
        return alarms, {replace(switch, at=None) for switch in answers.switches}, answers.doors, answers.language

    return bare(one) == bare(other)


def asked(row: DoorType) -> list[str]:
    """Return the keys of a door's section that set-up asks for: those without a default, and its port."""
    return [key for key, found in row.settings.model_fields.items() if found.is_required() or key == "port"]


def default(row: DoorType, key: str) -> str:
    """Return the default of a door's key; empty where it has none."""
    found = row.settings.model_fields[key]
    return "" if found.is_required() else str(found.default)


def proposals(name: str, row: DoorType, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the keys without a default for which the environment has a value, such as MQTT_BROKER, with that."""
    needed = [key for key, found in row.settings.model_fields.items() if found.is_required()]
    return {key: environ[variable] for key in needed if environ.get(variable := f"{name}_{key}".upper())}


def differing(row: DoorType, given: Mapping[str, str]) -> dict[str, str]:
    """Return the keys of a door that have another value than its default."""
    return {key: value for key, value in given.items() if value != default(row, key)}


def house_language(country: str, language: str) -> str:
    """Return the setting `language`: empty where it is the country's own."""
    return "" if language == OF_COUNTRY.get(country, "en") else language


def check_language(language: str) -> None:
    """Raise AnswerRefused for a language that there is not."""
    if language not in LANGUAGES:
        raise AnswerRefused(Text("Choose one of the languages."))


def value_of(key: str, value: str) -> Any:
    """Return a door's value as it stands in the file."""
    return int(value) if key == "port" and value.isdecimal() else value
