"""Load and abuse: attacks by peers, and the delay that honest clients see meanwhile. Prints Markdown.

    python -m bench.abuse            everything, in some six minutes
    python -m bench.abuse --quick    a tenth of it
    python -m bench.abuse requests   one attack; or several, in this order

Runs the program on loopback in a network namespace of its own, for which it needs root or user namespaces. The exit
status is 1 when a bound was missed.
"""

import argparse
import http.client
import json
import multiprocessing
import os
import platform
import re
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import attacks, network, orders, programs
from bench.attacks import HOST, Came, Doors
from bench.cloud import Cloud
from bench.process import CLIENT_CORE, Process
from bench.programs import FIRST_PORT

ATTACKS = (*attacks.ATTACKS, *orders.ATTACKS)
HONEST = "127.0.0.9"
"""Address of the honest clients."""

HUE, PAGE, SWITCHES = programs.HUE_PORT, programs.PAGE_PORT, 13
ONLY_ARMS = SWITCHES - 3
"""Index of the switch without an off."""

MODES = (*["total"] * (SWITCHES - 2), "day", "night")

ANSWER_MS = 100.0
"""Bound on an answer to an honest client, at the 99th percentile."""

SEARCH_MS = 300.0 + ANSWER_MS
"""The same for a search: one answer is sent after a random delay of up to 300 ms, by design."""

EVERY_S = 0.05
"""Pause between the requests of an honest client."""

SEARCH_EVERY_S = 0.5

SET_EVERY_S = 0.2
"""Slower than the limit of a peer."""

LOST_S = 3.0
"""Timeout of an honest client."""

GROWTH = 0.05
"""Bound on the growth of resident memory, as a share."""

SETTLE_S = 40.0
"""Time for idle connections to be closed: 30 s at the web doors, and a margin."""

WARM = 0.1
"""Share of each attack that runs as a warm-up, before memory is measured."""


@contextmanager
def the_program() -> Iterator[tuple[Process, Doors]]:
    """Run the program on a simulated alarm that answers at once."""
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Cloud(sys.executable, Path(folder), 0)) as cloud,
        programs.ours(cloud.url, SWITCHES, doors=True, modes=MODES, only_arms=[FIRST_PORT + ONLY_ARMS]) as running,
    ):
        ports = programs.answering(running).ports
        total, others = ports[:ONLY_ARMS], ports[-2:]
        user = json.loads(_post(HUE, "/api", '{"devicetype": "probe#honest"}'))[0]["success"]["username"]
        lights = json.loads(_fetch(HUE, f"/api/{user}/lights"))
        light = f"/api/{user}/lights/{next(iter(lights))}"
        yield running.processes[0], Doors(total, (total[0], *others), ports[ONLY_ARMS], HUE, PAGE, light, cloud.port)


