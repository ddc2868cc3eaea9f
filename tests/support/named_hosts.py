"""Names of a cloud, served over TLS on this machine, for programs that know no other address.

Such a program reaches them by a proxy, which two variables of its environment name: nothing in it is changed.
"""

import os
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

import trustme

from tests.support.patience import PATIENCE_S

HEAD_BYTES = 4096


class NamedHosts:
    """An HTTPS proxy that knows these names alone: name → port on this machine, where plain HTTP is spoken."""

    def __init__(self, folder: Path, ports: Mapping[str, int]) -> None:
        authority = trustme.CA()
        self._pem = folder / "authority.pem"
        authority.cert_pem.write_to_path(str(self._pem))
        self._ports = dict(ports)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*ports).configure_cert(self._context)
        hosts = self

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                with suppress(OSError):
                    hosts._serve(self.request)

        self._server = ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which a program meets them."""
        proxy = f"http://127.0.0.1:{self._server.server_address[1]}"
        return {"PATH": os.environ["PATH"], "HTTPS_PROXY": proxy, "REQUESTS_CA_BUNDLE": str(self._pem)}

    def close(self) -> None:
        """End the proxy."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(PATIENCE_S)

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(PATIENCE_S)
        name = client.recv(HEAD_BYTES).split()[1].decode().partition(":")[0]
        port = self._ports[name]
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with (
            self._context.wrap_socket(client, server_side=True) as plain,
            socket.create_connection(("127.0.0.1", port), PATIENCE_S) as far,
        ):
            back = threading.Thread(target=_pass_on, args=(far, plain))
            back.start()
            _pass_on(plain, far)
            back.join(PATIENCE_S)


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    """Copy bytes until the source ends; then nothing more comes for the sink."""
    with suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
