"""Stop all logins after one that was refused: an account is locked after three.

| refusal that stands | the cloud says       | then stands | people are notified | journal |
|---------------------|----------------------|-------------|---------------------|---------|
| none                | LoginRefused,Retired | that one    | yes                 | noted   |
| none                | SettingNeeded        | that one    | yes                 | -       |
| any, other text     | LoginNeeded          | that one    | yes                 | -       |
| any, same text      | LoginNeeded          | that one    | no                  | -       |
| any                 | any other            | as before   | no                  | -       |
| LoginNeeded         | news                 | none        | no                  | -       |
| one that is noted   | -, the note is gone  | none        | no                  | -       |
"""

import logging
from dataclasses import dataclass, field

from emulator.alarm.unfinished import Records
from emulator.errors import CloudError, LoginNeeded, LoginRefused, Retired, SettingNeeded
from emulator.model import Notice
from emulator.store import refused_logins
from emulator.words.text import Text

LOG = logging.getLogger(__name__)


@dataclass(eq=False)
class LoginGuard:
    """Keeps a refusal of the login until the settings change or a person asks; over a restart, too.

    `credentials` are only kept as a fingerprint, of a login that was refused. `refusals` is how many refusals of these
    very credentials do not keep it from trying them: none, unless a person asks. `after_refusal` says what helps then.
    """

    records: Records
    credentials: str = field(repr=False)
    refusals: int
    after_refusal: str
    refusal: LoginRefused | Retired | None = None
    """The refusal that stands."""

    def __post_init__(self) -> None:
        refused = refused_logins.recall(self.records.journal, self.credentials)
        if refused and refused.times > self.refusals:
            self.refusal = LoginRefused(self._in_words(LoginRefused(refused.message)))
            self.refusal.noted = True

    @property
    def lets_ask(self) -> bool:
        """True if the cloud may be asked, which looks by itself for a login that a person has to make."""
        return self.refusal is None or isinstance(self.refusal, LoginNeeded)

    @property
    def trouble(self) -> str:
        """The reason why logins have stopped, and what a person can do about it; empty where they have not."""
        return self._in_words(self.refusal) if self.refusal else ""

    def check(self) -> bool:
        """Raise the refusal that stands; return True when a person's try has just lifted it: log in anew.

        Only a refusal that is noted in the journal can be lifted there.
        """
        if self.refusal is None or self.lets_ask:
            return False
        if not self.refusal.noted or refused_logins.recall(self.records.journal, self.credentials):
            raise self.refusal.with_traceback(None)
        self.refusal = None
        return True

    def refuse(self, error: LoginRefused | Retired) -> None:
        """Stop logins because of `error`, and notify people if it is new."""
        needs_login = isinstance(error, LoginNeeded)
        is_new = str(self.refusal) != str(error) if needs_login else self.refusal is None
        if is_new:
            if not self.refusals:
                LOG.error("%s: %s", self.records.name, self._in_words(error))
            self.records.tell(Notice.LOGIN, self._in_words(error))
        if is_new or needs_login:
            self.refusal = error
        if is_new and not (error.noted or isinstance(error, LoginNeeded | SettingNeeded)):
            self.records.write(lambda: self._note(error), again=True)

    def worked(self) -> None:
        """Take note that the cloud gave news, so that the login works."""
        if isinstance(self.refusal, LoginNeeded):
            LOG.info("%s: the login works again", self.records.name)
            self.refusal = None
        if self.refusals:
            self.records.write(lambda: refused_logins.forget(self.records.journal, self.credentials))

    def _note(self, error: LoginRefused | Retired) -> None:
        refused_logins.remember(self.records.journal, self.records.name, self.credentials, str(error))
        error.noted = True

    def _in_words(self, refusal: CloudError) -> str:
        """Return what the cloud said, and what a person can do about it where that does not say so itself."""
        text = str(refusal)
        says_so = isinstance(text, Text) and text.values.get("remedy") == self.after_refusal
        if says_so or isinstance(refusal, LoginNeeded | SettingNeeded):
            return text
        if text.endswith("."):
            return Text("{why} {remedy}", why=text, remedy=self.after_refusal)
        return Text("{why}. {remedy}", why=text, remedy=self.after_refusal)
