"""A session with the OWA server about one installation: tokens and capabilities renewed when needed, once.

Facts: verisure-owa.md §2.4, §3 and §6.
"""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from emulator.alarm.cloud import Details
from emulator.clouds import values
from emulator.clouds.account import Listed
from emulator.clouds.line import Before
from emulator.clouds.owa import failures, graphql, operations
from emulator.clouds.owa.failures import CapabilitiesExpired, NotTaken, Unauthorized, WithoutContent
from emulator.clouds.owa.graphql import CAPABILITIES
from emulator.clouds.owa.operations import Needs, Operation
from emulator.clouds.owa.profiles import fitted, service
from emulator.clouds.owa.refusals import said
from emulator.clouds.owa.tokens import MARGIN_S, Tokens
from emulator.clouds.owa.wire import Wire
from emulator.clouds.vault import Login
from emulator.errors import EmulatorError, Rejected, SessionExpired, Unreachable
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

EARLY_S = 150.0
"""After a poll, tokens with less to live are renewed, as the cloud answers just now: the next poll is in 120 s."""

DISTRUST_S, DISTRUST_MOST_S = 15.0, 300.0
"""Back-off after a fresh session was refused, as happens for a while at times (§6): first and longest, doubled."""

DISOWNED_S = 7200.0
"""Time after which sessions that end at once do not mend by themselves any more."""

STANDING = (operations.INSTALLATIONS, operations.SERVICES, operations.STATUS)
"""Operations that every login may use."""


