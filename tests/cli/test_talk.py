"""`emulator login` in another language: every question, every answer, and the end."""

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from emulator.app.settings import Settings
from emulator.cli import NO_ANSWER, failures, login
from emulator.cli.context import Context
from emulator.cli.talk import Talk
from emulator.simulator.accounts import Contract
from emulator.system import logs
from emulator.words.language import language
from tests.support.catalogue import spanish
from tests.test_login import PASSWORD, Desk, Typed

SAID = {
    "Logging in at {host}. The password is used now, and not kept.": "Entrando en {host}.",
    "User, as in the alarm's app": "Usuario",
    "Password": "Contraseña",
    "the cloud is asked": "se pregunta a la nube",
    "The account does not know this program yet, and wants it confirmed by a code. It can be sent to:": "SMS a:",
    "Send it to": "Enviar a",
    "Type a number from 1 to {n}.": "Un número de 1 a {n}.",
    "The code that was sent": "El código",
    "{why}. Another one can be sent to:": "{why}. Otro a:",
    "the cloud did not take that code": "no es ese código",
    "too many wrong codes: try again later, so that the account is not locked": "demasiados códigos",
    "Logged in. It lasts for months.": "Dentro.",
    "NUMBER": "NÚMERO",
    "PANEL": "CENTRAL",
    "ALARM": "ALARMA",
    "devices.yaml fits. Start the program: {command}": "devices.yaml vale: {command}",
    "Write into devices.yaml:": "Escribe en devices.yaml:",
    "or {setting}": "o {setting}",
    "The cloud has refused the password in the environment; correct it there, too.": "Corrígela también allí.",
}
SPANISH = spanish(SAID)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, others=(Contract("7654321", alias="Playa"),))
    yield made
    made.alarm.stop()


def log_in(desk: Desk, keys: Sequence[str | Callable[[], str]]) -> Result:
    """Type these answers, as a Spanish person is asked for them."""

    @click.command()
    @click.pass_context
    def command(ctx: click.Context) -> None:
        ctx.meta[failures.JSON] = False
        settings = Settings.load(desk.config)
        here = Context(desk.config, desk.state, logs.Redactor())
        with failures.told(ctx):
            login.converse(Talk(SPANISH), settings, "home", settings.installations["home"], here, desk.clock)

    empty = {"VERISURE_USER": "", "VERISURE_PASSWORD": ""}
    return CliRunner().invoke(command, [], input=io.BufferedReader(Typed(*keys)), env=empty)


def test_all_of_it_is_in_the_language_of_the_house(desk: Desk) -> None:
    result = log_in(desk, ["demo", PASSWORD, "9", "2", "000000", "", desk.code])
    assert result.exit_code == 0, result.output
    lines = [line.strip() for line in result.stdout.splitlines() if line.strip()]
    host = desk.alarm.url.partition("//")[2].partition("/")[0]
    assert [line for line in lines if "***" not in line] == [
        f"Entrando en {host}.",
        "Usuario: demo",
        "Contraseña:",
        "SMS a:",
        "Enviar a [1]: 9",
        "Un número de 1 a 2.",
        "Enviar a [1]: 2",
        "El código: 000000",
        "no es ese código. Otro a:",
        "Enviar a [1]:",
        f"El código: {desk.code()}",
        "Dentro.",
        "NÚMERO   CENTRAL  ALARMA",
        "2423443  SDVFAST  Casa",
        "7654321  SDVFAST  Playa",
        "Escribe en devices.yaml:",
        "installations:",
        "home:",
        "cloud: owa",
        "country: ES",
        f"url: {desk.alarm.url}",
        "number: 2423443",
        "# o number: 7654321",
    ]


def test_a_failure_is_in_it_and_in_english(desk: Desk) -> None:
    result = log_in(desk, ["demo", PASSWORD, *["1", "000000"] * 3])
    assert (result.exit_code, result.stderr.splitlines()) == (
        NO_ANSWER,
        [
            "emulator: demasiados códigos",
            "emulator: too many wrong codes: try again later, so that the account is not locked",
        ],
    )


def test_where_devices_yaml_is_right_that_is_said(desk: Desk) -> None:
    desk.write(f"cloud: owa, url: '{desk.alarm.url}', number: 2423443")
    assert "devices.yaml vale: emulator run" in log_in(desk, ["demo", PASSWORD, "1", desk.code]).stdout


@pytest.mark.parametrize(
    ("setting", "country", "locale", "tag"),
    [
        ("fr", "ES", "it_IT.UTF-8", "fr"),
        (None, "ES", "it_IT.UTF-8", "es"),
        (None, "BE", "it_IT.UTF-8", "it"),
        (None, "BE", "de_DE.UTF-8", "en"),
        (None, "SE", "it_IT.UTF-8", "sv"),
    ],
)
def test_the_house_comes_before_the_terminal(
    monkeypatch: pytest.MonkeyPatch, setting: str | None, country: str, locale: str, tag: str
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    with click.Context(click.Command("x")) as ctx:
        assert Talk.of(setting, country).language is language(tag)
        assert ctx.meta[failures.SAY]("x") == "x"
