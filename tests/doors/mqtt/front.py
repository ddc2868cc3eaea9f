"""A front that makes a broker of today one of 2018: it refuses MQTT 5 as those do, and hands on everything else."""

import select
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.mosquitto import HOST
from tests.support.mqtt_packets import V5, packet
from tests.support.patience import PATIENCE_S
from tests.support.program import free_port

REFUSED = packet(2, b"\0\1")
"""CONNACK of 3.1.1: unacceptable protocol version."""


@contextmanager
def too_old_for_5(port: int) -> Iterator[int]:
    """Put the front before a broker and yield the front's port."""

    class Visit(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            client: socket.socket = self.request
            client.settimeout(PATIENCE_S)
            first = client.recv(1 << 16)
            _, _, after = first.partition(b"\0\4MQTT")
            if after.startswith(bytes([V5])):
                client.sendall(REFUSED)
                return
            with socket.create_connection((HOST, port), PATIENCE_S) as broker:
                broker.sendall(first)
                other = {client: broker, broker: client}
                while True:
                    for one in select.select([client, broker], [], [], PATIENCE_S)[0]:
                        try:
                            data = one.recv(1 << 16)
                        except ConnectionError:
                            data = b""
                        if not data:
                            return
                        other[one].sendall(data)

    class Front(socketserver.ThreadingTCPServer):
        allow_reuse_address = True

    with Front((HOST, free_port()), Visit) as front:
        serving = threading.Thread(target=front.serve_forever, name="front")
        serving.start()
        try:
            yield front.server_address[1]
        finally:
            front.shutdown()
            serving.join()
