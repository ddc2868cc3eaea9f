"""What reaches standard error, and what does not."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from emulator.system import logs
from emulator.system.logs import HIDDEN

PASSWORD = "hunter2&ñ"


@pytest.fixture(autouse=True)
def levels_as_they_were() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in logs.QUIET]
    before = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


def line(message: str, *args: object, secrets: tuple[str, ...] = (PASSWORD,), exc_info: object = None) -> str:
    """A record as it is written, without its date."""
    redactor = logs.Redactor()
    for secret in secrets:
        redactor.conceal(secret)
    record = logging.LogRecord("x", logging.INFO, "x.py", 1, message, args, exc_info)  # type: ignore[arg-type]
    return redactor.format(record).partition("INFO    ")[2]


# -- redaction --------------------------------------------------------------------------------------------------


def test_a_secret_is_hidden_in_the_message_and_in_its_arguments() -> None:
    assert line(f"before {PASSWORD} after") == f"before {HIDDEN} after"
    assert line("%s and %d", PASSWORD, 1) == f"{HIDDEN} and 1"


@pytest.mark.parametrize(
    "text",
    ["hunter2%26%C3%B1", f"{{'pwd': '{PASSWORD}'}}", f"https://me:{PASSWORD}@host/", f"x{PASSWORD}y"],
)
def test_a_secret_is_hidden_wherever_it_stands_and_as_a_url_has_it(text: str) -> None:
    assert "hunter2" not in line("%s", text)


def test_a_secret_is_hidden_as_a_repr_has_it() -> None:
    assert "back" not in line("%r", "back\\slash", secrets=("back\\slash",))


def test_a_secret_with_blanks_is_hidden_as_a_form_has_it() -> None:
    assert line("pw=open+sesame", secrets=("open sesame",)) == f"pw={HIDDEN}"


def test_a_secret_is_hidden_in_a_traceback() -> None:
    try:
        raise ValueError(f"bad {PASSWORD}")
    except ValueError:
        text = line("failed", exc_info=sys.exc_info())
    assert f"ValueError: bad {HIDDEN}" in text
    assert "hunter2" not in text


@pytest.mark.parametrize("secrets", [("verisure", "verisure2024"), ("verisure2024", "verisure")])
def test_a_secret_that_begins_like_another_leaves_no_rest(secrets: tuple[str, ...]) -> None:
    assert line("verisure2024 verisure", secrets=secrets) == f"{HIDDEN} {HIDDEN}"


def test_a_short_secret_does_not_garble_the_log() -> None:
    assert line("a demo of 2 days", secrets=("2", "day", "")) == "a demo of 2 days"


@pytest.mark.parametrize("name", ["pwd", "password", "hash", "ID", "user"])
def test_parameters_of_a_request_are_hidden_whatever_they_hold(name: str) -> None:
    assert line(f"GET /ws.do?a=1&{name}=x%20y&b=2", secrets=()) == f"GET /ws.do?a=1&{name}={HIDDEN}&b=2"
    assert line(f"'{name}=x'", secrets=()) == f"'{name}={HIDDEN}'"


@pytest.mark.parametrize("text", ["%s", "auth={'hash': '%s'}", "token:%s."])
def test_tokens_of_the_owa_api_are_hidden_wherever_they_come_from(text: str) -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9.c2ln-bmF_0dXJl"
    assert not [part for part in token.split(".") if part in line(text, token)]


def test_other_parameters_are_not() -> None:
    text = "request=ARM1&panel=SDVFAST&PWDX=1 xhash=2"
    assert line(text, secrets=()) == text


# -- set up -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", logs.LEVELS)
def test_one_handler_at_the_level_that_was_asked_for(level: str) -> None:
    root = logging.getLogger()
    root.handlers[:] = [logging.NullHandler(), logging.NullHandler()]
    logs.setup(level)
    redactor = logs.setup(level)
    [handler] = root.handlers
    assert handler.formatter is redactor
    assert root.level == getattr(logging, level.upper())


def test_a_line_has_date_level_and_message_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    logs.setup("info").conceal(PASSWORD)
    logging.getLogger("emulator.x").info("home: %s", PASSWORD)
    logging.getLogger("emulator.x").debug("not this")
    out, err = capsys.readouterr()
    assert out == ""
    assert err[:10].count("-") == 2
    assert err[19:] == f" INFO    home: {HIDDEN}\n"


@pytest.mark.parametrize("name", ["urllib3.connectionpool", "fauxmo", "asyncio", "waitress.queue", "werkzeug"])
def test_third_parties_stay_quiet_at_debug(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.setup("debug")
    logger = logging.getLogger(name)
    logger.debug("GET /ws.do?pwd=x")
    logger.info("a line each second")
    assert capsys.readouterr().err == ""
    logger.warning("this matters")
    assert "this matters" in capsys.readouterr().err


def test_third_parties_keep_to_a_higher_level_too(capsys: pytest.CaptureFixture[str]) -> None:
    logs.setup("error")
    logging.getLogger("waitress").warning("not this")
    assert capsys.readouterr().err == ""


def test_ours_speak_at_debug(capsys: pytest.CaptureFixture[str]) -> None:
    logs.setup("debug")
    logging.getLogger("emulator.clouds.wsdo.session").debug("ARM1")
    assert "ARM1" in capsys.readouterr().err


PROGRAM = """
import logging
from emulator.system import logs
logs.setup("debug").conceal("hunter2")
log = logging.getLogger("emulator.x")
log.debug("home: %s", "hunter2")
log.warning("two\\nlines")
try:
    raise ValueError("bad")
