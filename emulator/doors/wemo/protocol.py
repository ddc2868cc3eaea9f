"""The requests to a WeMo socket, on fauxmo's protocol class (lan-emulation.md §2.3-2.9). Runs on the loop's thread."""

import logging
import re
from collections.abc import Callable, Collection, Mapping
from functools import partial
from http import HTTPStatus

from emulator.doors.wemo import description, soap
from emulator.doors.wemo.description import BASICEVENT, METAINFO, Facts, Service
from emulator.doors.wemo.plug import DEFECT, Plug
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
from emulator.words.language import accepted
from emulator.words.text import Text

with logs.undisturbed():
    from fauxmo.protocols import Fauxmo

LOG = logging.getLogger(__name__)

REPLY_WITHIN_S = 0.8
"""For a set: openHAB tries the next port after 1 s, where another switch is; see soap.declined."""

UNREAD_S = 1.0
"""After an answer; a reset within it means that the client did not read it. openHAB waits one second in all."""

XML = 'text/xml; charset="utf-8"'
SOAP = (("CONTENT-TYPE", XML), ("EXT", ""))

SENT = frozenset({"text/xml", "application/xml", "application/soap+xml"})
"""Content types that no browser sends across sites unasked."""

STATE = ("BinaryState",)

NOT_DONE = {"BinaryState": "Error"}
"""As real sockets say."""

UNREAD = Text("The alarm has not been read yet")


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
        """Answer by path and method: all that the descriptions advertise, and nothing else."""
        methods = ROUTES.get(re.sub("/{2,}", "/", request.path))  # clients join paths carelessly
        if methods is None:
            raise ProtocolError("No such path", HTTPStatus.NOT_FOUND)
        handler = methods.get("GET" if request.method == "HEAD" else request.method)
        response = handler(self) if handler else _wrong_method(methods)
        if response:
            self.answer(response)

    def warn(self, why: str) -> None:
        """Log a request that may not enter."""
        self._plug.warn(self.peer, why)

    def refuse(self, error: ProtocolError) -> None:
        """Answer an error; a UPnP fault with its envelope."""
        if isinstance(error, soap.UpnpFault):
            self.answer(self._fault(error.code, error))
        else:
            super().refuse(error)

    def facts(self) -> Facts:
        """Return the facts that descriptions and actions tell, as seen from here."""
        return self._plug.facts(self.place)

    def act(self, service: Service) -> Response | None:
        """Answer the POST of a SOAP envelope; a set later, unless it ends at once."""
        headers = self.request.headers
        content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if "soapaction" not in headers and content_type not in SENT:
            # A form of any web page can send this without asking first (§1.7). UPnP clients send SOAPACTION.
            self.warn("without SOAPACTION and not as XML")
            raise ProtocolError("An action has a SOAPACTION header", HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        call = soap.parse(service, headers.get("soapaction", ""), self.request.body)
        if call.on is None:
            return self._told(service, call)
        for other in self._connections.of(self.peer):
            other.look_for_end()
        self._set, self._wasted = call, False
        self.timer.start(self._reply_within_s, self._turned, call)
        self._plug.turn(call.on, Origin("wemo", self.peer, self.name), partial(self._turned, call))
        return None

    def question(self, service: Service) -> Response:
        """Answer a GET with a SOAP envelope, as w3mo asks: no more than a question, whatever it asks for."""
        soapaction = self.request.headers.get("soapaction", "")
        call = soap.parse(service, soapaction, self.request.body) if soapaction and self.request.body else None
        return self._told(service, call) if call and call.on is None else _wrong_method({"POST"})

    def subscription(self, service: Service) -> Response:
        """Answer SUBSCRIBE and UNSUBSCRIBE."""

        def initial() -> bytes | None:
            if service is BASICEVENT and not self._plug.read:  # a state of before the restart
                return None
            values = self.facts().values()
            known = {name: values[name] for name in service.evented if name in values}
            return soap.propertyset(known) if known else None

        publisher, topic, headers = self._plug.publisher, self._plug.topic(service), self.request.headers
        if self.request.method == "SUBSCRIBE":
            return publisher.subscribe(topic, self.peer, self.place, headers, initial)
        return publisher.unsubscribe(topic, self.peer, headers)

    def _told(self, service: Service, call: soap.Invocation) -> Response:
        values = self._values(call)
        if call.action.name == "GetBinaryState" and not values:
            return self._declined(service, call, UNREAD, {})
        return _done(service, call, values)

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
                response = self._fault(soap.ACTION_FAILED, error)
            elif error:
                self._plug.came_to_nothing(self.peer, call.on)
                response = self._declined(BASICEVENT, call, str(error), NOT_DONE)
            else:
                response = _done(BASICEVENT, call, self._values(call))
        except Exception:  # anything but 2xx sends the command to another switch
            LOG.exception("%s: answering %s failed", self.peer, call.action.name)
            response = self._declined(BASICEVENT, call, DEFECT, NOT_DONE)
        self.answer(response)

    def page(self) -> bytes:
        """Return the presentation page, in the language of the browser that asks."""
        house = self._plug.language
        return description.page(self.facts(), accepted(self.request.headers.get("accept-language", ""), house))

    def _declined(self, service: Service, call: soap.Invocation, why: str, values: Mapping[str, str]) -> Response:
        said = self._plug.language.say(why)
        return Response(HTTPStatus.OK, soap.declined(service, call.action, values, soap.ACTION_FAILED, said), SOAP)

    def _fault(self, code: int, error: EmulatorError) -> Response:
        said = self._plug.language.say(str(error))
        return Response(HTTPStatus.INTERNAL_SERVER_ERROR, soap.fault(code, said), SOAP)

    def _values(self, call: soap.Invocation) -> Mapping[str, str]:
        if call.action.outs == STATE:  # asked for all the time, and nothing else needs to be put together for it
            return description.state(self._plug.on)
        return self.facts().values()


def _document(body: bytes, content_type: str = XML) -> Response:
    # Closed, as real sockets do on a GET (§2.9).
    return Response(HTTPStatus.OK, body, (("CONTENT-TYPE", content_type),), close=True)


def _wrong_method(methods: Collection[str]) -> Response:
    allowed = [*methods, *(["HEAD"] if "GET" in methods else [])]
    return Response(HTTPStatus.METHOD_NOT_ALLOWED, headers=(("ALLOW", ", ".join(allowed)),))


def _done(service: Service, call: soap.Invocation, values: Mapping[str, str]) -> Response:
    return Response(HTTPStatus.OK, soap.reply(service, call.action, values), SOAP)


Handler = Callable[[WemoSwitch], Response | None]

DOCUMENTS: dict[str, Handler] = {
    description.SETUP: lambda switch: _document(description.setup(switch.facts())),
    description.ICON: lambda _: _document(upnp.icon(description.ICON_SIDE_PX), "image/png"),
    description.PAGE: lambda switch: _document(switch.page(), "text/html; charset=utf-8"),
}


def _service(service: Service) -> dict[str, dict[str, Handler]]:
    return {
        service.scpd: {"GET": lambda _: _document(description.scpd(service))},
        service.control: {"POST": lambda switch: switch.act(service), "GET": lambda switch: switch.question(service)},
        service.event: dict.fromkeys(("SUBSCRIBE", "UNSUBSCRIBE"), lambda switch: switch.subscription(service)),
    }


ROUTES: dict[str, dict[str, Handler]] = {
    **{path: {"GET": handler} for path, handler in DOCUMENTS.items()},
    **_service(BASICEVENT),
    **_service(METAINFO),
}
"""Path → method → handler."""
