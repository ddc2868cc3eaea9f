"""The requests to a WeMo socket, on fauxmo's protocol class (lan-emulation.md §2.3-2.9). Runs on the loop's thread."""

import logging
from collections.abc import Callable, Collection, Mapping
from functools import partial
from http import HTTPStatus

from emulator.doors.wemo import description, soap
from emulator.doors.wemo.description import BASICEVENT, METAINFO, Service
from emulator.doors.wemo.plug import Plug
from emulator.doors.wemo.walk import Walked
from emulator.errors import EmulatorError, ProtocolError
from emulator.lan import network, upnp
from emulator.lan.connection import IDLE_S, HttpConnection
from emulator.lan.http1 import Response
from emulator.lan.limits import Connections
from emulator.lan.network import Place
from emulator.lan.request_reader import Request
from emulator.model import Origin
from emulator.system import logs

with logs.undisturbed():
    from fauxmo.protocols import Fauxmo

LOG = logging.getLogger(__name__)

REPLY_WITHIN_S = 0.8
"""For a set: openHAB tries the next port after 1 s, where another switch is; see soap.declined."""

UNREAD_S = 1.0
"""After an answer; a reset within it means that the client did not read it. openHAB waits one second in all."""

XML = ("CONTENT-TYPE", 'text/xml; charset="utf-8"')
SOAP = (XML, ("EXT", ""))

SENT = frozenset({"text/xml", "application/xml", "application/soap+xml"})
"""Content types that no browser sends across sites unasked."""

STATE = ("BinaryState",)

NOT_DONE = {"BinaryState": "Error"}
"""As real sockets say."""

UNREAD = "The alarm has not been read yet"


