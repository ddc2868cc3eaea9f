"""Tokens: renewed when needed, a lost answer costs no login, the password only as a last resort."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from emulator.clouds.account import Account
from emulator.clouds.firewall import Answer
from emulator.clouds.owa import operations
from emulator.clouds.owa.graphql import TOKEN_LIFE_S
from emulator.clouds.owa.provider import SPACING_S
from emulator.clouds.owa.tokens import APART_S, CRASHES, MARGIN_S, PASSWORD_PAUSE_S, Tokens
from emulator.clouds.owa.wire import Wire
from emulator.clouds.turnstile import Turnstile
from emulator.clouds.vault import Device, Login
from emulator.errors import EmulatorError, LoginNeeded, SessionExpired, Unreachable
from tests.clouds.owa.tokens import jwt
from tests.clouds.script import BAD_GATEWAY, BAN, TOKENS, MemoryVault, Script, Scripted, data, errors
from tests.support.fakes import EPOCH_S, FakeClock

OLD = Login("u", Device.new(), "OLD ACCESS", EPOCH_S + 900, EPOCH_S, "OLD REFRESH")
DEAD = replace(OLD, access_until=EPOCH_S)
RENEWED = data("xSRefreshLogin", TOKENS)
LOGGED_IN = data("xSLoginToken", TOKENS)
LIST = data("xSInstallations", {"installations": []})
REFUSED = errors("We have had problems identifying you", err="60067")
CRASH = errors("Cannot read properties of undefined (reading 'es')")
TROUBLE = errors("Internal Server Error", "HttpError", status=500)
LOCKED = errors("Votre compte est bloqué", err="60052", status=403)
GONE = Unreachable("no answer")
TORN = Answer(200, b'{"data": {"xSRefreshLogin": {"res": "OK", "ha')


class World:
    """One account, its vault, and a far side that follows a script."""

    def __init__(
        self,
        login: Login | None = DEAD,
        password: str = "",
        turnstile: Turnstile | None = None,
        country: str = "ES",
        lang: str = "es",
        **answers: Any,
    ) -> None:
        self.turnstile = turnstile or Turnstile(SPACING_S)
        self.clock = FakeClock()
        self.vault = MemoryVault(login)
        self.script = Script(self.clock, **{"mkInstallationList": LIST, **answers})
        self.password, self.country, self.lang = password, country, lang
        self.tokens = self.restart()

    def restart(self) -> Tokens:
        account = Account("u", self.password, self.country, self.lang)
        self.wire = Wire(account, self.script, self.clock, self.turnstile, self.vault)
        self.tokens = Tokens(self.wire)
        return self.tokens

    def fails(self, times: int, pause_s: float = 120.0) -> None:
        """So many polls that end in trouble."""
        for _ in range(times):
            with pytest.raises(Unreachable):
                self.tokens.access()
            self.clock.now += pause_s

    def count(self, operation: str) -> int:
        return self.script.names().count(operation)

    def spent(self) -> list[str]:
        return [str(variables["refreshToken"]) for variables in self.script.of("RefreshLogin")]


def test_a_token_that_lives_is_used_and_nothing_is_sent() -> None:
    world = World(OLD)
    assert world.tokens.access().access == "OLD ACCESS"
    world.clock.now = OLD.access_until - MARGIN_S - 1
    assert world.tokens.access() == OLD
    assert not world.script.sent


def test_a_token_that_ends_is_renewed_and_both_new_ones_are_kept() -> None:
    world = World(replace(OLD, trouble=""), RefreshLogin=RENEWED)
    world.clock.now = OLD.access_until - MARGIN_S
    renewed = world.tokens.access()
    assert (renewed.access, renewed.refresh) == (TOKENS["hash"], TOKENS["refreshToken"])
    assert renewed.access_until == world.clock.now + 900
    assert world.vault.login == renewed
    assert renewed.device == OLD.device
    assert world.restart().access() == renewed
    assert world.spent() == ["OLD REFRESH"]


def test_what_a_renewal_brings_along() -> None:
    world = World(RefreshLogin=RENEWED)
    world.tokens.access()
    [variables] = world.script.of("RefreshLogin")
    assert set(variables) == {
        *("refreshToken", "id", "country", "lang", "callby", "idDevice", "idDeviceIndigitall", "deviceType"),
        *("deviceVersion", "deviceResolution", "deviceName", "deviceBrand", "deviceOsVersion", "uuid"),
    }
    assert (variables["idDevice"], variables["uuid"]) == (OLD.device.id, OLD.device.uuid)


def test_somebody_else_has_renewed_it_meanwhile() -> None:
    world = World(replace(OLD, access="NEWER", refresh="NEWER REFRESH"))
    assert world.tokens.renew("OLD ACCESS").access == "NEWER"
    assert not world.script.sent


def test_nobody_has_logged_in_yet() -> None:
    world = World(None)
    with pytest.raises(LoginNeeded, match=r"nobody has logged in.*`emulator login`"):
        world.tokens.access()
    assert not world.script.sent


def test_before_the_refresh_token_is_risked_the_cloud_has_to_answer() -> None:
    world = World(mkInstallationList=[Unreachable("no answer"), LIST], RefreshLogin=RENEWED)
    with pytest.raises(Unreachable):
        world.tokens.access()
    assert world.script.names() == ["mkInstallationList"]
    assert world.vault.login == DEAD
    world.tokens.access()
    assert world.script.names() == ["mkInstallationList", "mkInstallationList", "RefreshLogin"]


# -- what gets lost -----------------------------------------------------------------------------------------------


class Killed(BaseException):
    """SIGKILL: nothing of ours runs after it."""


@pytest.mark.parametrize("point", ["before it is marked", "before it is sent", "before the answer is kept", "after"])
@pytest.mark.parametrize("password", ["", "p"])
def test_killed_at_any_point_of_a_renewal_no_login_is_lost(point: str, password: str) -> None:
    world = World(password=password, RefreshLogin=RENEWED)
    save, post = world.vault.save, world.script.post

    def killed_while_saving(login: Login) -> None:
        if point == ("before it is marked" if login.spent else "before the answer is kept"):
            raise Killed
        save(login)
        if point == "after" and not login.spent:
            raise Killed

    def killed_while_sending(headers: Mapping[str, str], body: bytes) -> Answer:
        if point == "before it is sent" and b"RefreshLogin" in body[:60]:
            raise Killed
        return post(headers, body)

    world.vault.save, world.script.post = killed_while_saving, killed_while_sending  # type: ignore[method-assign]
    with pytest.raises(Killed):
        world.tokens.access()
    world.vault.save, world.script.post = save, post  # type: ignore[method-assign]
    assert world.restart().access().access == TOKENS["hash"]
    # Only where the answer got lost is the token sent again.
    assert len(world.spent()) == 1 + (point == "before the answer is kept")
    assert world.vault.login
    assert world.vault.login.device == OLD.device


def test_killed_while_it_waits_for_its_turn_nothing_is_lost() -> None:
    world = World(RefreshLogin=RENEWED)

    def killed(_seconds: float) -> bool:
        raise Killed

    world.clock.sleep = killed  # type: ignore[assignment, method-assign]
    with pytest.raises(Killed):
        world.tokens.access()
    assert world.script.names() == ["mkInstallationList"]
    del world.clock.sleep
    assert world.restart().access().access == TOKENS["hash"]


def test_a_renewal_does_not_wait_for_a_command_that_may_have_to_wait_for_it() -> None:
    turnstile = Turnstile(SPACING_S)
    world = World(RefreshLogin=RENEWED, turnstile=turnstile)
    with turnstile.command():
        stop_after(world.clock, 60)
        assert world.tokens.access().access == TOKENS["hash"]


def test_a_command_that_renews_the_login_stays_a_command() -> None:
    world = World(RefreshLogin=RENEWED)
    wire = world.wire
    with wire.command():
        stop_after(world.clock, 60)
        login = world.tokens.access()
        wire.ask(operations.INSTALLATIONS, {}, login)


def stop_after(clock: FakeClock, seconds: float) -> None:
    """End a wait that would last for ever."""
    end, sleep = clock.now + seconds, clock.sleep
    clock.sleep = lambda pause_s: clock.now < end and sleep(pause_s)  # type: ignore[assignment, method-assign]


LOST = {
    "silence": GONE,
    "504": Answer(504, b"<html>"),
    "torn": TORN,
    "502": BAD_GATEWAY,
    "crash": CRASH,
    "500": TROUBLE,
    "ban": BAN,
    "page": Answer(200, b"<html>"),
}


@pytest.mark.parametrize("why", LOST)
def test_an_answer_that_got_lost_costs_no_login_and_no_password(why: str) -> None:
    world = World(password="p", RefreshLogin=[LOST[why], RENEWED])
    world.fails(1, pause_s=3600)
    assert world.restart().access().access == TOKENS["hash"]
    assert world.spent() == ["OLD REFRESH"] * 2


def test_a_night_of_lost_answers_ends_with_the_same_login() -> None:
    world = World(RefreshLogin=[LOST["504"], GONE, TORN, *[BAD_GATEWAY] * 20, RENEWED])
    world.fails(23)
    assert world.tokens.access().access == TOKENS["hash"]


def test_what_the_cloud_refuses_after_a_lost_answer_is_told_with_that_reason() -> None:
    world = World(RefreshLogin=[GONE, REFUSED])
    world.fails(1)
    for _ in range(2):
        with pytest.raises(LoginNeeded, match=r"after the answer to a renewal had got lost: the cloud no longer knows"):
            world.restart().access()
    assert len(world.spent()) == 2


# -- a server that crashes over a token ---------------------------------------------------------------------------

VAGUE = {
    "property": CRASH,
    "older words": errors("TypeError: Cannot read property 'fr' of undefined", "ApiError", status=500),
    "null": data("xSRefreshLogin", None),
    "expired": errors("Invalid session. Please, try again later.", "ExpiredSessionError", err="ExpiredSessionError"),
}


@pytest.mark.parametrize("why", VAGUE)
@pytest.mark.parametrize("password", ["", "p"])
def test_a_streak_of_crashes_is_a_dead_token_and_less_is_not(why: str, password: str) -> None:
    world = World(password=password, RefreshLogin=VAGUE[why], mkLoginToken=LOGGED_IN)
    world.fails(CRASHES - 1)
    world.restart()
    if password:
        assert world.tokens.access().access == TOKENS["hash"]
    for _ in range(3):
        world.clock.now += 120
        if not password:
            with pytest.raises(LoginNeeded, match="`emulator login`"):
                world.tokens.access()
    assert (len(world.spent()), world.count("mkLoginToken")) == (CRASHES, bool(password))
    world = World(RefreshLogin=[*[VAGUE[why]] * (CRASHES - 1), RENEWED, *[VAGUE[why]] * (CRASHES - 1), RENEWED])
    for _ in range(2):
        world.fails(CRASHES - 1)
        assert world.tokens.access().access == TOKENS["hash"]
        world.clock.now += 900


@pytest.mark.parametrize("other", [CRASH, TROUBLE])
def test_a_cloud_that_crashes_over_everything_has_trouble_and_the_token_lives(other: Answer) -> None:
    crashes = [CRASH] * (2 * CRASHES)
    world = World(mkInstallationList=other, RefreshLogin=[*crashes, RENEWED])
    world.fails(len(crashes))
    assert world.tokens.access().access == TOKENS["hash"]


def test_a_switch_that_is_pressed_again_and_again_meets_one_crash() -> None:
    world = World(RefreshLogin=[*[CRASH] * 9, RENEWED])
    world.fails(9, pause_s=APART_S / 20)
    assert world.tokens.access().access == TOKENS["hash"]


def test_threads_and_programs_that_meet_a_crash_at_the_same_moment_meet_one() -> None:
    world = World(RefreshLogin=[*[CRASH] * (CRASHES + 1), RENEWED])
    for _ in range(CRASHES + 1):
        world.restart()
        world.fails(1, pause_s=0.0)
    assert world.vault.login
    assert world.vault.login.crashes < CRASHES
    assert world.restart().access().access == TOKENS["hash"]


def test_a_dead_token_is_found_out_however_often_it_is_tried() -> None:
    world = World(RefreshLogin=CRASH)
    # Every second one comes too soon to count.
    world.fails(2 * (CRASHES - 1), pause_s=0.8 * APART_S)
    with pytest.raises(LoginNeeded):
        world.tokens.access()


@pytest.mark.parametrize("answer", [TROUBLE, errors("FetchError: request failed, reason: connect ECONNREFUSED")])
def test_an_outage_of_the_renewal_alone_is_waited_out(answer: Answer) -> None:
    world = World(RefreshLogin=[*[answer] * 9, RENEWED])
    world.fails(9)
    assert world.tokens.access().access == TOKENS["hash"]


@pytest.mark.parametrize("password", ["", "p"])
def test_a_locked_account_is_left_alone(password: str) -> None:
    world = World(password=password, RefreshLogin=LOCKED, mkLoginToken=LOGGED_IN)
    for _ in range(3):
        with pytest.raises(LoginNeeded, match=r"locked.*bloqué.*`emulator login`"):
            world.restart().access()
        world.clock.now += 2 * PASSWORD_PAUSE_S
    assert world.script.names() == ["mkInstallationList", "RefreshLogin"]


# -- the language -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("country", "lang", "other"), [("BR", "pt", "br"), ("AR", "es", "ar")])
def test_where_the_cloud_crashes_over_our_language_that_of_others_is_tried_once_and_kept(
    country: str, lang: str, other: str
) -> None:
    answers: list[Scripted] = [CRASH, RENEWED]
    world = World(country=country, lang=lang, RefreshLogin=answers)
    login = world.tokens.access()
    assert login.access == TOKENS["hash"]
    assert [variables["lang"] for variables in world.script.of("RefreshLogin")] == [lang, other]
    world.clock.now += 900
    world.restart().access()
    world.wire.ask(operations.INSTALLATIONS, {}, login)
    assert world.script.of("RefreshLogin")[-1]["lang"] == other
    assert json.loads(world.script.sent[-1][2]["auth"])["lang"] == other


def test_another_language_that_helps_as_little_is_tried_once_and_changes_nothing() -> None:
    world = World(country="BR", lang="pt", RefreshLogin=CRASH)
    world.fails(CRASHES - 1)
    assert [variables["lang"] for variables in world.script.of("RefreshLogin")] == ["pt", "br", "pt"]
    assert world.vault.login
    assert world.vault.login.bad_lang == ""


@pytest.mark.parametrize(
    ("country", "lang", "answer"), [("ES", "es", CRASH), ("BR", "br", CRASH), ("BR", "pt", TROUBLE)]
)
def test_no_other_language_is_tried_where_there_is_none_or_no_reason(country: str, lang: str, answer: Answer) -> None:
    world = World(country=country, lang=lang, RefreshLogin=answer)
    world.fails(1)
    assert len(world.spent()) == 1


def test_a_language_that_a_refused_renewal_has_shown_is_used_for_the_password() -> None:
    world = World(password="p", country="BR", lang="pt", RefreshLogin=[CRASH, REFUSED], mkLoginToken=LOGGED_IN)
    assert world.tokens.access().access == TOKENS["hash"]
    assert [variables["lang"] for variables in world.script.of("mkLoginToken")] == ["br"]


def test_a_language_that_a_renewal_has_shown_outlives_a_session_that_is_over_at_once() -> None:
    world = World(country="BR", lang="pt", RefreshLogin=[CRASH, VAGUE["expired"]])
    world.fails(1)
    assert world.vault.login
    assert (world.vault.login.bad_lang, world.vault.login.crashes) == ("pt", 1)


def test_the_other_language_of_a_login_is_for_the_next_one_since_each_may_count_as_a_wrong_password() -> None:
    world = World(ENDED, "p", country="BR", lang="pt", mkLoginToken=[CRASH, LOGGED_IN])
    with pytest.raises(Unreachable, match=r"fails over its language “pt”; the next login uses “br”"):
        world.tokens.access()
    world.clock.now += PASSWORD_PAUSE_S
    login = world.restart().access()
    assert [variables["lang"] for variables in world.script.of("mkLoginToken")] == ["pt", "br"]
    assert (login.access, login.passwords_lost, login.bad_lang) == (TOKENS["hash"], 0, "pt")


@pytest.mark.parametrize("then", [TROUBLE, CRASH])
def test_a_server_that_breaks_off_in_both_languages_is_told_the_password_twice(then: Answer) -> None:
    world = World(ENDED, "p", country="BR", lang="pt", mkLoginToken=[CRASH, then])
    world.fails(2, pause_s=PASSWORD_PAUSE_S)
    for _ in range(2):
        with pytest.raises(LoginNeeded, match="nor was the login with the password answered"):
            world.restart().access()
        world.clock.now += PASSWORD_PAUSE_S
    assert [variables["lang"] for variables in world.script.of("mkLoginToken")] == ["pt", "br"]


def test_what_was_never_sent_is_not_spent() -> None:
    world = World(RefreshLogin=[Unreachable("refused", sent=False)] * 2 + [RENEWED])
    with pytest.raises(Unreachable):
        world.tokens.access()
    assert world.vault.login == DEAD
    assert world.tokens.access().access == TOKENS["hash"]


# -- the password -------------------------------------------------------------------------------------------------

NULL = data("xSRefreshLogin", {"res": "OK", "hash": None, "refreshToken": None})


@pytest.mark.parametrize("answer", [REFUSED, NULL, data("xSRefreshLogin", {"res": "KO", "msg": "no"})])
def test_a_login_that_has_ended_needs_a_person(answer: Answer) -> None:
    world = World(RefreshLogin=answer)
    for _ in range(3):
        with pytest.raises(LoginNeeded, match=r"the login has ended.*`emulator login`"):
            world.restart().access()
    assert world.script.names() == ["mkInstallationList", "RefreshLogin"]


def test_a_login_that_has_ended_is_made_anew_with_the_password_where_there_is_one() -> None:
    world = World(password="p", RefreshLogin=REFUSED, mkLoginToken=LOGGED_IN)
    assert world.tokens.access().access == TOKENS["hash"]
    [variables] = world.script.of("mkLoginToken")
    assert (variables["user"], variables["password"], variables["uuid"]) == ("u", "p", OLD.device.uuid)
    assert "auth" not in dict(world.script.sent[-1][2])


REFUSALS = {
    "wrong": errors("wrong", err="60091"),
    "locked": errors("locked", err="60052", res="LOCK"),
    "terms": data("xSLoginToken", {"res": "OK", "hash": None, "changePassword": True}),
    "unknown device": data("xSLoginToken", {"res": "OK", "hash": None, "needDeviceAuthorization": True}),
    "unknown device, null": data("xSLoginToken", {"res": "OK", "msg": "auth-api.mfa_needed", "hash": None}),
    "challenge": errors("No autorizado", "SecurityError", **{"auth-otp-hash": "H"}),
    "unknown user": data("xSLoginToken", {"res": "KO", "msg": "El usuario introducido no existe", "hash": None}),
    "no session": errors("m", err="60067"),
}


@pytest.mark.parametrize("why", REFUSALS)
def test_a_password_that_is_refused_is_never_tried_again(why: str) -> None:
    world = World(password="p", RefreshLogin=REFUSED, mkLoginToken=REFUSALS[why])
    for _ in range(3):
        with pytest.raises(LoginNeeded, match="`emulator login`"):
            world.restart().access()
        world.clock.now += 2 * PASSWORD_PAUSE_S
    assert world.script.names().count("mkLoginToken") == 1


@pytest.mark.parametrize("why", REFUSALS)
def test_only_a_password_that_the_cloud_calls_wrong_is_remembered_as_that(why: str) -> None:
    world = World(ENDED, "p", mkLoginToken=REFUSALS[why])
    with pytest.raises(LoginNeeded):
        world.tokens.access()
    assert world.vault.is_wrong("u", "p") == (why == "wrong")


def test_a_password_that_works_is_no_longer_a_wrong_one() -> None:
    world = World(ENDED, "p", mkLoginToken=LOGGED_IN)
    world.vault.note_password("u", "p", wrong=True)
    world.tokens.access()
    assert not world.vault.is_wrong("u", "p")


def test_a_password_that_is_needed_again_and_again_does_not_mend_anything() -> None:
    world = World(password="p", RefreshLogin=REFUSED, mkLoginToken=LOGGED_IN)
    world.tokens.access()
    world.clock.now += 901
    with pytest.raises(LoginNeeded):
        world.tokens.access()
    assert world.script.names().count("mkLoginToken") == 1


ENDED = replace(DEAD, refresh="")


def test_a_password_that_was_not_sent_may_be_tried_again() -> None:
    unsent: list[Scripted] = [Unreachable("refused", sent=False)] * 2
    world = World(ENDED, password="p", mkLoginToken=[*unsent, LOGGED_IN])
    world.fails(1)
    assert world.tokens.access().access == TOKENS["hash"]


THROTTLED = Answer(403, b"Forbidden", "1")


@pytest.mark.parametrize("why", [GONE, LOST["504"], BAD_GATEWAY, TORN, CRASH, TROUBLE, THROTTLED])
def test_a_password_whose_answer_was_lost_is_sent_once_more_after_an_hour(why: Scripted) -> None:
    world = World(ENDED, password="p", mkLoginToken=[why, LOGGED_IN])
    world.fails(5)
    assert world.count("mkLoginToken") == 1
    with pytest.raises(Unreachable, match=r"was not answered; once more at \d\d:\d\d"):
        world.restart().access()
    world.clock.now += PASSWORD_PAUSE_S
    assert world.tokens.access().access == TOKENS["hash"]


def test_a_password_that_is_never_answered_is_sent_twice_and_then_a_person_is_asked() -> None:
    world = World(ENDED, password="p", mkLoginToken=GONE)
    world.fails(2, pause_s=PASSWORD_PAUSE_S)
    for _ in range(3):
        with pytest.raises(LoginNeeded, match="nor was the login with the password answered; type `emulator login`"):
            world.restart().access()
        world.clock.now += 2 * PASSWORD_PAUSE_S
    assert world.count("mkLoginToken") == 2


def test_a_renewal_does_not_end_the_count_of_passwords_that_got_lost() -> None:
    world = World(password="p", RefreshLogin=RENEWED, mkLoginToken=[GONE, LOGGED_IN])
    refused = SessionExpired("unauthorized")
    for _ in range(2):
        with pytest.raises(Unreachable):
            world.tokens.disowned(world.tokens.access().access, refused)
        world.clock.now += PASSWORD_PAUSE_S / 2
    login = world.tokens.access()
    assert (world.count("mkLoginToken"), login.passwords_lost) == (1, 1)
    world.tokens.disowned(login.access, refused)
    assert world.count("mkLoginToken") == 2
    assert world.tokens.access().passwords_lost == 0


@pytest.mark.parametrize("token", [jwt(iat=0, exp=10**400), jwt(iat=0, exp=[]), "é.é.é", "a." + "W1tb" * 30000])
def test_a_token_that_nobody_can_read_is_kept_all_the_same(token: str) -> None:
    world = World(RefreshLogin=data("xSRefreshLogin", {**TOKENS, "hash": token}))
    assert world.tokens.access().access_until == world.clock.now + TOKEN_LIFE_S


def test_a_renewal_without_a_new_refresh_token_keeps_the_old_one() -> None:
    world = World(RefreshLogin=data("xSRefreshLogin", {**TOKENS, "refreshToken": None}))
    for _ in range(3):
        assert world.tokens.access().access == TOKENS["hash"]
        world.clock.now += 900
    assert world.spent() == ["OLD REFRESH"] * 3


def test_a_login_without_a_refresh_token_lasts_as_long_as_its_access_token() -> None:
    world = World(ENDED, password="p", mkLoginToken=data("xSLoginToken", {**TOKENS, "refreshToken": None}))
    assert world.tokens.access().access == TOKENS["hash"]
    world.clock.now += 900
    with pytest.raises(LoginNeeded, match="no token is left to renew it with"):
        world.tokens.access()


def test_a_journal_that_cannot_be_written_sends_nothing() -> None:
    world = World(RefreshLogin=RENEWED)

    def full(_login: Login) -> None:
        raise EmulatorError("the disk is full")

    world.vault.save = full  # type: ignore[assignment, method-assign]
    with pytest.raises(EmulatorError, match="full"):
        world.tokens.access()
    assert not world.spent()


@pytest.mark.parametrize("seconds", [-3600.0, 3600.0])
def test_a_clock_that_is_stepped_costs_a_renewal_at_most(seconds: float) -> None:
    world = World(OLD, RefreshLogin=RENEWED)
    world.clock.now += seconds
    login = world.tokens.access()
    if seconds < 0:
        # It still looks good; the cloud knows better, and says so.
        login = world.tokens.renew(login.access)
    assert login.access == TOKENS["hash"]
    assert world.spent() == ["OLD REFRESH"]


@pytest.mark.parametrize("elsewhere", [False, True], ids=["alone", "somebody else has logged in meanwhile"])
def test_new_tokens_that_could_not_be_kept_are_kept_before_they_are_used(elsewhere: bool) -> None:
    world = World(RefreshLogin=RENEWED)
    save = world.vault.save

    def full(login: Login) -> None:
        if not login.spent:
            raise EmulatorError("the journal cannot be written: is the disk full?")
        save(login)

    world.vault.save = full  # type: ignore[method-assign]
    for _ in range(2):
        with pytest.raises(EmulatorError, match="disk full"):
            world.tokens.access()
    world.vault.save = save  # type: ignore[method-assign]
    if elsewhere:
        save(replace(OLD, refresh="THEIRS"))
    assert world.tokens.access().access == ("OLD ACCESS" if elsewhere else TOKENS["hash"])
    assert world.vault.login == world.tokens.access()
    assert len(world.spent()) == 1
