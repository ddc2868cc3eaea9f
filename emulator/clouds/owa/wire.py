"""One request at a time to the OWA server: turns, bans, and the identity of the account.

Facts: verisure-owa.md §1.3, §1.4, §1.6 and §7.
"""

import json
import logging
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from emulator.clock import Clock
from emulator.clouds.account import Account
from emulator.clouds.firewall import FORBIDDEN, TOO_MANY, Answer, Firewall, is_page
from emulator.clouds.line import Before, Line, Sender
from emulator.clouds.owa import failures, graphql
from emulator.clouds.owa.graphql import CAPABILITIES, Reply
from emulator.clouds.owa.operations import LOGIN, Documents, Operation
from emulator.clouds.owa.provider import COUNTRIES
from emulator.clouds.turnstile import Turnstile
from emulator.clouds.vault import Login, Vault
from emulator.errors import SessionExpired, Unreachable
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

RATE_LIMIT_S, RATE_LIMIT_MOST_S = {FORBIDDEN: 2.0, TOO_MANY: 30.0}, 60.0
"""Pause after a 403 that is not the firewall's, or a 429, which is plainer: the default, and the longest that the
server may ask for (§1.6)."""


class Throttled(Unreachable):
    """The cloud asks for a pause: it did not execute the request, but may have read it."""


class Wire(Line):
    """Requests of one account; owned by one thread, while turnstile and vault are shared.

    `served_at` is the time of the last answer of the API without trouble (monotonic seconds).
    """

    def __init__(self, account: Account, transport: Sender, clock: Clock, turnstile: Turnstile, vault: Vault) -> None:
        super().__init__(account, clock, turnstile, vault, account.password)
        self._transport = transport
        self._turnstile = turnstile
        self.served_at = float("-inf")
        self._documents = Documents()
        self._apollo_id = secrets.token_hex(64)
        moment = datetime.fromtimestamp(clock.time(), UTC)
        self._started = "".join(map(str, (*moment.timetuple()[:5], moment.microsecond)))
        self._firewall = Firewall(clock, vault, turnstile.shut)

    def auth(self, login: Login) -> dict[str, Any]:
        """Return who sends a request: this login (§1.3). What is secret of it is struck from now on."""
        # Constant as long as the program runs (§1.4).
        device, who = login.device, f"{graphql.FAMILY}{login.user}{'_' * 15}{self._started}"
        self.conceal(device.id, device.uuid, device.indigitall, who, login.refresh, login.access)
        return {
            "loginTimestamp": int(login.login_at * 1000),
            "user": login.user,
            "id": who,
            "country": self.account.country,
            "lang": self.lang_of(login),
            "callby": graphql.CALLBY,
            "hash": login.access,
        }

    def lang_of(self, login: Login) -> str:
        """Return the language of this login: the account's, unless the cloud knows only the other one."""
        lang = self.account.lang
        country = COUNTRIES.get(self.account.country)
        return country.other_lang if country and country.other_lang and login.bad_lang == lang else lang

    def ask(
        self,
        operation: Operation,
        variables: Mapping[str, Any],
        login: Login,
        about: Mapping[str, str] | None = None,
        security: Mapping[str, str] | None = None,
        before: Before = lambda: None,
    ) -> Reply:
        """Send once and parse the answer; `before` is called directly before, and if it raises, nothing is sent.

        `about` are the headers about an installation, and `security` is that of the second mkValidateDevice (§2.3).
        Raises Unreachable if there is no answer, or none that is the API's; its `sent` tells whether the request may
        have arrived.

        Parts that the country's schema lacks are left out, and a document that was not executed for that reason is sent
        again: with the password, once at most.
        """
        self.conceal(*graphql.secrets_of(variables, security or {}), (about or {}).get(CAPABILITIES, ""))
        headers = graphql.headers(operation, self._apollo_id, self.auth(login)) | dict(about or {})
        if security:
            headers["security"] = json.dumps(dict(security))
        again = False
        while True:
            document = self._documents.of(operation)
            answer = self._send(operation, headers, graphql.body(document, variables), before)
            reply = self._read(operation, answer)
            if self._documents.of(operation) == document or (again and operation is LOGIN):
                return reply
            again = True

    def _read(self, operation: Operation, answer: Answer) -> Reply:
        """Parse an answer, and learn from it what the schema lacks; Unreachable if it is not the API's."""
        try:
            reply = graphql.parse(operation, answer, self._secrets)
        except Unreachable as error:
            if answer.status in RATE_LIMIT_S:
                raise self._throttled(answer) from None
            LOG.info("%s: HTTP %d, %d bytes: %s", operation.name, answer.status, len(answer.body), error)
            raise
        failure = reply.failure
        refused = failures.error(failure) if failure else None
        # A 403 may also end the session, by the API's own words.
        if answer.status in RATE_LIMIT_S and (answer.retry_after or not isinstance(refused, SessionExpired)):
            raise self._throttled(answer)
        if not isinstance(refused, Unreachable):
            self.served_at = self.clock.monotonic()
        if failure and self._documents.learn(operation, failure.lacking):
            LOG.info("%s: asked without what this country's cloud does not have: %s", operation.name, failure.said)
        return reply

    def _send(self, operation: Operation, headers: Mapping[str, str], body: bytes, before: Before) -> Answer:
        """Send once, and once more if nothing was sent.

        Raises Unreachable if there is no answer; its `sent` tells whether the request may have arrived.
        """
        self._firewall.heed()
        once = partial(self._once, operation.name, before, partial(self._transport.request, "POST", "", headers, body))
        try:
            answer = once()
        except Unreachable as error:
            # Some resolvers fail now and then on these names (§1.1). A request that was not sent may be sent.
            if error.sent:
                raise
            answer = once()
        if is_page(answer):
            raise self._firewall.met()
        return answer

    def _throttled(self, answer: Answer) -> Unreachable:
        """Stop all requests for as long as the answer asks for."""
        asked = float(answer.retry_after) if answer.retry_after.isdecimal() else RATE_LIMIT_S[answer.status]
        pause_s = min(asked, RATE_LIMIT_MOST_S)
        why = Text("the cloud asks for a pause of {s} s", s=f"{pause_s:g}")
        LOG.info("HTTP %d: %s", answer.status, why)
        self._turnstile.shut(self.clock.monotonic() + pause_s, why)
        return Throttled(why, sent=False)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()
