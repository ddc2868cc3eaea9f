"""The simulated cloud, and a proxy to it that records the time of each request and answer."""

import re
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.process import CLIENT_CORE, Process


@dataclass(frozen=True, slots=True)
class Passed:
    """A request and its answer: name, time of arrival and time of the answer, in perf_counter seconds."""

    name: str
    asked: float
    answered: float
    answer: bytes


class Cloud:
    """The simulated alarm in a process of its own, behind the proxy."""

    def __init__(self, python: str, folder: Path, answer_after_s: float) -> None:
        self.passed: list[Passed] = []
        command = [python, "-m", "emulator", "simulate", "--port", "0", "--answer-after", str(answer_after_s)]
        self._process = Process(command, folder / "cloud.log", core=CLIENT_CORE)
        said = self._process.said("Ready")
        found = re.search(r"^Its cloud: *(\S+)", said, re.MULTILINE)
        assert found  # noqa: S101  # it is ready
        parts = urlsplit(found[1])
        self._there = (parts.hostname, parts.port)
        self.port = parts.port or 0  # of the alarm itself, and of its control page
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}{parts.path}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop both."""
        self._server.close()
        self._process.stop()

    def first(self, phase: str, since: float, within_s: float = 60.0) -> Passed:
        """Return the first request after `since` that submits a command (1), or whose answer has its outcome (2)."""
        ends = time.monotonic() + within_s
        while time.monotonic() < ends:
            for one in list(self.passed):
                command = re.fullmatch(r"(ARM|DARM)\w*?([12])", one.name)
                whole = phase == "1" or b"<STATUS>" in one.answer
                if one.asked > since and command and command[2] == phase and whole:
                    return one
            time.sleep(0.005)
        raise TimeoutError(f"no X{phase}: {[one.name for one in self.passed]}")

    def quiet_for(self, seconds: float) -> None:
        """Wait until no request has passed for so long."""
        while self.passed and time.perf_counter() - self.passed[-1].answered < seconds:
            time.sleep(0.05)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._try_to_pass_on, args=(near,), daemon=True).start()

    def _try_to_pass_on(self, near: socket.socket) -> None:
        with suppress(OSError):  # one of the two is ending
            self._pass_on(near)

    def _pass_on(self, near: socket.socket) -> None:
        """Forward one request and its answer; each uses a connection of its own."""
        with near, socket.create_connection(self._there) as far:
            asked = _read(near)
            began = time.perf_counter()
            far.sendall(re.sub(rb"(?i)connection: keep-alive", b"Connection: close", asked))
            answer = b""
            while part := far.recv(65536):
                answer += part
            near.sendall(answer)
            found = re.search(rb"request=(\w+)", asked)
            self.passed.append(Passed(found[1].decode() if found else "", began, time.perf_counter(), answer))


def _read(sock: socket.socket) -> bytes:
    data = b""
    while part := sock.recv(65536):
        data += part
        head, blank, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        if blank and len(body) >= int(length[1] if length else 0):
            break
    return data