def _post(port: int, path: str, body: str) -> bytes:
    return _ask(
        port, f"POST {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    )


def _fetch(port: int, path: str) -> bytes:
    return _ask(port, attacks.get(port, path))


def _ask(port: int, data: bytes) -> bytes:
    """Send a request of an honest client on a connection of its own. Return the body, or raise OSError."""
    with socket.create_connection((HOST, port), LOST_S, (HONEST, 0)) as sock:
        sock.sendall(data)
        answer = http.client.HTTPResponse(sock)
        answer.begin()
        body = answer.read()
    if answer.status != 200:
        raise OSError(f"answered with {answer.status}")
    return body


@dataclass
class Question:
    """A request that an honest client repeats, and the times of its answers."""

    name: str
    ask: Callable[[], object]
    every_s: float = EVERY_S
    bound_ms: float = ANSWER_MS
    ms: list[float] = field(default_factory=list)
    lost: int = 0

    def keep_asking(self, stop: threading.Event) -> None:
        """Repeat the request until `stop` is set."""
        while not stop.wait(self.every_s):
            began = time.monotonic()
            try:
                self.ask()
            except OSError:
                self.lost += 1
            else:
                self.ms.append(1000 * (time.monotonic() - began))

    @property
    def p99(self) -> float:
        """The 99th percentile."""
        return statistics.quantiles(self.ms, n=100, method="inclusive")[98]

    def figures(self) -> str:
        """Return median, 99th percentile and worst of the answers."""
        lost = f", **{self.lost} of {self.lost + len(self.ms)} lost**" if self.lost else ""
        return f"{statistics.median(self.ms):.1f} / {self.p99:.1f} / {max(self.ms):.1f}{lost}"

    @property
    def missed(self) -> str:
        """The bounds that the answers missed."""
        slow = self.p99 > self.bound_ms
        return ", ".join(
            filter(None, (f"{self.name}: lost {self.lost}" * bool(self.lost), f"{self.name}: slow" * slow))
        )


def questions(doors: Doors) -> list[Question]:
    """Return a request for each door, and a set that changes nothing: off, of a switch that only arms."""
    udn = re.search(rb"<UDN>(.*?)</UDN>", _fetch(doors.wemo[0], "/setup.xml"))
    data = attacks.SEARCH % (udn[1] if udn else b"")

    def search() -> None:
        with attacks.searching(HONEST) as sock:
            sock.settimeout(LOST_S)
            sock.sendto(data, (attacks.GROUP, attacks.SSDP_PORT))
            sock.recv(2048)

    return [
        Question("state", lambda: _ask(doors.wemo[0], attacks.action(doors.wemo[0], "GetBinaryState", keep=False))),
        Question("set", lambda: _ask(doors.only_arms, attacks.set_off(doors.only_arms)), SET_EVERY_S),
        Question("light", lambda: _fetch(doors.hue, doors.light)),
        Question("page", lambda: _fetch(doors.page, "/api/state")),
        Question("search", search, SEARCH_EVERY_S, SEARCH_MS),
    ]


@contextmanager
def honest(doors: Doors) -> Iterator[list[Question]]:
    """Run the honest clients."""
    stop, asking = threading.Event(), questions(doors)
    threads = [threading.Thread(target=each.keep_asking, args=(stop,)) for each in asking]
    for thread in threads:
        thread.start()
    try:
        yield asking
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@dataclass(frozen=True, slots=True)
class Size:
    """The resources of a process."""

    kib: int
    descriptors: int
    threads: int


def size_of(pid: int) -> Size:
    """Return the resources now. Raise OSError if the process has ended."""
    status = Path(f"/proc/{pid}/status").read_text()
    numbers = [int(found[1]) for name in ("VmRSS", "Threads") if (found := re.search(rf"{name}:\s*(\d+)", status))]
    return Size(numbers[0], len(list(Path(f"/proc/{pid}/fd").iterdir())), numbers[1])


def settled(pid: int, before: Size) -> Size:
    """Return the resources once idle connections are closed, or after SETTLE_S."""
    ends = time.monotonic() + SETTLE_S
    while time.monotonic() < ends and size_of(pid).descriptors > before.descriptors:
        time.sleep(0.5)
    return size_of(pid)


def launched(attack: Callable[[Doors, float], object], doors: Doors, share: float) -> Came:
    """Run an attack in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        return executor.submit(attacks.launch, attack, doors, share).result()


def attacked(pid: int, doors: Doors, attack: Callable[[Doors, float], object], share: float) -> tuple[str, str]:
    """Return a row of the table, and the bounds that were missed."""
    before = size_of(pid)
    with honest(doors) as asking:
        began = time.monotonic()
        came = launched(attack, doors, share)
        while time.monotonic() < began + 3:  # so that there are enough answers to measure
            time.sleep(0.1)
    after = settled(pid, before)
    growth = after.kib / before.kib - 1
    missed = [came.missed, *(each.missed for each in asking), f"memory {growth:+.1%}" if abs(growth) > GROWTH else ""]
    missed += [f"left {name}" for name in ("descriptors", "threads") if getattr(after, name) > getattr(before, name)]
    verdict = "; ".join(filter(None, missed))
    cells = (
        attack.__name__.replace("_", " "),
        came.figures,
        *(each.figures() for each in asking),
        f"{before.kib / 1024:.1f} → {after.kib / 1024:.1f}",
        f"{before.descriptors} → {after.descriptors}",
        f"{before.threads} → {after.threads}",
        f"**missed:** {verdict}" if verdict else "met",
    )
    return f"| {' | '.join(cells)} |", verdict


def main() -> int:
    """Warm up, attack, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("attacks", nargs="*", help=", ".join(each.__name__ for each in ATTACKS))
    parser.add_argument("--quick", action="store_true")
    chosen = parser.parse_args(network.enter("bench.abuse"))
    os.sched_setaffinity(0, {CLIENT_CORE})
    known = {each.__name__: each for each in ATTACKS}
    wanted = [known[name] for name in chosen.attacks or known]
    share, missed = (0.1 if chosen.quick else 1.0), ""
    print(
        f"{time.strftime('%Y-%m-%d')}, Python {platform.python_version()}, {os.cpu_count()} cores, {SWITCHES} switches"
    )
    print(
        "\n| attack | came to | state, ms | set, ms | light, ms | page, ms | search, ms | MiB | descriptors | threads "
        "| bounds |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    with the_program() as (program, doors):
        (pid,) = program.pids()
        fresh = size_of(pid)
        for attack in dict.fromkeys(wanted):
            launched(attack, doors, WARM)
        settled(pid, fresh)
        for attack in wanted:
            row, verdict = attacked(pid, doors, attack, share)
            print(row, flush=True)
            missed += verdict
        log = [line for line in program.said("").splitlines() if "ERROR" in line or "Traceback" in line]
    print(f"\nOf each client: median / 99th percentile / worst. Errors logged: {len(log)}.", *log[:9], sep="\n")
    return int(bool(missed or log))


if __name__ == "__main__":
    sys.exit(main())
