"""The moment of a submission on both clouds: what is asked before it, and what it needs to know."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from emulator.alarm.cloud import GLANCE_S, Phase, Reading
from emulator.clouds.account import Account
from emulator.clouds.firewall import Answer
from emulator.clouds.owa.state import CHECK_DEADLINE_S
from emulator.clouds.wsdo.cloud import EST_DEADLINE_S, WsdoCloud
from emulator.errors import Rejected, Superseded, Unconfirmed, Unreachable
from emulator.model import DISARMED, Axes, Disarm, Interior
from tests.clouds.contract import NIGHT, TOTAL, quiet
from tests.clouds.owa.test_cloud import BOTH, CHECKED, EXPIRED, GONE, SUBMITTED, TROUBLE, World, ended, status
from tests.clouds.owa.tokens import jwt
from tests.clouds.script import BAD_GATEWAY, TOKENS, Scripted, data, errors
from tests.clouds.wsdo.test_cloud import LOGIN, NO_ROWS, OFF, SENT
from tests.support.fakes import DEADLINE_S, DEMO, EPOCH_S, FakeClock, ScriptTransport, SimulatedCloud, new_gate, pet

RENEWED = data("xSRefreshLogin", {**TOKENS, "hash": jwt(iat=0, exp=10**6)})
UNSENT = Unreachable("refused", sent=False)
LATE = Superseded("it came too late, ask again")


class Watch:
    """Whoever is told of the phases: it notes what had been sent by then, and may object."""

    def __init__(self, sent: Callable[[], list[str]], objects_at: int = 0) -> None:
        self._sent = sent
        self._objects_at = objects_at
        self.before: list[tuple[str, int]] = []

    def __call__(self, phase: Phase, text: str) -> None:
        if phase is Phase.SENDING:
            self.before.append((text, len(self._sent())))
            if len(self.before) == self._objects_at:
                raise LATE


# -- the moment: owa ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "times"),
    [
        ({}, 1),
        ({"xSArmPanel": [EXPIRED, data("xSArmPanel", SUBMITTED)], "RefreshLogin": RENEWED}, 2),
        ({"xSArmPanel": [UNSENT, data("xSArmPanel", SUBMITTED)]}, 2),
    ],
    ids=["once", "renewed", "unsent"],
)
def test_owa_asks_directly_before_each_submission(answers: dict[str, Any], times: int) -> None:
    world = World(**answers)
    watch = Watch(world.script.names)
    world.cloud.execute(TOTAL, watch)
    assert [text for text, _ in watch.before] == ["ARM1"] * times
    assert [world.script.names()[at] for _, at in watch.before] == ["xSArmPanel"] * times


def test_owa_asks_when_its_turn_has_come() -> None:
    """The spacing of requests, and others who have the turn, may take long."""
    world = World()
    moments: list[float] = []
    world.cloud.execute(TOTAL, lambda phase, _text: moments.append(world.clock.now) if phase is Phase.SENDING else None)
    at = world.script.names().index("xSArmPanel")
    assert moments == [world.script.times[at]]


@pytest.mark.parametrize("answers", [{}, {"xSArmPanel": EXPIRED, "RefreshLogin": RENEWED}], ids=["first", "renewed"])
def test_owa_sends_nothing_that_is_objected_to(answers: dict[str, Any]) -> None:
    world = World(**answers)
    watch = Watch(world.script.names, objects_at=2 if answers else 1)
    with pytest.raises(Superseded) as caught:
        world.cloud.execute(TOTAL, watch)
    assert caught.value is LATE
    assert str(LATE) == "it came too late, ask again"
    assert len(world.submitted()) == (1 if answers else 0)


def test_owa_does_not_take_old_news_for_new_ones_after_an_objection() -> None:
    world = World(Status=status("D", "1"))
    world.cloud.read()
    done = world.cloud.execute(TOTAL, quiet)
    with pytest.raises(Superseded):
        world.cloud.execute(NIGHT, Watch(world.script.names, objects_at=1))
    assert world.cloud.read() == done


def test_owa_says_what_was_done_when_the_second_half_is_objected_to() -> None:
    unknown = errors("4: Requested data not found error.", res="ERROR", err="4", status=404)
    world = World(xSArmPanel=[unknown, data("xSArmPanel", SUBMITTED)])
    with pytest.raises(Superseded, match="arm total: done; arm perimeter: it came too late"):
        world.cloud.execute(BOTH, Watch(world.script.names, objects_at=3))
    assert world.submitted() == ["ARMINTEXT1", "ARM1"]


# -- the moment: ws.do --------------------------------------------------------------------------------------------

DEAD = pet("ERROR", "<ERR>60022</ERR>")
DONE = pet("OK", "<STATUS>0</STATUS><MSG>Tu Alarma ha sido desconectada</MSG>")


def client(account: Account = DEMO, **answers: list[bytes | Exception]) -> tuple[WsdoCloud, ScriptTransport, FakeClock]:
    usual: dict[str, list[bytes | Exception]] = {
        "LOGIN": [LOGIN],
        "EST1": [SENT],
        "EST2": [OFF],
        "ACT_V2": [NO_ROWS],
        "DARM1": [SENT],
        "DARM2": [DONE],
    }
    transport, clock = ScriptTransport(**(usual | answers)), FakeClock()
    return WsdoCloud(account, transport, clock, DEADLINE_S, new_gate()), transport, clock


@pytest.mark.parametrize(("x1", "times"), [([SENT], 1), ([DEAD, SENT], 2)], ids=["once", "renewed"])
def test_wsdo_asks_directly_before_each_submission(x1: list[bytes | Exception], times: int) -> None:
    cloud, transport, _ = client(DARM1=x1)
    watch = Watch(transport.requests)
    cloud.execute(Disarm(), watch)
    assert [text for text, _ in watch.before] == ["DARM1"] * times
    assert [transport.requests()[at] for _, at in watch.before] == ["DARM1"] * times


def test_wsdo_asks_when_its_turn_has_come() -> None:
    world = SimulatedCloud()
    moments: list[float] = []
    send = world.transport.send

    def noted(method: str, params: Any, timeout_s: float | None = None) -> bytes:
        if params["request"] == "ARM1":
            moments.append(world.clock.now)
        return send(method, params, timeout_s)

    world.transport.send = noted  # type: ignore[method-assign]
    world.cloud.execute(TOTAL, lambda phase, _text: moments.append(world.clock.now) if phase is Phase.SENDING else None)
    assert len(moments) == 2
    assert moments[0] == moments[1]


@pytest.mark.parametrize("at", [1, 2], ids=["first", "renewed"])
def test_wsdo_sends_nothing_that_is_objected_to(at: int) -> None:
    cloud, transport, _ = client(DARM1=[DEAD])
    with pytest.raises(Superseded) as caught:
        cloud.execute(Disarm(), Watch(transport.requests, objects_at=at))
    assert caught.value is LATE
    assert transport.requests().count("DARM1") == at - 1


def test_a_question_of_our_own_is_not_a_submission_to_be_asked_about() -> None:
    cloud, _, _ = client(DARM2=[pet("OK", "<STATUS>0</STATUS>")])
    watch = Watch(list)
    cloud.execute(Disarm(), watch)
    assert [text for text, _ in watch.before] == ["DARM1"]


# -- what an answer proves ----------------------------------------------------------------------------------------

UNKNOWN_ARGUMENT = 'Unknown argument "armAndLock" on field "Mutation.xSArmPanel".'
UNAUTHORIZED = errors("Unauthorized", "SecurityError", **{"auth-type": "OTP", "auth-code": "10001"})


def refusal(status: int, **more: Any) -> Answer:
    return Answer(status, json.dumps({"errors": [{"message": UNKNOWN_ARGUMENT} | more]}).encode())


def several(*entries: dict[str, Any], status: int = 200) -> Answer:
    return Answer(status, json.dumps({"errors": entries, "data": None}).encode())


def null(field: str, message: str, status: int = 200) -> Answer:
    """An answer with the field, which came to nothing: it was executed."""
    return Answer(status, json.dumps({"errors": [{"message": message}], "data": {field: None}}).encode())


@pytest.mark.parametrize(
    "answer",
    [
        refusal(400, extensions={"code": "GRAPHQL_VALIDATION_FAILED"}),
        refusal(200, extensions={"code": "GRAPHQL_VALIDATION_FAILED"}),
        errors(UNKNOWN_ARGUMENT),
    ],
)
def test_owa_refuses_what_was_not_executed(answer: Answer) -> None:
    for action, operation in ((TOTAL, "xSArmPanel"), (Disarm(), "xSDisarmPanel")):
        answers: dict[str, Any] = {operation: answer}
        world = World(**answers)
        for _ in range(2):
            with pytest.raises(Rejected, match="Unknown argument") as caught:
                world.cloud.execute(action, quiet)
            assert "lost" not in str(caught.value)
        # What was wrong with the schema says nothing of the panel: the next command is sent again.
        assert len(world.submitted()) == 2
        assert not world.vault.refused


def test_owa_sends_no_other_request_instead_of_one_that_was_not_executed() -> None:
    world = World(xSArmPanel=refusal(400))
    with pytest.raises(Rejected):
        world.cloud.execute(BOTH, quiet)
    assert world.submitted() == ["ARMINTEXT1"]


@pytest.mark.parametrize(
    "answer",
    [
        refusal(500, extensions={"code": "GRAPHQL_VALIDATION_FAILED"}),
        refusal(200, path=["xSArmPanel", "res"]),
        null("xSArmPanel", UNKNOWN_ARGUMENT),
        null("xSArmPanel", "upstream request timed out", 400),
        several({"message": "m", "extensions": {"code": "BAD_USER_INPUT"}}, {"message": "upstream request timed out"}),
        several({"message": "m", "data": {"status": 404}}, status=504),
        several({"message": "m", "data": {"err": "4", "status": 404}}, status=502),
        errors("Cannot read properties of undefined (reading 'es')"),
        errors("Cannot return null for non-nullable field Mutation.xSArmPanel."),
        data("xSArmPanel", None),
        Answer(400, b"<html>Bad Request</html>"),
        Answer(200, refusal(200).body[:-3]),
    ],
)
def test_owa_leaves_open_what_proves_nothing(answer: Answer) -> None:
    world = World(xSArmPanel=answer)
    with pytest.raises(Unconfirmed, match="the answer was lost"):
        world.cloud.execute(BOTH, quiet)
    # Another request may do it anew, or more than that.
    assert world.submitted() == ["ARMINTEXT1"]


def test_owa_tries_another_request_where_all_say_that_this_one_is_not_known() -> None:
    unknown = {"message": "m", "extensions": {"code": "BAD_USER_INPUT"}}
    ok = data("xSArmPanel", SUBMITTED)
    world = World(xSArmPanel=[several(unknown, unknown), ok], ArmStatus=[ended("T"), ended("A")])
    assert world.cloud.execute(BOTH, quiet).raw == "A"
    assert world.submitted() == ["ARMINTEXT1", "ARM1", "PERI1"]


def test_owa_renews_a_session_that_is_not_authorised_once_and_then_it_is_a_refusal() -> None:
    world = World(xSArmPanel=[UNAUTHORIZED, data("xSArmPanel", SUBMITTED)], RefreshLogin=RENEWED)
    assert world.cloud.execute(TOTAL, quiet).axes.interior is Interior.TOTAL
    world = World(xSArmPanel=UNAUTHORIZED, RefreshLogin=RENEWED)
    with pytest.raises(Rejected, match=r'fresh session.*"Unauthorized"'):
        world.cloud.execute(TOTAL, quiet)
    assert len(world.submitted()) == 2
    assert world.script.names().count("RefreshLogin") == 1


def test_owa_follows_a_command_whose_questions_are_not_authorised() -> None:
    world = World(ArmStatus=[UNAUTHORIZED, UNAUTHORIZED, ended("T")], RefreshLogin=RENEWED)
    assert world.cloud.execute(TOTAL, quiet).raw == "T"
    world = World(ArmStatus=refusal(400))
    with pytest.raises(Unconfirmed, match="under way"):
        world.cloud.execute(TOTAL, quiet)


# -- a disarm does not hang on reading ----------------------------------------------------------------------------

NO_NEWS: list[Scripted] = [
    GONE,
    BAD_GATEWAY,
    TROUBLE,
    errors("Internal Server Error", "HttpError", err="httpError", status=500),
    errors("Cannot query field", err="4", status=404),
    data("xSStatus", None),
    status(None),
    Answer(200, b"<html>"),
]


@pytest.mark.parametrize("answer", NO_NEWS)
def test_owa_disarms_where_the_state_cannot_be_read_and_does_not_arm(answer: Scripted) -> None:
    world = World(Status=answer)
    assert world.cloud.execute(Disarm(), quiet).axes == DISARMED
    assert world.submitted() == ["DARM1"]
    world = World(Status=answer)
    with pytest.raises(Unreachable):
        world.cloud.execute(TOTAL, quiet)
    assert world.submitted() == []


def test_owa_tells_what_the_panel_said_of_the_disarm_and_not_what_was_asked_for() -> None:
    world = World(Status=GONE, DisarmStatus=ended("N", "xSDisarmStatus"))
    with pytest.raises(Unconfirmed, match="does not tell the state"):
        world.cloud.execute(Disarm(), quiet)
    world = World(Status=GONE, DisarmStatus=ended(None, "xSDisarmStatus"))
    with pytest.raises(Unconfirmed):
        world.cloud.execute(Disarm(), quiet)


@pytest.mark.parametrize(
    ("country", "panel", "answers", "sent"),
    [
        ("ES", "SDVFAST", ["D"], ["DARM1"]),
        ("FR", "SDVFAST", ["D"], ["DARM1DARMPERI"]),
        ("FR", "SDVFAST", [None, "D"], ["DARM1DARMPERI", "DARM1"]),
        ("IT", "SDVECU", ["D"], ["DARM1DARMPERI"]),
        # What is left on shows by the letter, and is turned off by what fits it.
        ("IT", "SDVECU", [None, "E", "D"], ["DARM1DARMPERI", "DARM1", "DARMPERI"]),
    ],
)
def test_owa_tries_what_fits_a_panel_of_which_nothing_is_known(
    country: str, panel: str, answers: list[str | None], sent: list[str]
) -> None:
    unknown = errors("4: Requested data not found error.", res="ERROR", err="4", status=404)
    world = World(
        Account("u", "", country, "x", "1", panel),
        Status=GONE,
        xSDisarmPanel=[data("xSDisarmPanel", SUBMITTED) if letter else unknown for letter in answers],
        DisarmStatus=[ended(letter, "xSDisarmStatus") for letter in answers if letter],
    )
    assert world.cloud.execute(Disarm(), quiet).axes == DISARMED
    assert world.submitted() == sent


def test_owa_disarms_everything_where_nothing_is_known() -> None:
    world = World(Status=GONE, DisarmStatus=[ended("X", "xSDisarmStatus"), ended("D", "xSDisarmStatus")])
    assert world.cloud.execute(Disarm(annex=True), quiet).axes == DISARMED
    assert world.submitted() == ["DARM1", "DARMANNEX1"]


def test_owa_does_not_look_twice_for_one_disarm() -> None:
    world = World(Status=GONE)
    with pytest.raises(Unreachable):
        world.cloud.read(Reading.GLANCE)
    world.cloud.execute(Disarm(), quiet)
    assert world.script.names().count("Status") == 1


@pytest.mark.parametrize(("how", "within_s"), [(Reading.GLANCE, GLANCE_S), (Reading.POLL, CHECK_DEADLINE_S)])
def test_owa_waits_for_a_silent_panel_no_longer_than_a_disarm_may_take(how: Reading, within_s: float) -> None:
    waiting = data("xSCheckAlarmStatus", {"res": "WAIT"})
    world = World(**CHECKED | {"Status": [status("D", "1"), status("D", "2")], "CheckAlarmStatus": waiting})
    world.cloud.read()
    world.cloud.execute(TOTAL, quiet)
    began = world.clock.now
    with pytest.raises(Unreachable, match=f"within {within_s:g} s"):
        world.cloud.read(how)
    assert within_s <= world.clock.now - began < within_s + 10


def test_wsdo_disarms_without_having_read_anything() -> None:
    cloud, transport, _ = client(ACT_V2=[GONE])
    assert cloud.execute(Disarm(), quiet).axes == DISARMED
    assert transport.requests() == ["LOGIN", "DARM1", "DARM2", "EST1", "EST2"]


def test_wsdo_goes_by_what_the_disarm_itself_was_answered_where_the_panel_cannot_be_asked() -> None:
    for answers in ({"EST1": [UNSENT]}, {"EST2": [pet("WAIT")]}, {"EST2": [pet("ERROR", "<MSG>No</MSG>")]}):
        cloud, _, _ = client(**answers)
        state = cloud.execute(Disarm(), quiet)
        assert state.axes == Axes(Interior.OFF, perimeter=False, annex=None)
        assert (str(state), state.axes.armed, state.source) == ("disarmed, annex unknown", True, "DARM2")


@pytest.mark.parametrize("words", ["", "<MSG>Hecho</MSG>", "<MSG>Tu Alarma esta conectada</MSG>"])
def test_wsdo_does_not_call_that_disarmed_which_does_not_say_so(words: str) -> None:
    cloud, _, _ = client(DARM2=[pet("OK", f"<STATUS>0</STATUS>{words}")], EST1=[UNSENT])
    with pytest.raises(Unconfirmed, match="could not be asked"):
        cloud.execute(Disarm(), quiet)


@pytest.mark.parametrize(("how", "within_s"), [(Reading.GLANCE, GLANCE_S), (Reading.POLL, EST_DEADLINE_S)])
def test_wsdo_waits_for_a_silent_panel_no_longer_than_a_disarm_may_take(how: Reading, within_s: float) -> None:
    cloud, _, clock = client(EST2=[pet("WAIT")])
    with pytest.raises(Unreachable, match=f"within {within_s:g} s"):
        cloud.read(how)
    assert within_s <= clock.now - EPOCH_S < within_s + 10


def test_wsdo_does_not_wake_the_panel_at_a_glance_when_the_cloud_itself_has_trouble() -> None:
    cloud, transport, _ = client(ACT_V2=[GONE])
    with pytest.raises(Unreachable):
        cloud.read(Reading.GLANCE)
    assert "EST1" not in transport.requests()
