"""One set-up from its first answer to the file: the same for the page and the terminal, which only ask and show.

A change of an answer that cannot be taken raises AnswerRefused, with a text for the person, and changes nothing.

Over 250 lines: it is all that page and terminal may ask of a set-up, in one place.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from emulator import clouds
from emulator.app.alarm_settings import InstallationSettings
from emulator.app.settings import Settings
from emulator.clock import Clock
from emulator.clouds import fitted
from emulator.clouds.account import Listed
from emulator.clouds.fitted import Fit
from emulator.config import credentials
from emulator.model import ArmMode
from emulator.setup import account, answers, changed_file, door_choices, new_file, notices, place, proposals
from emulator.setup.account import AccountLogin
from emulator.setup.answers import AlarmAnswer, AnswerRefused, Answers, SwitchAnswer
from emulator.setup.bounds import LoginBounds
from emulator.setup.door_choices import DoorChoice
from emulator.setup.proposals import Choice
from emulator.store import refused_logins
from emulator.store.journal import Journal
from emulator.store.pin import SHAPE
from emulator.system import kept
from emulator.words import spoken
from emulator.words.language import of_house
from emulator.words.text import Text

CODE = re.compile("([0-9]{4,12})?")
"""Shape of the code of an alarm: 4 to 6 digits, as far as is known."""

TARGETS = "VERISURE_NOTIFY"
"""Variable of the targets of notices."""


class SetUp:
    """Answers, login and secrets of one set-up. Not locked: its caller lets one thread at a time in.

    `path` is the file to write, which need not be there yet; `source` is the one in force, and `before` its text, empty
    where there is none. `conceal` is called with each secret before it is used. `set_pin` sets it at once. `running`
    are the doors that this very program has open; `page_port` is that of the page of set-up, which stays open.
    """

    def __init__(
        self,
        path: Path,
        state_dir: Path,
        journal: Journal,
        clock: Clock,
        *,
        conceal: Callable[[str], None],
        set_pin: Callable[[str], None],
        running: Mapping[str, Mapping[str, str]] | None = None,
        page_port: int | None = None,
    ) -> None:
        self.path = path
        self._state_dir = state_dir
        self._journal = journal
        self._clock = clock
        self._conceal = conceal
        self._set_pin = set_pin
        self._running = running or {}
        self._page_port = page_port
        self._logins = LoginBounds(journal, clock)
        self.source = place.in_force(path)
        self.before = place.read(self.source)
        self.was = answers.of(Settings.load(self.source)) if self.before else Answers()
        self.answers = self.was
        self.login: AccountLogin | None = None
        self.login_of: tuple[str, ...] = ()
        """The alarms of the file whose login is made anew; empty while new ones are chosen."""
        self.targets: tuple[str, ...] = tuple(credentials.targets(kept.environment(state_dir)))
        self.pin_given = False
        self._fits: dict[str, Mapping[ArmMode, Fit]] = {}
        self._secrets: dict[str, str | None] = {}

    # -- the alarm ----------------------------------------------------------------------------------------

    def simulate(self, country: str, language: str) -> None:
        """Choose the simulated alarm."""
        cloud, row = next((name, row) for name, row in clouds.rows().items() if row.simulated)
        country = country if country in row.countries else next(iter(row.countries))
        self.login, self.login_of = None, ()
        self._take(account.place_at(cloud, country, ""), [Listed("", alias=proposals.home(language))], language)

    def choose_place(self, country: str, language: str, cloud: str = "", url: str = "") -> None:
        """Choose the country of a real alarm, and its cloud: left out, the one that takes a code by SMS."""
        usual = next((name for name in clouds.enrolling() if country in clouds.countries(name)), "")
        chosen = account.place_at(cloud or usual, country, url.strip())
        if chosen.row.simulated:
            raise AnswerRefused(Text("Choose the simulated alarm instead."))
        answers.check_language(language)
        self.login_of = ()
        self._converse(chosen)
        said = answers.house_language(country, language)
        self.answers = replace(self.answers, alarms=(), switches=(), language=said)

    def log_in_again(self, alarm: str) -> None:
        """Begin a new login for an alarm of the file, and for all others of the same account."""
        found = next((one for one in self.was.alarms if one.name == alarm), None)
        if found is None or clouds.row(found.cloud).simulated:
            raise AnswerRefused(Text("There is no such alarm."))
        self.login_of = account.of_same(found, self.was.alarms, kept.environment(self._state_dir))
        self._converse(account.place_at(found.cloud, found.country, found.url))

    def log_in(self, user: str, password: str) -> None:
        """Try user and password, once."""
        self._conceal(password)
        self._talk().log_in(user, password)
        self._after_login()

    def send_code(self, which: int) -> str:
        """Have a code sent to a phone; return its masked number."""
        return self._talk().send_code(which).masked

    def confirm(self, code: str) -> None:
        """Submit the code."""
        self._talk().confirm(code)
        self._after_login()

    def choose_alarms(self, numbers: Sequence[str]) -> None:
        """Choose alarms of the account by their numbers."""
        talk = self._talk()
        found = [one for one in talk.found if one.number in numbers]
        if not found:
            raise AnswerRefused(Text("Choose at least one alarm."))
        self._take(talk.place, found, of_house(self.answers.language or None, talk.place.country).tag)
        for alarm, listed in zip(self.answers.alarms, found, strict=True):
            self._fits[alarm.name] = fitted.modes(talk.describe(listed))

    @property
    def coded(self) -> list[AlarmAnswer]:
        """The new alarms that want the code of a person for each command."""
        new = self.answers.alarms if self.login and not self.login_of else ()
        return [one for one in new if clouds.row(one.cloud).codes]

    def take_codes(self, codes: Mapping[str, str]) -> None:
        """Take the code of each new alarm, by its name; where it is empty, each command has to bring one."""
        if not all(CODE.fullmatch(code) for code in codes.values()):
            raise AnswerRefused(Text("The alarm's code is 4 to 12 digits."))
        for name, code in codes.items():
            self._conceal(code)
            self._secrets[f"{credentials.prefix_of(name)}_{credentials.CODE}"] = code or None

    # -- the switches -------------------------------------------------------------------------------------

    def choices(self, alarm: AlarmAnswer) -> list[Choice]:
        """Return the switches that an alarm has and may have."""
        row = clouds.row(alarm.cloud)
        found = self._fits.get(alarm.name) or fitted.modes(None, simulated=row.simulated)
        fits = {mode: fit for mode, fit in found.items() if mode in row.modes or not row.modes}
        several = len(self.answers.alarms) > 1
        return proposals.choices(alarm, fits, self.answers.switches, self.answers.spoken, several=several)

    def take_switches(self, wanted: Sequence[SwitchAnswer]) -> None:
        """Take the switches, of all alarms."""
        proposals.check(wanted)
        for alarm in self.answers.alarms:
            mine = (one.mode for one in wanted if one.alarm == alarm.name)
            if twice := clouds.row(alarm.cloud).twice_named(mine):
                one, other, *_ = map(spoken.mode, twice)
                text = Text(
                    "{alarm} has one mode for both {one} and {other}: choose one of the two.",
                    alarm=alarm.title,
                    one=one,
                    other=other,
                )
                raise AnswerRefused(text)
        self.answers = replace(self.answers, switches=tuple(wanted))

    def take_pin(self, pin: str, again: str) -> None:
        """Set the PIN, at once; it was typed twice."""
        if not SHAPE.fullmatch(pin):
            raise AnswerRefused(Text("A PIN is 4 to 12 digits, better six or more."))
        if pin != again:
            raise AnswerRefused(Text("The two PINs differ: type it twice."))
        self._set_pin(pin)
        self.pin_given = True

    def door_choices(self) -> list[DoorChoice]:
        """Return every door."""
        return door_choices.choices(self.answers, self._running, self._state_dir, page_port=self._page_port)

    def take_doors(self, given: Mapping[str, Mapping[str, str]]) -> None:
        """Take the doors that are chosen, each with its keys."""
        self.answers = replace(self.answers, doors=door_choices.chosen(given))

    @property
    def targets_are_ours(self) -> bool:
        """False if the targets of notices are in the environment, where set-up cannot change them."""
        return TARGETS in self._secrets or kept.read(self._state_dir).get(TARGETS, "").split() == list(self.targets)

    def take_targets(self, targets: Sequence[str]) -> None:
        """Take the targets of notices."""
        if not self.targets_are_ours:
            raise AnswerRefused(Text("The targets are in the environment (VERISURE_NOTIFY): change them there."))
        self.targets = tuple(targets)
        self._secrets[TARGETS] = " ".join(targets) or None

    def add_target(self, url: str) -> None:
        """Add a target of notices."""
        self._conceal(url.strip())
        self.take_targets(notices.added(self.targets, url))

    # -- the file -----------------------------------------------------------------------------------------

    def text(self) -> str:
        """Return the new file, checked as `emulator run` does it. Raises ConfigError and AnswerRefused."""
        door_choices.check_ports(self.answers.doors)
        if not self.before:
            made = new_file.text(self.answers)
        elif self.answers == self.was:
            made = self.before
        else:
            made = changed_file.text(self.before, self.was, self.answers)
        if not answers.are_same(answers.of(place.check(self.path, made)), self.answers):
            raise AnswerRefused(Text("Set-up cannot change a file that is written like this: do it by hand."))
        return made

    def difference(self) -> str:
        """Return what changes in the file; empty if nothing does."""
        return changed_file.difference(self.before, self.text())

    @property
    def is_changed(self) -> bool:
        """True if there is something to save."""
        return bool(self._secrets or (self.login_of and self._talk().found)) or self.answers != self.was

    def save(self) -> Path | None:
        """Write secrets and file; return the backup of the file before. Raises ConfigError and AnswerRefused."""
        made, now = self.text(), self._clock.time()
        talk = self.login if self.login and self.login.found else None
        mine = (self.login_of or tuple(one.name for one in self.answers.alarms)) if talk else ()
        known = talk.secrets.items() if talk else ()
        self._secrets |= {f"{credentials.prefix_of(name)}_{word}": value for name in mine for word, value in known}
        keep, spare = partial(kept.change, self._state_dir, self._secrets), self._state_dir
        backup = place.replace(self.path, self.before, made, now, source=self.source, spare=spare, just_before=keep)
        for name in mine:
            # The program tries the login again, which a person has just made.
            refused_logins.forget_all(self._journal, name)
        self.source = place.in_force(self.path)
        self.before, self.was, self._secrets = made, answers.of(Settings.load(self.source)), {}
        self.answers, self.login, self.login_of = self.was, None, ()
        return backup

    def _talk(self) -> AccountLogin:
        if self.login is None:
            raise AnswerRefused(Text("Choose the country of the alarm first."))
        return self.login

    def _converse(self, chosen: InstallationSettings) -> None:
        self.login = AccountLogin(self._journal, self._state_dir, chosen, self._clock, self._logins)

    def _after_login(self) -> None:
        """Take the only alarm of an account; which one of several is asked."""
        if (talk := self._talk()).needs_code:
            return
        if not self.login_of:
            if len(talk.found) == 1:
                self.choose_alarms([talk.found[0].number])
            return
        numbers = {one.number for one in talk.found}
        mine = [one.name for one in self.was.alarms if one.name in self.login_of and one.number in ("", *numbers)]
        self.login_of = tuple(mine) or self.login_of
        if not mine:
            talk.found = ()  # its user must not be saved for them
            raise AnswerRefused(
                Text("This account has other alarms than devices.yaml: {numbers}.", numbers=tuple(sorted(numbers)))
            )

    def _take(self, chosen: InstallationSettings, found: Sequence[Listed], language: str) -> None:
        answers.check_language(language)
        taken = proposals.alarms(chosen, found)
        said = answers.house_language(chosen.country, language)
        self.answers = replace(self.answers, alarms=taken, switches=(), language=said)
        self._fits = {}
