"""Notices: written down, delivered in order, off the command path, and kept for a target that is away."""

import http.server
import json
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime

import pytest
from apprise.plugins.custom_json import NotifyJSON
from click.testing import CliRunner

from emulator import cli
from emulator.app import notify
from emulator.app.decision import Decision
from emulator.app.notify import Notifier
from emulator.app.postman import BURST, LATE_S, MESSAGE_CHARS, RETRY_MOST_S, RETRY_S, WINDOW_S, Postman
from emulator.app.targets import Send, apprise_target, patient_target, unnotified
from emulator.errors import ConfigError, EmulatorError
from emulator.model import Notice
from emulator.store.journal import Journal
from emulator.store.notices import KEEP_NOTICES, Noted, Notices
from tests.support.fakes import FakeClock
from tests.support.patience import PATIENCE_S


class Target:
    """A target that takes messages, or not."""

    def __init__(self) -> None:
        self.works = True
        self.got: list[str] = []
        self.decisions: list[Decision | None] = []
        self.tries = 0

    def __call__(self, text: str, decision: Decision | None = None, /) -> bool:
        self.tries += 1
        if self.works:
            self.got.append(text)
            self.decisions.append(decision)
        return self.works


class Post:
    """The notices and one target, step by step."""

    def __init__(self, journal: Journal) -> None:
        self.clock = FakeClock()
        self.notices = Notices(journal)
        self.target = Target()
        self.postman = self.restart()

    def restart(self) -> Postman:
        self.postman = Postman("1: json", "1", self.target, self.notices, self.clock)
        return self.postman

    def tell(self, *texts: str, urgent: bool = False) -> None:
        for text in texts:
            self.notices.add(Noted(self.clock.time(), text, urgent))
            self.notices.write()

    def deliver(self) -> float | None:
        """Step until nothing is left or a pause is due."""
        while (pause_s := self.postman.step()) == 0:
            pass
        return pause_s


@pytest.fixture
def post(journal: Journal) -> Post:
    return Post(journal)


def test_notices_come_one_by_one_and_in_order(post: Post) -> None:
    post.tell("a", "b")
    assert post.deliver() is None
    assert post.target.got == ["a", "b"]


def test_a_new_target_is_not_told_old_news(post: Post) -> None:
    post.tell("old")
    late = Target()
    assert Postman("2: json", "2", late, post.notices, post.clock).step() is None
    assert not late.got


def test_a_target_that_is_away_is_asked_less_and_less_and_gets_everything_together(post: Post) -> None:
    post.target.works = False
    post.tell("a")
    pauses = [post.deliver() for _ in range(8)]
    assert pauses[:3] == [RETRY_S, 2 * RETRY_S, 4 * RETRY_S]
    assert pauses[-1] == RETRY_MOST_S
    post.tell("b\nmore", "c")
    post.target.works = True
    assert post.deliver() is None
    [text] = post.target.got
    assert text.splitlines()[0] == "Alarm: 3 notices"
    assert [line[12:] for line in text.splitlines()[1:]] == ["a", "b: more", "c"]


def test_nothing_is_lost_over_a_restart_and_nothing_comes_twice(post: Post) -> None:
    post.tell("a")
    post.deliver()
    post.target.works = False
    post.tell("b")
    post.deliver()
    post.target.works = True
    post.restart()
    post.deliver()
    assert post.target.got == ["a", "b"]
    post.restart()
    assert post.deliver() is None
    assert len(post.target.got) == 2


def test_more_than_a_few_in_ten_minutes_come_together_later(post: Post) -> None:
    for number in range(BURST):
        post.tell(str(number))
        post.deliver()
        post.clock.now += 1
    post.tell("x", "y")
    pause_s = post.deliver()
    assert pause_s == WINDOW_S - BURST
    assert len(post.target.got) == BURST
    post.clock.now += pause_s
    post.deliver()
    assert len(post.target.got) == BURST + 1
    assert "2 notices" in post.target.got[-1]


