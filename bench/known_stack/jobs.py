"""The known stack's job: log in, submit, poll until the panel has answered, log out."""

import os
import re
import time

import requests

PAUSE_S = 1.0
"""Pause between polls."""

INSTALLATION = {"numinst": "2423443", "panel": "SDVFAST", "callby": "AND_61"}
"""The installation of the simulated alarm; this design has its own in a settings file."""


def operate(request: str) -> str:
    """Carry out one command. Return the panel's answer."""
    account = {"Country": "ES", "lang": "es", "user": "demo", "ID": f"AND{'_' * 25}demo{time.time_ns()}"}
    account["hash"] = _field("HASH", _ask({**account, "request": "LOGIN", "pwd": "demo"}))
    operation = {**account, **INSTALLATION}
    answer = _ask({**operation, "request": f"{request}1"})
    while _field("RES", answer) != "ERROR" and not _field("STATUS", answer):
        time.sleep(PAUSE_S)
        answer = _ask({**operation, "request": f"{request}2"})
    _ask({**account, "request": "CLS", "numinst": "(null)"})
    return answer


def _ask(parameters: dict[str, str]) -> str:
    return requests.get(os.environ["ALARM_URL"], params=parameters, timeout=30).text


def _field(name: str, answer: str) -> str:
    found = re.search(f"<{name}>(.*?)</{name}>", answer, re.DOTALL)
    return found[1].strip() if found else ""