class OwaSession:
    """Session of one installation; owned by one thread."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._tokens = Tokens(wire)
        self._installation = Listed(wire.account.number, wire.account.panel)
        self._capabilities = ""
        self._capable_until = float("-inf")
        self._services: Mapping[str, Any] = {}
        self._distrusted_until = float("-inf")
        self._distrust_s = DISTRUST_S
        self._ended_at: float | None = None

    def installation(self) -> tuple[str, str]:
        """Return number and panel of the installation, from the settings or the account's list. Raises CloudError."""
        if not (self._installation.number and self._installation.panel):
            found = graphql.installations(self.look(operations.INSTALLATIONS, {}))
            if not found:
                # Null for a while if the back-end has trouble (§10.1): no reason to stop all logins.
                raise Unreachable(Text("the cloud does not tell the account's installations"), sent=False)
            self._installation = self._wire.account.choose(found)
        return self._installation.number, self._installation.panel

    def fitted(self) -> frozenset[str]:
        """Return what is fitted, as far as the cloud has been asked."""
        return fitted(self._installation.number, self._services)

    def call(self, operation: Operation, variables: Mapping[str, Any], before: Before = lambda: None) -> Any:
        """Return the content of an operation's field; a session that has ended is renewed once.

        `before` is called directly before each time that it is sent. Raises Rejected if the cloud refused, and
        CloudError.
        """
        attempt = partial(self._attempt, operation, variables, before)
        content, ended, access = attempt(None)
        if ended and self._wire.clock.monotonic() >= self._distrusted_until:
            self._capable_until = float("-inf")
            is_login = not isinstance(ended, CapabilitiesExpired)
            content, ended, access = attempt(partial(self._tokens.renew, access) if is_login else None)
            if ended:
                self._distrust()
        for _ in range(2):
            if ended and self._is_disowned(operation, ended):
                if operation is operations.SERVICES:
                    self._check_account(ended)
                self._capable_until = float("-inf")
                content, ended, access = attempt(partial(self._tokens.disowned, access, ended))
        if ended is None:
            self._trust(operation)
            return content
        # The cloud has said that it did not execute the operation.
        text = Text("the cloud does not accept a fresh session: {why}", why=str(ended))
        if operation.changes and isinstance(ended, Unauthorized):
            raise NotTaken(Text("{why}; if this lasts, type `emulator login`", why=text))
        raise Unreachable(text, sent=False)

    def _attempt(
        self,
        operation: Operation,
        variables: Mapping[str, Any],
        before: Before,
        mend: Callable[[], object] | None,
    ) -> tuple[Any, SessionExpired | None, str]:
        """Mend the session and send once; return the content, or the end of the session, and its access token."""
        login, about = self._prepared(operation.needs, mend)
        reply = self._wire.ask(operation, variables, login, about, before=before)
        if reply.failure is None:
            return reply.content, None, login.access
        refused = failures.error(reply.failure)
        LOG.debug("%s: %s", operation.name, refused)
        if not isinstance(refused, SessionExpired):
            raise refused
        return None, refused, login.access

    def _trust(self, operation: Operation) -> None:
        """Note that the session works; after it had ended for long, only the state proves that."""
        self._distrusted_until, self._distrust_s = float("-inf"), DISTRUST_S
        if operation is operations.STATUS:
            self._ended_at = None

    def _distrust(self) -> None:
        """Begin the back-off of new sessions, since a fresh one was refused."""
        now = self._wire.clock.monotonic()
        self._distrusted_until = now + self._distrust_s
        self._distrust_s = min(2 * self._distrust_s, DISTRUST_MOST_S)
        self._ended_at = now if self._ended_at is None else self._ended_at

    def _is_disowned(self, operation: Operation, ended: SessionExpired) -> bool:
        """Return whether no fresh session helps: the cloud refuses this program, or has refused its sessions for long.

        Only operations of every login prove that. A command may be refused for other reasons; the next poll decides.
        """
        if operation not in STANDING or isinstance(ended, CapabilitiesExpired):
            return False
        long = self._ended_at is not None and self._wire.clock.monotonic() - self._ended_at >= DISOWNED_S
        return long or isinstance(ended, Unauthorized)

    def _check_account(self, ended: SessionExpired) -> None:
        """Raise Unreachable if the cloud answers for the account: then it refuses this installation alone.

        Its contract may have ended. The login must not end for the other installations of the account.
        """
        _, refused, _ = self._attempt(operations.INSTALLATIONS, {}, lambda: None, None)
        if refused is None:
            text = Text(
                "the cloud answers for the account, but does not open installation {number}: check `number` in "
                "devices.yaml, and whether its contract still runs; {why}",
                number=self._installation.number,
                why=str(ended),
            )
            raise Unreachable(text, sent=False)

    def ready(self) -> None:
        """Renew all that a command needs, so that it is sent as soon as it is reported to be."""
        self._prepared(Needs.CAPABILITIES)

    def _prepared(self, needs: Needs, mend: Callable[[], object] | None = None) -> tuple[Login, dict[str, str]]:
        """Mend the session, renew what an operation needs, and return that; that is all that is sent."""
        try:
            if mend:
                mend()
            return self._identity(needs)
        except Unreachable as error:
            raise Unreachable(str(error), sent=False) from None

    def peek(self, operation: Operation, variables: Mapping[str, Any]) -> Any:
        """Ask once about the installation, by the session as it is: nothing is renewed for it. Raises EmulatorError."""
        number, panel = self._installation.number, self._installation.panel
        is_open = self._tokens.at_hand() and self._wire.clock.time() < self._capable_until - MARGIN_S
        if not (number and panel and is_open):
            raise Unreachable(f"no session is at hand for {operation.name}", sent=False)
        about = {"numinst": number, "panel": panel, **variables}
        content, ended, _ = self._attempt(operation, about, lambda: None, None)
        if ended:
            raise Unreachable(f"the session does not open {operation.name}: {ended}")
        return content

    def look(self, operation: Operation, variables: Mapping[str, Any]) -> Any:
        """Call a question, which changes nothing; a refusal is Unreachable. Raises CloudError."""
        try:
            return self.call(operation, variables)
        except Rejected as error:
            LOG.info("%s: %s", operation.name, error)
            raise Unreachable(Text("the cloud refused to answer: {why}", why=str(error))) from None

    def _identity(self, needs: Needs) -> tuple[Login, dict[str, str]]:
        """Return the login for a request, and the headers about the installation, with all that it needs renewed."""
        about: dict[str, str] = {}
        if needs in (Needs.INSTALLATION, Needs.CAPABILITIES):
            number, panel = self.installation()
            about = {"numinst": number, "panel": panel}
        if needs is Needs.CAPABILITIES and (token := self._capable(number)):
            about[CAPABILITIES] = token
        return self._tokens.access(), about

    def tend(self) -> None:
        """Renew what would end before the next poll, while the cloud is known to answer."""
        try:
            self._tokens.access(EARLY_S)
            if self._capabilities and self._wire.clock.time() >= self._capable_until - EARLY_S:
                self._serve(self._installation.number)
        except EmulatorError as error:
            LOG.debug("not renewed ahead of time: %s", error)

    def describe(self) -> Details:
        """Return the details of the installation. Raises CloudError."""
        number, panel = self.installation()
        self._serve(number)
        rows = [
            {
                "service": service(row) or values.text(row, "description"),
                "id": values.text(row, "idService"),
                "active": "yes" if row.get("active") else "no",
            }
            for row in values.items(self._services, "services")
        ]
        alias, names = values.text(self._services, "alias") or self._installation.alias, self.fitted()
        return Details(number, panel, alias, services=tuple(rows), fitted=names)

    def close(self) -> None:
        """Close the connections; the login is kept, since a logout may end it (§2.4)."""
        self._wire.close()

    def _capable(self, number: str) -> str:
        """Return the capabilities token, renewed if necessary; empty if the cloud gives none."""
        if self._wire.clock.time() >= self._capable_until - MARGIN_S:
            self._serve(number)
        return self._capabilities

    def _serve(self, number: str) -> None:
        """Ask for services and capabilities of the installation; go on without those that the cloud does not tell."""
        device = self._tokens.access().device
        try:
            content = self.look(operations.SERVICES, {"numinst": number, "uuid": device.uuid})
        except WithoutContent:
            content = {}
        told = content.get("installation") if isinstance(content, dict) else None
        about = told if isinstance(told, dict) else {}
        token = values.text(about, "capabilities")
        if not token and values.text(content, "res") in graphql.REFUSED:
            text = Text("the cloud does not open installation {number}: {why}", number=number, why=said(content))
            raise Unreachable(text, sent=False)
        if not token:
            LOG.info("the cloud tells no capabilities of installation %s; going on without", number)
        self._services = about
        self._capabilities = token
        self._capable_until = self._wire.clock.time() + graphql.life_s(token)
