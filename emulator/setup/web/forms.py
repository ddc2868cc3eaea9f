"""The forms of the steps: what each shows, and what it takes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from emulator import clouds
from emulator.errors import ConfigError
from emulator.setup import notices, proposals
from emulator.setup.answers import AnswerRefused, SwitchAnswer
from emulator.setup.proposals import Choice
from emulator.setup.set_up import SetUp
from emulator.setup.web.desk import SetUpDesk
from emulator.words import spoken
from emulator.words.language import LANGUAGES, OF_COUNTRY, Language, of_house
from emulator.words.text import Text

LONGEST = 1000
"""Characters of a field; the longest are notification targets and addresses of servers."""

TONGUES = {
    "en": "English",
    "es": "Español",
    "it": "Italiano",
    "fr": "Français",
    "pt": "Português",
    "pt-BR": "Português (Brasil)",
    "sv": "Svenska (delvis)",
    "nb": "Norsk bokmål (delvis)",
    "da": "Dansk (delvist)",
    "fi": "Suomi (osittain)",
    "nl": "Nederlands (gedeeltelijk)",
}
"""Language → its own name; of those in part it says so."""

Fields = Mapping[str, str]


def field(fields: Fields, name: str, label: str = "") -> str:
    """Return a field; AnswerRefused if it is too long, by the label that a person sees."""
    text = fields.get(name, "")
    if len(text) > LONGEST:
        raise AnswerRefused(Text("{name}: at most {n} characters", name=label or name, n=LONGEST))
    return text


# -- what a step shows ------------------------------------------------------------------------------------------------


def _show_alarm(one: SetUp, language: Language) -> dict[str, Any]:
    known = [name for name, row in clouds.rows().items() if not row.simulated]
    mine = [country for country, tag in OF_COUNTRY.items() if tag == language.tag]
    countries = clouds.countries(*known)
    chosen = one.login.place if one.login else None
    return {
        "countries": [(code, proposals.COUNTRIES.get(code, code)) for code in countries],
        "country": chosen.country if chosen else next((code for code in mine if code in countries), countries[0]),
        "languages": [(tag, TONGUES[tag]) for tag in LANGUAGES],
        "clouds": [(name, clouds.row(name).title) for name in known],
        "cloud": chosen.cloud if chosen else "",
        "url": chosen.url if chosen else "",
    }


def _show_login(one: SetUp, _: Language) -> dict[str, Any]:
    talk = one.login
    place = talk.place if talk else None
    host = place.endpoint.partition("//")[2].partition("/")[0] if place else ""
    doubt = place.row.countries[place.country].doubt if place else ""
    return {
        "doubt": doubt,
        "host": host,
        "user": talk.user if talk else "",
        "keeps_password": bool(talk and talk.keeps_password),
    }


def _show_code(one: SetUp, _: Language) -> dict[str, Any]:
    talk = one.login
    return {"phones": [phone.masked for phone in talk.phones] if talk else [], "sent_to": talk.sent_to if talk else ""}


def _show_alarms(one: SetUp, _: Language) -> dict[str, Any]:
    chosen = {alarm.number for alarm in one.answers.alarms}
    found = one.login.found if one.login else ()
    return {"found": [(each.number, each.alias, not chosen or each.number in chosen) for each in found]}


def _show_switches(one: SetUp, _: Language) -> dict[str, Any]:
    numbered: list[tuple[str, list[tuple[int, Choice]]]] = []
    at = 0
    for alarm in one.answers.alarms:
        choices = list(enumerate(one.choices(alarm), at))
        at += len(choices)
        numbered.append((alarm.title, choices))
    return {"alarms": numbered, "mode": spoken.mode}


def _show_doors(one: SetUp, _: Language) -> dict[str, Any]:
    return {"doors": one.door_choices()}


def _show_notices(one: SetUp, _: Language) -> dict[str, Any]:
    return {"targets": notices.names(one.targets), "ours": one.targets_are_ours}


def _show_review(one: SetUp, _: Language) -> dict[str, Any]:
    shown = {"is_new": not one.before, "path": str(one.path), "text": "", "wrong": ()}
    try:
        return shown | {"text": one.difference() if one.before else one.text()}
    except ConfigError as error:
        return shown | {"wrong": [problem.what for problem in error.problems]}
    except AnswerRefused as error:
        return shown | {"wrong": [str(error)]}


SHOW: dict[str, Callable[[SetUp, Language], dict[str, Any]]] = {
    "alarm": _show_alarm,
    "login": _show_login,
    "code": _show_code,
    "alarms": _show_alarms,
    "switches": _show_switches,
    "keypad": lambda one, _language: {"alarms": one.coded},
    "pin": lambda _one, _language: {},
    "doors": _show_doors,
    "notices": _show_notices,
    "review": _show_review,
}
"""Step → the values of its template."""


# -- what a step takes: True once it is answered ----------------------------------------------------------------------


def _take_alarm(one: SetUp, fields: Fields, _desk: SetUpDesk) -> bool:
    country = field(fields, "country")
    language = field(fields, "language") or of_house(None, country).tag
    if field(fields, "kind") == "simulated":
        one.simulate(country, language)
    else:
        one.choose_place(country, language, field(fields, "cloud"), field(fields, "url", Text("Its address")))
    return True


def _take_login(one: SetUp, fields: Fields, desk: SetUpDesk) -> bool:
    user, password = field(fields, "user", Text("User")), field(fields, "password", Text("Password"))
    desk.ask(lambda: one.log_in(user, password))
    return True


def _take_code(one: SetUp, fields: Fields, desk: SetUpDesk) -> bool:
    if field(fields, "do") == "send":
        which = _number(field(fields, "phone"))
        desk.ask(lambda: one.send_code(which))
        return False
    code = field(fields, "code", Text("The code that was sent"))
    desk.ask(lambda: one.confirm(code))
    return True


def _take_alarms(one: SetUp, fields: Fields, desk: SetUpDesk) -> bool:
    numbers = [name.removeprefix("alarm-") for name in fields if name.startswith("alarm-")]
    desk.ask(lambda: one.choose_alarms(numbers))
    return True


def _take_switches(one: SetUp, fields: Fields, _desk: SetUpDesk) -> bool:
    one.take_switches(list(_wanted([choice for alarm in one.answers.alarms for choice in one.choices(alarm)], fields)))
    return True


def _wanted(choices: Sequence[Choice], fields: Fields) -> Iterator[SwitchAnswer]:
    for at, choice in enumerate(choices):
        if f"want-{at}" in fields:
            name = field(fields, f"name-{at}", Text("Name to say")).strip()
            yield replace(choice.switch, name=name, disarms=field(fields, f"off-{at}") == "disarm")


def _take_keypad(one: SetUp, fields: Fields, _desk: SetUpDesk) -> bool:
    labels = {alarm.name: Text("Code of {alarm}", alarm=alarm.title) for alarm in one.coded}
    one.take_codes({name: field(fields, f"code-{name}", label) for name, label in labels.items()})
    return True


def _take_pin(one: SetUp, fields: Fields, _desk: SetUpDesk) -> bool:
    one.take_pin(field(fields, "pin", Text("PIN")), field(fields, "again", Text("Once more")))
    return True


def _take_doors(one: SetUp, fields: Fields, _desk: SetUpDesk) -> bool:
    one.take_doors(
        {
            door.name: {key.key: field(fields, f"{door.name}-{key.key}", key.key) or key.value for key in door.keys}
            for door in one.door_choices()
            if door.is_fixed or f"door-{door.name}" in fields
        }
    )
    return True


def _take_notices(one: SetUp, fields: Fields, desk: SetUpDesk) -> bool:
    what, _, at = field(fields, "do").partition("-")
    if what == "remove":
        one.take_targets(notices.removed(one.targets, _number(at)))
    elif what == "test":
        place, language = _number(at), one.answers.spoken

        def send() -> None:
            desk.told = notices.send_test(one.targets, place, language)

        desk.ask(send)
    elif url := field(fields, "url", Text("Address of a target, as Apprise writes it")):
        one.add_target(url)
    else:
        return what == "next"
    return False


TAKE: dict[str, Callable[[SetUp, Fields, SetUpDesk], bool]] = {
    "alarm": _take_alarm,
    "login": _take_login,
    "code": _take_code,
    "alarms": _take_alarms,
    "switches": _take_switches,
    "keypad": _take_keypad,
    "pin": _take_pin,
    "doors": _take_doors,
    "notices": _take_notices,
}
"""Step → what takes its form; the last one is saved instead."""


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 4):
        raise AnswerRefused(Text("Choose one of the list."))
    return int(text)
