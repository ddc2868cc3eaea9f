"""How fast a switch says whether it is on, at rest and while another switch's command takes its time.

The peer is stock fauxmo 0.8 with a plugin whose `on` takes as long as a panel. Both serve on loopback, each in its own
process, and are measured in turn by the same client. Run: python bench/answers.py
"""

import asyncio
import http.client
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROUNDS = 200  # queries a measurement; its median moves by a few percent between runs
BUSY_S = 3.0  # how long the slow command takes; long enough for a measurement beside it
SOAP = (
    '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    '<u:{0}BinaryState xmlns:u="urn:Belkin:service:basicevent:1"><BinaryState>1</BinaryState></u:{0}BinaryState>'
    "</s:Body></s:Envelope>"
)
SETTINGS = """
installations: {{home: {{cloud: wsdo, url: "{url}", poll_every: 60s}}}}
switches: [{{name: Slow, on: night, port: {slow}}}, {{name: Asked, on: total, port: {asked}}}]
"""


def ask(port: int, action: str) -> float:
    """Seconds that one action takes, connection and all; what was answered does not matter here."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"SOAPACTION": f'"urn:Belkin:service:basicevent:1#{action}BinaryState"', "Content-Type": "text/xml"}
    # One segment, as stock fauxmo takes each for a whole request.
    connection.request("POST", "/upnp/control/basicevent1", SOAP.format(action).encode(), headers)
    connection.getresponse().read()
    connection.close()
    return time.perf_counter() - began


def measure(slow: int, asked: int) -> tuple[float, float, float]:
    """Milliseconds of a query: median at rest, median and worst while the slow switch is being turned on."""
    rest = [ask(asked, "Get") for _ in range(ROUNDS)]
    press = threading.Thread(target=ask, args=(slow, "Set"))
    press.start()
    time.sleep(0.05)  # the command is on its way
    busy, ends = [], time.monotonic() + BUSY_S / 2
    while time.monotonic() < ends:
        busy.append(ask(asked, "Get"))
    press.join()
    return 1000 * statistics.median(rest), 1000 * statistics.median(busy), 1000 * max(busy)


def free_ports() -> tuple[int, int]:
    """Two TCP ports that nobody listens on."""
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]


@contextmanager
def process(*command: str, until: str, **environment: str) -> Iterator[str]:
    """A program that is ready when it prints a line with `until`; gives what it printed."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment or None
    ) as child:
        try:
            lines = []
            for line in child.stdout or ():
                lines.append(line)
                if until in line:
                    break
            yield "".join(lines)
        finally:
            child.terminate()


def ours() -> tuple[float, float, float]:
    """This program, on a simulated alarm that takes its time."""
    slow, asked = free_ports()
    emulator = [sys.executable, "-m", "emulator"]
    with (
        tempfile.TemporaryDirectory() as folder,
        process(*emulator, "simulate", "--port", "0", "--answer-after", f"{BUSY_S}", until="Ready") as said,
    ):
        url = next(line.split()[-1] for line in said.splitlines() if line.startswith("Its cloud"))
        config = Path(folder, "devices.yaml")
        config.write_text(SETTINGS.format(url=url, slow=slow, asked=asked))
        run = [*emulator, "run", "--interface", "lo", "--config", str(config), "--state-dir", folder]
        secrets = {"VERISURE_USER": "demo", "VERISURE_PASSWORD": "demo"}
        with process(*run, until="Ready", **secrets):
            until_known(asked)
            return measure(slow, asked)


def until_known(port: int) -> None:
    """Wait for the first state: before it, queries are answered with a fault."""
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/setup.xml")
        if b"binaryState" in connection.getresponse().read():
            return
        time.sleep(0.2)
    raise TimeoutError("the simulated alarm was not read")


def fauxmo() -> tuple[float, float, float]:
    """Stock fauxmo, its protocol on two ports."""
    slow, asked = free_ports()
    with process(sys.executable, __file__, "--fauxmo", json.dumps([slow, asked]), until="Ready"):
        return measure(slow, asked)


async def serve_fauxmo(ports: list[int]) -> None:
    """Serve stock fauxmo for ever, without its SSDP, which would speak to every interface."""
    from fauxmo.plugins import FauxmoPlugin
    from fauxmo.protocols import Fauxmo

    class Panel(FauxmoPlugin):
        """A plugin that talks to a panel."""

        def on(self) -> bool:
            time.sleep(BUSY_S)
            return True

        def off(self) -> bool:
            return True

        def get_state(self) -> str:
            return "off"

    loop = asyncio.get_running_loop()
    for port in ports:
        plugin = Panel(name=f"switch {port}", port=port)
        await loop.create_server(lambda plugin=plugin: Fauxmo(plugin.name, plugin), "127.0.0.1", port)
    print("Ready", flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """Print the table."""
    if sys.argv[1:2] == ["--fauxmo"]:
        asyncio.run(serve_fauxmo(json.loads(sys.argv[2])))
        return
    results = {"this program": ours(), "stock fauxmo": fauxmo()}
    print(f"{'':14}{'at rest':>12}{'command under way':>30}{'ratio busy/rest':>18}")
    print(f"{'':14}{'median ms':>12}{'median ms':>16}{'worst ms':>14}{'median':>9}{'worst':>9}")
    for name, (rest, busy, worst) in results.items():
        ratios = f"{busy / rest:>9.2f}{worst / rest:>9.1f}"
        print(f"{name:14}{rest:>12.2f}{busy:>16.2f}{worst:>14.2f}{ratios}")
    (rest, busy, _), (peer_rest, peer_busy, _) = results.values()
    print(f"ours / fauxmo: {rest / peer_rest:.2f} at rest, {busy / peer_busy:.4f} while busy")


if __name__ == "__main__":
    main()
