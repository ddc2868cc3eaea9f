"""aiohomekit at work. `discover`; `pair CODE FILE`; `read|write|listen|unpair FILE …`. What is known stands in FILE."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohomekit.characteristic_cache import CharacteristicCacheMemory
from aiohomekit.controller.ip.controller import IpController
from aiohomekit.exceptions import AuthenticationError
from aiohomekit.zeroconf import HAP_TYPE_TCP, ZeroconfServiceListener
from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

PATIENCE_S = 30.0
LOOK_S = 0.05
ALARM = {"66": "current", "67": "target", "77": "fault"}


def say(value: Any) -> None:
    sys.stdout.write(f"{json.dumps(value)}\n")
    sys.stdout.flush()


def keep(file: str, whole: dict[str, Any]) -> None:
    Path(file).write_text(json.dumps(whole))


def kept(file: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(file).read_text())
    return found


@asynccontextmanager
async def controller() -> AsyncIterator[IpController]:
    async with AsyncZeroconf() as zeroconf:
        browser = AsyncServiceBrowser(zeroconf.zeroconf, [HAP_TYPE_TCP], listener=ZeroconfServiceListener())
        async with IpController(CharacteristicCacheMemory(), zeroconf) as made:
            yield made
        await browser.async_cancel()


async def found(made: IpController) -> Any:
    async with asyncio.timeout(PATIENCE_S):
        while not made.discoveries:  # noqa: ASYNC110  # theirs, and without an event
            await asyncio.sleep(LOOK_S)
    (one,) = made.discoveries.values()
    return one


async def discover() -> None:
    async with controller() as made:
        one = (await found(made)).description
        about = {"paired": not one.status_flags, "config": one.config_num, "category": int(one.category)}
        say({"id": one.id, "name": one.name, "addresses": one.addresses, "port": one.port, **about})


async def pair(code: str, file: str) -> None:
    async with controller() as made:
        try:
            known = await (await (await found(made)).async_start_pairing("home"))(code)
        except AuthenticationError:
            # One of a hundred fails by the two libraries' ways to write a number that begins with a zero byte.
            known = await (await (await found(made)).async_start_pairing("home"))(code)
        whole: dict[str, Any] = {"pairing": known.pairing_data, "alarm": {}}
        for one in await known.list_accessories_and_characteristics():
            for service in one["services"]:
                for each in service["characteristics"]:
                    if word := ALARM.get(each["type"][:8].lstrip("0")):
                        whole["alarm"] |= {"aid": one["aid"], word: each["iid"]}
        keep(file, whole)
        await known.close()
        say(whole["alarm"])


@asynccontextmanager
async def known(file: str) -> AsyncIterator[tuple[Any, dict[str, Any]]]:
    whole = kept(file)
    async with controller() as made:
        # Where it is now is found by mDNS, not by what was so when it was paired.
        one = (await found(made)).description
        where = {"AccessoryIP": one.address, "AccessoryIPs": one.addresses, "AccessoryPort": one.port}
        pairing = made.load_pairing("home", whole["pairing"] | where)
        assert pairing
        yield pairing, whole["alarm"]
        await pairing.close()


async def read(file: str) -> None:
    async with known(file) as (pairing, alarm):
        iids = {word: (alarm["aid"], alarm[word]) for word in ALARM.values()}
        said = await pairing.get_characteristics(list(iids.values()))
        say({word: said[iid].get("value", said[iid].get("status")) for word, iid in iids.items()})


async def write(file: str, value: str) -> None:
    async with known(file) as (pairing, alarm):
        say(list((await pairing.put_characteristics([(alarm["aid"], alarm["target"], int(value))])).values()))


async def listen(file: str) -> None:
    async with known(file) as (pairing, alarm):
        words = {(alarm["aid"], alarm[word]): word for word in ALARM.values()}

        def hear(event: dict[tuple[int, int], dict[str, Any]]) -> None:
            for iid, what in event.items():
                say({"event": words[iid], "value": what["value"]})

        pairing.listeners.add(hear)
        await pairing.subscribe(list(words))
        say({"ready": True})
        stopped = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
        await stopped.wait()


async def unpair(file: str) -> None:
    async with known(file) as (pairing, _):
        say(await pairing.remove_pairing(pairing.pairing_data["iOSPairingId"]))


if __name__ == "__main__":
    act: dict[str, Any] = {
        "discover": discover,
        "pair": pair,
        "read": read,
        "write": write,
        "listen": listen,
        "unpair": unpair,
    }
    asyncio.run(act[sys.argv[1]](*sys.argv[2:]))
