"""One event on its way to a subscriber: the request, and the status of its answer (lan-emulation.md §2.8)."""

import asyncio
from http import HTTPStatus

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from emulator.lan.callback import Callback

MAX_ANSWER = 8 * 1024
"""Bytes of a subscriber's answer until its status and headers are here."""

DELIVERY_S = 5.0
"""To connect, send and read the status (5 to 30 in §2.8)."""


async def notify(callback: Callback, source: str, sid: str, seq: int, event: bytes) -> int:
    """Send one event from an address of ours; return the status of the answer, 0 when there is none."""
    lines = (
        f"NOTIFY {callback.path} HTTP/1.1",
        f"HOST: {callback.host}:{callback.port}",
        'CONTENT-TYPE: text/xml; charset="utf-8"',
        f"CONTENT-LENGTH: {len(event)}",
        "NT: upnp:event",
        "NTS: upnp:propchange",
        f"SID: {sid}",
        f"SEQ: {seq}",
        "CONNECTION: close",
    )
    try:
        async with asyncio.timeout(DELIVERY_S):
            # From the address it subscribed at: Homebridge compares them.
            reader, writer = await asyncio.open_connection(callback.host, callback.port, local_addr=(source, 0))
            try:
                writer.write("\r\n".join((*lines, "", "")).encode("latin-1") + event)
                return await _status(reader)
            finally:
                writer.close()
    except (OSError, HttpParserError):  # OSError includes TimeoutError
        return 0


class _Heads:
    """Counts the heads of answers; more than one when the first are interim."""

    complete = 0

    def on_headers_complete(self) -> None:
        """Count one; called by httptools."""
        self.complete += 1


async def _status(reader: asyncio.StreamReader) -> int:
    heads, left = _Heads(), MAX_ANSWER
    parser = HttpResponseParser(heads)
    while left > 0 and (data := await reader.read(left)):
        left -= len(data)
        try:
            parser.feed_data(data)
        except HttpParserUpgrade:  # no HttpParserError, and no interim answer: what follows 101 is not HTTP
            return parser.get_status_code()
        if heads.complete and parser.get_status_code() >= HTTPStatus.OK:
            return parser.get_status_code()
    return 0
