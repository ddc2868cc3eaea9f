"""The face of the customer API: GraphQL requests in, `data` and `errors` out (verisure-owa.md §1, §10.1)."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from flask import Blueprint, Response, jsonify, request

from emulator.errors import EmulatorError
from emulator.simulator.backend import Backend
from emulator.simulator.document import Invalid
from emulator.simulator.face import FaceType, block_page, page
from emulator.simulator.faults import ConnectionDropped
from emulator.simulator.owa import access, failures, graphql
from emulator.simulator.owa.faults import KINDS, PAGES, TROUBLES
from emulator.simulator.owa.graphql import CheckedCall, Json
from emulator.simulator.owa.letters import letter
from emulator.simulator.owa.login import Logins
from emulator.simulator.owa.operations import Operations
from emulator.simulator.owa.options import OwaOptions
from emulator.simulator.owa.orders import Order, Orders
from emulator.simulator.owa.profiles import PROFILES, OwaUnit
from emulator.simulator.owa.schema import OPERATIONS
from emulator.simulator.owa.tokens import IssuedTokens
from emulator.simulator.owa.trust import Trust
from emulator.simulator.texts import LANGUAGES, STEERING

PATH = "/owa-api/graphql"

COUNTRIES = (*LANGUAGES, "IE", "BR", "CL", "AR", "PE")
"""Countries of the API (verisure-owa.md §1.1)."""

MOST_CLIENT_FAULTS = 100
"""Mistakes of clients that are kept; one is enough to look at."""


@dataclass(slots=True)
class Owa:
    """A face (face.py); guarded by the panel's lock."""

    backend: Backend
    unit: OwaUnit
    options: OwaOptions
    client_faults: list[str] = field(default_factory=list)
    banned_requests: int = 0
    tokens: IssuedTokens = field(init=False)
    trust: Trust = field(init=False)
    orders: Orders = field(init=False)
    operations: Operations = field(init=False)

    def __post_init__(self) -> None:
        backend, unit, options = self.backend, self.unit, self.options
        self.tokens, self.trust = IssuedTokens(backend.now), Trust(backend.now, backend.sent)
        self.orders = Orders(backend, unit, options)
        logins = Logins(backend, options, self.tokens, self.trust)
        self.operations = Operations(backend, unit, options, self.tokens, logins, self.orders)

    @property
    def actions(self) -> Mapping[str, Callable[[], None]]:
        """The page can end access tokens and capabilities, refresh tokens, and the trust in devices."""
        return {
            "sessions/kill": self.tokens.kill,
            "tokens/revoke": self.tokens.revoke,
            "devices/forget": self.trust.forget,
        }

    def state(self) -> dict[str, Any]:
        """Return its part of the state. The codes are in it: the page stands for the phone, too."""
        panel = self.backend.panel
        return {
            "letter": letter(panel.axes)[0],
            "sessions": self.tokens.living(),
            "sms": [asdict(sms) for sms in self.trust.messages],
            "refresh_reused": self.tokens.reused,
            "client_faults": list(self.client_faults),
            "banned_requests": self.banned_requests,
            "bypassed": list(panel.stand(panel.now()).bypassed),
            "times": [list(one) for one in self.backend.times],
        }

    def reset(self) -> None:
        """Set the counters to zero."""
        self.tokens.reused = self.banned_requests = 0
        self.client_faults.clear()

    def pages(self) -> Blueprint:
        """Return the endpoint."""
        pages = Blueprint("owa", __name__)

        @pages.post(PATH, provide_automatic_options=False)
        def endpoint() -> Response:
            body = request.get_json(silent=True)
            body = body if isinstance(body, dict) else {}
            name = graphql.name_of(body, request.headers.get("X-APOLLO-OPERATION-NAME", "")) or "unknown"
            with self.backend.panel.held():
                self.backend.received(name)
                reply, order = self._reply(name, body)
                delivery = self.backend.faults.delivery(name)
                if order:
                    order.shaken = order.shaken or any(delivery)
            return delivery.of(reply, self.backend.sleep)

        return pages

    def _reply(self, name: str, body: Json) -> tuple[Response, Order | None]:
        """Return the answer, and the command that was polled, if one was."""
        call, error = self._read(body, name)
        order = self.orders.asked(call) if call else None
        counter = call.variables.get("counter") if call else None
        if order and counter is not None and not order.step(counter):
            error = Invalid("BAD_REQUEST", f"The counter is {counter} after {order.counter}.")
        elif order:
            order.shaken = True  # until it has been answered
        early = self._early(name)
        if early:
            return early, order
        if error and not error.known_elsewhere:
            self._blame(name, error)
        try:
            if error or not call:
                raise error or Invalid("GRAPHQL_PARSE_FAILED", "Must provide query string.")
            document = call.answer(self._carry_out(call))
            if order:
                order.shaken = False
        except EmulatorError as failure:
            if failure is not error and isinstance(failure, Invalid) and failure.code == "BAD_REQUEST":
                self._blame(name, failure)
            document = failures.document(failure, call.signature.field if call else name, self.backend.now())
        return jsonify(_steered(document) if self.options.steering else document), order

    def _read(self, body: Json, name: str) -> tuple[CheckedCall | None, Invalid | None]:
        try:
            return graphql.read(body, name, self.options.lacks.split()), None
        except Invalid as error:
            return None, error

    def _carry_out(self, call: CheckedCall) -> Any:
        """Return the value of the field that was asked for."""
        free = self.options.no_capabilities
        requester = access.requester(call, request.headers, self.backend.accounts, self.tokens, free=free)
        return self.operations.answers[call.name](call, requester)

    def _early(self, name: str) -> Response | None:
        """Return the answer of the firewall, the web server or the back-end, if the request does not pass them."""
        faults = self.backend.faults
        if faults.strike("down", name):
            raise ConnectionDropped("the cloud is down")
        firewall = self._firewall(name)
        if firewall:
            return firewall
        for kind, title_and_status in PAGES.items():
            if faults.strike(kind, name):
                return page(*title_and_status)
        for kind, failed in TROUBLES.items():
            if faults.strike(kind, name):
                return self._failure(failed(), OPERATIONS[name].field if name in OPERATIONS else name)
        if faults.strike("echo", name):
            echoed = f"{dict(request.headers)} {request.get_data(as_text=True)}"
            return self._failure(failures.ApiError(echoed, status=500), name)
        if faults.strike("expire", name):
            self.tokens.kill()
        return None

    def _firewall(self, name: str) -> Response | None:
        """Count the request of this address. Return the firewall's answer if the address is banned or throttled."""
        faults, floods, options = self.backend.faults, self.backend.floods, self.options
        peer = request.remote_addr or ""
        banned = floods.banned(peer)
        self.banned_requests += banned
        flooded = bool(options.flood_limit) and floods.over(peer, options.flood_limit, options.flood_window)
        paged = faults.strike("ban_page", name)
        if paged or banned or flooded or faults.strike("ban", name):
            floods.ban(peer, options.flood_ban)  # each request lengthens it
            return block_page(200 if paged else 403)
        throttle = faults.strike("throttle", name)
        if not throttle:
            return None
        reply = page("403 Forbidden", 403)
        reply.headers["Retry-After"] = f"{throttle.seconds:.0f}"
        return reply

    def _failure(self, failure: EmulatorError, of: str) -> Response:
        return jsonify(failures.document(failure, of, self.backend.now()))

    def _blame(self, name: str, error: Invalid) -> None:
        """Record a mistake of the client."""
        self.client_faults.append(f"{name}: {error}")
        del self.client_faults[:-MOST_CLIENT_FAULTS]


def _steered(value: Any, key: str = "") -> Any:
    """Return `value` with names and messages that steer terminals; JSON takes more than XML."""
    if isinstance(value, dict):
        return {name: _steered(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_steered(one, key) for one in value]
    named = key in ("alias", "phone", "msg", "message") and isinstance(value, str)
    return f"{value}\x1b[31m\a{STEERING}" if named else value


OWA = FaceType(
    Owa, OwaOptions, PATH, frozenset(OPERATIONS), KINDS, countries=COUNTRIES, units=PROFILES, has_annex=False
)
