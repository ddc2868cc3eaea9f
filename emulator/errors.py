"""The error tree of the whole program.

EmulatorError
├─ ConfigError        settings that cannot work; carries every problem found, not only the first
├─ Hindered           this machine lacks something: disk, files, threads; it may mend itself
├─ ProtocolError      a LAN peer sent nonsense: answer 4xx or a fault, go on
├─ CloudError         the far side
│  ├─ Unreachable     transient: back off, keep the last state and its age
│  ├─ SessionExpired  log in once more, once
│  ├─ LoginRefused    stop trying; say what to do
│  │  ├─ LoginNeeded  a person has to type `emulator login`; nothing is sent until then
│  │  └─ SettingNeeded  the login works; devices.yaml does not say which alarm
│  └─ Retired         this API or account has moved; say which setting to change
└─ CommandError       one command did not end as asked
   ├─ Rejected        the panel said no (other mode active, not fitted)
   │  └─ OpenZones    it does not arm past what is open, perhaps unless a person decides so
   ├─ OfferOver       a person decided too late, or about something else; never sent
   ├─ Unconfirmed     outcome unknown; settle by polling
   ├─ Superseded      a later command won; never sent
   │  └─ TooLate      it was not sent in time, or what it was meant for has passed; never sent
   └─ TooMany         too much waits already; never queued
"""

from collections.abc import Sequence
from dataclasses import dataclass

from emulator.words.text import Text


class EmulatorError(Exception):
    """Everything this program raises on purpose; its text is written for the user."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in the settings: where, what, and what would be right."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class ConfigError(EmulatorError):
    """Settings that cannot work; `problems` lists all of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class Hindered(EmulatorError):
    """This machine does not give what the program needs: disk, open files, threads. That may mend itself."""


class ProtocolError(EmulatorError):
    """A LAN peer sent something that is not the protocol; `status` is the HTTP answer it deserves."""

    def __init__(self, message: str, status: int = 400) -> None:
        self.status = status
        super().__init__(message)


class CloudError(EmulatorError):
    """The alarm's cloud did not do what was asked of it."""


class Unreachable(CloudError):
    """No usable answer from the cloud; `sent` is False if the request cannot have arrived there."""

    def __init__(self, message: str, *, sent: bool = True) -> None:
        self.sent = sent
        super().__init__(message)


class SessionExpired(CloudError):
    """The cloud no longer knows our session."""


class LoginRefused(CloudError):
    """The cloud refused user or password, or the account is locked. `noted` once that is kept over restarts."""

    noted = False


class LoginNeeded(LoginRefused):
    """There is no login that works, and only a person can make one."""


class SettingNeeded(LoginRefused):
    """The login works, but the settings do not say enough; stands until the next start, as settings do."""


class Retired(CloudError):
    """The cloud says that this API, app version or account has moved elsewhere. `noted` as above."""

    noted = False


class CommandError(EmulatorError):
    """A command that did not end as asked."""


class Rejected(CommandError):
    """The cloud or the panel refused the command: it was not carried out."""


class OpenZones(Rejected):
    """The panel does not arm past open zones; `zones` are their names, as far as it tells them.

    `passable` is True if it can be armed past exactly these, where a person wants that: all are named, so that another
    one can be told from them.
    """

    def __init__(self, zones: tuple[str, ...], *, passable: bool) -> None:
        self.zones, self.passable = zones, passable
        said = Text("open: {zones}. Close it and try again", zones=zones)
        super().__init__(
            said if zones else Text("a zone is open; the cloud does not say which. Close it and try again")
        )


class OfferOver(CommandError):
    """A decision came too late, or about something else: it was not offered any more. Nothing was sent."""

    def __init__(self) -> None:
        super().__init__(Text("this cannot be decided any more; look at the alarm, and arm it again"))


class Unconfirmed(CommandError):
    """The command may or may not have been carried out."""


class Superseded(CommandError):
    """A later command took the place of this queued one; it was never sent."""


class TooLate(Superseded):
    """The command was not sent in time, or what it was asked for has passed; it never is."""


class TooMany(CommandError):
    """Too many commands wait already; this one was not queued."""
