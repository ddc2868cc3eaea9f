"""The line of one account to its cloud: turns, secrets to strike, and the login that is kept."""

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Protocol

from emulator.clock import Clock
from emulator.clouds.account import Account
from emulator.clouds.deadline import last_look
from emulator.clouds.firewall import Answer
from emulator.clouds.strike import Secrets
from emulator.clouds.turnstile import Turnstile, TurnstileLane
from emulator.clouds.vault import Login, Vault
from emulator.errors import LoginNeeded
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

Before = Callable[[], None]
"""Called directly before a request is sent; if it raises, nothing is sent."""


class Sender(Protocol):
    """Sender of requests to one host, each once."""

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Send a request and return its answer; Unreachable if there is none."""

    def close(self) -> None:
        """Close the connections."""


class Line:
    """Requests of one account; owned by one thread, while turnstile and vault are shared.

    `secrets` are struck out of the cloud's words as long as the program runs.
    """

    def __init__(self, account: Account, clock: Clock, turnstile: Turnstile, vault: Vault, *secrets: str) -> None:
        self.account = account
        self.clock = clock
        self.vault = vault
        self._lane = TurnstileLane(turnstile, clock)
        self._secrets = Secrets(*secrets)

    def command(self) -> AbstractContextManager[None]:
        """Give requests in this context precedence over the polls of others; reentrant."""
        return self._lane.command()

    @property
    def hurries(self) -> bool:
        """True while a command waits for the requests."""
        return self._lane.urgent

    def told(self, words: str) -> str:
        """Return words of the cloud without secrets."""
        return self._secrets.told(words)

    def conceal(self, *secrets: str) -> None:
        """Strike these secrets, too, from now on."""
        self._secrets.add(*secrets)

    def known(self) -> Login:
        """Return the login that is kept. Raises LoginNeeded if there is none that works."""
        login = self.vault.load()
        if login is None:
            raise LoginNeeded(Text("nobody has logged in to this account yet: type `emulator login`"))
        if login.trouble:
            raise LoginNeeded(login.trouble)
        return login

    def needed(self, login: Login, trouble: str) -> LoginNeeded:
        """Keep the reason for which a person has to log in; return the error for the caller."""
        self.vault.save(replace(login, trouble=trouble))
        return LoginNeeded(trouble)

    def _once(self, name: str, before: Before, send: Callable[[], Answer]) -> Answer:
        """Send once, when its turn has come."""
        with self._lane.turn(name):
            before()
            with last_look(before):
                answer = send()
        LOG.debug("%s: HTTP %d, %d bytes", name, answer.status, len(answer.body))
        return answer
