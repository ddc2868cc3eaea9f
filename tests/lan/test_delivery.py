"""An event is delivered where the subscriber says so, whatever else is wrong with its answer."""

import asyncio
from collections.abc import Sequence

import pytest

from emulator.lan.callback import Callback
from emulator.lan.delivery import notify

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


async def delivered(pieces: Sequence[bytes]) -> int:
    """Return the status that a subscriber's answer is taken for."""
    done = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"<event/>")
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        writer.close()
        done.set()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        found = await notify(Callback("127.0.0.1", port, "/"), "127.0.0.1", "uuid:x", 0, b"<event/>")
        await done.wait()
    return found


@pytest.mark.parametrize(
    ("pieces", "status"),
    [
        ([OK], 200),
        ([OK[:20], OK[20:]], 200),
        ([OK.replace(b"\r", b"")], 200),
        ([OK + b"<html/>"], 200),
        ([OK, b"<html/>"], 200),
        ([b"HTTP/1.0 200 OK\r\n\r\n"], 200),
        ([b"HTTP/1.1 200 OK\r\nno header\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nOK\r\n"], 200),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n"], 200),
        ([b"HTTP/1.1 204 No Content\r\n\r\nOK"], 204),
        ([b"HTTP/1.1 100 Continue\r\n\r\n", OK], 200),
        ([b"HTTP/1.1 100 Continue\r\n\r\n" + OK], 200),
        ([b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"], 101),
        ([b"HTTP/1.1 412 Precondition Failed\r\n\r\n"], 412),
        ([b"HTTP/1.1 100 Continue\r\n\r\n"], 0),
        ([b"HTTP/1.1 2000\r\n\r\n"], 0),
        ([b"\x16\x03\x01\r\n\r\n"], 0),
        ([OK[:-2]], 0),
        ([], 0),
    ],
)
def test_the_status_is_all_that_counts(pieces: Sequence[bytes], status: int) -> None:
    assert asyncio.run(delivered(pieces)) == status
