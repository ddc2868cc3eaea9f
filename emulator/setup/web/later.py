"""The pages of set-up in the running program: changes of names, modes, doors, notices, PIN and login, with the PIN."""

import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from flask import Blueprint, request

from emulator.app.login_store import JournalVault
from emulator.app.settings import Settings
from emulator.config import credentials
from emulator.doors import DoorContext
from emulator.doors.mounted import Refused
from emulator.errors import ConfigError, EmulatorError
from emulator.lan import turns
from emulator.model import Notice
from emulator.setup import answers, door_choices, place
from emulator.setup.claim import ClaimCode
from emulator.setup.set_up import TARGETS, SetUp
from emulator.setup.web import pages
from emulator.setup.web.desk import FormTooOld, SetUpDesk
from emulator.system import kept
from emulator.words.text import Text

CHECK_S = 10.0
"""Longest wait for the check of the changed settings, which takes less than a second."""


def blueprint(
    path: Path,
    code: ClaimCode,
    conceal: Callable[[str], None],
    context: DoorContext,
    refused: Refused,
    stopping: threading.Event,
) -> Blueprint:
    """Build the pages for the file at `path`, at the page of the program that runs with it.

    While `stopping` is set, no request waits for the cloud.
    """
    try:
        running = answers.of(Settings.load(place.in_force(path))).doors
    except ConfigError:  # by now: the program has started with what it said before, and the page is to be there
        running = {}

    def begin() -> SetUp:
        return SetUp(
            path,
            context.state_dir,
            context.journal,
            context.clock,
            conceal=conceal,
            set_pin=set_pin,
            running=running,
            page_port=_page_port(running),
        )

    # At the targets that there were: whoever takes these away is told of there.
    told = partial(context.notify, Notice.CHANGED, Text("program"))

    def set_pin(pin: str) -> None:
        context.pin.set(pin)
        desk.renew()
        told(Text("the PIN was changed on the page, from {peer}", peer=str(request.remote_addr)))

    def targets() -> str:
        return kept.read(context.state_dir).get(TARGETS, "")

    before = targets()

    def finish() -> str:
        if targets() != before:
            told(Text("the targets of notices were changed on the page, from {peer}", peer=str(request.remote_addr)))
        if context.changes is None:
            return Text("Restart the program: it takes them then.")
        return _answer(context.changes.ask())

    def check(secret: str, peer: str) -> None:
        """Take the PIN; where none is set, the code that is printed where the program runs."""
        (context.pin.check if context.pin.is_set else code.check)(secret, peer)

    def forget(alarm: str) -> None:
        one = Settings.load(place.in_force(path)).installations.get(alarm)
        if one is None:
            raise FormTooOld(Text("There is no such alarm."))
        known = credentials.known(alarm, kept.environment(context.state_dir, os.environ))
        JournalVault(context.journal, context.state_dir, urlsplit(one.endpoint).netloc, known.user).forget()
        prefix = credentials.prefix_of(alarm)
        kept.change(context.state_dir, {f"{prefix}_{word}": None for word in kept.WORDS})

    desk = SetUpDesk(begin, check, context.clock.monotonic, goes_on=False, edition=lambda: context.pin.edition)
    desk.stopping = stopping
    return pages.blueprint(desk, finish=finish, refused=refused, has_pin=lambda: context.pin.is_set, forget=forget)


def _page_port(running: Mapping[str, Mapping[str, str]]) -> int | None:
    name, _ = door_choices.page_door()
    return int(running[name]["port"]) if name in running else None


def _answer(answer: "Future[str]") -> str:
    with turns.WEB.pass_on():
        try:
            return answer.result(CHECK_S)
        except TimeoutError:
            return Text("The program has not taken them yet: look at its log.")
        except EmulatorError as error:
            return Text("The file is written, and the program does not take it: {why}", why=str(error))
