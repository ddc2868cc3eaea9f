"""A person's login at a cloud during set-up, and what the account has.

Tries are few, as three wrong passwords lock an account. A password that was refused is not sent again, a restart is no
excuse, and no password is kept here.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from pydantic import ValidationError

from emulator import clouds
from emulator.alarm.cloud import Details
from emulator.app.alarm_settings import InstallationSettings
from emulator.app.login_store import JournalVault
from emulator.clock import Clock
from emulator.clouds.account import Account, Listed, Reach
from emulator.clouds.enrolment import CodeRefused, Enrolment, Phone, code_of
from emulator.config import credentials
from emulator.errors import CloudError, LoginRefused, Unreachable
from emulator.setup.answers import AlarmAnswer, AnswerRefused
from emulator.setup.bounds import LoginBounds
from emulator.store.journal import Journal
from emulator.words.text import Text

CODES = 3
"""Codes by SMS that are sent, or tried, for one login."""


class _Told(Exception):
    """Carries the account's list of installations out of a session, which asks for it to choose one."""

    def __init__(self, found: Sequence[Listed]) -> None:
        super().__init__()
        self.found = found


class _Listing(Account):
    """An account that chooses no installation."""

    def choose(self, found: Sequence[Listed]) -> NoReturn:
        """Raise _Told."""
        raise _Told(found)


class AccountLogin:
    """One person's login: `log_in`, where it `needs_code` then `send_code` and `confirm`, then `found` and `describe`.

    Everything raises CloudError or AnswerRefused, with a text for the person. Not locked: one thread at a time.
    """

    def __init__(
        self, journal: Journal, folder: Path, place: InstallationSettings, clock: Clock, logins: LoginBounds
    ) -> None:
        self.place = place
        self.user = ""
        self.needs_code = False
        self.sent_to = ""
        """Masked number of the phone to which the last code was sent."""
        self.found: tuple[Listed, ...] = ()
        self._journal = journal
        self._folder = folder
        self._clock = clock
        self._logins = logins
        self._host = urlsplit(place.endpoint).netloc
        self._shared: dict[Any, Any] = {}
        self._password = ""
        self._enrolment: Enrolment | None = None
        self._sent = self._wrong = 0

    @property
    def keeps_password(self) -> bool:
        """True if this cloud takes user and password at every login, so that they have to be kept."""
        return self.place.row.enrol is None

    @property
    def secrets(self) -> dict[str, str]:
        """All that has to be kept of this login besides what the cloud gave: by the word of its variable."""
        return {"USER": self.user} | ({"PASSWORD": self._password} if self.keeps_password else {})

    @property
    def phones(self) -> tuple[Phone, ...]:
        """The phones that a code may be sent to."""
        return self._enrolment.phones if self._enrolment else ()

    def log_in(self, user: str, password: str) -> None:
        """Try user and password once; afterwards it may need a code."""
        user = user.strip()
        vault = self._vault(user)
        self._logins.check(vault, self._host, user, password)
        self.user, self.found, self.sent_to, self._sent, self._wrong = user, (), "", 0, 0
        self._password = password if self.keeps_password else ""
        try:
            if self.keeps_password:
                self.found = tuple(self._listed(user, password))
                vault.note_password(user, password, wrong=False)
            else:
                account = Account(user, password, self.place.country, self.place.language)
                self._enrolment = clouds.enrolling()[self.place.cloud](account, self._reach(vault), self._clock)
                self.needs_code = not self._enrolment.begin()
        except LoginRefused:
            if self.keeps_password:
                vault.note_password(user, password, wrong=True)
            raise
        except Exception as error:
            if not (isinstance(error, Unreachable) and error.sent):
                self._logins.not_refused(self._host, user)
            raise
        self._logins.worked(self._host, user)
        if not self.needs_code:
            self._finish()

    def send_code(self, which: int) -> Phone:
        """Have a code sent to one of the phones, by its place in the list."""
        if self._enrolment is None or not 0 <= which < len(self.phones):
            raise AnswerRefused(Text("Choose a phone of the list."))
        if self._sent >= CODES:
            raise AnswerRefused(Text("Enough codes were sent: begin again later, so that the account is not locked."))
        self._sent += 1
        phone = self.phones[which]
        self._enrolment.send_code(phone)
        self.sent_to = phone.masked
        return phone

    def confirm(self, code: str) -> None:
        """Submit the code. CodeRefused if it was wrong; then another one has to be sent."""
        code = code_of(code)
        if self._enrolment is None or not self._sent:
            raise AnswerRefused(Text("Have a code sent first."))
        if not code:
            raise AnswerRefused(Text("The code has digits alone."))
        if self._wrong >= CODES:
            raise AnswerRefused(Text("Too many wrong codes: begin again later, so that the account is not locked."))
        try:
            self._enrolment.confirm(code)
        except CodeRefused:
            self._wrong += 1
            self.sent_to = ""
            raise
        self.needs_code = False
        self._finish()

    def describe(self, listed: Listed) -> Details | None:
        """Return what the cloud knows of an installation; None if it does not tell."""
        place = self.place
        account = Account(
            self.user, self._password, place.country, place.language, listed.number, listed.panel, place.callby
        )
        with closing(place.row.open(account, self._reach(self._vault(self.user)), self._clock)) as cloud:
            try:
                return cloud.describe()
            except CloudError:
                return None

    def _finish(self) -> None:
        if self._enrolment:
            self.found = tuple(self._enrolment.installations())
        if not self.found:
            raise AnswerRefused(Text("The login works, but that account has no alarm: use the one of the alarm's app."))

    def _listed(self, user: str, password: str) -> Sequence[Listed]:
        place = self.place
        account = _Listing(user, password, place.country, place.language, callby=place.callby)
        with closing(place.row.open(account, self._reach(self._vault(user)), self._clock)) as cloud:
            try:
                cloud.describe()
            except _Told as told:
                return told.found
        return ()

    def _reach(self, vault: JournalVault) -> Reach:
        return self.place.reach(self.place.endpoint, vault, self._shared)

    def _vault(self, user: str) -> JournalVault:
        return JournalVault(self._journal, self._folder, self._host, user)


def of_same(alarm: AlarmAnswer, alarms: Sequence[AlarmAnswer], environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the alarms that are reached by the same login as one of them."""

    def login(one: AlarmAnswer) -> tuple[str, ...]:
        return one.cloud, one.country, one.url, credentials.known(one.name, environ).user

    return tuple(one.name for one in alarms if login(one) == login(alarm))


def place_at(cloud: str, country: str, url: str) -> InstallationSettings:
    """Return where an account is; AnswerRefused for a country and a server that do not go together."""
    row = clouds.rows().get(cloud)
    if row is None or country not in row.countries:
        raise AnswerRefused(Text("That country and server do not go together: choose another one."))
    try:
        return InstallationSettings.model_validate({"cloud": cloud, "country": country, "url": url})
    except ValidationError:
        raise AnswerRefused(
            Text("A server's address begins with https://, in the house also http://, and has no user and password.")
        ) from None
