"""Proposals of a set-up: names to say, in the language of the house, and switches for the modes of an alarm. Pure."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from emulator.app.alarm_settings import InstallationSettings
from emulator.app.switch_settings import NAME_LIMIT
from emulator.clouds.account import Listed
from emulator.clouds.fitted import Fit
from emulator.model import ArmMode, Interior
from emulator.setup.answers import AlarmAnswer, AnswerRefused, SwitchAnswer, check_language
from emulator.words import spoken
from emulator.words.language import Language, language
from emulator.words.text import Text, sense

NAMES = {
    ArmMode(Interior.TOTAL): Text("Total alarm"),
    ArmMode(Interior.DAY): Text("Day alarm"),
    ArmMode(Interior.NIGHT): Text("Night alarm"),
    ArmMode(perimeter=True): Text("Perimeter alarm"),
    ArmMode(annex=True): Text("Annex alarm"),
    ArmMode(Interior.TOTAL, perimeter=True): Text("Total alarm and perimeter"),
    ArmMode(Interior.NIGHT, perimeter=True): Text("Night alarm and perimeter"),
}
"""Name of a switch by what it arms: short, told apart by a voice assistant."""

HOME = sense("name of an alarm", "home")

COUNTRIES = {
    "ES": Text("Spain"),
    "IT": Text("Italy"),
    "FR": Text("France"),
    "GB": Text("United Kingdom"),
    "PT": Text("Portugal"),
    "IE": Text("Ireland"),
    "BR": Text("Brazil"),
    "CL": Text("Chile"),
    "AR": Text("Argentina"),
    "PE": Text("Peru"),
    "SE": Text("Sweden"),
    "NO": Text("Norway"),
    "DK": Text("Denmark"),
    "FI": Text("Finland"),
    "NL": Text("Netherlands"),
    "BE": Text("Belgium"),
}


TITLE_LIMIT = NAME_LIMIT // 2
"""Characters of an alarm's title, which is part of names where there are several alarms."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A mode of an alarm that a person may want a switch for. `switch` is the one there is, or the one proposed."""

    switch: SwitchAnswer
    wanted: bool
    is_sure: bool
    """False if the alarm does not tell that it has this mode."""


def home(tag: str) -> str:
    """Return the name of an alarm that has none, in a language; AnswerRefused where there is no such language."""
    check_language(tag)
    return language(tag).say(HOME)


def key_of(title: str, taken: Collection[str], otherwise: str) -> str:
    """Return a key for devices.yaml that is like the title of an alarm: letters, digits and dashes, and not taken."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    key = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not key or not key[0].isalpha():
        key = re.sub(
            r"[^a-z0-9]", "", unicodedata.normalize("NFKD", otherwise).encode("ascii", "ignore").decode().lower()
        )
    found, number = key or "home", 1
    while found in taken:
        number += 1
        found = f"{key}-{number}"
    return found


def alarms(place: InstallationSettings, found: Sequence[Listed]) -> tuple[AlarmAnswer, ...]:
    """Return alarms of an account as answers, each under a key that is like its title."""
    taken: list[AlarmAnswer] = []
    for one in found:
        # The alias is the cloud's, and stands on the page and in a comment.
        title = "".join(filter(str.isprintable, one.alias)).strip()[:TITLE_LIMIT]
        key = key_of(title, [each.name for each in taken], "home")
        if not title:
            title = key
        elif title.casefold() in {each.title.casefold() for each in taken}:
            title = f"{title} {len(taken) + 1}"
        taken.append(AlarmAnswer(key, place.cloud, place.country, one.number, place.url, title))
    return tuple(taken)


def name_of(mode: ArmMode, house: Language, title: str = "") -> str:
    """Return a name to say for a switch; with the name of its alarm where there are several."""
    said = NAMES.get(mode) or Text("Alarm {mode}", mode=spoken.mode(mode))
    return house.say(Text("{alarm} {home}", alarm=said, home=title) if title else said)[:NAME_LIMIT].strip()


def choices(
    alarm: AlarmAnswer,
    fits: Mapping[ArmMode, Fit],
    known: Sequence[SwitchAnswer],
    house: Language,
    *,
    several: bool,
) -> list[Choice]:
    """Return what may be chosen for an alarm: the switches that there are, and one for each mode that has none.

    A single mode that is fitted is proposed, if there is no switch yet.
    """
    mine = [one for one in known if one.alarm == alarm.name]
    found = [Choice(one, wanted=True, is_sure=True) for one in mine]
    title = alarm.title if several else ""
    for mode, fit in fits.items():
        if mode not in {one.mode for one in mine}:
            switch = SwitchAnswer(name_of(mode, house, title), alarm.name, mode)
            single = len(mode.parts()) == 1
            found.append(Choice(switch, not mine and single and fit is Fit.FITTED, fit is Fit.FITTED))
    return found


def check(wanted: Sequence[SwitchAnswer]) -> None:
    """Check the names of switches; AnswerRefused for some that cannot be told apart, or said."""
    if not wanted:
        raise AnswerRefused(Text("Choose at least one mode."))
    names: set[str] = set()
    for switch in wanted:
        if not switch.name.strip() or not switch.name.isprintable() or len(switch.name) > NAME_LIMIT:
            raise AnswerRefused(Text("A name is 1 to {n} letters, digits and blanks.", n=NAME_LIMIT))
        if switch.name.casefold() in names:
            raise AnswerRefused(Text("Two switches are called {name}: give each a name of its own.", name=switch.name))
        names.add(switch.name.casefold())