except ValueError:
    log.exception("failed")
"""


def said(tmp_path: Path, *, to_journal: bool) -> list[str]:
    """What a program writes to a file, which may be what systemd calls the journal's stream."""
    with (tmp_path / "stream").open("w") as stream:
        found = os.fstat(stream.fileno())
        told = {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino if to_journal else 0}"}
        subprocess.run([sys.executable, "-c", PROGRAM], check=True, timeout=60, stderr=stream, env=os.environ | told)
    return (tmp_path / "stream").read_text().splitlines()


def test_to_the_journal_each_line_has_its_priority_and_no_date(tmp_path: Path) -> None:
    lines = said(tmp_path, to_journal=True)
    assert lines[:5] == [
        f"<7>home: {HIDDEN}",
        "<4>two",
        "<4>lines",
        "<3>failed",
        "<3>Traceback (most recent call last):",
    ]
    assert lines[-1] == "<3>ValueError: bad"
    assert all(line.startswith("<3>") for line in lines[3:])


def test_elsewhere_they_are_as_ever_even_below_systemd(tmp_path: Path) -> None:
    assert said(tmp_path, to_journal=False)[1].endswith(" WARNING two")


# -- fauxmo -----------------------------------------------------------------------------------------------------


def test_undisturbed_takes_back_handlers_and_levels_and_closes_what_came() -> None:
    logger, mine, theirs = logging.getLogger("fauxmo"), logging.NullHandler(), logging.NullHandler()
    closed: list[bool] = []
    theirs.close = lambda: closed.append(True)  # type: ignore[method-assign]
    logger.addHandler(mine)
    logger.setLevel(logging.ERROR)
    try:
        with suppress(RuntimeError), logs.undisturbed():
            logger.addHandler(theirs)
            logger.setLevel(logging.DEBUG)
            raise RuntimeError("an import that fails halfway")
        assert logger.handlers == [mine]
        assert logger.level == logging.ERROR
        assert closed == [True]
    finally:
        logger.removeHandler(mine)


LOOK = """
import logging
def look():
    return [(logger.handlers[:], logger.level) for logger in (logging.getLogger(), logging.getLogger("fauxmo"))]
before = look()
import emulator.doors.wemo.door
assert "fauxmo" in __import__("sys").modules
assert look() == before, look()
"""


def test_importing_the_lan_door_leaves_logging_alone() -> None:
    subprocess.run([sys.executable, "-W", "error::ResourceWarning", "-c", LOOK], check=True, timeout=60)
