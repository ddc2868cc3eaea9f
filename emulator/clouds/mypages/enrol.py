"""The login of a person: password, and a code by SMS or e-mail; then the cloud trusts this program.

Facts: verisure-mypages.md §2.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace

from emulator.clouds.account import Listed
from emulator.clouds.enrolment import CodeRefused, Phone
from emulator.clouds.mypages import codec
from emulator.clouds.mypages.codec import PagesReply
from emulator.clouds.mypages.failures import CodesExhausted
from emulator.clouds.mypages.session import PagesSession, accepted
from emulator.clouds.mypages.wire import PagesWire
from emulator.clouds.vault import Device, Login
from emulator.errors import LoginRefused, Unreachable
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

WAYS = ("phone", "email")
"""Ways of a code (§2), by the place of a Phone."""


class MyPagesEnrolment:
    """One person's login, step by step; see Enrolment. The password is sent once: each time makes another code."""

    def __init__(self, wire: PagesWire) -> None:
        self._wire = wire
        self._session = PagesSession(wire)
        self._cookies: Mapping[str, str] = {}
        self.phones: tuple[Phone, ...] = (
            Phone(0, Text("your phone, by SMS")),
            Phone(1, Text("your e-mail address")),
        )

    def begin(self) -> bool:
        """Try the password; return True if that was enough, False if a code is needed.

        Raises LoginRefused and Unreachable.
        """
        reply = self._log_in()
        if reply.wants_code:
            self._cookies = codec.merged({}, reply.cookies)
            return False
        self._accept(reply)
        return True

    def _log_in(self) -> PagesReply:
        with self._wire.alone():
            return self._session.log_in(self._wire.account.user, self._login())

    def _login(self) -> Login:
        """Return what is known of the login; its trust is shown to the cloud."""
        return replace(self._wire.login(), user=self._wire.account.user)

    def send_code(self, phone: Phone) -> None:
        """Have a code sent. Raises CloudError."""
        reply, failure = self._wire.ask(codec.send_code(WAYS[phone.id], self._cookies))
        if failure:
            exhausted = isinstance(failure, CodesExhausted)
            raise failure if exhausted else Unreachable(Text("the cloud sent no code: {why}", why=str(failure)))
        self._cookies = codec.merged(self._cookies, reply.cookies)

    def confirm(self, code: str) -> None:
        """Submit the code, and ask for trust. Raises CodeRefused if it was wrong; then another one has to be sent."""
        self._wire.conceal(code)
        reply, failure = self._wire.ask(codec.validate(code, self._cookies))
        if isinstance(failure, CodesExhausted):
            raise failure
        if failure:
            LOG.debug("%s", failure)
            raise CodeRefused(Text("the cloud did not take that code"))
        cookies = codec.merged(self._cookies, reply.cookies)
        trusted = self._trust(cookies)
        if not codec.trust(trusted):
            LOG.warning("the cloud does not trust this program: it will want a code again, at its next login")
        self._accept(replace(reply, cookies={**cookies, **trusted}))

    def _trust(self, cookies: Mapping[str, str]) -> Mapping[str, str]:
        """Return the cookies of trust; none if the cloud gives none, as the login is good without."""
        try:
            reply, failure = self._wire.ask(codec.ask_trust(cookies))
        except Unreachable as error:
            failure = error
        if failure:
            LOG.info("%s", failure)
        return {} if failure else reply.cookies

    def _accept(self, reply: PagesReply) -> None:
        """Keep the login before it is used. A new device makes it another one: what was refused before is forgotten."""
        now = self._wire.clock.time()
        with self._wire.alone():
            made = accepted(replace(self._login(), device=Device.new(), login_at=now), reply, now)
            if made is None:
                raise LoginRefused(Text("the cloud took user and password, but opens no session"))
            self._wire.vault.save(made)

    def installations(self) -> list[Listed]:
        """Return the account's installations. Raises CloudError."""
        return [Listed(one.number, alias=one.alias) for one in self._session.homes()]
