"""The Hue door: a bridge whose lights are switches, over HTTP (lan-emulation.md §3), and its threads."""

import json
import logging
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from http import HTTPStatus

from flask import Blueprint, Flask, Response, request

from emulator.alarm.hub import Switch
from emulator.doors import DoorContext
from emulator.doors.hue import bridge
from emulator.doors.hue.bridge import Bridge
from emulator.doors.hue.lights import MAX_LIGHTS, STALE_S, Lights
from emulator.doors.hue.mdns import Mdns
from emulator.doors.hue.messages import ApiRequest
from emulator.doors.hue.names import named
from emulator.doors.hue.ports import port_taken
from emulator.doors.hue.settings import HTTPS, HueSettings
from emulator.doors.hue.v1 import Api, route_of
from emulator.errors import EmulatorError
from emulator.lan import network, upnp, wsgi
from emulator.lan.door import Life
from emulator.lan.network import Place
from emulator.lan.responder import Tenant
from emulator.lan.ssdp import UpnpDevice
from emulator.lan.web import PLACE, Web
from emulator.store import light_ids, pairing
from emulator.store.identities import BridgeIdentity
from emulator.words.language import accepted
from emulator.words.text import Text, sense

LOG = logging.getLogger(__name__)

PROBE_S = 1.0
"""For our own address to refuse a connection."""

STALE_POLLS = 3
"""Polls without news after which a light is out of reach at the earliest."""

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")