class WemoSwitch(HttpConnection, Fauxmo):
    """One connection to a switch."""

    def __init__(
        self,
        plug: Plug,
        place: Place,
        connections: "Connections[WemoSwitch]",
        reply_within_s: float = REPLY_WITHIN_S,
        idle_s: float = IDLE_S,
    ) -> None:
        # Not Fauxmo's own: it takes a FauxmoPlugin, where merely looking up `on` executes it (lan-emulation.md §6.1).
        super().__init__(place, connections, idle_s)
        self.name = plug.switch.name
        self.serial = plug.switch.identity.serial
        self._plug = plug
        self._switches = connections
        self._reply_within_s = reply_within_s
        self._set: soap.Invocation | None = None
        self._answered = (float("-inf"), False)
        self._wasted = False

    # -- a client that gives up, and may walk to the next port ----------------------------------------------

    def turned_away(self) -> None:
        """Note a connection that there is no room for: its set comes to nothing."""
        self._plug.came_to_nothing(self.peer)

    def abandoned(self) -> None:
        """Note a peer that leaves without its answer, or in the middle of a POST."""
        if self._set:
            self._plug.came_to_nothing(self.peer, self._set.on)
        elif self.conversation.started and self.conversation.first == b"P" and not self.closing:
            self._plug.came_to_nothing(self.peer)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note an answer that was not read. A command that was submitted goes on."""
        super().connection_lost(exc)
        answered_at, on = self._answered
        if exc and self.loop.time() - answered_at < UNREAD_S:
            # The client's patience had ended while our answer was on its way.
            self._plug.came_to_nothing(self.peer, on)
        self._set = None

    def look_for_end(self) -> None:
        """Note it when the peer has hung up on its set: while that waits, nothing is read, not even the end."""
        if self._set is None or self.transport is None or self.closing or self._wasted:
            return
        sock = self.transport.get_extra_info("socket")
        if sock and network.hung_up(sock.fileno()):
            self._wasted = True
            self.abandoned()

    # -- requests -------------------------------------------------------------------------------------------

    def serve(self, request: Request) -> None:
        """Call the handler of a path and method."""
        methods = ROUTES.get(request.path)
        if methods is None:
            raise ProtocolError("No such path", HTTPStatus.NOT_FOUND)
        handler = methods.get("GET" if request.method == "HEAD" else request.method)
        (handler or partial(WemoSwitch._handle_wrong_method, methods=methods))(self)

    def warn(self, why: str) -> None:
        """Log a request that may not enter."""
        self._plug.warn(self.peer, why)

    def refuse(self, error: ProtocolError) -> None:
        """Answer an error; a UPnP fault with its envelope."""
        if isinstance(error, soap.UpnpFault):
            self.answer(Response(error.status, soap.fault(error.code, str(error)), SOAP))
        else:
            super().refuse(error)

    def _handle_wrong_method(self, methods: Collection[str]) -> None:
        allowed = [*methods, *(["HEAD"] if "GET" in methods else [])]
        self.answer(Response(HTTPStatus.METHOD_NOT_ALLOWED, headers=(("ALLOW", ", ".join(allowed)),)))

    def handle_setup(self) -> None:
        """GET setup.xml."""
        self._document(description.setup(self._plug.facts(self.place)))

    def handle_event(self) -> None:
        """GET the description of basicevent."""
        self._document(description.scpd(BASICEVENT))

    def handle_metainfo(self) -> None:
        """GET the description of metainfo."""
        self._document(description.scpd(METAINFO))

    def handle_icon(self) -> None:
        """GET the icon."""
        self._document(upnp.icon(description.ICON_SIDE_PX), ("CONTENT-TYPE", "image/png"))

    def handle_page(self) -> None:
        """GET the presentation page."""
        self._document(description.page(self._plug.facts(self.place)), ("CONTENT-TYPE", "text/html; charset=utf-8"))

    def handle_action(self, msg: str, service: Service = BASICEVENT) -> None:
        """POST a SOAP envelope."""
        headers = self.request.headers
        content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if "soapaction" not in headers and content_type not in SENT:
            # A form of any web page can send this without asking first (§1.7). UPnP clients send SOAPACTION.
            self.warn("without SOAPACTION and not as XML")
            raise ProtocolError("An action has a SOAPACTION header", HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        call = soap.parse(service, headers.get("soapaction", ""), msg)
        if call.on is None:
            self._tell(service, call)
            return
        for other in self._switches.of(self.peer):
            other.look_for_end()
        self._set, self._wasted = call, False
        self.timer.start(self._reply_within_s, self._turned, call)
        self._plug.turn(call.on, Origin("wemo", self.peer, self.name), partial(self._turned, call))

    def handle_question(self, service: Service) -> None:
        """GET with a SOAP envelope, as w3mo asks: no more than a question, whatever it asks for."""
        soapaction = self.request.headers.get("soapaction", "")
        call = soap.parse(service, soapaction, self.request.body) if soapaction and self.request.body else None
        if call and call.on is None:
            self._tell(service, call)
        else:
            self._handle_wrong_method({"POST"})

    def _tell(self, service: Service, call: soap.Invocation) -> None:
        values = self._values(call)
        if call.action.name == "GetBinaryState" and not values:
            self._decline(service, call, UNREAD, {})
        else:
            self._reply(service, call, values)

    def _turned(self, call: soap.Invocation, error: EmulatorError | None = None) -> None:
        """Answer a set on the first of: accepted by the cloud, refused, has to wait, REPLY_WITHIN_S over."""
        if self._set is not call:
            return
        if not isinstance(error, Walked):  # at the next port nothing came to nothing of itself
            self.look_for_end()
        self._set = None
        self._answered = (self.loop.time(), bool(call.on))
        try:
            if isinstance(error, Walked):
                self.refuse(soap.UpnpFault(soap.ACTION_FAILED, str(error)))
            elif error:
                self._plug.came_to_nothing(self.peer, call.on)
                self._decline(BASICEVENT, call, str(error), NOT_DONE)
            else:
                self._reply(BASICEVENT, call, self._values(call))
        except Exception:  # anything but 2xx sends the command to another switch
            LOG.exception("%s: answering %s failed", self.peer, call.action.name)
            self._decline(BASICEVENT, call, "Internal error; the log of the emulator tells more", NOT_DONE)

    def _values(self, call: soap.Invocation) -> Mapping[str, str]:
        if call.action.outs == STATE:  # asked for all the time, and nothing else needs to be put together for it
            return description.state(self._plug.on)
        return self._plug.facts(self.place).values()

    def _reply(self, service: Service, call: soap.Invocation, values: Mapping[str, str]) -> None:
        self.answer(Response(HTTPStatus.OK, soap.reply(service, call.action, values), SOAP))

    def _decline(self, service: Service, call: soap.Invocation, why: str, values: Mapping[str, str]) -> None:
        body = soap.declined(service, call.action, values, soap.ACTION_FAILED, why)
        self.answer(Response(HTTPStatus.OK, body, SOAP))

    def handle_subscription(self, service: Service) -> None:
        """SUBSCRIBE and UNSUBSCRIBE."""

        def initial() -> bytes | None:
            if service is BASICEVENT and not self._plug.read:  # what was true when an earlier run ended
                return None
            values = self._plug.facts(self.place).values()
            known = {name: values[name] for name in service.evented if name in values}
            return soap.propertyset(known) if known else None

        publisher, topic, headers = self._plug.publisher, self._plug.topic(service), self.request.headers
        if self.request.method == "SUBSCRIBE":
            self.answer(publisher.subscribe(topic, self.peer, self.place, headers, initial))
        else:
            self.answer(publisher.unsubscribe(topic, self.peer, headers))

    def _document(self, body: bytes, kind: tuple[str, str] = XML) -> None:
        self.answer(Response(HTTPStatus.OK, body, (kind,), close=True))  # as real sockets do on a GET (§2.9)


Handler = Callable[[WemoSwitch], None]
GETS: dict[str, Handler] = {
    description.SETUP: WemoSwitch.handle_setup,
    description.ICON: WemoSwitch.handle_icon,
    description.PAGE: WemoSwitch.handle_page,
    BASICEVENT.scpd: WemoSwitch.handle_event,
    METAINFO.scpd: WemoSwitch.handle_metainfo,
}


def _actions(service: Service) -> dict[str, Handler]:
    return {
        "POST": lambda connection: connection.handle_action(connection.request.body, service),
        "GET": lambda connection: connection.handle_question(service),
    }


def _subscriptions(service: Service) -> Handler:
    return lambda connection: connection.handle_subscription(service)


ROUTES: dict[str, dict[str, Handler]] = {
    **{path: {"GET": handler} for path, handler in GETS.items()},
    **{service.control: _actions(service) for service in description.SERVICES},
    **{
        service.event: dict.fromkeys(("SUBSCRIBE", "UNSUBSCRIBE"), _subscriptions(service))
        for service in description.SERVICES
    },
}
"""Path → method → handler: all that the descriptions advertise, and nothing else."""
