"""Access: every way that must not work, and its entry in the journal."""

import base64
import hashlib
import re
from pathlib import Path

import pytest

from emulator.store.journal import Journal
from emulator.store.noise import AGAIN_S, OTHERS, PEER_ROWS, WHY_OTHERS
from emulator.store.pin import LOCK_S, TRIES, WAY_OUT
from tests.doors.dashboard.rig import HOST, PAGE, PEER, PIN, TOKEN, Rig

EVIL = "http://evil.example"
DISARM = {"disarm": "main"}


def armed(rig: Rig) -> Rig:
    rig.call("/api/command", {"arm": "total"})
    rig.settle()
    assert rig.panel.axes.armed
    rig.transport.sent.clear()
    return rig


# -- other sites --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/arm", "/disarm", "/pair"])
@pytest.mark.parametrize("origin", [EVIL, "null", "http://192.168.7.2:8080", "https://192.168.7.2:8099"])
def test_a_form_of_another_site_is_refused_and_written_down(rig: Rig, path: str, origin: str) -> None:
    answer = rig.post(path, origin=origin, mode="total", pin=PIN)
    assert answer.status_code == 403
    door, peer, asked, result, why = rig.last()
    assert (door, peer, asked, result) == ("dashboard", PEER, f"POST {path}", "refused")
    assert why == "from a web page that is not ours"
    assert rig.sent == []


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "nonsense"])
def test_a_browser_that_says_so_itself_is_believed(rig: Rig, site: str) -> None:
    answer = rig.call("/api/command", {"arm": "total"}, Origin=PAGE, Sec_Fetch_Site=site)
    assert answer.status_code == 403
    assert rig.last()[3] == "refused"
    assert rig.sent == []


def test_a_form_that_does_not_say_where_it_comes_from_is_refused(rig: Rig) -> None:
    assert rig.post("/arm", origin=None, mode="total").status_code == 403
    assert rig.last()[4] == "a form that does not say which page it comes from; a program sends application/json"


