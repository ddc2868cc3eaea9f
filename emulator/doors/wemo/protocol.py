"""A WeMo socket's HTTP, on fauxmo's protocol class (lan-emulation.md §2.3-2.9). Runs on the loop's thread."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping
from functools import partial
from http import HTTPStatus

from emulator.doors.wemo import description, soap
from emulator.doors.wemo.description import BASICEVENT, METAINFO, Service
from emulator.doors.wemo.plug import Plug
from emulator.doors.wemo.walk import Walked
from emulator.errors import EmulatorError, ProtocolError
from emulator.lan import access, network, upnp
from emulator.lan.http1 import Conversation, Request, Response
from emulator.lan.limits import Connections
from emulator.lan.network import Place
from emulator.lan.timer import Timer
from emulator.model import Origin
from emulator.system import logs

with logs.undisturbed():
    from fauxmo.protocols import Fauxmo

LOG = logging.getLogger(__name__)

IDLE = 10.0  # seconds from one answer to the end of the next request; a slower peer is stalled, or idle for nothing
LINGER = 1.0  # seconds to hear out a peer that is still sending what we refused, lest a reset eats the answer
REPLY_WITHIN = 0.8  # seconds for a set: openHAB tries the next port after 1, where another switch is; see soap.declined
UNREAD_S = 1.0  # seconds after an answer in which a reset means that nobody read it; openHAB waits one in all

NOTHING = Request("", "", {})
XML = ("CONTENT-TYPE", 'text/xml; charset="utf-8"')
SOAP = (XML, ("EXT", ""))
SENT = frozenset({"text/xml", "application/xml", "application/soap+xml"})  # no browser sends these across sites unasked
STATE = ("BinaryState",)
NOT_DONE = {"BinaryState": "Error"}  # as real sockets say
UNREAD = "The alarm has not been read yet"


class WemoSwitch(Fauxmo):
    """One connection to a switch: its requests are answered one by one, in order, each with something."""

    def __init__(
        self,
        plug: Plug,
        place: Place,
        connections: "Connections[WemoSwitch]",
        reply_within_s: float = REPLY_WITHIN,
        idle_s: float = IDLE,
    ) -> None:
        # Not Fauxmo's own: it takes a FauxmoPlugin, where merely looking up `on` executes it (lan-emulation.md §6.1).
        self.name = plug.switch.name
        self.serial = plug.switch.identity.serial
        self.transport: asyncio.Transport | None = None
        self._plug = plug
        self.place = place
        self._connections = connections
        self._reply_within_s = reply_within_s
        self._idle_s = idle_s
        self._conversation = Conversation()
        self._request = NOTHING
        self._loop = asyncio.get_running_loop()
        self.peer = ""
        self.since = self._loop.time()
        self._set: soap.Invocation | None = None
        self._answered = (float("-inf"), False)
        self._routing = False
        self._busy = self._blocked = self._closing = self._wasted = self._posts = False
        self._timer = Timer(self._loop)

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take in local peers, as many as there is room for."""
        super().connection_made(transport)
        self.peer = (transport.get_extra_info("peername") or ("",))[0]
        if not access.is_local(self.peer, self.place.network):
            LOG.debug("%s is not in %s", self.peer, self.place.network)
            self._end(abort=True)
            return
        if not self._connections.add(self):
            self._plug.came_to_nothing(self.peer)
            self._answer(Response(HTTPStatus.SERVICE_UNAVAILABLE, close=True))
            self._end()
            return
        self._timer.start(self._idle_s, self._stalled)

    def data_received(self, data: bytes) -> None:
        """Bytes of one request, of a part of it, or of several."""
        if not self._closing:
            if not self._conversation.started:
                self._posts = data.lstrip(b"\r\n").startswith(b"P")
            self._conversation.feed(data)
            self._advance()

    def eof_received(self) -> bool:
        """The peer sends no more; what it has asked is still answered, though it may have hung up."""
        self._note_waste()
        if not self._closing:
            self._conversation.end()
            self._advance()
        return self._busy

    def connection_lost(self, exc: Exception | None) -> None:
        """A command that was submitted goes on; only its answer has nowhere to go."""
        self._note_waste()
        answered_at, on = self._answered
        if exc and self._loop.time() - answered_at < UNREAD_S:
            # Its patience had ended while our answer was on its way.
            self._plug.came_to_nothing(self.peer, on)
        self._set = None
        self._closing = True
        self._connections.discard(self)
        self._conversation.close()
        self._timer.stop()

    def look_for_end(self) -> None:
        """Note it when the peer has hung up on its set: while that waits, nothing is read, not even the end."""
        if self._set is None or self.transport is None or self._closing or self._wasted:
            return
        sock = self.transport.get_extra_info("socket")
        if sock and network.hung_up(sock.fileno()):
            self._wasted = True
            self._note_waste()

    def _note_waste(self) -> None:
        """A peer that leaves without its answer, or in the middle of a POST, may try another port next."""
        if self._set:
            self._plug.came_to_nothing(self.peer, self._set.on)
        elif self._conversation.started and self._posts and not self._closing:
            self._plug.came_to_nothing(self.peer)

    def pause_writing(self) -> None:
        """The peer does not read its answers: take nothing from it until it does."""
        self._blocked = True
        self._flow()

    def resume_writing(self) -> None:
        """The peer reads again."""
        self._blocked = False
        self._flow()
        self._advance()

    @property
    def is_served(self) -> bool:
        """Whether a whole request waits for our answer."""
        return self._busy

    def shut(self) -> None:
        """Close now: the program stops, the address is gone, or another peer needs the room."""
        self._end(abort=True)

    # A request

    def _advance(self) -> None:
        while not (self._busy or self._blocked or self._closing):
            try:
                request = self._conversation.next()
            except ProtocolError as error:
                LOG.debug("%s sent no HTTP: %s", self.peer, error)
                self._answer(Response(error.status, close=True))
                return
            if self.transport and (go_on := self._conversation.go_on()):
                self.transport.write(go_on)
            if request is None:
                return
            self._serve(request)

    def _serve(self, request: Request) -> None:
        self._request, self._busy = request, True
        self._timer.rest()
        self._routing = True
        try:
            self._route(request)(self)
        except ProtocolError as error:
            self._refuse(error)
        except Exception:  # whatever a request does to us, its peer is answered and the loop goes on
            LOG.exception("%s %s from %s", request.method, request.path, self.peer)
            self._answer(Response(HTTPStatus.INTERNAL_SERVER_ERROR, close=True))
        finally:
            self._routing = False

    def _route(self, request: Request) -> "Handler":
        ours = {self.place.host, self.place.advertised}
        why = access.why_not_enter(self.peer, request.method, request.headers, ours)
        if not why and request.authority:
            why = access.why_not_enter(self.peer, request.method, {"host": request.authority}, ours)
        if why:
            self._plug.warn(self.peer, why)
            raise ProtocolError(why, HTTPStatus.FORBIDDEN)
        methods = ROUTES.get(request.path)
        if methods is None:
            raise ProtocolError("No such path", HTTPStatus.NOT_FOUND)
        handler = methods.get("GET" if request.method == "HEAD" else request.method)
        return handler or partial(WemoSwitch._handle_wrong_method, methods=methods)

    def _handle_wrong_method(self, methods: Collection[str]) -> None:
        allowed = [*methods, *(["HEAD"] if "GET" in methods else [])]
        self._answer(Response(HTTPStatus.METHOD_NOT_ALLOWED, headers=(("ALLOW", ", ".join(allowed)),)))

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
        headers = self._request.headers
        if (
            "soapaction" not in headers
            and headers.get("content-type", "").partition(";")[0].strip().lower() not in SENT
        ):
            # What a form of any web page can send without asking first (§1.7). Whoever speaks UPnP sends SOAPACTION.
            self._plug.warn(self.peer, "without SOAPACTION and not as XML")
            raise ProtocolError("An action has a SOAPACTION header", HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        call = soap.parse(service, headers.get("soapaction", ""), msg)
        if call.on is None:
            self._tell(service, call)
        else:
            for other in self._connections.of(self.peer):
                other.look_for_end()
            self._set, self._wasted = call, False
            self._timer.start(self._reply_within_s, self._turned, call)
            self._plug.turn(call.on, Origin("wemo", self.peer, self.name), partial(self._turned, call))
            self._flow()

    def handle_question(self, service: Service) -> None:
        """GET with a SOAP envelope, as w3mo asks: no more than a question, whatever it asks for."""
        request = self._request
        soapaction = request.headers.get("soapaction", "")
        call = soap.parse(service, soapaction, request.body) if soapaction and request.body else None
        if call and call.on is None:
            self._tell(service, call)
        else:
            self._handle_wrong_method({"POST"})

    def _tell(self, service: Service, call: soap.Invocation) -> None:
        if call.action.name == "GetBinaryState" and self._plug.on is None:
            self._decline(service, call, UNREAD, {})
        else:
            self._reply(service, call)

    def _turned(self, call: soap.Invocation, error: EmulatorError | None = None) -> None:
        """The cloud took the command, or refused it, or it has to wait, or patience ended: the first is the answer."""
        if self._set is not call:
            return
        if not isinstance(error, Walked):  # at the next port nothing came to nothing of itself
            self.look_for_end()
        self._set = None
        self._answered = (self._loop.time(), bool(call.on))
        try:
            if isinstance(error, Walked):
                self._refuse(soap.UpnpFault(soap.ACTION_FAILED, str(error)))
            elif error:
                self._plug.came_to_nothing(self.peer, call.on)
                self._decline(BASICEVENT, call, str(error), NOT_DONE)
            else:
                self._reply(BASICEVENT, call)
        except Exception:  # anything but 2xx sends the command to another switch
            LOG.exception("%s: answering %s failed", self.peer, call.action.name)
            self._decline(BASICEVENT, call, "Internal error; the log of the emulator tells more", NOT_DONE)
        if not self._routing:  # else whoever routes goes on by itself
            self._advance()

    def _reply(self, service: Service, call: soap.Invocation) -> None:
        if call.action.outs == STATE:  # asked for all the time, and nothing else needs to be put together for it
            values = description.state(self._plug.on)
        else:
            values = self._plug.facts(self.place).values()
        self._answer(Response(HTTPStatus.OK, soap.reply(service, call.action, values), SOAP))

    def _decline(self, service: Service, call: soap.Invocation, why: str, values: Mapping[str, str]) -> None:
        body = soap.declined(service, call.action, values, soap.ACTION_FAILED, why)
        self._answer(Response(HTTPStatus.OK, body, SOAP))

    def handle_subscription(self, service: Service) -> None:
        """SUBSCRIBE and UNSUBSCRIBE."""

        def initial() -> bytes | None:
            if service is BASICEVENT and not self._plug.read:  # what was true when an earlier run ended
                return None
            values = self._plug.facts(self.place).values()
            known = {name: values[name] for name in service.evented if name in values}
            return soap.propertyset(known) if known else None

        publisher, topic, headers = self._plug.publisher, self._plug.topic(service), self._request.headers
        if self._request.method == "SUBSCRIBE":
            self._answer(publisher.subscribe(topic, self.peer, self.place, headers, initial))
        else:
            self._answer(publisher.unsubscribe(topic, self.peer, headers))

    # An answer

    def _document(self, body: bytes, kind: tuple[str, str] = XML) -> None:
        self._answer(Response(HTTPStatus.OK, body, (kind,), close=True))  # as real sockets do on a GET (§2.9)

    def _refuse(self, error: ProtocolError) -> None:
        if isinstance(error, soap.UpnpFault):
            self._answer(Response(error.status, soap.fault(error.code, str(error)), SOAP))
        else:
            self._answer(Response(error.status))

    def _answer(self, response: Response) -> None:
        whole, self._busy, self.since = self._busy, False, self._loop.time()
        LOG.debug("%s: %s %s: %d", self.peer, self._request.method, self._request.path, response.status)
        if self.transport is None or self._closing:
            return
        self.transport.write(self._conversation.answer(response, time.time()))
        if response.after:
            response.after()
        if not self._conversation.over:
            self._flow()
            self._timer.start(self._idle_s, self._stalled)
        elif whole or not self.transport.can_write_eof():
            self._end()
        else:
            self._closing = True
            self.transport.write_eof()
            self._timer.start(LINGER, self.transport.abort)

    def _end(self, abort: bool = False) -> None:
        self._closing = True
        self._timer.stop()
        if self.transport:
            (self.transport.abort if abort else self.transport.close)()

    # Flow and time

    def _flow(self) -> None:
        """Read only while something can be done with it, so that no peer fills the memory."""
        if self.transport is None or self._closing:
            return
        if self._busy or self._blocked:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def _stalled(self) -> None:
        if self._conversation.started and not self._blocked:
            self._note_waste()
            self._answer(Response(HTTPStatus.REQUEST_TIMEOUT, close=True))
        else:
            self._end(abort=self._blocked)


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
        "POST": lambda connection: connection.handle_action(connection._request.body, service),
        "GET": lambda connection: connection.handle_question(service),
    }


def _subscriptions(service: Service) -> Handler:
    return lambda connection: connection.handle_subscription(service)


# Paths, their methods and who answers them: all that the descriptions advertise, and nothing else.
ROUTES: dict[str, dict[str, Handler]] = {
    **{path: {"GET": handler} for path, handler in GETS.items()},
    **{service.control: _actions(service) for service in description.SERVICES},
    **{
        service.event: dict.fromkeys(("SUBSCRIBE", "UNSUBSCRIBE"), _subscriptions(service))
        for service in description.SERVICES
    },
}