def test_a_flood_is_few_messages_of_bounded_size_that_miss_nothing(post: Post) -> None:
    post.tell(*map(str, range(150)))
    post.deliver()
    assert len(post.target.got) == 3
    assert max(map(len, post.target.got)) < MESSAGE_CHARS + len("Alarm: 150 notices\n")
    lines = [line for text in post.target.got for line in text.splitlines()[1:]]
    assert [line[12:] for line in lines] == [str(number) for number in range(150)]


def test_one_that_is_longer_than_a_message_goes_alone(post: Post) -> None:
    post.target.works = False
    post.tell("x" * 2 * MESSAGE_CHARS, "b")
    post.deliver()
    post.target.works = True
    post.deliver()
    assert post.target.got == ["x" * 2 * MESSAGE_CHARS, "b"]


def test_what_comes_late_says_when_it_was(post: Post) -> None:
    post.target.works = False
    post.tell("Alarm disarmed\nhome: disarm")
    post.deliver()
    moment = datetime.fromtimestamp(post.clock.now).astimezone()
    post.clock.now += LATE_S + 1
    post.target.works = True
    post.deliver()
    assert post.target.got == [f"Alarm disarmed\nhome: disarm ({moment:%d/%m %H:%M})"]


def test_what_is_kept_has_an_end(post: Post, journal: Journal) -> None:
    post.tell(*["x"] * (KEEP_NOTICES + 5))
    assert journal.rows("SELECT count(*) FROM notices") == [(KEEP_NOTICES,)]


def test_what_goes_first_overtakes_and_takes_no_share_of_the_others(post: Post) -> None:
    post.tell(*map(str, range(3 * BURST)))
    post.tell("disarmed", urgent=True)
    assert post.postman.step() == 0
    assert post.target.got == ["disarmed"]
    pause_s = None
    while pause_s is None:
        post.tell(*["x"] * 3)
        pause_s = post.deliver()
    said = len(post.target.got)
    assert said == 1 + BURST
    for number in range(2 * BURST):
        post.tell(f"disarmed {number}", urgent=True)
        assert post.deliver() == pause_s
    assert post.target.got[said:] == [f"disarmed {number}" for number in range(2 * BURST)]


def test_a_flood_pushes_nothing_out_that_goes_first(post: Post, journal: Journal) -> None:
    post.tell("disarmed", urgent=True)
    post.tell(*["refused"] * (KEEP_NOTICES + 5))
    assert journal.rows("SELECT count(*) FROM notices") == [(KEEP_NOTICES + 1,)]
    post.restart()
    post.deliver()
    assert post.target.got[0] == "disarmed"
    post.tell(*["disarmed"] * (KEEP_NOTICES + 5), urgent=True)
    assert journal.rows("SELECT first, count(*) FROM notices GROUP BY 1") == [(0, KEEP_NOTICES), (1, KEEP_NOTICES)]


def test_on_a_full_disk_a_flood_in_memory_pushes_nothing_out_that_goes_first(post: Post) -> None:
    for _ in range(KEEP_NOTICES + 5):
        post.notices.add(Noted(post.clock.time(), "refused", False))
    post.notices.add(Noted(post.clock.time(), "disarmed", True))
    assert post.notices.behind == KEEP_NOTICES + 1
    post.postman.step()
    assert post.target.got == ["disarmed"]
    post.notices.write()
    post.deliver()
    assert post.target.got.count("disarmed") == 1


def test_a_target_of_an_earlier_version_gets_what_it_has_not_got(post: Post, journal: Journal) -> None:
    post.tell("a")
    journal.note("notified first 1", None)
    post.tell("disarmed", urgent=True)
    post.restart()
    post.deliver()
    assert post.target.got == ["disarmed", "a"]