@pytest.mark.parametrize("headers", [{"Origin": PAGE}, {"Sec-Fetch-Site": "same-origin"}])
def test_our_own_page_may(rig: Rig, headers: dict[str, str]) -> None:
    answer = rig._ask("POST", "/arm", PEER, headers, data={"installation": "home", "mode": "night"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/"


def test_a_form_sent_as_json_by_text_plain_is_no_json(rig: Rig) -> None:
    """Another site's form can send this without a CORS preflight."""
    answer = rig._ask("POST", "/api/command", PEER, {"Content-Type": "text/plain"}, data='{"arm": "total", "x": "="}')
    assert answer.status_code == 403
    assert rig.sent == []


# -- other names and networks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["alarm.evil.example", "evil.example:8099", "", "192.168.7.2.evil.example", "[::1]"])
@pytest.mark.parametrize("path", ["/", "/api/state", "/metrics", "/static/dashboard.js"])
def test_a_name_that_dns_could_point_at_us_is_refused(rig: Rig, host: str, path: str) -> None:
    answer = rig.get(path, Host=host)
    assert answer.status_code == 403
    assert rig.last() == ("dashboard", PEER, f"GET {path}", "refused", "by a name that is not our address")


@pytest.mark.parametrize("host", [HOST, "192.168.7.2", "alarm.local:8099", "ALARM.local"])
def test_our_address_and_our_own_names_are_served(rig: Rig, host: str) -> None:
    assert rig.get("/api/state", Host=host).status_code == 200


def test_only_this_machine_calls_us_localhost(rig: Rig) -> None:
    assert rig.get("/api/state", peer="127.0.0.1", Host="localhost:8099").status_code == 200
    assert rig.get("/api/state", Host="localhost:8099").status_code == 403


@pytest.mark.parametrize("peer", ["8.8.8.8", "192.168.8.9", "10.0.0.1", "::1", ""])
def test_a_peer_of_another_network_is_refused(rig: Rig, peer: str) -> None:
    assert rig.get("/", peer=peer).status_code == 403
    assert rig.last() == ("dashboard", peer, "GET /", "refused", "from elsewhere")


# -- methods ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/arm?mode=total", "/disarm?pin=2580", "/pair", "/api/command?arm=total", "/api/pair"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_nothing_changes_without_a_post(rig: Rig, path: str, method: str) -> None:
    answer = rig._ask(method, path, PEER, {"Origin": PAGE})
    assert answer.status_code == 405
    asked = f"{method} {path.partition('?')[0]}"
    assert rig.last() == ("dashboard", PEER, asked, "refused", "only a POST may change something")
    assert rig.sent == []


def test_the_journal_tells_of_it_in_the_language_of_the_reader(rig: Rig) -> None:
    rig.get("/arm?mode=total")
    assert "Solo un POST puede cambiar algo" in rig.get("/journal", Accept_Language="es").text


REFUSED = {
    "/arm": "¿qué alarma? Indica una de estas como `installation`: home",
    "/pair": "no hay ningún puente Hue: doors.hue no está en devices.yaml",
    "/invite": "¿qué acceso? No tiene ningún código",
}


@pytest.mark.parametrize("path", REFUSED)
def test_a_form_is_refused_in_the_language_of_the_reader(rig: Rig, path: str) -> None:
    fields = {"installation": "villa", "mode": "total", "pin": PIN, "door": "none"}
    answer = rig._ask("POST", path, PEER, {"Origin": PAGE, "Accept-Language": "es"}, data=fields)
    assert REFUSED[path][1:] in answer.text


def test_a_form_of_another_page_is_refused_in_the_language_of_the_reader(rig: Rig) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Accept-Language": "es"}
    answer = rig._ask("POST", "/arm", PEER, headers, data={"mode": "total"})
    assert "echazado: desde una página web que no es nuestra" in answer.text


def test_a_question_asked_in_the_wrong_way_is_no_change(rig: Rig) -> None:
    before = rig.entries()
    assert rig.call("/api/state", {}).status_code == 405
    assert rig.entries() == before


# -- the PIN ----------------------------------------------------------------------------------------------------------


def test_disarm_needs_the_pin(rig: Rig) -> None:
    armed(rig)
    for body in ({}, {"pin": ""}, {"pin": "1111"}, {"pin": None}):
        assert rig.call("/api/command", DISARM | body).status_code == 403
    rig.settle()
    assert rig.sent == []
    assert rig.call("/api/command", DISARM | {"pin": PIN}).status_code == 202
    rig.settle()
    assert rig.sent == ["DARM1"]
    assert not rig.panel.axes.armed


def test_the_sixth_try_is_not_even_looked_at(rig: Rig) -> None:
    armed(rig)
    said = [rig.post("/disarm", installation="home", pin="1111") for _ in range(TRIES + 1)]
    assert [answer.status_code for answer in said] == [403] * (TRIES + 1)
    whys = [entry.message for entry in rig.entries() if entry.result == "refused"]
    assert whys == [
        f"too many wrong PINs: locked for 15 min after the last one; {WAY_OUT}",
        f"wrong PIN; no more tries for 15 min; {WAY_OUT}",
        "wrong PIN; 1 more try",
        *(f"wrong PIN; {left} more tries" for left in (2, 3, 4)),
    ]
    assert {entry.action for entry in rig.entries() if entry.result == "refused"} == {"disarm"}
    assert [text for text in rig.told if PEER in text] == rig.told
    assert len(rig.told) == 1
    assert rig.post("/disarm", installation="home", pin=PIN).status_code == 403
    rig.clock.now += LOCK_S
    assert rig.post("/disarm", installation="home", pin=PIN).status_code == 303


def test_an_empty_field_is_no_try(rig: Rig) -> None:
    armed(rig)
    for pin in ("", None):
        for _ in range(TRIES):
            assert rig.call("/api/command", DISARM | {"pin": pin}).status_code == 403
    assert rig.last()[4] == "this needs the PIN"
    assert rig.call("/api/command", DISARM | {"pin": PIN}).status_code == 202


@pytest.mark.parametrize("body", [{"pin": "135790"}, {"pin": None}])
def test_nobody_sets_the_pin_over_the_lan_not_even_with_the_old_one(rig: Rig, body: dict[str, str | None]) -> None:
    for peer in (PEER, "127.0.0.1"):
        for form in (body, body | {"old": PIN}):
            assert rig.call("/api/pin", form, peer=peer).status_code in (400, 403)
    assert rig.call("/api/pin", body, Authorization=f"Bearer {TOKEN}").status_code == 403
    assert rig.call("/api/command", DISARM | {"pin": PIN}).status_code == 202


def test_a_command_of_this_machine_sets_the_pin_and_ends_locks(rig: Rig) -> None:
    for _ in range(TRIES):
        rig.call("/api/command", DISARM | {"pin": "1111"})
    here = {"peer": "127.0.0.1", "Authorization": f"Bearer {TOKEN}"}
    assert rig.call("/api/pin", {"pin": "12"}, **here).status_code == 400
    assert rig.call("/api/pin", {"pin": "135790"}, **here).json == {"pin_set": True}
    assert rig.call("/api/command", DISARM | {"pin": "135790"}).status_code == 202
    assert rig.call("/api/pin", {"pin": None}, **here).json == {"pin_set": False}
    assert rig.call("/api/command", DISARM | {"pin": "135790"}).status_code == 403


def test_one_peer_does_not_lock_another_out(rig: Rig) -> None:
    for _ in range(TRIES):
        rig.call("/api/command", DISARM | {"pin": "1111"})
    assert rig.call("/api/command", DISARM | {"pin": PIN}, peer="192.168.7.10").status_code == 202


def test_the_pin_stands_nowhere(rig: Rig, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    tried = "73519246"
    answers = [rig.post("/disarm", installation="home", pin=tried), rig.call("/api/command", DISARM | {"pin": tried})]
    answers.append(rig.call("/api/command", {"disarm": "main", "pin": tried * 10}))
    answers.append(rig.call("/api/command", {"disarm": 7, "pin": tried}))
    rig.journal.close()
    files = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    rig.journal = Journal(tmp_path)
    for text in (caplog.text, *(answer.text for answer in answers), files.decode("latin-1")):
        assert tried not in text
        assert PIN not in caplog.text


def test_without_a_pin_the_page_cannot_disarm_and_says_how(tmp_path: Path) -> None:
    bare = Rig(tmp_path, pin=None)
    armed(bare)
    answer = bare.post("/disarm", installation="home", pin="")
    assert answer.status_code == 403
    assert "type `emulator pin` where the program runs" in answer.text
    assert bare.last()[3:] == ("refused", "no PIN is set; type `emulator pin` where the program runs")
    assert bare.sent == []
    bare.journal.close()


# -- the token of this machine ----------------------------------------------------------------------------------------


def test_the_token_stands_for_the_pin_on_this_machine_only(rig: Rig) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert rig.call("/api/command", DISARM, peer="127.0.0.1", **bearer).status_code == 202
    assert rig.call("/api/command", DISARM, **bearer).status_code == 403
    assert rig.last()[4] == "the token is not the one in the state folder"


@pytest.mark.parametrize("shown", ["Bearer no", "Bearer", "Basic bm86bm8=", "Bearer \u00e9"])
def test_another_token_is_refused_even_with_the_pin(rig: Rig, shown: str) -> None:
    answer = rig.call("/api/command", DISARM | {"pin": PIN}, peer="127.0.0.1", Authorization=shown)
    assert answer.status_code == 403


def test_who_means_another_program_neither_sees_this_house_nor_arms_it(rig: Rig) -> None:
    """Two state folders on one machine, one port: a command typed for one alarm must not reach the other."""
    other: dict[str, str] = {"peer": "127.0.0.1", "Authorization": "Bearer of-another-run"}
    for path in ("/api/state", "/api/journal"):
        assert rig.get(path, **other).status_code == 403
    assert rig.call("/api/command", {"arm": "total"}, **other).status_code == 403
    assert rig.last()[3:] == ("refused", "the token is not the one in the state folder")
    assert rig.sent == []
    assert rig.get("/healthz", **other).status_code == 200


# -- the journal is not for them to fill ------------------------------------------------------------------------------


def test_a_page_that_repeats_itself_is_one_row_and_one_line(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(10):
        rig.post("/arm", origin=EVIL, mode="total")
    assert [(entry.action, entry.times) for entry in rig.entries()] == [("POST /arm", 10)]
    assert caplog.text.count("'POST /arm': refused") == 1
    rig.clock.now += AGAIN_S + 1
    rig.post("/arm", origin=EVIL, mode="total")
    assert [entry.times for entry in rig.entries()] == [1, 10]


def test_each_thing_that_a_page_asks_for_is_written_down(rig: Rig) -> None:
    for path in ("/arm", "/disarm", "/pair"):
        rig.post(path, origin=EVIL)
        assert rig.last()[2] == f"POST {path}"


def test_a_page_that_asks_for_ever_other_things_does_not_fill_it_either(rig: Rig) -> None:
    for number in range(2 * PEER_ROWS):
        rig.get(f"/{number}", Host="evil.example")
    entries = rig.journal.commands(2 * PEER_ROWS)
    assert len(entries) == PEER_ROWS + 1
    assert rig.last() == ("dashboard", PEER, OTHERS, "ignored", WHY_OTHERS)
    assert sum(entry.times for entry in entries) == 2 * PEER_ROWS
    rig.call("/api/command", DISARM | {"pin": "1111"}, peer="192.168.7.77")
    assert rig.last()[4] == "wrong PIN; 4 more tries"


def test_what_was_asked_is_cut(rig: Rig) -> None:
    rig.get("/" + "x" * 3000, Host="evil.example")
    assert len(rig.last()[2]) == 80


# -- headers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/api/state", "/static/dashboard.css", "/nothing", "/api/nothing", "/healthz"])
def test_every_answer_is_guarded(rig: Rig, path: str) -> None:
    headers = rig.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert path.startswith("/static") or headers["Cache-Control"] == "no-store"


def test_the_policy_lets_in_the_one_script_of_the_page_itself_and_no_style(rig: Rig) -> None:
    page = rig.get("/")
    assert "style=" not in page.text
    assert "<style" not in page.text
    assert "onclick" not in page.text
    script, *others = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    assert others == []
    assert page.text.count("<script") == 2
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in page.headers["Content-Security-Policy"]


def test_a_page_without_scripts_returns_to_itself_after_a_form(rig: Rig) -> None:
    """The address of a form has no page: its answer would give way to a refusal."""
    assert 'content="30"' in rig.get("/?days=7").text
    assert 'content="30; url=/"' in rig.post("/disarm", installation="home", pin="1111").text
