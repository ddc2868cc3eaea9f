"""User and password from the environment and from files that it names."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from emulator.app.settings import assembled
from emulator.config import credentials
from emulator.config.credentials import Credentials
from emulator.errors import ConfigError

ME = {"VERISURE_USER": "me", "VERISURE_PASSWORD": "secret"}


def settings(**clouds: str) -> Mapping[str, bool]:
    """Return the accounts of these alarms."""
    installations = {name: {"cloud": cloud} for name, cloud in clouds.items()}
    whole = {"installations": installations, "switches": [{"name": "Night", "on": "night"}]}
    return assembled().model_validate(whole).accounts


def problems(environ: dict[str, str], **clouds: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        credentials.read(settings(**clouds or {"home": "wsdo"}), environ)
    return [str(problem) for problem in caught.value.problems]


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    return tmp_path / "secret"


def test_user_and_password() -> None:
    assert credentials.read(settings(home="wsdo"), ME) == {"home": Credentials("me", "secret")}


def test_the_environment_is_that_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ME.items():
        monkeypatch.setenv(name, value)
    assert credentials.read(settings(home="wsdo"))["home"].password == "secret"


def test_a_simulated_alarm_needs_none_and_gets_none() -> None:
    assert credentials.read(settings(home="simulator"), {}) == {}
    assert credentials.read(settings(home="simulator", shed="wsdo"), ME) == {"shed": Credentials("me", "secret")}


def test_bytes_that_are_no_text_are_not_sent_as_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever they became, the cloud would refuse it, and three refusals lock an account."""
    monkeypatch.setitem(os.environb, b"VERISURE_PASSWORD", b"se\xf1al")
    for door in (lambda: credentials.read({"home": True}), lambda: credentials.login("VERISURE")):
        with pytest.raises(ConfigError, match="environment: VERISURE_PASSWORD: is not in UTF-8") as caught:
            door()
        assert "al;" not in str(caught.value)


def test_user_and_password_stay_as_they_were_written() -> None:
    environ = {"VERISURE_USER": "0012345", "VERISURE_PASSWORD": " ñ'\"&$(x)\t"}
    assert credentials.read(settings(home="wsdo"), environ) == {"home": Credentials("0012345", " ñ'\"&$(x)\t")}


def test_the_line_end_of_another_system_is_no_part_of_a_password() -> None:
    """A shell leaves it there that reads a file of variables from Windows; nobody can type it."""
    environ = {"VERISURE_USER": "0012345\r", "VERISURE_PASSWORD": "p ss \r\n"}
    assert credentials.read(settings(home="wsdo"), environ) == {"home": Credentials("0012345", "p ss ")}


@pytest.mark.parametrize(
    ("name", "variable"),
    [("shed", "VERISURE_SHED_"), ("my-home_2", "VERISURE_MY_HOME_2_")],
)
def test_an_installation_of_its_own_account(name: str, variable: str) -> None:
    environ = {**ME, f"{variable}USER": "other", f"{variable}PASSWORD": "pw"}
    found = credentials.read(settings(**{"home": "wsdo", name: "wsdo"}), environ)
    assert found == {"home": Credentials("me", "secret"), name: Credentials("other", "pw")}


@pytest.mark.parametrize(("given", "lacking"), [("PASSWORD", "USER"), ("USER", "PASSWORD")])
def test_one_accounts_user_never_goes_with_another_ones_password(given: str, lacking: str) -> None:
    found = problems({**ME, f"VERISURE_SHED_{given}": "other"}, home="wsdo", shed="wsdo")
    assert found == [missing(lacking, "shed", "VERISURE_SHED")]


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"pass\n", "pass"),
        (b"pass\r\n", "pass"),
        (b"pass", "pass"),
        (b" p ss ", " p ss "),
        (b"\npass", "\npass"),
        ("señal".encode(), "señal"),
        ("\ufeffseñal\r\n".encode(), "señal"),
    ],
)
def test_a_file_holds_the_value_and_perhaps_a_line_end(secret: Path, content: bytes, value: str) -> None:
    secret.write_bytes(content)
    environ = {"VERISURE_USER": "me", "VERISURE_PASSWORD_FILE": str(secret)}
    assert credentials.read(settings(home="wsdo"), environ)["home"].password == value


def test_a_file_of_an_installation_goes_before_the_common_value(secret: Path) -> None:
    secret.write_text("own")
    environ = {**ME, "VERISURE_HOME_USER_FILE": str(secret), "VERISURE_HOME_PASSWORD_FILE": str(secret)}
    assert credentials.read(settings(home="wsdo"), environ)["home"] == Credentials("own", "own")


# -- what is refused --------------------------------------------------------------------------------------------


def missing(word: str, name: str = "home", prefix: str = "VERISURE") -> str:
    variable = f"{prefix}_{word}"
    needs = f"is not set; installation {name!r} needs it (or {variable}_FILE, which names a file that holds it)"
    return f"environment: {variable}: {needs}"


def test_nothing_set_is_told_for_every_installation_at_once() -> None:
    assert problems({}, home="wsdo", shed="wsdo", attic="simulator") == [
        missing("USER"),
        missing("PASSWORD"),
        missing("USER", "shed"),
        missing("PASSWORD", "shed"),
    ]


@pytest.mark.parametrize("empty", ["VERISURE_PASSWORD", "VERISURE_PASSWORD_FILE", "VERISURE_HOME_PASSWORD"])
def test_an_empty_variable_counts_as_not_set(empty: str) -> None:
    assert problems({"VERISURE_USER": "me", empty: ""}) == [missing("PASSWORD")]


