"""The C++ controller's server, asked by WebSocket. `commission CODE`; `read|send NODE …`; `listen`."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Any

from aiohttp import ClientConnectorError, ClientSession, ClientWebSocketResponse

URL = "ws://127.0.0.1:5580/ws"
PATIENCE_S = 60.0
LOOK_S = 0.1
ON_OFF, BASIC = 6, 57
NAME, SERIAL, REACHABLE, UNIQUE = 5, 15, 17, 18

numbers = count()


def say(value: Any) -> None:
    sys.stdout.write(f"{json.dumps(value)}\n")
    sys.stdout.flush()


@asynccontextmanager
async def connected() -> AsyncIterator[ClientWebSocketResponse]:
    async with asyncio.timeout(PATIENCE_S), ClientSession() as session:
        while True:
            with suppress(ClientConnectorError):  # it takes some seconds to come up
                socket = await session.ws_connect(URL, max_msg_size=0)
                break
            await asyncio.sleep(LOOK_S)
        await socket.receive_json()  # about itself
        yield socket


async def ask(socket: ClientWebSocketResponse, command: str, **args: Any) -> dict[str, Any]:
    number = str(next(numbers))
    await socket.send_json({"message_id": number, "command": command, "args": args})
    while True:
        said: dict[str, Any] = await socket.receive_json()
        if said.get("message_id") == number:
            return said


async def commission(code: str) -> None:
    async with connected() as socket:
        said = await ask(socket, "commission_with_code", code=code, network_only=True)
        say(said["result"]["node_id"] if "result" in said else said)


async def read(node: str) -> None:
    async with connected() as socket:
        if "error_code" in await ask(socket, "interview_node", node_id=int(node)):  # all of it, as it is now
            say(None)
            return
        all_of_it = (await ask(socket, "get_node", node_id=int(node)))["result"]["attributes"]
        plugs = {}
        for path, on in all_of_it.items():
            endpoint, cluster, attribute = map(int, path.split("/"))
            if (cluster, attribute) == (ON_OFF, 0):
                name, *more = (all_of_it[f"{endpoint}/{BASIC}/{one}"] for one in (NAME, SERIAL, UNIQUE, REACHABLE))
                plugs[name] = {"endpoint": endpoint, "identity": more[:2], "reachable": more[2], "on": on}
        say(plugs)


async def send(node: str, endpoint: str, command: str) -> None:
    async with connected() as socket:
        where = {"node_id": int(node), "endpoint_id": int(endpoint), "cluster_id": ON_OFF}
        said = await ask(socket, "device_command", **where, command_name=command, payload={})
        say(said.get("details", ""))


async def listen() -> None:
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)

    async def hear() -> None:
        async with connected() as socket:
            await ask(socket, "start_listening")
            say({"ready": True})
            async for message in socket:
                said = message.json()
                if said.get("event") == "attribute_updated":
                    say({"node": said["data"][0], "path": said["data"][1], "value": said["data"][2]})

    hearing = asyncio.create_task(hear())
    await stopped.wait()
    hearing.cancel()


if __name__ == "__main__":
    act: dict[str, Any] = {"commission": commission, "read": read, "send": send, "listen": listen}
    asyncio.run(act[sys.argv[1]](*sys.argv[2:]))