def test_a_plugin_that_fails_in_its_own_way_is_a_target_that_is_away(
    post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    def defect(_text: str, _decision: Decision | None = None, /) -> bool:
        raise RuntimeError("POST /bot123:token/sendMessage")

    post.postman = Postman("1: json", "1", defect, post.notices, post.clock)
    post.tell("a")
    assert post.deliver() == RETRY_S
    assert "1: json" in caplog.text
    assert "token" not in caplog.text


# -- the threads --------------------------------------------------------------------------------------------------


def notifier(journal: Journal, **targets: Callable[[str], bool]) -> Notifier:
    def opened(name: str) -> Send:
        return lambda text, _decision=None, /: targets[name](text)

    return Notifier(journal, list(targets), FakeClock(), opened)


def test_a_dead_target_delays_neither_the_others_nor_whoever_tells(journal: Journal) -> None:
    holds, arrived = threading.Event(), threading.Event()
    post = notifier(journal, dead=lambda _text: holds.wait(PATIENCE_S), good=lambda _text: not arrived.set())
    post.start()
    for _ in range(50):
        post.tell(Notice.FAILED, "home", "arm night: rejected")
    assert arrived.wait(PATIENCE_S)
    holds.set()
    post.stop()


def test_what_is_urgent_waits_for_no_burst_to_be_over(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    step, pauses = Postman.step, threading.Event()

    def stepped(postman: Postman) -> float | None:
        pause_s = step(postman)
        if pause_s:
            pauses.set()
        return pause_s

    monkeypatch.setattr(Postman, "step", stepped)
    got: queue.SimpleQueue[str] = queue.SimpleQueue()
    post = notifier(journal, one=lambda text: not got.put(text))
    post.start()
    for number in range(BURST):
        post.tell(Notice.FAILED, "home", f"arm night {number}: rejected")
        got.get(timeout=PATIENCE_S)
    post.tell(Notice.FAILED, "home", "arm night: rejected")
    assert pauses.wait(PATIENCE_S)
    post.tell(Notice.ALARM, "home", "it has gone off")
    assert got.get(timeout=PATIENCE_S) == "ALARM: it has gone off\nhome: it has gone off"
    post.stop()


def test_what_was_told_before_the_stop_comes_after_the_next_start(journal: Journal) -> None:
    away = notifier(journal, one=lambda _text: False)
    away.start()
    away.tell(Notice.DISARMED, "home", "disarm, asked for by wemo")
    away.stop()
    got: list[str] = []
    arrived = threading.Event()
    back = notifier(journal, one=lambda text: not (got.append(text), arrived.set())[1])
    back.start()
    assert arrived.wait(PATIENCE_S)
    back.stop()
    assert got == ["Alarm disarmed\nhome: disarm, asked for by wemo"]


@pytest.mark.parametrize("notice", Notice)
def test_a_disarm_a_login_and_a_lock_go_first(journal: Journal, notice: Notice) -> None:
    away = notifier(journal, one=lambda _text: False)
    away.start()
    away.tell(notice, "home", "x")
    away.stop()
    incidents = (Notice.ALARM, Notice.TAMPER, Notice.MAINS)
    goes_first = notice in (Notice.DISARMED, Notice.BYPASSED, Notice.LOGIN, Notice.LOCKED, Notice.CHANGED, *incidents)
    assert [bool(first) for (first,) in journal.rows("SELECT first FROM notices")] == [goes_first]


class Full:
    """A full disk."""

    def __call__(self) -> "Full":
        return self

    def __enter__(self) -> None:
        raise EmulatorError("the journal cannot be written (disk is full)")

    def __exit__(self, *_: object) -> None: ...


def test_on_a_full_disk_notices_come_from_memory_once_and_are_written_when_there_is_room(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(notify, "RETRY_S", 0.01)
    got: queue.SimpleQueue[str] = queue.SimpleQueue()
    post = notifier(journal, one=lambda text: not got.put(text))
    post.start()
    write = journal.write
    monkeypatch.setattr(journal, "write", Full())
    for text in ("a", "b"):
        post.tell(Notice.FAILED, "home", text)
        assert got.get(timeout=PATIENCE_S) == f"Alarm: a command is not confirmed\nhome: {text}"
    assert Notices(journal).last() == 0
    assert "notifications are kept in memory only: the journal cannot be written" in caplog.text
    monkeypatch.setattr(journal, "write", write)
    ends = time.monotonic() + PATIENCE_S
    while Notices(journal).last() < 2 and time.monotonic() < ends:
        time.sleep(0.01)
    post.tell(Notice.FAILED, "home", "c")
    assert got.get(timeout=PATIENCE_S).endswith("home: c")
    post.stop()
    assert got.empty()
    assert [text.rpartition(" ")[2] for _, _, text in Notices(journal).after(0)] == ["a", "b", "c"]


def test_without_targets_nothing_runs_and_nothing_is_kept(journal: Journal) -> None:
    before = threading.active_count()
    post = notifier(journal)
    post.start()
    post.tell(Notice.TEST, "home", "x")
    assert threading.active_count() == before
    post.stop()
    assert Notices(journal).last() == 0


# -- Apprise ------------------------------------------------------------------------------------------------------


class Endpoint(http.server.HTTPServer):
    """An endpoint of Apprise's json://; `url` holds a secret."""

    def __init__(self, status: int) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.status = status
        self.url = f"json://me:secret@127.0.0.1:{self.server_port}/"
        self.got: list[dict[str, str]] = []


class Answer(http.server.BaseHTTPRequestHandler):
    """One message, and the endpoint's answer."""

    server: Endpoint

    def do_POST(self) -> None:
        self.server.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_args: object) -> None: ...


@pytest.fixture
def endpoint() -> Iterator[Callable[[int], Endpoint]]:
    """Make endpoints that answer with a status."""
    with ExitStack() as open_now:

        def make(status: int) -> Endpoint:
            made = open_now.enter_context(Endpoint(status))
            thread = threading.Thread(target=made.serve_forever, args=(0.05,))
            thread.start()
            open_now.callback(thread.join)
            open_now.callback(made.shutdown)
            return made

        yield make


def test_a_message_arrives_with_its_title_and_one_that_is_refused_is_not_taken_for_sent(
    endpoint: Callable[[int], Endpoint],
) -> None:
    good, bad = endpoint(200), endpoint(500)
    assert apprise_target(good.url)("Alarm disarmed\nhome: by a voice")
    assert not apprise_target(bad.url)("Alarm disarmed\nhome: by a voice")
    assert [(one["title"], one["message"]) for one in good.got] == [("Alarm disarmed", "home: by a voice")]
    assert len(bad.got) == 1


def test_a_service_that_takes_less_gets_pieces_unless_its_url_says_otherwise(
    endpoint: Callable[[int], Endpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(NotifyJSON, "body_maxlen", 100)
    good = endpoint(200)
    assert apprise_target(good.url)("Alarm\n" + "x" * 250)
    assert "".join(one["message"] for one in good.got) == "x" * 250
    good.got.clear()
    assert apprise_target(f"{good.url}?overflow=truncate")("Alarm\n" + "x" * 250)
    assert len(good.got) == 1


def test_the_test_message_says_who_got_it(endpoint: Callable[[int], Endpoint], monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = endpoint(200), endpoint(500)
    monkeypatch.setenv("VERISURE_NOTIFY", f"{good.url} {bad.url}")
    listed = CliRunner().invoke(cli.main, ["notify"])
    assert (listed.exit_code, listed.output, good.got) == (0, "1: json\n2: json\n", [])
    done = CliRunner().invoke(cli.main, ["--log-level", "debug", "notify", "--test"])
    assert done.exit_code == cli.NO_ANSWER
    assert done.stdout == "1: json: sent\n2: json: it did not take the message\n"
    assert [one["title"] for one in good.got] == ["Alarm: a test"]
    assert "secret" not in done.output


def test_no_target_at_all_is_said_with_what_to_do() -> None:
    done = CliRunner().invoke(cli.main, ["notify", "--test"])
    assert done.exit_code == cli.USAGE
    assert "VERISURE_NOTIFY: is not set" in done.stderr


def test_a_url_that_is_none_is_named_without_its_secrets() -> None:
    with pytest.raises(ConfigError, match="VERISURE_NOTIFY") as caught:
        apprise_target("nonsense://secret")
    assert "secret" not in str(caught.value)


def test_without_apprise_nothing_is_taken_so_that_notices_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as lacking:
        lacking.setitem(sys.modules, "apprise", None)
        assert "needs the extra notify" in unnotified(["json://host"])
        with pytest.raises(ConfigError, match="VERISURE_NOTIFY: needs the extra notify"):
            apprise_target("json://host")
        assert patient_target("json://host")("Alarm: not sent") is False
    assert unnotified(["json://host"]) == ""
    assert unnotified([]) == "VERISURE_NOTIFY is not set"
