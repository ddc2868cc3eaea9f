"""The face of My Pages: two hosts that share one back-end, cookies, REST for the login and GraphQL for the rest."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from flask import Blueprint, Response, request

from emulator.simulator.backend import Backend
from emulator.simulator.document import Invalid
from emulator.simulator.face import HOST, FaceType, page
from emulator.simulator.faults import ConnectionDropped, Delivery
from emulator.simulator.mypages import calls, failures, replies
from emulator.simulator.mypages.answers import MypagesAnswers
from emulator.simulator.mypages.failures import MypagesError
from emulator.simulator.mypages.faults import ERRORS, KINDS, PAGES
from emulator.simulator.mypages.limits import MypagesLimits
from emulator.simulator.mypages.logins import Granted, MypagesLogins, Visit
from emulator.simulator.mypages.options import MypagesOptions
from emulator.simulator.mypages.orders import MypagesOrders
from emulator.simulator.mypages.profiles import COUNTRIES, PROFILES, Vbox
from emulator.simulator.mypages.schema import OPERATIONS
from emulator.simulator.mypages.tokens import ACCESS, REFRESH, STEP_UP, TRUST, MypagesTokens

HOSTS = 2

HANG_S = 60.0
"""A host that hangs keeps a request so long: clients give up earlier."""

MOST_CLIENT_FAULTS = 100
"""Mistakes of clients that are kept; one is enough to look at."""

LOGINS: dict[str, tuple[str, str, Callable[[MypagesLogins, Visit], Granted]]] = {
    "auth/login": ("POST", "/auth/login", MypagesLogins.login),
    "auth/mfa": ("POST", "/auth/mfa", MypagesLogins.send_code),
    "auth/mfa/validate": ("POST", "/auth/mfa/validate", MypagesLogins.validate),
    "auth/trust": ("POST", "/auth/trust", MypagesLogins.trust),
    "auth/token": ("GET", "/auth/token", MypagesLogins.refresh),
    "auth/distrust": ("DELETE", "/auth/trust/<detail>", MypagesLogins.distrust),
    "auth/logout": ("DELETE", "/auth/logout", MypagesLogins.logout),
}
"""Name of a request → method, path and answer (verisure-mypages.md §2)."""


@dataclass(slots=True)
class Mypages:
    """A face (face.py); guarded by the panel's lock."""

    backend: Backend
    unit: Vbox
    options: MypagesOptions
    client_faults: list[str] = field(default_factory=list)
    posts: int = 0
    tokens: MypagesTokens = field(init=False)
    logins: MypagesLogins = field(init=False)
    limits: MypagesLimits = field(init=False)
    orders: MypagesOrders = field(init=False)
    answers: MypagesAnswers = field(init=False)

    def __post_init__(self) -> None:
        backend, unit, options = self.backend, self.unit, self.options
        self.tokens, self.limits = MypagesTokens(backend.now), MypagesLimits(backend, options)
        self.logins = MypagesLogins(backend, options, self.tokens)
        self.orders = MypagesOrders(backend, unit, options)
        self.answers = MypagesAnswers(backend, unit, self.orders)

    @property
    def actions(self) -> Mapping[str, Callable[[], None]]:
        """The page can end access tokens, refresh tokens, trust in devices, and a block."""
        return {
            "sessions/kill": lambda: self.tokens.end(ACCESS),
            "tokens/revoke": lambda: self.tokens.end(REFRESH),
            "devices/forget": lambda: self.tokens.end(TRUST),
            "users/unblock": self.limits.forgive,
        }

    def state(self) -> dict[str, Any]:
        """Return its part of the state. The codes are in it: the page stands for the phone, too."""
        return {
            "letter": self.answers.standing,
            "sessions": self.tokens.living(),
            "sms": [asdict(sms) for sms in self.logins.messages],
            "posts": self.posts,
            "wrong_codes": self.orders.wrong_codes,
            "refused_requests": self.limits.refused,
            "client_faults": list(self.client_faults),
            "bypassed": list(self.backend.panel.stand(self.backend.now()).bypassed),
            "times": [list(one) for one in self.backend.times],
        }

    def reset(self) -> None:
        """Set the counters to zero."""
        self.posts = self.orders.wrong_codes = self.limits.refused = 0
        self.client_faults.clear()

    def pages(self) -> Blueprint:
        """Return the endpoints."""
        pages = Blueprint("mypages", __name__)

        @pages.post("/graphql", provide_automatic_options=False)
        def graphql() -> Response:
            body = request.get_json(silent=True, force=True)
            try:
                asked = calls.bodies(body)
            except Invalid as error:
                asked = [{}]
                self._blame("graphql", error)
            return self._meet([calls.name_of(one) for one in asked], lambda: self._graphql(asked))

        for name, (method, path, answer) in LOGINS.items():
            view = self._login_view(name, answer)
            pages.add_url_rule(path, name.replace("/", "-"), view, methods=[method], provide_automatic_options=False)
        return pages

    def _login_view(self, name: str, answer: Callable[[MypagesLogins, Visit], Granted]) -> Callable[..., Response]:
        def view(detail: str = "") -> Response:
            visit = replies.visit(detail)
            return self._meet([name], lambda: replies.granted(answer(self.logins, visit)))

        return view

    def _meet(self, names: Sequence[str], carry_out: Callable[[], Response]) -> Response:
        """Answer a request of these operations as the host that it went to does."""
        host, options = request.environ.get(HOST, 0), self.options
        hangs = (options.first_hangs, options.second_hangs)[host]
        with self.backend.panel.held():
            self.posts += 1
            for name in names:
                self.backend.received(name)
            reply = None
            if not hangs or options.hangs_after:
                reply = self._reply(host, names, carry_out)
            deliveries = [self.backend.faults.delivery(name) for name in names]
        delivery = Delivery(max(one.late_s for one in deliveries), any(one.lost for one in deliveries))
        if hangs or reply is None:
            self.backend.sleep(HANG_S)
            raise ConnectionDropped("the host hangs")
        return delivery.of(reply, self.backend.sleep)

    def _reply(self, host: int, names: Sequence[str], carry_out: Callable[[], Response]) -> Response:
        try:
            early = self._early(host, names)
            if early:
                return early
            user = self._user()
            if user:
                self.limits.check(user, names)
            return carry_out()
        except MypagesError as error:
            return replies.plain(error)

    def _early(self, host: int, names: Sequence[str]) -> Response | None:
        """Return the answer of the web server or the host, if the request does not pass them."""

        def strike(kind: str) -> bool:
            return any(self.backend.faults.strike(kind, name) for name in names)

        if strike("down"):
            raise ConnectionDropped("the cloud is down")
        for kind, title_and_status in PAGES.items():
            if strike(kind):
                return page(*title_and_status)
        if (self.options.first_passive, self.options.second_passive)[host]:
            raise failures.passive()
        for kind, (failed, is_within) in ERRORS.items():
            if strike(kind):
                return self._failed(failed(), names) if is_within else replies.plain(failed())
        if strike("echo"):
            basic = request.authorization
            said = f"{basic.username} {basic.password}" if basic else ""
            echoed = f"{dict(request.headers)} {said} {request.get_data(as_text=True)}"
            return self._failed(MypagesError(500, "SYS_00001", echoed), names)
        if strike("not_json"):
            return Response("{", mimetype="application/json")
        if strike("expire"):
            self.tokens.end(ACCESS)
        return None

    def _failed(self, error: MypagesError, names: Sequence[str]) -> Response:
        """Return an error in an answer with HTTP 200."""
        if names[0] in LOGINS:
            return replies.plain(error, 200)
        known = [OPERATIONS[name].field for name in names if name in OPERATIONS]
        return replies.listed([error.within(one) for one in known or ["unknown"]])

    def _user(self) -> str:
        """Return whose request it is; empty if that is unknown."""
        if request.authorization:
            return request.authorization.username or ""
        found = (self.tokens.holder(kind, request.cookies.get(kind)) for kind in (ACCESS, REFRESH, STEP_UP))
        return next((holder.account.user for holder in found if holder), "")

    def _graphql(self, asked: Sequence[Mapping[str, Any]]) -> Response:
        account = self.logins.customer(replies.visit())
        answers = []
        for one in asked:
            try:
                answer = self.answers.answer(calls.read(one), account)
            except Invalid as error:
                self._blame(calls.name_of(one), error)
                answer = {"errors": [{"message": str(error), "extensions": {"code": error.code}}]}
            except MypagesError as error:
                if error.whole:
                    raise
                answer = error.within(OPERATIONS[calls.name_of(one)].field)
            answers.append(replies.steered(answer) if self.options.steering else answer)
        return replies.listed(answers)

    def _blame(self, name: str, error: object) -> None:
        """Record a mistake of the client."""
        self.client_faults.append(f"{name}: {error}")
        del self.client_faults[:-MOST_CLIENT_FAULTS]


MYPAGES = FaceType(
    Mypages,
    MypagesOptions,
    "",
    frozenset((*OPERATIONS, *LOGINS)),
    KINDS,
    countries=COUNTRIES,
    units=PROFILES,
    has_annex=False,
    hosts=HOSTS,
    asks_code=True,
)
