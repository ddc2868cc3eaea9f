"""Attacks by commands: one peer tries to block those of others, or to keep the alarm busy for hours."""

import asyncio
import json
import time
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from bench.attacks import ATTACKER, HOST, PATIENCE_S, Came, Doors, Line, action

OWNER = "127.0.0.8"
"""Address of the honest client."""

MOST_WAITING = 5
"""Four in the queue, and one under way."""

MOST_TAKEN = 12
"""Commands that reach the alarm: each needs some seconds, and the queue is short."""

DRAIN_S = 90.0
"""Time for the queue to become empty after the attack."""


async def set_and_hang_up(doors: Doors, share: float) -> Came:
    """Send commands, on and off, from 64 clients of one peer for 10 s, without waiting for an answer."""
    ends, sent = time.monotonic() + 10 * share, 0

    async def client(number: int) -> None:
        nonlocal sent
        port = doors.wemo[number % 2]
        while time.monotonic() < ends:
            with suppress(OSError):
                _, writer = await asyncio.open_connection(HOST, port, local_addr=(ATTACKER, 0))
                writer.write(action(port, "SetBinaryState", number // 2 % 2))
                writer.close()
                await writer.wait_closed()
                sent += 1

    await asyncio.gather(*map(client, range(64)))
    return Came(f"{sent} sent, {sent / 10 / share:.0f} a second")


async def three_modes(doors: Doors, share: float) -> Came:
    """Request three modes in turn for 15 s, each after the last answer, while an honest peer requests one."""
    before, ends, half = taken(doors), time.monotonic() + 15 * share, time.monotonic() + 7.5 * share
    asked, most, honest_ms, honest_status = 0, 0, 0.0, 0
    lines = [Line(port, ATTACKER) for port in doors.modes]
    honest = Line(doors.modes[0], OWNER)
    while (now := time.monotonic()) < ends or not honest_status:
        for line in lines:
            await line.ask(action(line.port, "SetBinaryState"))
            asked += 1
        if now > half and not honest_status:
            began = time.monotonic()
            honest_status = await honest.ask(action(honest.port, "SetBinaryState", keep=False)) or -1
            honest_ms = 1000 * (time.monotonic() - began)
        most = max(most, await asyncio.to_thread(waiting, doors))
    for line in lines:
        line.close()
    drained = await asyncio.to_thread(drain, doors)
    got = taken(doors) - before
    figures = (
        f"{asked} asked, {got} taken by the alarm, {most} under way at most, the last of them after {drained:.0f} s; "
        f"an honest arm answered in {honest_ms:.0f} ms"
    )
    return Came(figures, wrong_with(got, most, drained, honest_status))


def wrong_with(got: int, most: int, drained_s: float, honest_status: int) -> str:
    """Return the bounds that were missed; empty if none."""
    wrong = (
        f"{got} commands reached the alarm" * (got > MOST_TAKEN),
        f"{most} commands were under way" * (most > MOST_WAITING),
        f"something is under way after {drained_s:.0f} s" * (drained_s >= DRAIN_S),
        f"the honest arm was answered with {honest_status}" * (honest_status != 200),
    )
    return ", ".join(filter(None, wrong))


def waiting(doors: Doors) -> int:
    """Return the number of commands under way or in the queue, by the journal."""
    return under_way(_json(doors.page, "/api/journal?limit=500")["entries"])


def under_way(entries: Sequence[Mapping[str, Any]]) -> int:
    """Return the number of entries of the journal that have not ended."""
    return sum(entry["result"] is None for entry in entries)


def drain(doors: Doors) -> float:
    """Wait until no command is under way, DRAIN_S at most. Return the seconds that it took."""
    began = time.monotonic()
    while waiting(doors) and time.monotonic() < began + DRAIN_S:
        time.sleep(0.5)
    return time.monotonic() - began


def taken(doors: Doors) -> int:
    """Return the number of commands that the alarm has accepted."""
    return commands_of(_json(doors.alarm, "/control/state")["accepted"])


def commands_of(accepted: Mapping[str, int]) -> int:
    """Return the number of accepted requests that change something."""
    return sum(number for request, number in accepted.items() if not request.startswith("EST"))


def _json(port: int, path: str) -> Any:
    with urllib.request.urlopen(f"http://{HOST}:{port}{path}", timeout=PATIENCE_S) as answer:
        return json.load(answer)


ATTACKS = (set_and_hang_up, three_modes)
