"""One event on its way to a subscriber: the request, and the status of its answer (lan-emulation.md §2.8)."""

import asyncio
import re
from http import HTTPStatus

from emulator.lan import line_ends
from emulator.lan.callback import Callback

MAX_ANSWER = 8 * 1024
"""Bytes of a subscriber's answer until its status and headers are here."""

DELIVERY_S = 5.0
"""To connect, send and read the status (5 to 30 in §2.8)."""

_LINE = re.compile(rb"HTTP/1\.[01] ([1-9]\d\d)\b")


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
    except OSError:  # includes TimeoutError
        return 0


async def _status(reader: asyncio.StreamReader) -> int:
    """Return the status of the answer, whatever else is wrong with it; 0 when it has none."""
    data, left = b"", MAX_ANSWER
    while left > 0 and (more := await reader.read(left)):
        left -= len(more)
        data += more
        while found := line_ends.split(data):
            head, length = found
            data = data[length:]
            line = _LINE.match(head)
            status = int(line[1]) if line else 0
            if not HTTPStatus.CONTINUE <= status < HTTPStatus.OK or status == HTTPStatus.SWITCHING_PROTOCOLS:
                return status
    return 0
