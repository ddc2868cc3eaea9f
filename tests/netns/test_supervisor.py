"""Home Assistant's network in two namespaces: this machine with its bridge, and Supervisor and another add-on."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from emulator.lan.ingress import HOST, SUPERVISOR, VARIABLE
from tests.lan.test_ingress import ROOT
from tests.netns.lan import why_not

pytestmark = pytest.mark.long
MACHINE, INSIDE = f"emu-{os.getpid()}-machine", f"emu-{os.getpid()}-inside"
ADD_ON, LAN, PORT = "172.30.33.7", "192.168.7.2", 8099

UP = f"""\
netns add {MACHINE}
netns add {INSIDE}
-n {MACHINE} link add hassio type veth peer name eth0 netns {INSIDE}
-n {MACHINE} link add lan0 type veth peer name lan1
-n {MACHINE} addr add {HOST}/23 dev hassio
-n {MACHINE} addr add {LAN}/24 dev lan0
-n {MACHINE} link set lo up
-n {MACHINE} link set hassio up
-n {MACHINE} link set lan0 up
-n {MACHINE} link set lan1 up
-n {INSIDE} addr add {SUPERVISOR}/23 dev eth0
-n {INSIDE} addr add {ADD_ON}/23 dev eth0
-n {INSIDE} link set eth0 up
-n {INSIDE} route add {LAN} via {HOST}
"""

SERVER = f"""
import os, sys
os.environ["{VARIABLE}"] = "{PORT}"
from emulator.lan.ingress import PageWeb
def app(environ, start):
    start("200 OK", [])
    return [f"{{environ['REMOTE_ADDR']}} {{environ['SCRIPT_NAME']}}".encode()]
page = PageWeb("page", app, {PORT}, in_the_way=lambda hosts, error: f"{{hosts}}: {{error}}")
page.look()
print(*page.obstacles(), *sorted(place.host for place in page.served), flush=True)
sys.stdin.read()
page.stop()
"""

CLIENT = """
import http.client, sys
here, there, root = sys.argv[1:]
headers = {"X-Ingress-Path": root} if root else {}
connection = http.client.HTTPConnection(there, 8099, timeout=20, source_address=(here, 0))
try:
    connection.request("GET", "/", headers=headers)
    answer = connection.getresponse()
    print(answer.status, answer.read().decode().strip())
except (OSError, http.client.HTTPException) as error:
    print("hung up" if isinstance(error, ConnectionResetError | http.client.RemoteDisconnected) else error)
"""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def inside(namespace: str, program: str, *words: str) -> list[str]:
    return ["ip", "netns", "exec", namespace, sys.executable, "-c", program, *words]


@pytest.fixture
def served() -> Iterator[str]:
    """Yield what the server of a page says that it serves."""
    if reason := why_not():
        pytest.skip(f"no LAN of network namespaces: {reason}")
    with ExitStack() as stack:
        for namespace in (MACHINE, INSIDE):
            stack.callback(subprocess.run, ["ip", "netns", "del", namespace], capture_output=True)
        for line in UP.splitlines():
            ip(*line.split())
        server = stack.enter_context(
            subprocess.Popen(inside(MACHINE, SERVER), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        )
        assert server.stdout
        yield server.stdout.readline().strip()
        server.communicate("")


def ask(here: str, there: str, root: str = ROOT) -> str:
    return subprocess.run(inside(INSIDE, CLIENT, here, there, root), capture_output=True, text=True).stdout.strip()


def test_the_supervisor_is_served_at_its_address_and_nobody_else_there(served: str) -> None:
    assert served == LAN
    assert ask(SUPERVISOR, HOST) == f"200 {SUPERVISOR} {ROOT}"
    assert ask(SUPERVISOR, HOST, "").startswith("403 ")
    assert ask(ADD_ON, HOST) == "hung up"
    assert ask(SUPERVISOR, LAN) == "hung up"
    assert ask(ADD_ON, LAN) == "hung up"
