"""What the bench makes of what it measured, and that its load tells answers from the rest."""

import socket
import threading

import pytest

from bench import fleet, orders
from bench.abuse import ATTACKS, Question
from bench.attacks import Doors
from bench.figures import CONNECTIONS, FEW, Rows
from bench.homes import Panel
from bench.load import is_state, is_whole, measured, request, stays_open
from bench.programs import FAUXMO, OURS, STACK
from bench.tables import Figure, Target, by_program, ratio, short
from bench.targets import targets
from emulator.alarm.cloud import Phase
from emulator.model import DISARMED, Arm, ArmMode, Disarm
from tests.support.fakes import FakeClock

STATE = b"HTTP/1.1 200 OK\r\nCONTENT-LENGTH: 28\r\n%s\r\n<BinaryState>1</BinaryState>"
CLOSING, STAYING = STATE % b"CONNECTION: close\r\n", STATE % b""


@pytest.mark.parametrize("at", range(len(STAYING)))
def test_an_answer_is_whole_when_its_last_byte_is_here(at: int) -> None:
    assert not is_whole(STAYING[:at])
    assert is_whole(STAYING)


def test_an_answer_is_known_for_what_it_is() -> None:
    assert is_state(STAYING)
    assert not is_state(b"HTTP/1.1 500 Internal Server Error\r\n\r\n<BinaryState>")
    assert not is_state(b"HTTP/1.1 200 OK\r\n\r\n")
    assert stays_open(STAYING)
    assert not stays_open(CLOSING)


def serve(listener: socket.socket, answers: list[bytes]) -> None:
    """One connection after the other, each asked as long as it says that it stays."""
    with listener:
        while answers:
            sock, _ = listener.accept()
            with sock:
                stays = True
                while answers and stays and sock.recv(4096):
                    stays = stays_open(answers[0])
                    sock.sendall(answers.pop(0))


@pytest.mark.parametrize("keep_alive", [False, True])
def test_the_load_counts_answers_and_failures(keep_alive: bool) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    first = STAYING if keep_alive else CLOSING
    serving = threading.Thread(
        target=serve, args=(listener, [first, b"HTTP/1.1 500 Oops\r\nCONNECTION: close\r\n\r\n"])
    )
    serving.start()
    # Each asks once: the time is over when the first answer is here.
    for answered in (1, 0):
        found = measured([port], 1, 0.0, keep_alive=keep_alive, warm_up=0.0)
        assert (found["answered"], found["failed"]) == (answered, 1 - answered)
    serving.join()


def test_a_request_is_what_an_echo_sends() -> None:
    head, _, body = request(49151, "SetBinaryState", 0).partition(b"\r\n\r\n")
    assert b'SOAPACTION: "urn:Belkin:service:basicevent:1#SetBinaryState"' in head
    assert f"Content-Length: {len(body)}".encode() in head
    assert b"<BinaryState>0</BinaryState>" in body


@pytest.mark.parametrize(
    ("value", "text"), [(19662.4, "19,662"), (99.96, "100.0"), (12.34, "12.3"), (0.123, "0.12"), (0.01234, "0.012")]
)
def test_three_digits_are_enough(value: float, text: str) -> None:
    assert short(value) == text


def test_a_figure_is_its_median_with_the_spread() -> None:
    assert str(Figure.of(3, 1, 20)) == "3.00 (1.00 to 20.0)"
    assert str(Figure.of(3)) == "3.00"


def test_a_ratio_compares_what_was_measured_together() -> None:
    assert ratio(Figure.of(2, 9), Figure.of(4, 3)).values == (0.5, 3)


@pytest.mark.parametrize(
    ("figure", "at_least", "verdict"),
    [
        (Figure.of(1.3), True, "met"),
        (Figure.of(1.2, 1.2, 9), True, "**missed**"),
        (Figure.of(1.3), False, "met"),
        (Figure.of(1.4), False, "**missed**"),
        (None, False, "not measured"),
    ],
)
def test_a_target_is_met_or_missed_by_the_median(figure: Figure | None, at_least: bool, verdict: str) -> None:
    assert Target("x", 1.3, figure, at_least=at_least).row[-1] == verdict


