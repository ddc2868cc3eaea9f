"""The login of a person: password, and once for this program's device a code by SMS.

Facts: verisure-owa.md §2.1 to §2.3 and §3.1.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from emulator.clouds import values
from emulator.clouds.account import Listed
from emulator.clouds.enrolment import CodeRefused, Phone
from emulator.clouds.owa import failures, graphql, operations
from emulator.clouds.owa.failures import Locked
from emulator.clouds.owa.login import LoginRequests, device_variables
from emulator.clouds.owa.refusals import said
from emulator.clouds.owa.tokens import Tokens
from emulator.clouds.owa.wire import Wire
from emulator.clouds.vault import Device, Login
from emulator.errors import CloudError, LoginRefused, Rejected, Unreachable
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

UNAUTHORIZED = "SecurityError"
"""Name of the error that asks for a code, and of the one that refuses it; the latter's auth-code varies."""


class OwaEnrolment:
    """One person's login, step by step; see Enrolment."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._tokens = Tokens(wire)
        self._requests = LoginRequests(wire)
        self._challenge = ""
        self.phones: tuple[Phone, ...] = ()

    def begin(self) -> bool:
        """Try the password; return True if that was enough, False if one of `phones` is to be sent a code.

        Raises LoginRefused and Unreachable.
        """
        if self._log_in():
            return True
        content = self._validate(None)
        if content is None:
            return False
        # An answer without a challenge: the device is trusted already.
        self._log_in_after(content)
        return True

    def send_code(self, phone: Phone) -> None:
        """Have the code sent. Raises CloudError."""
        variables = {"recordId": phone.id, "otpHash": self._challenge}
        reply = self._wire.ask(operations.SEND_OTP, variables, self._login())
        if reply.failure:
            raise _error(reply.failure)
        if values.text(reply.content, "res") != graphql.OK:
            raise Unreachable(Text("the cloud sent no code: {why}", why=said(reply.content)))

    def confirm(self, code: str) -> None:
        """Submit the code. Raises CodeRefused if it was wrong; then go on with another one from `send_code`."""
        content = self._validate({"token": code, "type": "OTP", "otpHash": self._challenge})
        if content is None:
            # A challenge is good for one try (§2.3).
            self._validate(None)
            raise CodeRefused(Text("the cloud did not take that code"))
        self._log_in_after(content)

    def installations(self) -> list[Listed]:
        """Return the account's installations. Raises CloudError."""
        reply = self._wire.ask(operations.INSTALLATIONS, {}, self._tokens.access())
        if reply.failure:
            raise _error(reply.failure)
        return graphql.installations(reply.content)

    def _login(self) -> Login:
        """Return the account's login. Its device is made once, and kept before the cloud is asked to trust it."""
        vault = self._wire.vault
        login = vault.load()
        if login is None:
            trouble = Text("the login is not finished: type `emulator login`")
            login = Login(self._wire.account.user, Device.new(), trouble=trouble)
            vault.save(login)
        return login

    def _log_in(self) -> bool:
        with self._wire.vault.alone():
            return self._requests.log_in(self._uncounted()) is not None

    def _uncounted(self) -> Login:
        """Return the login without the count of the program's own uses of the password: a person starts it anew."""
        return replace(self._login(), password_at=0.0, passwords_lost=0)

    def _log_in_after(self, content: Any) -> None:
        """Log in once the device is trusted; fall back to the tokens that came with the trust."""
        refused: CloudError = LoginRefused(Text("the cloud still does not know this device; try again later"))
        try:
            if self._log_in():
                return
        except Locked:
            raise
        except (LoginRefused, Unreachable) as error:
            refused = error
        with self._wire.vault.alone():
            if self._requests.accept(self._uncounted(), content) is None:
                raise refused
        LOG.debug("logged in with the tokens that came with the code")

    def _validate(self, security: Mapping[str, str] | None) -> Any:
        """Send mkValidateDevice; return its content, or None with new `phones` and challenge if it wants a code."""
        device = device_variables(self._login().device)
        named = ("deviceName", "deviceBrand", "deviceOsVersion", "deviceVersion")
        variables = device | {key: graphql.DEVICE[key] for key in named}
        reply = self._wire.ask(operations.VALIDATE, variables, self._login(), security=security)
        if reply.failure is None:
            return reply.content
        data = reply.failure.data
        refused = security is not None and reply.failure.name == UNAUTHORIZED
        if not refused and not failures.is_challenge(reply.failure):
            raise _error(reply.failure)
        self._challenge = values.text(data, "auth-otp-hash") or self._challenge
        phones = [
            Phone(int(values.text(row, "id")), values.text(row, "phone"))
            for row in values.items(data, "auth-phones")
            if values.text(row, "id").isdecimal()
        ]
        self.phones = tuple(phones) or self.phones
        if not self.phones:
            raise LoginRefused(Text("the account has no phone that could be sent a code: add one in the alarm's app"))
        return None


def _error(failure: failures.Failure) -> CloudError:
    found = failures.error(failure)
    refused = LoginRefused(Text("the cloud refused: {why}", why=str(found)))
    return refused if isinstance(found, Rejected) else found