def blueprint(identity: BridgeIdentity, api: Api, port: Callable[[], int]) -> Blueprint:
    """The bridge's pages. Nothing here logs a path: the user's name in it is a key."""
    pages = Blueprint("hue", __name__)

    def here() -> Bridge:
        place: Place = request.environ[PLACE]
        return Bridge(identity, place.advertised, port(), str(place.network.netmask))

    @pages.get(bridge.DESCRIPTION)
    def show_description() -> Response:
        return Response(here().description(), content_type="text/xml; charset=utf-8")

    @pages.get("/")
    @pages.get(bridge.PAGE)
    def show_page() -> Response:
        language = accepted(request.headers.get("Accept-Language", ""), api.language)
        return Response(bridge.page(identity, language), content_type="text/html; charset=utf-8")

    @pages.get("/<icon>.png")
    def show_icon(icon: str) -> Response:
        side = bridge.ICONS.get(f"/{icon}.png")
        if side is None:
            return Response(status=HTTPStatus.NOT_FOUND)
        return Response(upnp.icon(side), content_type="image/png")

    @pages.route("/api", defaults={"path": ""}, methods=METHODS)
    @pages.route("/api/<path:path>", methods=METHODS)
    def call(path: str) -> Response:
        peer = str(request.remote_addr)
        segments = tuple(filter(None, path.split("/")))  # a slash at the end is tolerated
        body = request.get_data()  # as bytes, before anybody takes it for a form
        method = "GET" if request.method == "HEAD" else request.method
        answer = api.answer(ApiRequest(method, segments, body, peer, here()))
        LOG.debug("%s: %s %s", peer, method, route_of(segments[1:]))
        # Raw letters: whether Echos read \u is not known (§4.6). A lone surrogate comes back as a question mark.
        text = json.dumps(answer, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8", "replace")
        return Response(text, content_type="application/json; charset=utf-8", headers={"Cache-Control": "no-store"})

    @pages.errorhandler(Exception)
    def fail(defect: Exception) -> Response:
        LOG.error("a request from %s failed", request.remote_addr, exc_info=defect)
        answer = [api.failure("/", Text("the log of the emulator tells more"))]
        return Response(json.dumps(answer), content_type="application/json; charset=utf-8")

    return pages


class Hue(Tenant):
    """The Hue door. Its own thread opens the servers and follows the interfaces; the responder announces it."""

    def __init__(
        self,
        context: DoorContext,
        settings: HueSettings,
        *,
        sockets: Sequence[socket.socket] = (),
        probe: Callable[[str, int, float], bool | None] = network.answers,
    ) -> None:
        self.identity = pairing.identity(context.journal)
        switches = [switch for switch in context.hub.switches if "hue" in switch.doors]
        known = [switch.identity for switch in switches]
        identities, reshaped = light_ids.lights(context.journal, known, settings.light)
        self.lights = Lights(
            context.hub,
            named(switches, identities, suffix=settings.suffix, fold=settings.ascii),
            reply_within_s=context.reply_within_s,
            allow_sweep=settings.allow_sweep,
            stale_s=max(STALE_S, STALE_POLLS * context.poll_every_s),
        )
        if reshaped:
            LOG.warning(
                "doors.hue.light is now %s: %d lights of the bridge are new devices, as a light never changes its "
                "kind. Remove the old ones from the app, then let it search again",
                settings.light,
                len(reshaped),
            )
        self._users = pairing.Users(context.journal)
        self.api = Api(self.lights, self._users, pairing=settings.pairing, language=context.language)
        app = Flask(__name__, static_folder=None)
        app.config["MAX_CONTENT_LENGTH"] = wsgi.BODY
        app.url_map.strict_slashes = False
        app.url_map.merge_slashes = False
        app.register_blueprint(blueprint(self.identity, self.api, lambda: self._web.port))
        self._web = Web(
            "hue",
            app,
            settings.port,
            interfaces=context.interfaces,
            address=context.address,
            sockets=sockets,
            in_the_way=lambda hosts, error: port_taken(self._web.port, hosts, error),
            nics=context.nics,
        )
        self._mdns = Mdns(self.identity, self._web.port) if settings.mdns else None
        self._responder = context.responder
        self._probe = probe
        self._probed: set[str] = set()
        life = Life("hue-bridge", opening=self._open, look=self._look, closing=self._close, look_s=context.look_s)
        self._life = life

    def start(self) -> None:
        """Return when the bridge answers wherever it can; what is in the way is logged, and tried again."""
        self._life.start()
        self._responder.join(self)

    def stop(self) -> None:
        """Say goodbye on the LAN and close everything."""
        self._responder.leave(self)
        self._life.stop()

    def urls(self) -> tuple[tuple[Switch, str], ...]:
        """Return the switches that can be reached now, each with the bridge's description and its light there."""
        return tuple(
            (light.switch, f"{place.url(self._web.port)}{bridge.DESCRIPTION}#{light.id}")
            for light in self.lights.all.values()
            for place in self._web.served
        )

    def obstacles(self) -> tuple[str, ...]:
        """Return what is in the way of the bridge and of searches for it, as it was logged."""
        return (*self._web.obstacles(), *self._responder.obstacles(self))

    def report(self, switch: Switch) -> str:
        """Return what a client reads of its light."""
        light = next(light for light in self.lights.all.values() if light.switch is switch)
        state = self.lights.state(light)
        if state.reachable:
            return sense("switch", "on") if state.on else sense("switch", "off")
        return Text("on, out of reach") if state.on else Text("off, out of reach")

    def devices(self, place: Place) -> Sequence[UpnpDevice]:
        """Return the bridge at the places where it answers. Called on the responder's loop."""
        if place.host not in {served.host for served in self._web.served}:
            return ()
        return (bridge.upnp_device(self.identity, self._web.port),)

    # -- the door's own thread ------------------------------------------------------------------------------

    def _open(self) -> None:
        if len(self.lights.all) > MAX_LIGHTS:
            message = "%d switches are on the Hue bridge: with more than %d an Echo finds none of them"
            LOG.warning(message, len(self.lights.all), MAX_LIGHTS)
        if large := sum(number > light_ids.HIGHEST for number in self.lights.all):
            message = "%d lights have ids above %d, which some apps refuse: see “Small ids” in docs/hue.md"
            LOG.info(message, large, light_ids.HIGHEST)
        self.lights.resume()
        self._probed.clear()

    def _look(self) -> None:
        with suppress(EmulatorError):  # a journal that cannot be read is reported by its writers
            self._users.follow()
        self._web.look()
        if self._mdns:
            self._mdns.follow(self._web.served)
        for place in self._web.served:
            if place.host not in self._probed:
                self._probed.add(place.host)
                self._check_https(place.host)

    def _close(self) -> None:
        self.lights.stop()
        self._web.stop()
        if self._mdns:
            self._mdns.stop()

    def _check_https(self, host: str) -> None:
        with suppress(OSError):
            answers = self._probe(host, HTTPS, PROBE_S)
            if answers:
                LOG.warning(
                    "Something else answers on TCP port %d of %s: Echos ask there before they ask this bridge, and "
                    "may take the answer for the bridge's. If devices do not respond, move that program",
                    HTTPS,
                    host,
                )
            elif answers is None:
                LOG.warning(
                    "TCP port %d of %s neither answers nor refuses: an Echo then waits some 10 s before each command. "
                    "Let the firewall reject it instead of dropping it",
                    HTTPS,
                    host,
                )
