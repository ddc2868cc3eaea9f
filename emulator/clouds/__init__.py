"""The far side: clouds speak to Verisure. A cloud is a row in CLOUDS; importing this package loads no cloud."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import NamedTuple

from emulator.alarm.cloud import Cloud
from emulator.clock import Clock
from emulator.clouds.account import Account, Reach
from emulator.clouds.enrolment import Enrolment
from emulator.model import ArmMode, Interior
from emulator.words.text import Text

Open = Callable[[Account, Reach, Clock], Cloud]
Enrol = Callable[[Account, Reach, Clock], Enrolment]

PROVEN = Text("several other programs have it")


class Country(NamedTuple):
    """A country that a cloud serves."""

    host: str
    """Host of its server, with the port if that is unusual."""
    lang: str
    other_lang: str = ""
    """Another spelling of the language, for a server that fails over the first one."""
    sure: Text = PROVEN
    """Evidence that it serves this country, for the table of countries."""

    @property
    def doubt(self) -> str:
        """The same for a person who is about to use it; empty where there is little doubt."""
        return "" if self.sure == PROVEN else self.sure


class Polling(NamedTuple):
    """The pace that a cloud bears."""

    every_s: float
    """Interval of polls, unless `poll_every` says otherwise."""
    at_least_s: float
    """Shortest interval that `poll_every` may say."""
    spacing_s: float
    """Least time between two requests."""
    reread_after_s: float | None = None
    """Delay of one more read after a command; None where polls are frequent anyway."""
    lag_s: float = 0.0
    """Time for which the cloud may report a state from before a command."""
    activity_s: float | None = None
    """Least time between two reads of its activity log; 0 if it comes with each poll, None if the cloud has none."""


class Provider(NamedTuple):
    """Row of a cloud: all that the rest of the program knows of it. Its libraries are imported by `open` alone."""

    title: str
    """Meaning of its name in the table of settings, after the word "for"."""
    api: str
    """API that it speaks, as the simulator calls it."""
    countries: Mapping[str, Country]
    path: str
    """Path of the endpoint on the host of a country."""
    polling: Polling
    open: Open
    """Make a session with one installation."""
    after_refusal: str = Text(
        "Nothing more is sent to this account, so that it is not locked. Mend that, then type `emulator login`."
    )
    """Consequence of a refused login, and the remedy, for people."""
    again: str = "type `emulator login`"
    """Order to a person that has the login tried again."""
    enrol: Enrol | None = None
    """Begin a login with a code by SMS, which is then kept. None: user and password come from the environment."""
    forces: bool = False
    """True if it can arm past open zones."""
    codes: bool = False
    """True if it wants the code of a person for each command."""
    modes: tuple[ArmMode, ...] = ()
    """Modes that it can arm; empty where that depends on the panel alone."""
    one_partial: bool = False
    """True if day and night are one mode, which an alarm calls by either name."""
    simulated: bool = False
    """True if the far side is an alarm that this program simulates, at an endpoint of its own."""

    def url(self, country: str) -> str:
        """Return the endpoint for a country; empty for a simulated alarm."""
        return "" if self.simulated else f"https://{self.countries[country].host}{self.path}"

    def lacking(self, mode: str, others: list[ArmMode]) -> str:
        """Return what is wrong with a switch for a mode, beside `others`, to which it is added; empty if nothing is."""
        try:
            wanted = ArmMode.parse(mode)
        except ValueError:
            return ""
        others.append(wanted)
        if self.modes and wanted not in self.modes:
            return f"has no {wanted}; it has {either([str(one) for one in self.modes])}"
        partials = self.twice_named(others)
        if wanted in partials[1:]:
            return f"has one partial mode: call it {either([str(one) for one in partials])}, and not both"
        return ""

    def twice_named(self, modes: Iterable[ArmMode]) -> list[ArmMode]:
        """Return those of the modes that are one mode with two names; empty if there are none."""
        partials = list(dict.fromkeys(one for one in modes if one.interior in (Interior.DAY, Interior.NIGHT)))
        return partials if self.one_partial and len(partials) > 1 else []


CLOUDS = {
    "simulator": "emulator.clouds.wsdo.simulated",
    "owa": "emulator.clouds.owa.provider",
    "wsdo": "emulator.clouds.wsdo.provider",
    "mypages": "emulator.clouds.mypages.provider",
}
"""Name in devices.yaml → module whose `ROW` describes the cloud; the order is that of the settings."""


def rows() -> dict[str, Provider]:
    """Return the row of every cloud by name, real ones first."""
    return dict(sorted(((name, row(name)) for name in CLOUDS), key=lambda item: item[1].simulated))


def row(name: str) -> Provider:
    """Return the row of a cloud."""
    found: Provider = import_module(CLOUDS[name]).ROW
    return found


def enrolling() -> dict[str, Enrol]:
    """Return the clouds whose login a person makes with `emulator login`."""
    return {name: row.enrol for name, row in rows().items() if row.enrol}


def countries(*names: str) -> list[str]:
    """Return the countries of these clouds; of all clouds if none is named."""
    found = [row(name) for name in names] or rows().values()
    return list(dict.fromkeys(country for one in found for country in one.countries))


def names(test: Callable[[Provider], bool], before: str = "") -> str:
    """Return the names of the clouds that pass a test, as a text; `before` stands before the first name."""
    return f"`{before}{either([f'`{name}`' for name, row in rows().items() if test(row)])[1:]}"


def either(words: Sequence[str]) -> str:
    """Return an enumeration with "or"."""
    return " or ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
