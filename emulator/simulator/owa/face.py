"""The customer API's face: GraphQL requests in, `data` and `errors` out (verisure-owa.md §1, §10.1)."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import tzinfo
from typing import Any

from flask import Blueprint, Response, jsonify, request

from emulator.errors import EmulatorError
from emulator.simulator import settings
from emulator.simulator.backend import Backend
from emulator.simulator.face import ConnectionDropped, block_page, page
from emulator.simulator.faults import OWA_KINDS
from emulator.simulator.owa import access, failures, graphql
from emulator.simulator.owa.graphql import CheckedCall, Invalid, Json
from emulator.simulator.owa.operations import Operations
from emulator.simulator.owa.options import OwaOptions
from emulator.simulator.owa.orders import Order, Orders, letter
from emulator.simulator.owa.profiles import Unit
from emulator.simulator.owa.schema import OPERATIONS
from emulator.simulator.owa.tokens import IssuedTokens
from emulator.simulator.owa.trust import Sms, Trust
from emulator.simulator.wsdo.texts import STEERING

PATH = "/owa-api/graphql"

MOST_CLIENT_FAULTS = 100
"""Mistakes of clients that are kept; one is enough to look at."""

# Faults that come before the request is looked at: those with a page, and those of the back-end.
PAGES: dict[str, tuple[str, int]] = {
    "unavailable": ("503 Service Temporarily Unavailable", 503),
    "bad_gateway": ("502 Bad Gateway", 502),
    "gateway_timeout": ("504 Gateway Time-out", 504),
    "html": ("Mantenimiento", 200),
}
TROUBLES: dict[str, Callable[[], EmulatorError]] = {
    "trouble": failures.trouble,
    "conflict": failures.conflict,
    "unpermitted": failures.unpermitted,
    "unauthorized": failures.unauthorized,
    "challenge": failures.challenged,
    "disowned": failures.disowned,
    "schema": failures.unknown_argument,
}


@dataclass(slots=True)
class Owa:
    """A face (face.py); owned by the house's lock."""

    backend: Backend
    unit: Unit
    options: OwaOptions
    sent: Callable[[Sms], object]
    zone: tzinfo | None = None
    client_faults: list[str] = field(default_factory=list)
    banned_requests: int = 0
    tokens: IssuedTokens = field(init=False)
    trust: Trust = field(init=False)
    orders: Orders = field(init=False)
    operations: Operations = field(init=False)

    path = PATH
    names = frozenset(OPERATIONS)
    kinds = OWA_KINDS
    settings = settings.OWA

    def __post_init__(self) -> None:
        def now() -> float:
            return self.backend.panel.now()

        self.tokens, self.trust = IssuedTokens(now), Trust(now, self.sent)
        self.orders = Orders(self.backend, self.unit, self.options)
        self.operations = Operations(
            self.backend, self.unit, self.options, self.tokens, self.trust, self.orders, self.zone
        )

    @property
    def actions(self) -> Mapping[str, Callable[[], None]]:
        """Access tokens and capabilities die, refresh tokens are revoked, devices have to be trusted anew."""
        return {
            "sessions/kill": self.tokens.kill,
            "tokens/revoke": self.tokens.revoke,
            "devices/forget": self.trust.forget,
        }

    def state(self) -> dict[str, Any]:
        """The codes that were sent are in it: whoever sees this page has the phone in his hand."""
        return {
            "letter": letter(self.backend.panel.axes),
            "sessions": self.tokens.living(),
            "sms": [asdict(sms) for sms in self.trust.messages],
            "refresh_reused": self.tokens.reused,
            "client_faults": list(self.client_faults),
            "banned_requests": self.banned_requests,
            "bypassed": list(self.backend.panel.stand(self.backend.panel.now()).bypassed),
            "times": [list(one) for one in self.backend.times],
        }

    def reset(self) -> None:
        """Start the counters at nought."""
        self.tokens.reused = self.banned_requests = 0
        self.client_faults.clear()

    def pages(self) -> Blueprint:
        """The endpoint."""
        pages = Blueprint("owa", __name__)

        @pages.post(PATH, provide_automatic_options=False)
        def endpoint() -> Response:
            body = request.get_json(silent=True)
            body = body if isinstance(body, dict) else {}
            name = graphql.name_of(body, request.headers.get("X-APOLLO-OPERATION-NAME", "")) or "unknown"
            with self.backend.panel.held():
                self.backend.received(name)
                reply, order = self._reply(name, body)
                late = self.backend.faults.strike("late", name)
                lost = self.backend.faults.strike("lost", name)
                if order:
                    order.shaken = order.shaken or bool(late or lost)
            if late:
                self.backend.sleep(late.seconds)
            if lost:
                raise ConnectionDropped("the answer got lost")
            return reply

        return pages

    def _reply(self, name: str, body: Json) -> tuple[Response, Order | None]:
        """The answer, and the command that was polled, if one was."""
        call, error = _read(body, name, self.options.lacks.split())
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
            caller = self._caller(call)
            document = call.answer(self.operations.answer(call, caller))
            if order:
                order.shaken = False
        except EmulatorError as failure:
            if failure is not error and isinstance(failure, Invalid) and failure.code == "BAD_REQUEST":
                self._blame(name, failure)
            document = failures.document(failure, call.signature.field if call else name, self.backend.panel.now())
        return jsonify(_steered(document) if self.options.steering else document), order

    def _caller(self, call: CheckedCall) -> access.Requester:
        free = self.options.no_capabilities
        return access.caller(call, request.headers, self.backend.accounts, self.tokens, free=free)

    def _early(self, name: str) -> Response | None:
        """The answer of whatever stands before the API: the line, the firewall, the web server, the back-end."""
        faults, floods, peer = self.backend.faults, self.backend.floods, request.remote_addr or ""
        if faults.strike("down", name):
            raise ConnectionDropped("the cloud is down")
        limit = self.options.flood_limit
        banned = floods.banned(peer)
        self.banned_requests += banned
        flooded = bool(limit) and floods.over(peer, limit, self.options.flood_window)
        paged = faults.strike("ban_page", name)
        if paged or banned or flooded or faults.strike("ban", name):
            floods.ban(peer, self.options.flood_ban)  # each request lengthens it
            return block_page(200 if paged else 403)
        throttle = faults.strike("throttle", name)
        if throttle:
            reply = page("403 Forbidden", 403)
            reply.headers["Retry-After"] = f"{throttle.seconds:.0f}"
            return reply
        for kind, told in PAGES.items():
            if faults.strike(kind, name):
                return page(*told)
        for kind, failed in TROUBLES.items():
            if faults.strike(kind, name):
                field = OPERATIONS[name].field if name in OPERATIONS else name
                return jsonify(failures.document(failed(), field, self.backend.panel.now()))
        if faults.strike("echo", name):
            echoed = failures.ApiError(f"{dict(request.headers)} {request.get_data(as_text=True)}", status=500)
            return jsonify(failures.document(echoed, name, self.backend.panel.now()))
        if faults.strike("expire", name):
            self.tokens.kill()
        return None

    def _blame(self, name: str, error: Invalid) -> None:
        """Something that no client should do."""
        self.client_faults.append(f"{name}: {error}")
        del self.client_faults[:-MOST_CLIENT_FAULTS]


def _read(body: Json, name: str, lacks: Collection[str]) -> tuple[CheckedCall | None, Invalid | None]:
    try:
        return graphql.read(body, name, lacks), None
    except Invalid as error:
        return None, error


def _steered(value: Any, key: str = "") -> Any:
    """The same with names and messages that steer terminals; JSON takes more than XML."""
    if isinstance(value, dict):
        return {name: _steered(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_steered(one, key) for one in value]
    named = key in ("alias", "phone", "msg", "message") and isinstance(value, str)
    return f"{value}\x1b[31m\a{STEERING}" if named else value
