"""One HTTP connection of an event loop: requests in, answers out, timers and flow (lan-emulation.md §2.9)."""

import asyncio
import logging
import time
from http import HTTPStatus
from typing import Any, cast

from emulator.errors import ProtocolError
from emulator.lan import access
from emulator.lan.http1 import Conversation, Response
from emulator.lan.limits import Connections
from emulator.lan.network import Place
from emulator.lan.request_reader import Request
from emulator.lan.timer import Timer

LOG = logging.getLogger(__name__)

IDLE_S = 10.0
"""From one answer to the end of the next request; a slower peer is stalled, or idle for nothing."""

LINGER_S = 1.0
"""Half-close grace: read on after an error reply, so that a TCP reset does not discard it."""

NOTHING = Request("", "", {})


class HttpConnection(asyncio.Protocol):
    """Requests of one local peer at one place, answered one by one, in order, each with something.

    A server overrides `serve`, which calls `answer` at once or later; the other hooks do nothing by default.
    """

    def __init__(self, place: Place, connections: Connections[Any], idle_s: float = IDLE_S) -> None:
        self.place = place
        self.peer = ""
        self.transport: asyncio.Transport | None = None
        self.request = NOTHING
        self.conversation = Conversation()
        self.loop = asyncio.get_running_loop()
        self.timer = Timer(self.loop)
        self.since = self.loop.time()
        self.closing = False
        self._connections = connections
        self._idle_s = idle_s
        self._busy = self._blocked = self._serving = False

    # -- what a server does with it ------------------------------------------------------------------------

    def serve(self, request: Request) -> None:
        """Answer a request that may enter, now or later; a ProtocolError is refused."""
        raise NotImplementedError

    def refuse(self, error: ProtocolError) -> None:
        """Answer an error."""
        self.answer(Response(error.status))

    def warn(self, why: str) -> None:
        """Note a request that may not enter."""

    def abandoned(self) -> None:
        """Note that the peer leaves, or stalls, perhaps without its answer or in the middle of a request."""

    def turned_away(self) -> None:
        """Note that there is no room for this connection."""

    # -- asyncio -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take in local peers, as many as there is room for."""
        self.transport = cast(asyncio.Transport, transport)
        self.peer = (transport.get_extra_info("peername") or ("",))[0]
        if not access.is_local(self.peer, self.place.network):
            LOG.debug("%s is not in %s", self.peer, self.place.network)
            self._end(abort=True)
        elif not self._connections.add(self):
            self.turned_away()
            self.answer(Response(HTTPStatus.SERVICE_UNAVAILABLE, close=True))
            self._end()
        else:
            self.timer.start(self._idle_s, self._stalled)

    def data_received(self, data: bytes) -> None:
        """Take bytes of one request, of a part of it, or of several."""
        if not self.closing:
            self.conversation.feed(data)
            self._advance()

    def eof_received(self) -> bool:
        """Answer all the same what was asked: a peer that sends no more may have hung up, or not."""
        self.abandoned()
        if not self.closing:
            self.conversation.end()
            self._advance()
        return self._busy

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # for a server
        """Let go; an answer that comes later has nowhere to go."""
        self.abandoned()
        self.closing = True
        self._connections.discard(self)
        self.conversation.close()
        self.timer.stop()

    def pause_writing(self) -> None:
        """Take nothing from a peer that does not read its answers."""
        self._blocked = True
        self._flow()

    def resume_writing(self) -> None:
        """Go on; the peer reads again."""
        self._blocked = False
        self._flow()
        self._advance()

    # -- Connection, for the limits ------------------------------------------------------------------------

    @property
    def is_served(self) -> bool:
        """Return whether a whole request waits for our answer."""
        return self._busy

    def shut(self) -> None:
        """Close now: the program stops, the address is gone, or another peer needs the room."""
        self._end(abort=True)

    # -- a request and its answer --------------------------------------------------------------------------

    def answer(self, response: Response) -> None:
        """Answer the request under way, and go on with the next."""
        whole, self._busy, self.since = self._busy, False, self.loop.time()
        LOG.debug("%s: %s %s: %d", self.peer, self.request.method, self.request.path, response.status)
        if self.transport is None or self.closing:
            return
        self.transport.write(self.conversation.answer(response, time.time()))
        if response.after:
            response.after()
        if not self.conversation.over:
            self._flow()
            self.timer.start(self._idle_s, self._stalled)
            if not self._serving:  # else the loop in `_advance` goes on by itself
                self._advance()
        elif whole or not self.transport.can_write_eof():
            self._end()
        else:
            self.closing = True
            self.transport.write_eof()
            self.timer.start(LINGER_S, self.transport.abort)

    def _advance(self) -> None:
        while not (self._busy or self._blocked or self.closing):
            try:
                request = self.conversation.next()
            except ProtocolError as error:
                LOG.debug("%s sent no HTTP: %s", self.peer, error)
                self.answer(Response(error.status, close=True))
                return
            if self.transport and (go_on := self.conversation.go_on()):
                self.transport.write(go_on)
            if request is None:
                return
            self._serve(request)

    def _serve(self, request: Request) -> None:
        self.request, self._busy = request, True
        self.timer.rest()
        self._serving = True
        try:
            self._check(request)
            self.serve(request)
        except ProtocolError as error:
            self.refuse(error)
        except Exception:  # whatever a request does to us, its peer is answered and the loop goes on
            LOG.exception("%s %s from %s", request.method, request.path, self.peer)
            self.answer(Response(HTTPStatus.INTERNAL_SERVER_ERROR, close=True))
        finally:
            self._serving = False
        if self._busy:
            self._flow()

    def _check(self, request: Request) -> None:
        """Refuse what names another host, or comes from a web page of others."""
        ours = {self.place.host, self.place.advertised}
        why = access.why_not_enter(self.peer, request.method, request.headers, ours)
        if not why and request.authority:
            why = access.why_not_enter(self.peer, request.method, {"host": request.authority}, ours)
        if why:
            self.warn(why)
            raise ProtocolError(why, HTTPStatus.FORBIDDEN)

    def _end(self, abort: bool = False) -> None:
        self.closing = True
        self.timer.stop()
        if self.transport:
            (self.transport.abort if abort else self.transport.close)()

    # -- flow and time -------------------------------------------------------------------------------------

    def _flow(self) -> None:
        """Read only while something can be done with it, so that no peer fills the memory."""
        if self.transport is None or self.closing:
            return
        if self._busy or self._blocked:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def _stalled(self) -> None:
        if self.conversation.started and not self._blocked:
            self.abandoned()
            self.answer(Response(HTTPStatus.REQUEST_TIMEOUT, close=True))
        else:
            self._end(abort=self._blocked)
