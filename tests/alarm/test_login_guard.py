"""The login guard row by row: what stops logins, what lifts that, and which notices people get."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.alarm.login_guard import LoginGuard
from emulator.alarm.unfinished import Records
from emulator.errors import EmulatorError, LoginNeeded, LoginRefused, Retired, SettingNeeded
from emulator.model import Notice
from emulator.store import refused_logins
from emulator.store.journal import Journal
from tests.support.fakes import FakeClock

HELP = "type `emulator status`"


class Desk:
    """A guard, and the notices that it has sent."""

    def __init__(self, folder: Path) -> None:
        self.journal = Journal(folder)
        self.told: list[str] = []
        self.records = Records("home", self.journal, FakeClock(), self.tell)
        self.guard = self.restarted()

    def tell(self, notice: Notice, text: str) -> None:
        assert notice is Notice.LOGIN
        self.told.append(text)

    def restarted(self, credentials: str = "pw", refusals: int = 0) -> LoginGuard:
        return LoginGuard(self.records, credentials, refusals, HELP)

    @property
    def noted(self) -> bool:
        return refused_logins.recall(self.journal, "pw") is not None


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.journal.close()


REFUSED, NEEDED = LoginRefused, LoginNeeded


@pytest.mark.parametrize(
    ("before", "error", "stands", "told", "noted"),
    [
        (None, REFUSED("no"), "no", [f"no. {HELP}"], True),
        (None, Retired("moved."), "moved.", [f"moved. {HELP}"], True),
        (None, SettingNeeded("which?"), "which?", ["which?"], False),
        (None, NEEDED("log in"), "log in", ["log in"], False),
        (NEEDED("log in"), NEEDED("log in"), "log in", [], False),
        (NEEDED("log in"), NEEDED("log in anew"), "log in anew", ["log in anew"], False),
        (REFUSED("no"), NEEDED("log in"), "log in", ["log in"], True),
        (REFUSED("no"), REFUSED("still no"), "no", [], True),
        (NEEDED("log in"), REFUSED("no"), "log in", [], False),
    ],
)
def test_what_stands_after_a_refusal(
    desk: Desk, before: LoginRefused | None, error: LoginRefused, stands: str, told: list[str], noted: bool
) -> None:
    if before:
        desk.guard.refuse(type(before)(str(before)))
        desk.told.clear()
    desk.guard.refuse(type(error)(str(error)))
    assert (str(desk.guard.refusal), desk.told, desk.noted) == (stands, told, noted)


@pytest.mark.parametrize(
    ("error", "lets_ask", "lifted_by_news", "after_a_restart"),
    [
        (REFUSED("no"), False, False, True),
        (SettingNeeded("which?"), False, False, False),
        (NEEDED("x"), True, True, False),
    ],
)
def test_how_long_a_refusal_stands(
    desk: Desk, error: LoginRefused, lets_ask: bool, lifted_by_news: bool, after_a_restart: bool
) -> None:
    desk.guard.refuse(type(error)(str(error)))
    assert desk.guard.lets_ask is lets_ask
    if lets_ask:
        assert not desk.guard.check()
    else:
        with pytest.raises(LoginRefused):
            desk.guard.check()
    desk.guard.worked()
    assert (desk.guard.refusal is None) is lifted_by_news
    assert bool(desk.restarted().refusal) is after_a_restart
    assert desk.restarted("another password").refusal is None


def test_a_try_of_a_person_lifts_a_noted_refusal_once(desk: Desk) -> None:
    desk.guard.refuse(LoginRefused("no"))
    persons = desk.restarted(refusals=1)
    assert not persons.check()
    persons.worked()
    assert desk.guard.check()
    assert not desk.guard.check()


def test_a_try_is_for_as_many_refusals_as_it_says(desk: Desk) -> None:
    for guard in (desk.guard, desk.restarted(refusals=1)):
        guard.refuse(LoginRefused("no"))
    with pytest.raises(LoginRefused, match="emulator status"):
        desk.restarted(refusals=1).check()
    assert not desk.restarted(refusals=2).check()


def test_a_refusal_that_could_not_be_noted_stands_and_is_noted_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise EmulatorError("the journal cannot be written")

    with monkeypatch.context() as patched:
        patched.setattr(refused_logins, "remember", full)
        desk.guard.refuse(LoginRefused("no"))
        desk.records.catch_up()
    assert not desk.noted
    with pytest.raises(LoginRefused):
        desk.guard.check()
    desk.records.catch_up()
    assert desk.noted
    with pytest.raises(LoginRefused):
        desk.guard.check()


def test_credentials_are_not_shown(desk: Desk) -> None:
    assert "SECRET" not in repr(desk.restarted(credentials="SECRET"))