def test_every_program_has_a_column() -> None:
    rows = {"speed": {OURS: Figure.of(1), FAUXMO: Figure.of(2)}, "events": {OURS: Figure.of(3)}}
    assert by_program("What", rows).splitlines() == [
        "| What | this program | fauxmo |",
        "| --- | ---: | ---: |",
        "| speed | 1.00 | 2.00 |",
        "| events | 3.00 | - |",
    ]


def test_targets_are_found_in_the_tables_that_they_are_about() -> None:
    rows: Rows = {
        f"{CONNECTIONS[0]} connection, new each: answers/s": {OURS: Figure.of(300), FAUXMO: Figure.of(200)},
        "p50, ms, at rest": {OURS: Figure.of(1)},
        "p50, ms, during the command": {OURS: Figure.of(2)},
        f"resident memory (PSS), MiB, {FEW} switches": {f"{OURS}, all doors": Figure.of(20), STACK: Figure.of(50)},
    }
    found = {target.name: (target.figure.median, target.met) for target in targets(rows, 60) if target.figure}
    assert found == {
        "1 connection, new each: throughput to fauxmo's": (1.5, True),
        "p50 while a command runs, to p50 at rest": (2, False),
        "memory (PSS), all doors, to the known stack's": (0.4, True),
    }


def test_every_attack_has_a_name_of_its_own() -> None:
    names = [attack.__name__ for attack in ATTACKS]
    assert len(set(names)) == len(names)
    assert {"set_and_hang_up", "three_modes"} <= set(names)


def test_an_honest_client_that_is_slow_or_lost_is_said() -> None:
    question = Question("set", lambda: None, ms=[1.0] * 98 + [150.0] * 2)
    assert question.missed == "set: slow"
    question.lost = 1
    assert question.missed == "set: lost 1, set: slow"
    assert Question("set", lambda: None, ms=[1.0] * 100).missed == ""


@pytest.mark.parametrize(
    ("came", "wrong"),
    [
        ((orders.MOST_TAKEN, orders.MOST_WAITING, 1.0, 200), ""),
        ((1970, 1, 1.0, 200), "1970 commands reached the alarm"),
        ((1, 39, 1.0, 200), "39 commands were under way"),
        ((1, 1, orders.DRAIN_S, 200), "something is under way after 90 s"),
        ((1, 1, 1.0, 500), "the honest arm was answered with 500"),
    ],
)
def test_a_peer_that_asks_for_three_modes_keeps_the_alarm_busy_for_moments(
    came: tuple[int, int, float, int], wrong: str
) -> None:
    assert orders.wrong_with(*came) == wrong


def test_what_is_under_way_and_what_the_alarm_took_is_counted() -> None:
    assert orders.under_way([{"result": None}, {"result": "confirmed"}, {"result": None}]) == 2
    assert orders.commands_of({"EST1": 40, "ARM1": 2, "ARMNIGHT1": 1, "DARM1": 1}) == 4
    assert Doors((1, 2), (1, 3, 4), 5, 80, 81, "/x", 82).switches == 5


def test_a_simulated_home_does_what_it_is_told_and_says_when_it_was_sent() -> None:
    panel, phases = Panel(FakeClock()), list[Phase]()
    state = panel.execute(Arm(ArmMode.parse("total")), lambda phase, _: phases.append(phase))
    assert phases == [Phase.SENDING, Phase.ACCEPTED]
    assert state.axes.has(ArmMode.parse("total"))
    assert panel.execute(Disarm(), lambda *_: None).axes == DISARMED


def test_half_of_the_homes_are_quicker_than_the_first_percentile_and_one_in_a_hundred_is_slower_than_the_last() -> None:
    assert fleet.percentiles([float(number) for number in range(1, 201)]) == "100, 199"
