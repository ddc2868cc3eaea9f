"""A session with the ws.do server: LOGIN, CLS, identifiers, spacing, and the installation that it is about.

Facts: verisure-wsdo.md §1 and §4.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol

from emulator.clock import Clock
from emulator.clouds.account import Account, Listed, refuse_blank
from emulator.clouds.deadline import last_look
from emulator.clouds.firewall import Firewall, Forbidden
from emulator.clouds.strike import Secrets
from emulator.clouds.wsdo import pet, refusals
from emulator.clouds.wsdo.gate import Gate
from emulator.errors import EmulatorError, LoginRefused, Rejected, Retired, SessionExpired, Unreachable
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

FORBIDDEN_S = 60.0
"""Silence after an HTTP 403 or 429 that is not the firewall's page; the server does not say how long."""

ADVICE = Text("Where that lasts, this API may be gone: set `cloud: owa`")
"""Advice during a ban: since 2023 the firewall has refused everybody here (verisure-owa.md §0)."""

CLOSE_TIMEOUT_S = 2.0
"""Time-out of CLS, a courtesy: the program has to stop within 5 s."""


class Transport(Protocol):
    """Sender of requests, each once."""

    def send(self, method: str, params: Mapping[str, str], timeout_s: float | None = None) -> bytes:
        """Send a request and return the body of the answer; Unreachable if there is none."""

    def close(self) -> None:
        """Close the connections."""