def test_a_value_and_a_file_are_one_too_many_and_told_once(secret: Path) -> None:
    secret.write_text("other")
    environ = {**ME, "VERISURE_USER_FILE": str(secret)}
    expected = ["environment: VERISURE_USER: both it and VERISURE_USER_FILE are set; keep one"]
    assert problems(environ, home="wsdo", shed="wsdo") == expected


def test_a_file_that_is_not_there(secret: Path) -> None:
    # Not even by its path: people put the password itself there.
    [problem] = problems({"VERISURE_USER": "me", "VERISURE_PASSWORD_FILE": str(secret)})
    assert problem == "environment: VERISURE_PASSWORD_FILE: that file cannot be read: No such file or directory"


def test_an_empty_file_is_no_password_to_try(secret: Path) -> None:
    secret.write_text("\n")
    assert problems({"VERISURE_USER": "me", "VERISURE_PASSWORD_FILE": str(secret)}) == [
        "environment: VERISURE_PASSWORD_FILE: that file is empty; write the value into it"
    ]


def test_a_file_in_another_encoding_is_refused_without_a_byte_of_it(secret: Path) -> None:
    secret.write_bytes(b"se\xf1al")
    assert problems({"VERISURE_USER": "me", "VERISURE_PASSWORD_FILE": str(secret)}) == [
        "environment: VERISURE_PASSWORD_FILE: that file cannot be read: it is not in UTF-8"
    ]


def test_a_password_is_never_shown() -> None:
    assert repr(Credentials("me", "secret")) == "Credentials(user='me')"
    assert "secret" not in str(problems({"VERISURE_PASSWORD": "secret"}))


# -- accounts whose login is kept ---------------------------------------------------------------------------------


def test_an_owa_account_may_leave_out_either() -> None:
    assert credentials.read(settings(home="owa"), {}) == {"home": Credentials("", "")}
    assert credentials.read(settings(home="owa"), {"VERISURE_USER": "me"}) == {"home": Credentials("me", "")}
    assert credentials.read(settings(home="owa"), ME) == {"home": Credentials("me", "secret")}


def test_what_is_set_is_known_without_any_settings(secret: Path) -> None:
    assert credentials.known("home", {}) == Credentials("", "")
    assert credentials.known("home", {**ME, "VERISURE_HOME_USER": "other"}) == Credentials("other", "")
    with pytest.raises(ConfigError, match="VERISURE_PASSWORD_FILE"):
        credentials.known("home", {"VERISURE_PASSWORD_FILE": str(secret)})


@pytest.mark.parametrize("blank", ["", " ", "\t"])
def test_what_is_blank_is_not_set(blank: str, secret: Path) -> None:
    assert problems(ME | {"VERISURE_PASSWORD": blank}) == problems({"VERISURE_USER": "me"})
    assert credentials.read(settings(home="owa"), ME | {"VERISURE_PASSWORD": blank})["home"].password == ""
    secret.write_text(f"{blank}\n")
    assert "that file is empty" in problems({"VERISURE_USER": "me", "VERISURE_PASSWORD_FILE": str(secret)})[0]


def test_a_login_elsewhere_is_read_from_variables_of_its_own(secret: Path) -> None:
    secret.write_text("pw\n")
    assert credentials.login("MQTT", ME) == Credentials("", "")
    found = credentials.login("MQTT", {**ME, "MQTT_USER": "home", "MQTT_PASSWORD_FILE": str(secret)})
    assert found == Credentials("home", "pw")
    assert "pw" not in repr(found)


def test_one_that_cannot_be_read_is_said_without_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        credentials.login(
            "MQTT", {"MQTT_USER": "a", "MQTT_USER_FILE": "b", "MQTT_PASSWORD_FILE": str(tmp_path / "s3cret")}
        )
    assert [problem.where for problem in caught.value.problems] == [
        "environment: MQTT_USER",
        "environment: MQTT_PASSWORD_FILE",
    ]
    assert "s3cret" not in str(caught.value)


OWN = {"VERISURE_HOME_USER": "own", "VERISURE_HOME_PASSWORD": "own"}


@pytest.mark.parametrize(
    ("environ", "code"),
    [
        ({}, ""),
        (ME | {"VERISURE_CODE": "4711"}, "4711"),
        (ME | {"VERISURE_CODE": " "}, ""),
        (ME | {"VERISURE_CODE": "4711", "VERISURE_HOME_CODE": "1234"}, "1234"),
        # Set-up keeps the user under the alarm's name.
        (OWN | {"VERISURE_CODE": "4711"}, "4711"),
        (OWN | {"VERISURE_HOME_CODE": "1234"}, "1234"),
    ],
)
def test_the_code_of_an_alarm(environ: dict[str, str], code: str) -> None:
    found = credentials.read(settings(home="owa"), environ)["home"]
    assert found.code == code
    assert "4711" not in repr(found)


def test_the_code_may_stand_in_a_file(secret: Path) -> None:
    secret.write_text("471147\n")
    environ = {"VERISURE_CODE_FILE": str(secret)}
    assert credentials.read(settings(home="owa"), environ)["home"].code == "471147"


def test_what_is_no_code_is_said_without_it() -> None:
    [said] = problems(ME | {"VERISURE_CODE": "47a1"})
    assert "environment: VERISURE_CODE: is not a code" in said
    assert "47a1" not in said
