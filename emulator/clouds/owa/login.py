"""The requests of a login, with the password or a refresh token. New tokens are kept before they are used.

Facts: verisure-owa.md §2 and §12.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from emulator.clouds import values
from emulator.clouds.account import refuse_blank
from emulator.clouds.line import Before
from emulator.clouds.owa import failures, graphql, operations
from emulator.clouds.owa.operations import Operation
from emulator.clouds.owa.refusals import said
from emulator.clouds.owa.wire import Wire
from emulator.clouds.vault import Device, Login
from emulator.errors import LoginRefused, Rejected, SessionExpired, Unreachable
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

MFA_NEEDED = "auth-api.mfa_needed"
"""`msg` if the device must be confirmed by SMS first (§2.1)."""

WRONG = "60091"
"""`err` if user or password is wrong (§6)."""


class LoginRequests:
    """Login requests of one account; owned by one thread, which holds the vault meanwhile."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._vault = wire.vault
        self._clock = wire.clock
        self._unkept: tuple[str, Login] | None = None
        self._tried_lang = False

    def log_in(self, login: Login) -> Login | None:
        """Send mkLoginToken; return the new login, or None if the device must be confirmed first.

        A password that was checked is not sent again. Raises LoginRefused and Unreachable.
        """
        secret = {"user": login.user, "password": self._wire.account.password}
        refuse_blank(**secret)
        reply = self._ask(operations.LOGIN, secret, login)
        if reply.failure and reply.failure.err == WRONG:
            self._vault.note_password(**secret, wrong=True)
        if reply.failure and failures.is_challenge(reply.failure):
            return None
        if (other := self._in_other_lang(login)) and reply.failure and failures.is_defect(reply.failure):
            self._keep_lang(other)
            was, now = self._wire.lang_of(login), self._wire.lang_of(other)
            raise Unreachable(
                Text("the cloud fails over its language “{lang}”; the next login uses “{other}”", lang=was, other=now)
            )
        if reply.failure and failures.is_refusal(reply.failure):
            raise LoginRefused(Text("the cloud refused the login: {why}", why=reply.failure.said))
        try:
            content = content_of(reply)
        except SessionExpired as error:
            raise LoginRefused(str(error)) from None
        if content.get("needDeviceAuthorization") is True or values.text(content, "msg") == MFA_NEEDED:
            return None
        if unfinished := failures.unfinished(content):
            raise unfinished
        # Only an answer to the password resets the count of lost answers.
        made = self.accept(replace(login, passwords_lost=0), content)
        if made is None:
            raise LoginRefused(Text("the cloud refused the login: {why}", why=said(content)))
        self._vault.note_password(**secret, wrong=False)
        return made

    def accept(self, login: Login, content: Any, refresh_before: str = "") -> Login | None:
        """Keep the tokens of an answer before they are used; return None if there are none.

        `refresh_before` is kept if no new refresh token comes.
        """
        access, refresh = values.text(content, "hash"), values.text(content, "refreshToken")
        if values.text(content, "res") != graphql.OK or not access:
            return None
        now = self._clock.time()
        made = replace(
            login,
            access=access,
            access_until=now + graphql.life_s(access),
            login_at=now,
            refresh=refresh or refresh_before,
            spent=False,
            crashes=0,
            trouble="",
        )
        self._unkept = (login.refresh, made)
        self._vault.save(made)
        self._unkept = None
        return made

    def refresh(self, login: Login, before: Before) -> tuple[graphql.Reply, Login]:
        """Send RefreshLogin; return the answer, and the login with the language in which it came.

        A server that crashes is asked once more in the country's other language, if there is one.
        """
        secret = {"refreshToken": login.refresh}
        reply = self._ask(operations.REFRESH, secret, login, before)
        other = self._in_other_lang(login)
        if other is None or self._tried_lang or not (reply.failure and failures.is_defect(reply.failure)):
            return reply, login
        self._tried_lang = True
        try:
            again = self._ask(operations.REFRESH, secret, other, before)
        except Unreachable as error:
            LOG.debug("%s: %s", operations.REFRESH.name, error)
            return reply, login
        if again.failure and isinstance(failures.error(again.failure), Unreachable):
            return reply, login
        self._keep_lang(other)
        return again, other

    def kept(self, login: Login) -> Login:
        """Return the login of the vault, after saving new tokens that it could not take before, as on a full disk."""
        if self._unkept and self._unkept[0] == login.refresh:
            login = self._unkept[1]
            self._vault.save(login)
        self._unkept = None
        return login

    def _ask(
        self, operation: Operation, secret: dict[str, Any], login: Login, before: Before = lambda: None
    ) -> graphql.Reply:
        return self._wire.ask(operation, secret | self._variables(login), login, before=before)

    def _in_other_lang(self, login: Login) -> Login | None:
        """Return the same login in the country's other language; None if there is none."""
        lang = self._wire.account.lang
        other = replace(login, bad_lang="" if login.bad_lang == lang else lang)
        return None if self._wire.lang_of(other) == self._wire.lang_of(login) else other

    def _keep_lang(self, other: Login) -> None:
        """Keep the language of `other`, and nothing else: it may be a copy that was changed for one request."""
        LOG.info("the cloud fails over our lang; %s is used", self._wire.lang_of(other))
        self._vault.save(replace(self._vault.load() or other, bad_lang=other.bad_lang))

    def _variables(self, login: Login) -> dict[str, Any]:
        auth = self._wire.auth(login)
        who = {name: auth[name] for name in ("id", "country", "lang", "callby")}
        return who | device_variables(login.device) | graphql.DEVICE


def device_variables(device: Device) -> dict[str, str]:
    """Return the device's identity as variables of a login operation (§2.1)."""
    return {"idDevice": device.id, "idDeviceIndigitall": device.indigitall, "uuid": device.uuid}


def content_of(reply: graphql.Reply) -> Mapping[str, Any]:
    """Return the content of a login answer. Raises LoginRefused, SessionExpired and Unreachable."""
    if isinstance(reply.content, Mapping):
        return reply.content
    refused = failures.error(reply.failure or failures.Failure(""))
    raise Unreachable(str(refused)) if isinstance(refused, Rejected) else refused
