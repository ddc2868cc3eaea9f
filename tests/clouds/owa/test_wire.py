"""One request at a time: spacing, precedence, bans, and what may be sent again."""

import json
from collections.abc import Callable
from itertools import pairwise

import pytest

from emulator.clouds.account import Account
from emulator.clouds.firewall import BAN_S, Answer
from emulator.clouds.owa import failures, operations
from emulator.clouds.owa.provider import SPACING_S
from emulator.clouds.owa.wire import RATE_LIMIT_MOST_S, RATE_LIMIT_S, Throttled, Wire
from emulator.clouds.turnstile import Turnstile
from emulator.clouds.vault import Device, Login
from emulator.errors import EmulatorError, SessionExpired, Unreachable
from tests.clouds.script import BAD_GATEWAY, BAN, MemoryVault, Script, data, errors
from tests.support.fakes import FakeClock

ACCOUNT = Account("u", "p", "ES", "es")
LOGIN = Login("u", Device.new(), "ACCESS")
STATUS = data("xSStatus", {"status": "D"})


def wire(
    clock: FakeClock, script: Script, vault: MemoryVault | None = None, turnstile: Turnstile | None = None
) -> Wire:
    return Wire(ACCOUNT, script, clock, turnstile or Turnstile(SPACING_S), vault or MemoryVault())


def ask(asker: Wire) -> object:
    return asker.ask(operations.STATUS, {"numinst": "1"}, LOGIN).content


def test_from_the_end_of_a_request_to_the_next_there_are_two_seconds(clock: FakeClock) -> None:
    script, turnstile = Script(clock, took_s=0.5, Status=STATUS), Turnstile(SPACING_S)
    askers = [wire(clock, script, turnstile=turnstile) for _ in range(2)]
    for _ in range(3):
        for asker in askers:
            assert ask(asker) == {"status": "D"}
    assert {round(after - before, 3) for before, after in pairwise(script.times)} == {SPACING_S + 0.5}


def test_the_id_stays_the_same_and_begins_as_that_of_the_app(clock: FakeClock) -> None:
    script = Script(clock, Status=STATUS)
    asker = wire(clock, script)
    ask(asker)
    ask(asker)
    [(first, apollo), (second, same)] = [
        (json.loads(headers["auth"])["id"], headers["X-APOLLO-OPERATION-ID"]) for *_, headers in script.sent
    ]
    assert first == second
    assert first.startswith(f"OWA{'_' * 15}u{'_' * 15}20")
    assert apollo == same
    assert len(apollo) == 128


class Meanwhile(FakeClock):
    """A clock on which something happens the first time that somebody waits."""

    act: Callable[[], object] | None = None

    def sleep(self, seconds: float) -> bool:
        act, self.act = self.act, None
        if act:
            act()
        return super().sleep(seconds)


def test_a_poll_waits_while_a_command_of_another_installation_is_under_way() -> None:
    clock, turnstile = Meanwhile(), Turnstile(SPACING_S)
    script = Script(clock, Status=STATUS, ArmStatus=data("xSArmStatus", {"res": "OK"}))
    poll, other = wire(clock, script, turnstile=turnstile), wire(clock, script, turnstile=turnstile)
    command = other.command()
    command.__enter__()

    def under_way() -> None:
        for _ in range(3):
            other.ask(operations.ARM_STATUS, {}, LOGIN)
        command.__exit__(None, None, None)

    clock.act = under_way
    ask(poll)
    assert script.names() == ["ArmStatus"] * 3 + ["Status"]


def test_a_stop_ends_the_wait_and_nothing_is_sent(clock: FakeClock) -> None:
    script = Script(clock, Status=STATUS)
    asker = wire(clock, script)
    ask(asker)
    clock.stop()
    with pytest.raises(Unreachable, match="program stopped before this was sent") as caught:
        ask(asker)
    assert not caught.value.sent
    assert len(script.sent) == 1


PAGE = b"<html><body>Request unsuccessful. Incapsula incident ID: 0-0</body></html>"


@pytest.mark.parametrize("page", [BAN, Answer(200, BAN.body), Answer(200, PAGE)], ids=["403", "200", "other page"])
def test_the_firewalls_page_stops_everybody_for_its_time_and_over_a_restart(clock: FakeClock, page: Answer) -> None:
    script, turnstile, vault = Script(clock, Status=[page, STATUS]), Turnstile(SPACING_S), MemoryVault()
    one, other = (wire(clock, script, vault, turnstile) for _ in range(2))
    with pytest.raises(Unreachable, match=r"blocked the address.*nothing is sent until \d\d:\d\d") as caught:
        ask(one)
    assert not caught.value.sent
    clock.now += BAN_S - 1
    for asker in (one, other, wire(clock, script, vault)):
        with pytest.raises(Unreachable, match="blocked"):
            ask(asker)
    assert len(script.sent) == 1
    clock.now += 1
    assert ask(other) == {"status": "D"}


