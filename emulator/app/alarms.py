"""The far side of the settings: a cloud and an installation for each alarm, and the journal of all."""

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from emulator.alarm.cloud import Cloud, Report
from emulator.alarm.freshness import read_within_s
from emulator.alarm.installation import Installation
from emulator.app import simulators
from emulator.app.login_store import JournalVault
from emulator.app.settings import Settings
from emulator.app.simulators import Simulators
from emulator.clock import Moment, StoppableClock, SystemClock
from emulator.clouds.account import Account
from emulator.config.credentials import Credentials
from emulator.errors import EmulatorError
from emulator.model import Notice, Origin
from emulator.store import keys
from emulator.store.journal import Journal
from emulator.words import spoken

NOBODY = Credentials("", "")
"""An account of which nothing is in the environment."""


class Alarms:
    """The far side of the settings: journal, simulated alarms, and a cloud for each installation.

    `shared` uses the simulated alarms of a running `emulator run`, if there is one, and leaves notices of silence
    to it.
    """

    def __init__(
        self,
        settings: Settings,
        credentials: Mapping[str, Credentials],
        state_dir: Path,
        *,
        shared: bool,
        clock: StoppableClock | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.journal = Journal(state_dir)
        self._silent_after_s = math.inf if shared else settings.notify.silent_after
        self._simulators = Simulators(self.journal, self.clock)
        self.simulators = self._simulators.started
        self.on_notice: Callable[[Notice, str, str], None] = lambda _notice, _about, _text: None
        self.who: Callable[[Origin], str] = spoken.who
        self._credentials = credentials
        self._state_dir = state_dir
        self._shared: dict[Any, Any] = {}
        self._urls = {name: one.endpoint for name, one in settings.installations.items()}
        try:
            keys.bind(self.journal, {name: self._key(name) for name in settings.installations})
            for name, installation in settings.installations.items():
                if installation.row.simulated:
                    running = self._simulators.running(name) if shared else ""
                    own = [switch for switch in settings.switches if settings.installation_of(switch) == name]
                    annex = any(switch.on.annex for switch in own)
                    self._urls[name] = running or self._simulators.start(name, installation, annex=annex)
        except EmulatorError:
            self.close()
            raise

    def close(self) -> None:
        """Stop the simulated alarms and close the journal; may be called twice."""
        try:
            self._simulators.stop()
        finally:
            self.journal.close()

    def cloud(self, name: str) -> Cloud:
        """Make a new cloud, owned by the caller."""
        settings, account, url = self.settings.installations[name], self._account(name), self._urls[name]
        vault = JournalVault(self.journal, self._state_dir, urlsplit(url).netloc, account.user)
        return settings.row.open(account, settings.reach(url, vault, self._shared), self.clock)

    def _key(self, name: str) -> keys.Key:
        """Return the identity of an alarm, which does not depend on its name unless it is simulated."""
        installation, account = self.settings.installations[name], self._account(name)
        if installation.row.simulated:
            return keys.Key(installation.cloud, name, account.number, "", simulated=True)
        user = hashlib.sha256(account.user.encode()).hexdigest()[:8]
        return keys.Key(installation.cloud, urlsplit(self._urls[name]).netloc.lower(), installation.number, user)

    def _account(self, name: str) -> Account:
        one = self.settings.installations[name]
        demo = simulators.account(one) if one.row.simulated else None
        user, about = demo or self._credentials.get(name, NOBODY), demo or one
        learned, lang = partial(keys.learn, self.journal, name), one.language
        known = (user.user, user.password, one.country, lang, about.number, about.panel, one.callby, learned)
        return Account(*known, self._credentials.get(name, NOBODY).code, self.settings.partial_of(name))

    def installation(
        self,
        name: str,
        *,
        refusals: int = 0,
        on_change: Callable[[], None] = lambda: None,
        on_progress: Report = lambda _phase, _text: None,
        stood_still: Callable[[Moment], bool] = lambda _asked: False,
    ) -> Installation:
        """Make the installation of one alarm, whose thread is not started yet."""
        account = self._account(name)
        settings = self.settings.installations[name]
        row = settings.row
        # All that a login depends on: any change after a refusal allows another try.
        identity = [account.user, account.password, account.country, account.lang, account.callby]
        identity += [self._urls[name], settings.cloud]
        return Installation(
            name,
            lambda: self.cloud(name),
            self.journal,
            self.clock,
            poll_every_s=settings.poll_every_s,
            reread_after_s=row.polling.reread_after_s,
            lag_s=row.polling.lag_s,
            activity_s=row.polling.activity_s,
            credentials=json.dumps(identity),
            refusals=refusals,
            after_refusal=row.after_refusal,
            on_change=on_change,
            on_progress=on_progress,
            on_notice=lambda notice, text: self.on_notice(notice, name, text),
            who=lambda origin: self.who(origin),
            read_s=read_within_s(settings.timeouts.request, settings.timeouts.command),
            silent_after_s=self._silent_after_s,
            arm_within_s=settings.timeouts.command,
            stood_still=stood_still,
            asks_code=row.codes and not account.code,
        )