class Session:
    """One session, owned by one thread: logs in when needed, renews a dead session once, never retries.

    After a refused login every later call raises that refusal, and nothing is sent.
    """

    def __init__(self, account: Account, transport: Transport, clock: Clock, gate: Gate) -> None:
        self._account = account
        self._transport = transport
        self._clock = clock
        self._hash = ""
        self._secrets = Secrets(account.password)
        self._gate = gate
        self._firewall = Firewall(clock, gate.bans, gate.shut, ADVICE)
        self._installation: Listed | None = None
        self._last_id_ms = 0
        self._id = self.new_id()

    def login(self) -> None:
        """Log in unless there is a session. Raises LoginRefused, Retired or Unreachable."""
        if self._hash:
            return
        with self._gate.login:
            self._log_in()

    def _log_in(self) -> None:
        if self._gate.refusal:
            raise self._gate.refusal
        refuse_blank(self._account.user, self._account.password)
        self._id = self.new_id()
        # No callby here: accounts that logged in without it lived longer (verisure-wsdo.md §1.5).
        reply = self._send("LOGIN", self._id, {"pwd": self._account.password}, method="POST")
        if reply.res != pet.OK or not reply.hash:
            refused = refusals.error(reply, login=True)
            if isinstance(refused, SessionExpired):
                # No session could have ended here. Repeating the login at every poll may lock the account.
                refused = LoginRefused(str(refused))
            if isinstance(refused, LoginRefused | Retired):
                self._gate.refusal = refused
            raise refused
        self._hash = reply.hash

    @property
    def is_open(self) -> bool:
        """True if there is a session, as far as is known."""
        return bool(self._hash)

    def renew(self) -> None:
        """Log in anew, since the cloud has forgotten the session."""
        self._hash = ""
        self.login()

    def close(self) -> None:
        """Send CLS if there is a session; never raises."""
        if self._hash:
            try:
                # The document's numinst is "(null)" in its table and empty in its example; both are accepted.
                self._send("CLS", self._id, {"numinst": "(null)"}, timeout_s=CLOSE_TIMEOUT_S)
            except EmulatorError as error:  # the journal, which knows of bans, may be closed by now
                LOG.debug("CLS: %s", error)
            self._hash = ""
        self._transport.close()

    def installation(self) -> Listed:
        """Return number and panel of the installation, from the settings or from INS. Raises CloudError."""
        account = self._account
        if self._installation is None and account.number and account.panel:
            self._installation = Listed(account.number, account.panel)
        if self._installation is None:
            # Some accounts have an empty list; a number in the settings stands for itself then.
            own = (Listed(account.number),) if account.number else ()
            self._installation = account.choose(self.request("INS").installations or own)
        return self._installation

    def request(self, request: str, extra: Mapping[str, str] | None = None, *, method: str = "GET") -> pet.PetReply:
        """Send a request without phases; renew the session once. Raises CloudError on any refusal."""
        self.login()
        try:
            return self._checked(request, self._send(request, self._id, extra or {}, method=method))
        except SessionExpired:
            self.renew()
            return self._checked(request, self._send(request, self._id, extra or {}, method=method))

    def panel_request(self, request: str, operation: str, before: Callable[[], None] = lambda: None) -> pet.PetReply:
        """Send X1 or X2 of an operation once; return its answer, even a refusal. Raises SessionExpired and Unreachable.

        `before` is called directly before the request; if it raises, nothing is sent.
        """
        listed = self.installation()
        extra = {"numinst": listed.number, "panel": listed.panel, "callby": self._account.callby}
        reply = self._send(request, operation, extra, before=before)
        if reply.res not in (pet.OK, pet.WAIT) and isinstance(refused := refusals.error(reply), SessionExpired):
            raise refused
        return reply

    def new_id(self) -> str:
        """Return an ID unique in this process: X2 must repeat that of its X1 (verisure-wsdo.md §1.3)."""
        self._last_id_ms = max(int(self._clock.time() * 1000), self._last_id_ms + 1)
        moment = datetime.fromtimestamp(self._last_id_ms / 1000, UTC)
        family = self._account.callby.partition("_")[0]
        return f"{family}{'_' * 25}{self._account.user}{moment:%Y%m%d%H%M%S}{self._last_id_ms % 1000:03d}"

    def told(self, text: str) -> str:
        """Return a text of the cloud without secrets."""
        return self._secrets.told(text)

    @staticmethod
    def _checked(request: str, reply: pet.PetReply) -> pet.PetReply:
        if reply.res in (pet.OK, pet.WAIT):
            return reply
        refused = refusals.error(reply)
        LOG.info("%s: %s", request, refused)
        if isinstance(refused, Rejected):
            raise Unreachable(Text("the cloud refused to answer: {why}", why=str(refused)))
        raise refused

    def _send(
        self,
        request: str,
        operation: str,
        extra: Mapping[str, str],
        *,
        method: str = "GET",
        timeout_s: float | None = None,
        before: Callable[[], None] = lambda: None,
    ) -> pet.PetReply:
        self._firewall.heed()
        self._gate.pass_through(self._clock.monotonic())
        # A stop lets CLS through, and nothing else: a cancelled command is not sent.
        if not self._clock.sleep(self._gate.wait_s(self._clock.monotonic())) and request != "CLS":
            LOG.info("the program stopped before %s was sent", request)
            raise Unreachable(Text("the program stopped before this was sent"), sent=False)
        params = {
            "request": request,
            "ID": operation,
            "Country": self._account.country,
            "lang": self._account.lang,
            "user": self._account.user,
        }
        if self._hash:
            params["hash"] = self._hash
        self._secrets.add(operation, self._hash)
        LOG.debug("%s", request)
        before()
        try:
            with last_look(before):
                answer = self._transport.send(method, params | dict(extra), timeout_s)
        except Forbidden as error:
            if error.page:
                raise self._firewall.met() from None
            why = Text(
                "{why}; nothing is sent for {s} s. {advice}", why=str(error), s=f"{FORBIDDEN_S:g}", advice=ADVICE
            )
            self._gate.shut(self._clock.monotonic() + FORBIDDEN_S, why)
            raise
        try:
            reply = pet.parse(answer, self._secrets)
        except Unreachable as error:
            LOG.info("%s: %d bytes: %s", request, len(answer), error)
            raise
        LOG.debug("%s: %s%s", request, reply.res, f" {reply.err}" if reply.err else "")
        return reply
