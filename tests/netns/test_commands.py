"""What becomes of commands on the way to a panel that is slow, that refuses, or that stands elsewhere."""

import pytest

from tests.netns import raw
from tests.netns.home import MODES, ONLY, SUM, Home
from tests.netns.lan import Lan, until


def in_flight(home: Home) -> bool:
    """Whether the panel is at work."""
    return bool(home.alarm.state()["busy"])


@pytest.mark.long
def test_a_slow_panel_keeps_nobody_waiting(lan: Lan, home: Home) -> None:
    """20 s at the panel: four presses are one X1, all else is answered meanwhile, and a disarm overtakes arms."""
    home.alarm.post("settings", answer_after=20)
    presses = raw.ask_at_once(lan, "client", home.port("total"), [raw.turn(True)] * 3)
    presses.append(home.ask("total", raw.turn(True), host="other"))
    assert [(one.status, one.state) for one in presses] == [(200, "1")] * 4
    until(lambda: in_flight(home), "the panel is at work")

    for mode in ("day", "night", "perimeter"):
        assert home.ask(mode).state == "0"
        assert "<binaryState>0</binaryState>" in home.ask(mode, raw.get()).body
    assert home.ask("total").state == "1"
    assert len(raw.found_by(lan, "other", "urn:Belkin:device:**", len(MODES))) == len(MODES)
    assert in_flight(home)

    home.alarm.post("settings", answer_after=0)
    # Both wait behind total, and are answered at once with what is under way.
    arms = [home.ask(mode, raw.turn(True)) for mode in ("perimeter", SUM)]
    assert [(one.status, one.state) for one in arms] == [(200, "1")] * 2
    off = home.ask("total", raw.turn(False), host="other")
    assert (off.status, off.state) == (200, "0")
    # It is held for as long as it may be part of a sweep, and takes the arms with it then.
    for mode in ("total", "perimeter", SUM):
        home.reads(mode, "0")
    assert in_flight(home)

    assert home.settle()["standing"] == "disarmed"
    assert home.alarm.sent() == home.alarm.accepted() == {"ARM1": 1, "DARM1": 1}
    ended = [(one["action"], one["result"]) for one in home.journal()[-4:]]
    assert ended == [
        ("arm total", "confirmed"),
        ("arm perimeter", "superseded"),
        ("arm total+perimeter", "superseded"),
        ("disarm", "confirmed"),
    ]


@pytest.mark.long
def test_on_off_on_run_in_order(home: Home) -> None:
    """A person who changes her mind is followed."""
    before = len(home.alarm.events())
    for on in (True, False, True):
        assert home.ask("day", raw.turn(on)).state == str(int(on))
        home.settle()
    assert home.settle()["axes"]["interior"] == "day"
    assert home.alarm.events()[before:] == ["armed_day", "disarmed_main", "armed_day"]
    assert home.alarm.sent() == home.alarm.accepted() == {"ARMDAY1": 2, "DARM1": 1}


@pytest.mark.long
def test_a_sum_is_armed_part_by_part(lan: Lan, home: Home) -> None:
    """total+perimeter: ARM, then PERI, and the panel says 4; then the switches of its parts are on too."""
    before = len(home.alarm.events())
    pressed = lan.client("client", "wemo.py", "press", home.location(SUM), "on")
    assert pressed == [{"error": "", "state": 1}]
    state = home.settle()
    assert state["letter"] == "4"
    assert home.alarm.events()[before:] == ["armed_total", "armed_perimeter"]
    assert home.alarm.sent() == home.alarm.accepted() == {"ARM1": 1, "PERI1": 1}
    for mode, read in ((SUM, "1"), ("total", "1"), ("perimeter", "1"), ("night", "0"), ("day", "0")):
        assert home.ask(mode).state == read

    # Off of a switch that is not on disarms nothing.
    assert home.ask("night", raw.turn(False)).state == "0"
    assert home.settle()["letter"] == "4"
    assert home.alarm.sent() == {"ARM1": 1, "PERI1": 1}
    assert home.journal()[-1]["result"] == "ignored"