def test_a_page_about_a_cloud_that_does_not_answer_bans_nobody(clock: FakeClock) -> None:
    script = Script(clock, Status=[Answer(504, PAGE), data("xSStatus", {"status": "_Incapsula_Resource"})])
    asker = wire(clock, script)
    with pytest.raises(Unreachable) as caught:
        ask(asker)
    assert caught.value.sent
    assert ask(asker) == {"status": "_Incapsula_Resource"}


def test_a_ban_that_cannot_be_written_down_holds_all_the_same(clock: FakeClock) -> None:
    vault, script = MemoryVault(), Script(clock, Status=BAN)

    def full(_until: float) -> None:
        raise EmulatorError("the disk is full")

    vault.ban = full  # type: ignore[assignment, method-assign]
    asker = wire(clock, script, vault)
    for expected in (EmulatorError, Unreachable):
        with pytest.raises(expected):
            ask(asker)
    assert len(script.sent) == 1


def test_a_ban_of_a_clock_that_was_wrong_ends_as_any_other(clock: FakeClock) -> None:
    vault = MemoryVault()
    vault.ban_until = clock.now + 10 * BAN_S
    script = Script(clock, Status=STATUS)
    asker = wire(clock, script, vault)
    clock.now += BAN_S
    assert ask(asker) == {"status": "D"}


@pytest.mark.parametrize("status", RATE_LIMIT_S)
@pytest.mark.parametrize(("asked", "pause_s"), [("", None), ("40", 40.0), ("86400", RATE_LIMIT_MOST_S), ("soon", None)])
def test_another_403_and_a_429_make_a_pause_as_long_as_they_ask_for(
    clock: FakeClock, status: int, asked: str, pause_s: float | None
) -> None:
    pause_s = pause_s or RATE_LIMIT_S[status]
    vault = MemoryVault()
    script = Script(clock, Status=[Answer(status, b"slow down", asked), STATUS])
    asker = wire(clock, script, vault)
    with pytest.raises(Unreachable, match=f"pause of {pause_s:g} s") as caught:
        ask(asker)
    assert not caught.value.sent
    assert vault.ban_until == 0
    clock.now += pause_s - 0.1
    with pytest.raises(Unreachable, match="pause"):
        ask(asker)
    clock.now += 0.1
    ask(asker)
    assert len(script.sent) == 2


def test_a_403_in_which_the_api_itself_ends_the_session_is_no_pause(clock: FakeClock) -> None:
    answer = Answer(403, errors("Unauthorized", "SecurityError").body)
    script = Script(clock, Status=[answer, STATUS])
    asker = wire(clock, script)
    failure = asker.ask(operations.STATUS, {}, LOGIN).failure
    assert failure
    assert isinstance(failures.error(failure), SessionExpired)
    assert ask(asker) == {"status": "D"}


@pytest.mark.parametrize(
    "answer",
    [
        Answer(403, errors("Unauthorized", "SecurityError").body, "1"),
        Answer(403, errors("Too many requests").body),
        Answer(403, errors("m", err="60091").body),
        Answer(403, STATUS.body),
        Answer(403, b"{}"),
        Answer(429, b'{"message": "API rate limit exceeded"}'),
    ],
)
def test_any_other_json_with_403_or_429_makes_a_pause(clock: FakeClock, answer: Answer) -> None:
    script = Script(clock, Status=answer)
    with pytest.raises(Throttled):
        ask(wire(clock, script))
    assert len(script.sent) == 1


def test_what_was_not_sent_is_tried_once_more_after_the_usual_pause(clock: FakeClock) -> None:
    unsent = Unreachable("the name does not resolve", sent=False)
    script = Script(clock, Status=[unsent, STATUS])
    assert ask(wire(clock, script)) == {"status": "D"}
    assert script.times[1] - script.times[0] == SPACING_S
    script = Script(clock, Status=[unsent])
    with pytest.raises(Unreachable, match="resolve"):
        ask(wire(clock, script))
    assert len(script.sent) == 2


def test_what_may_have_been_sent_is_not_sent_again(clock: FakeClock) -> None:
    script = Script(clock, Status=Unreachable("no answer"))
    with pytest.raises(Unreachable):
        ask(wire(clock, script))
    assert len(script.sent) == 1


def test_only_an_answer_of_the_api_counts_as_one(clock: FakeClock) -> None:
    script = Script(clock, Status=[BAD_GATEWAY, STATUS])
    asker = wire(clock, script)
    with pytest.raises(Unreachable, match="HTTP 502"):
        ask(asker)
    assert asker.served_at < clock.now
    ask(asker)
    assert asker.served_at == clock.now


def test_close_lets_go(clock: FakeClock) -> None:
    script = Script(clock)
    wire(clock, script).close()
    assert script.closed


def test_a_ban_that_another_process_has_met_counts(clock: FakeClock) -> None:
    vault = MemoryVault()
    script = Script(clock, Status=STATUS)
    asker = wire(clock, script, vault)
    vault.ban_until = clock.now + 100
    with pytest.raises(Unreachable, match="blocked"):
        ask(asker)
    assert not script.sent
