"""Brokers that people have, as processes on loopback: mosquitto with settings of its own, and amqtt."""

import base64
import getpass
import hashlib
import os
import re
import secrets
import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Self

import trustme
import yaml

from tests.support.patience import STOP_S, until
from tests.support.program import free_port

HOST = "127.0.0.1"
PLACES = (os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin")
"""Debian installs mosquitto where only root looks."""

ROUNDS = 101
"""Of the hash of a password, as mosquitto_passwd has it."""


def found(name: str) -> str | None:
    """Return the path of a broker's program, if it is here."""
    return shutil.which(name, path=os.pathsep.join(PLACES))


class Certificates(NamedTuple):
    """Files of a server, and of the authority that its clients have to know."""

    authority: Path
    server: Path
    key: Path

    @classmethod
    def issued(cls, folder: Path, name: str = HOST) -> Self:
        """Issue them, RSA, which every broker takes."""
        folder.mkdir(exist_ok=True)
        made = cls(folder / "ca.pem", folder / "server.pem", folder / "server.key")
        authority = trustme.CA(key_type=trustme.KeyType.RSA)
        server = authority.issue_cert(name, key_type=trustme.KeyType.RSA)
        authority.cert_pem.write_to_path(str(made.authority))
        server.private_key_pem.write_to_path(str(made.key))
        for pem in server.cert_chain_pems:
            pem.write_to_path(str(made.server), append=True)
        return made


class RealBroker:
    """A broker's process, which may be stopped and started again on the same port, and what it has logged."""

    def __init__(self, folder: Path, argv: list[str]) -> None:
        self.port = free_port()
        self._argv, self._log = argv, folder / "broker.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(self._argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until(self._answers, f"a broker; it said: {self.log()[-500:]}")

    def stop(self) -> None:
        """Stop it as its service does; twice is once."""
        if self.process:
            self.process.terminate()
            self.process.wait(STOP_S)
            self.process = None

    def log(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def _answers(self) -> bool:
        assert self.process.poll() is None, f"the broker has ended: {self.log()[-500:]}"
        try:
            socket.create_connection((HOST, self.port), STOP_S).close()
        except ConnectionRefusedError:
            return False
        return True


class Mosquitto(RealBroker):
    """Eclipse mosquitto 2. It keeps what is retained over `stop` and `start` if it `remembers`."""

    def __init__(
        self,
        folder: Path,
        *,
        users: Mapping[str, str] | None = None,
        tls: Certificates | None = None,
        acl: str = "",
        remembers: bool = False,
    ) -> None:
        super().__init__(folder, [str(found("mosquitto")), "-c", str(folder / "mosquitto.conf")])
        lines = [
            # As root it takes on a user of its own, who cannot read our files.
            f"user {getpass.getuser()}",
            "log_dest stderr",
            "log_type all",
            f"listener {self.port} {HOST}",
            f"allow_anonymous {str(users is None).lower()}",
            f"persistence {str(remembers).lower()}",
            f"persistence_location {folder}/",
        ]
        if users is not None:
            (folder / "passwords").write_text("".join(f"{name}:{hashed(word)}\n" for name, word in users.items()))
            lines.append(f"password_file {folder / 'passwords'}")
        if acl:
            (folder / "acl").write_text(acl)
            lines.append(f"acl_file {folder / 'acl'}")
        if tls:
            lines += [f"cafile {tls.authority}", f"certfile {tls.server}", f"keyfile {tls.key}"]
        (folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")

    def visits(self) -> list[tuple[str, int, int, str]]:
        """Return each CONNECT that it accepted: client id, version, keepalive, user."""
        found = re.findall(
            r"New client connected from \S+ as (\S+) \(p(\d), c\d, k(\d+)(?:, u'([^']*)')?\)", self.log()
        )
        return [
            (name, {"1": 3, "2": 4, "5": 5}[version], int(keepalive), user) for name, version, keepalive, user in found
        ]


class Amqtt(RealBroker):
    """amqtt, which speaks 3.1.1 alone, and to anybody."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, [str(found("amqtt")), "-c", str(folder / "amqtt.yaml")])
        settings = {
            "listeners": {"default": {"type": "tcp", "bind": f"{HOST}:{self.port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
        (folder / "amqtt.yaml").write_text(yaml.safe_dump(settings))


def hashed(password: str) -> str:
    """Return a password as mosquitto's file has it: PBKDF2 of SHA-512."""
    salt = secrets.token_bytes(12)
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ROUNDS)
    return f"$7${ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(made).decode()}"