def test_a_switch_without_off_stays_on(lan: Lan, home: Home) -> None:
    """Its off is answered politely, sends nothing, and subscribers are told the truth."""
    listener = lan.listening("client", "wemo.py", "listen", home.location(ONLY))

    def values() -> list[str]:
        return [one["value"] for one in listener.told() if one.get("event") == "BinaryState"]

    pressed = lan.client("other", "wemo.py", "press", home.location(ONLY), "on", home.location(ONLY), "off")
    assert pressed == [{"error": "", "state": 1}] * 2
    assert home.settle()["axes"]["interior"] == "night"
    assert home.alarm.sent() == {"ARMNIGHT1": 1}
    until(lambda: values()[-2:] == ["1", "1"], f"the truth after off: {values()}")
    assert listener.stop() == 0


def test_an_open_window(lan: Lan, home: Home) -> None:
    """The panel takes the command and refuses it later: asked once, off afterwards, and subscribers hear so."""
    listener = lan.listening("client", "wemo.py", "listen", home.location("total"))
    home.alarm.post("window", zone=home.alarm.state()["zones"][0], open=True)
    lan.client("other", "wemo.py", "press", home.location("total"), "on")
    assert home.settle()["standing"] == "disarmed"
    home.reads("total", "0")
    until(
        lambda: [one["value"] for one in listener.told() if "value" in one][-2:] == ["1", "0"],
        f"it is off: {listener.told()}",
    )
    assert home.alarm.sent() == {"ARM1": 1}
    last = home.journal()[-1]
    assert (last["action"], last["result"]) == ("arm total", "rejected")
    assert last["message"]

    # Pressed again at once: refused from memory, and the panel is not asked again.
    assert lan.client("other", "wemo.py", "press", home.location("total"), "on") == [{"error": "SOAPFault", "state": 0}]
    assert home.alarm.sent() == {"ARM1": 1}
    assert listener.stop() == 0


def test_another_mode_is_armed(lan: Lan, home: Home) -> None:
    """Night while total is armed: the panel refuses, total stays, nothing is disarmed to please."""
    home.alarm.post("keypad", arm="total")
    home.reads("total", "1")
    lan.client("other", "wemo.py", "press", home.location("night"), "on")
    home.settle()
    home.reads("night", "0")
    assert home.ask("total").state == "1"
    assert home.alarm.state()["standing"] == "total"
    assert home.alarm.sent() == {"ARMNIGHT1": 1}


@pytest.mark.long
def test_a_cloud_in_trouble_when_it_gets_the_command(lan: Lan, home: Home) -> None:
    """Nobody knows whether it arrived: the panel is asked, and what pywemo tries again by itself is not sent."""
    home.alarm.post("fault", fault="refuse", request="ARMDAY1")
    lan.client("client", "wemo.py", "press", home.location("day"), "on")
    assert home.settle()["standing"] == "disarmed"
    assert home.alarm.sent()["ARMDAY1"] == 1
    assert home.alarm.accepted() == {}
    home.reads("day", "0")
    settled = until(lambda: [one["settled"] for one in home.journal() if one["settled"]], "the panel was asked")
    assert settled == ["disarmed"]


@pytest.mark.long
def test_a_cloud_that_talks_nonsense(home: Home) -> None:
    """Nobody knows whether X1 arrived: it is not repeated, and the panel is asked."""
    home.alarm.post("fault", fault="html", request="ARM1")
    home.ask("total", raw.turn(True))
    home.settle()
    home.reads("total", "0")
    until(lambda: home.journal()[-1]["settled"] == "disarmed", "the panel is asked")
    assert home.journal()[-1]["result"] == "unconfirmed"
    assert home.alarm.sent() == {"ARM1": 1}


@pytest.mark.long
def test_a_lost_answer_and_a_dead_session(lan: Lan, home: Home) -> None:
    """The answer to X1 got lost and the session dies before X2: logged in once more, and X1 is not repeated."""
    home.alarm.post("fault", fault="lost", request="PERI1", times=1)
    home.alarm.post("fault", fault="expire", request="PERI2", times=1)
    pressed = lan.client("client", "wemo.py", "press", home.location("perimeter"), "on")
    assert pressed == [{"error": "", "state": 1}]
    state = home.settle()
    assert state["axes"]["perimeter"]
    assert (state["requests"]["LOGIN"], state["fault_hits"]) == (1, {"lost": 1, "expire": 1})
    home.reads("perimeter", "1")
    assert home.alarm.sent() == {"PERI1": 1}
    assert home.journal()[-1]["result"] == "confirmed"
