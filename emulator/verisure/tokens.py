"""The tokens of one account: an access token for minutes, renewed by a refresh token that works once.

The vault is the truth, for every thread and process. Nothing is remembered here but what it could not take.
Facts: verisure-owa.md §2.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from emulator.errors import LoginNeeded, LoginRefused, Rejected, SessionExpired, Unreachable
from emulator.verisure import failures, graphql, operations
from emulator.verisure.session import refuse_blank
from emulator.verisure.vault import Device, Login
from emulator.verisure.wire import Wire

log = logging.getLogger(__name__)

MARGIN_S = 30.0
"""A token with less to live is renewed before it is used: a request may take 20 s."""

KNOCK_S = 30.0
"""A refresh token is only risked on a cloud that has answered in this time."""

PASSWORD_PAUSE_S = 3600.0
"""Between two logins with the password: one that is needed more often does not mend anything."""

GATEWAY_TIMEOUT = 504

TYPE_LOGIN = "type `emulator login`"


class Tokens:
    """Gives out the access token, and renews it when needed; owned by one thread."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._vault = wire.vault
        self._clock = wire.clock
        self._unkept: tuple[str, Login] | None = None

    def access(self, margin_s: float = MARGIN_S) -> Login:
        """A login with an access token that is good for so long yet. Raises LoginNeeded and Unreachable."""
        login = self._known()
        return login if self._good(login, margin_s) else self.renew(login.access, margin_s)

    def renew(self, stale: str, margin_s: float = MARGIN_S) -> Login:
        """Replace an access token that no longer works, or not for long, unless somebody else just did."""
        # Who holds the vault lets no poll of others go before: a command of theirs may be waiting for the vault.
        with self._vault.alone(), self._wire.command():
            login = self._kept(self._known())
            if login.access != stale and self._good(login, margin_s):
                return login
            if login.refresh and not login.spent:
                try:
                    return self._rotate(login)
                except (SessionExpired, LoginRefused) as error:
                    return self._by_password(replace(login, spent=True), f"the login has ended: {error}")
            return self._by_password(login, "the connection or the program broke off just while the login was renewed")

    def _known(self) -> Login:
        login = self._vault.load()
        if login is None:
            raise LoginNeeded(f"nobody has logged in to this account yet: {TYPE_LOGIN}")
        if login.trouble:
            raise LoginNeeded(login.trouble)
        return login

    def _kept(self, login: Login) -> Login:
        """The login of the vault; new tokens that it could not take when they came, as on a full disk, it takes now."""
        if self._unkept and self._unkept[0] == login.refresh:
            login = self._unkept[1]
            self._vault.save(login)
        self._unkept = None
        return login

    def _good(self, login: Login, margin_s: float) -> bool:
        return bool(login.access) and self._clock.time() < login.access_until - margin_s

    def _rotate(self, login: Login) -> Login:
        """Spend the refresh token for a new pair. It is marked before it is sent: whatever happens, it is sent once.

        Only where the cloud said that it did nothing may it be tried again.
        """
        self._knock(login)
        operation, variables = operations.REFRESH, {"refreshToken": login.refresh} | self._variables(login)
        try:
            # A process that is killed while it waits for its turn has lost nothing.
            answer = self._wire.send(
                operation,
                variables,
                self._wire.caller(login),
                before=lambda: self._vault.save(replace(login, spent=True)),
            )
        except Unreachable as error:
            if not error.sent:
                self._vault.save(login)
            raise
        if answer.status == GATEWAY_TIMEOUT or graphql.is_torn(answer):
            # The cloud behind the gateway may have taken it, and one whose answer broke off has.
            raise Unreachable(f"the answer to {operation.name} was lost (HTTP {answer.status})")
        try:
            content = _content(self._wire.read(operation, answer))
        except Unreachable as error:
            self._vault.save(login)
            raise Unreachable(f"{error}; if this lasts, {TYPE_LOGIN}") from None
        renewed = self._accept(login, content)
        if renewed is None:
            raise SessionExpired(graphql.text(content, "msg") or "the cloud gave no new tokens")
        log.debug("the login was renewed")
        return renewed

    def _knock(self, login: Login) -> None:
        """See that the cloud answers at all: a refresh token whose answer gets lost is lost."""
        if self._clock.monotonic() - self._wire.answered_at > KNOCK_S:
            self._wire.ask(operations.INSTALLATIONS, {}, self._wire.caller(login))

    def _by_password(self, login: Login, why: str) -> Login:
        """Log in with the password, where there is one; otherwise only a person can."""
        now = self._clock.time()
        if not self._wire.account.password or 0 <= now - login.password_at < PASSWORD_PAUSE_S:
            raise self._needed(login, f"{why}; {TYPE_LOGIN}")
        log.warning("%s; logging in with the password", why)
        self._vault.save(replace(login, password_at=now))
        try:
            renewed = self.log_in(replace(login, password_at=now))
        except Unreachable as error:
            if not error.sent:
                self._vault.save(login)
            raise
        except LoginRefused as error:
            raise self._needed(replace(login, password_at=now), f"{error}; then {TYPE_LOGIN}") from None
        if renewed is None:
            raise self._needed(login, f"the cloud wants this program to be confirmed by SMS: {TYPE_LOGIN}")
        return renewed

    def _needed(self, login: Login, trouble: str) -> LoginNeeded:
        self._vault.save(replace(login, trouble=trouble))
        return LoginNeeded(trouble)

    def log_in(self, login: Login) -> Login | None:
        """mkLoginToken: the login that it made, or None when the device must be confirmed first.

        Raises LoginRefused and Unreachable.
        """
        secret = {"user": login.user, "password": self._wire.account.password}
        refuse_blank(**secret)
        reply = self._wire.ask(operations.LOGIN, secret | self._variables(login), self._wire.caller(login))
        try:
            content = _content(reply)
        except SessionExpired as error:
            raise LoginRefused(str(error)) from None
        if content.get("needDeviceAuthorization") is True:
            return None
        if unfinished := failures.unfinished(content):
            raise unfinished
        made = self._accept(login, content)
        if made is None:
            raise LoginRefused(f"the cloud refused the login: {graphql.text(content, 'msg') or 'it gave no reason'}")
        return made

    def _accept(self, login: Login, content: Mapping[str, Any]) -> Login | None:
        """Keep the tokens of an answer before anybody uses them; None when there are none."""
        access, refresh = graphql.text(content, "hash"), graphql.text(content, "refreshToken")
        if graphql.text(content, "res") != graphql.OK or not access:
            return None
        now = self._clock.time()
        made = replace(
            login,
            access=access,
            access_until=now + graphql.life_s(access),
            login_at=now,
            refresh=refresh,
            spent=not refresh,
            trouble="",
        )
        self._unkept = (login.refresh, made)
        self._vault.save(made)
        self._unkept = None
        return made

    def _variables(self, login: Login) -> dict[str, Any]:
        account = self._wire.account
        who = {"id": self._wire.id_of(login), "country": account.country, "lang": account.lang}
        who["callby"] = graphql.CALLBY
        return who | device_variables(login.device) | graphql.DEVICE


def device_variables(device: Device) -> dict[str, str]:
    """The device's identity, as every login operation wants it (§2.1)."""
    return {"idDevice": device.id, "idDeviceIndigitall": device.indigitall, "uuid": device.uuid}


def _content(reply: graphql.Reply) -> Mapping[str, Any]:
    """The content of an answer about the login. Raises LoginRefused, SessionExpired and Unreachable."""
    if isinstance(reply.content, Mapping):
        return reply.content
    refused = failures.error(reply.failure or failures.Failure(""))
    raise Unreachable(str(refused)) if isinstance(refused, Rejected) else refused
