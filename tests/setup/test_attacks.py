"""Set-up by somebody on the LAN who has no code, and by pages of others: nothing is read, changed, or sent."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from emulator.lan import wsgi
from emulator.setup.claim import LOCK_S, TRIES, TRIES_AT_MOST, TRIES_OF_ALL, ClaimCode, ClaimRefused
from emulator.setup.web.desk import IDLE_S
from emulator.setup.web.first_run import FirstRun
from tests.setup.browser import PAGE, PEER, Browser
from tests.setup.conftest import Make
from tests.setup.house import House, Open
from tests.setup.rig import PASSWORD, PIN
from tests.support.patience import PATIENCE_S
from tests.support.program import free_port

EVIL = "http://evil.example"
STRANGER = "192.168.7.66"
STEPS = ("alarm", "login", "code", "alarms", "switches", "pin", "doors", "notices", "save", "account", "leave")
ASKS = "Type the code that the program shows"


def begun(here: House) -> Browser:
    """Return a browser in the middle of a set-up."""
    return here.claimed().form("next", kind="simulated")


def untouched(here: House) -> bool:
    """Return whether the set-up stands where `begun` left it."""
    with here.desk.reading() as one:
        return here.desk.done == {"alarm"} and not one.pin_given and not here.finished


@pytest.mark.parametrize("step", STEPS)
def test_without_the_code_no_page_is_read_and_no_form_is_taken(house: Open, step: str) -> None:
    here = house()
    mine = begun(here)
    stranger = here.browser(STRANGER)
    assert ASKS in stranger.get(f"/setup/{step}").text
    stranger.post(f"/setup/{step}", {"form": here.desk.stamp(here.desk._session), "pin": PIN, "again": PIN})
    assert stranger.page.status_code == 403
    assert untouched(here)
    assert mine.get().at == "/setup/switches"


@pytest.mark.parametrize("origin", [EVIL, "null", "http://192.168.7.2:8080", "https://192.168.7.2:8099"])
@pytest.mark.parametrize("path", ["/setup/claim", "/setup/switches", "/setup/save", "/setup/leave"])
def test_a_form_of_another_site_is_refused(house: Open, path: str, origin: str) -> None:
    here = house()
    mine = begun(here)
    stamp = mine.tree.xpath("//input[@name='form']")[0].get("value")
    mine.post(path, {"form": stamp, "code": str(here.code)}, origin=origin)
    assert mine.page.status_code == 403
    assert untouched(here)


@pytest.mark.parametrize("headers", [{"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}])
def test_a_browser_that_says_so_itself_is_believed(house: Open, headers: dict[str, str]) -> None:
    here = house()
    mine = begun(here)
    stamp = mine.tree.xpath("//input[@name='form']")[0].get("value")
    assert mine.post("/setup/leave", {"form": stamp}, **headers).page.status_code == 403
    assert mine.post("/setup/leave", {"form": stamp}, origin=None).page.status_code == 403
    assert untouched(here)


def test_a_form_without_the_secret_of_the_session_is_refused(house: Open) -> None:
    here = house()
    mine = begun(here)
    for stamp in ("", ".1", f"x.{here.desk.revision}", f".{here.desk.revision}", "é"):
        mine.post("/setup/switches", {"form": stamp, "want-0": "on", "name-0": "Forged"})
        assert mine.page.status_code == 403
    assert untouched(here)


def test_a_step_that_has_not_come_takes_no_form(house: Open) -> None:
    here = house()
    mine = begun(here)
    stamp = mine.tree.xpath("//input[@name='form']")[0].get("value")
    mine.post("/setup/pin", {"form": stamp, "pin": PIN, "again": PIN})
    assert untouched(here)


def test_a_form_counts_once(house: Open) -> None:
    here = house()
    mine = begun(here)
    fields = dict(mine.tree.xpath("//main//form")[0].form_values()) | {"do": "next"}
    mine.post("/setup/switches", fields)
    assert mine.at == "/setup/pin"
    with here.desk.reading() as one:
        before = one.answers
    mine.post("/setup/switches", fields | {"name-0": "Replayed"})
    assert mine.page.status_code == 409
    assert "That page was old" in mine.text
    with here.desk.reading() as one:
        assert one.answers == before


def test_the_same_form_sent_twice_at_once_is_taken_once(house: Open) -> None:
    here = house(api="owa")
    bench, mine = here.bench, here.claimed()
    mine.form("next", kind="real", country="ES", cloud="owa", url=bench.url)
    fields = dict(mine.tree.xpath("//main//form")[0].form_values())
    fields |= {"do": "next", "user": "demo", "password": PASSWORD}

    def send(_: int) -> int:
        twin = Browser(here.app)
        twin.client.set_cookie("setup", mine.cookie, domain="192.168.7.2", path="/setup/")
        return twin.post("/setup/login", fields).page.status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(send, range(4)))
    assert statuses.count(200) <= 1
    assert bench.count("mkLoginToken") == 1


def test_codes_cannot_be_guessed(house: Open) -> None:
    here = house()
    stranger = here.browser(STRANGER).get()
    wrong = f"{(int(str(here.code).replace(' ', '')) + 1) % 10**8:08}"
    for left in reversed(range(TRIES)):
        stranger.form(code=wrong)
        assert stranger.page.status_code == 403
        assert f"{left} more" in stranger.text
    stranger.form(code=str(here.code))
    assert "Too many wrong codes" in stranger.text
    # Others are not locked out by one, and all together by many.
    assert here.claimed().at == "/setup/alarm"
    here.desk.leave()
    for peer in range(TRIES_OF_ALL // TRIES - 1):
        for _ in range(TRIES):
            here.browser(f"192.168.7.{peer}").get().form(code=wrong)
    assert "Too many wrong codes" in here.claimed("192.168.7.0").text
    # An address that has not tried yet has one, up to a bound: else any stranger could keep the family out.
    for peer in range(100, 100 + TRIES_AT_MOST - TRIES_OF_ALL):
        assert "0 more tries" in here.browser(f"192.168.7.{peer}").get().form(code=wrong).text
        assert "Too many wrong codes" in here.claimed(f"192.168.7.{peer}").text
        if peer == 100:
            assert here.claimed("192.168.7.99").at == "/setup/alarm"
            here.desk.leave()
    assert "Too many wrong codes" in here.claimed("192.168.7.99").text
    here.bench.clock.now += LOCK_S
    assert here.claimed().at == "/setup/alarm"


def test_the_code_is_typed_as_people_do() -> None:
    code = ClaimCode(lambda: 0.0)
    digits = str(code).replace(" ", "")
    for typed in (digits, f"{digits[:4]}-{digits[4:]}", f" {code} "):
        code.check(typed, PEER)
    for typed in ("", "٣" * 8, digits[:-1], f"{digits}0"):
        with pytest.raises(ClaimRefused):
            code.check(typed, typed)


def test_each_run_has_a_code_of_its_own() -> None:
    assert len({str(ClaimCode(lambda: 0.0)) for _ in range(100)}) > 90


def test_the_cookie_is_for_this_browser_page_and_address_alone(house: Open) -> None:
    here = house()
    mine = here.browser().get()
    form = {"code": str(here.code)}
    answer = mine.client.post("/setup/claim", data=form, headers={"Origin": PAGE}, base_url=PAGE)
    [cookie] = answer.headers.getlist("Set-Cookie")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/setup/" in cookie
    assert "expires" not in cookie.lower()
    thief = here.browser(STRANGER)
    thief.client.set_cookie("setup", mine.cookie, domain="192.168.7.2", path="/setup/")
    assert ASKS in thief.get().text
    assert mine.get().at == "/setup/alarm"


def test_a_second_browser_takes_over_and_the_first_is_out(house: Open) -> None:
    here = house()
    first = begun(here)
    second = here.claimed("192.168.7.32")
    assert second.at == "/setup/switches"  # where the first one was
    assert ASKS in first.get().text
    first.client.post("/setup/pin", data={"pin": PIN, "again": PIN}, headers={"Origin": PAGE}, base_url=PAGE)
    assert untouched(here)


def test_a_browser_that_was_left_open_shows_the_code_again(house: Open) -> None:
    here = house()
    mine = begun(here)
    here.bench.clock.now += IDLE_S + 1
    assert ASKS in mine.get().text


@pytest.mark.parametrize("path", ["look/../settings.py", "look/dashboard.js", "look/settings.py", "static/../pages.py"])
def test_no_other_file_is_served(house: Open, path: str) -> None:
    browser = house().browser()
    assert b"--paper" in browser.get("/setup/look/dashboard.css").page.get_data()
    assert b"import" not in browser.get(f"/setup/{path}").page.get_data()


def test_nothing_secret_is_in_an_address_an_answer_or_the_log(house: Open, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    here = house(api="owa")
    bench, mine = here.bench, here.claimed()
    seen = []

    def note(browser: Browser) -> Browser:
        seen.append(f"{browser.page.request.url}\n{browser.page.get_data(as_text=True)}")
        assert browser.page.headers["Referrer-Policy"] == "same-origin"
        assert browser.page.headers["Cache-Control"] == "no-store"
        return browser

    note(mine.form("next", kind="real", country="ES", cloud="owa", url=bench.url))
    note(mine.form("next", user="demo", password=PASSWORD))
    note(mine.form("send", phone="0"))
    code = bench.code()
    note(mine.form("next", code=code))
    note(mine.form("next"))
    note(mine.form("next", pin=PIN, again="0000"))
    note(mine.form("next", pin=PIN, again=PIN))
    note(mine.form("next"))
    note(mine.form("add", url="json://127.0.0.1:9/topsecret"))
    note(mine.form("next"))
    note(mine.form())
    assert "Saved" in mine.text
    for secret in (PASSWORD, PIN, code, "topsecret", mine.cookie or "no cookie"):
        assert not [one for one in seen if secret in one], secret
        assert secret not in caplog.text
        assert secret not in bench.path.read_text()


FROM_SPAIN = {
    "Accept-Language": "es",
    "Content-Type": "application/x-www-form-urlencoded",
    "Sec-Fetch-Site": "same-origin",
}


def test_the_gate_of_the_server_refuses_foreign_names_and_peers(make: Make) -> None:
    bench = make()
    port = free_port()
    first = FirstRun(bench.path, bench.state, bench.clock, conceal=lambda _: None, interfaces=["lo"], port=port)
    first.start()
    try:
        [url] = first.urls()
        assert ASKS in requests.get(url, timeout=PATIENCE_S).text
        for host in ("evil.example", "evil.example:80", "192.168.7.2"):
            assert requests.get(f"{url}setup/", headers={"Host": host}, timeout=PATIENCE_S).status_code == 403
        looks = {"Host": "alarm.lan", "Accept": "text/html", "Accept-Language": "es"}
        assert f'href="{url}"' in requests.get(url, headers=looks, timeout=PATIENCE_S).text
        for size, said in (wsgi.BODY + 1, "Era demasiado"), (wsgi.REFUSABLE, "exceeds max_body"):
            large = requests.post(f"{url}setup/claim", "x" * size, headers=FROM_SPAIN, timeout=PATIENCE_S)
            assert (large.status_code, said in large.text) == (413, True)
        form = {"code": str(first.code)}
        refused = requests.post(f"{url}setup/claim", form, headers={"Origin": EVIL}, timeout=PATIENCE_S)
        assert refused.status_code == 403
        assert first.desk._session is None
    finally:
        first.stop()
    assert not [one for one in threading.enumerate() if one.name.startswith("setup")]


def test_a_cookie_that_another_port_has_set_does_not_end_the_session(house: Open) -> None:
    here = house()
    mine, both = begun(here), here.app.test_client(use_cookies=False)
    both.environ_base["REMOTE_ADDR"] = PEER
    # Browsers send that with the longer path first.
    sent = {"Cookie": f"setup=theirs; setup={mine.cookie}"}
    answer = both.get("/setup/switches", base_url=PAGE, headers=sent)
    assert ASKS not in answer.get_data(as_text=True)
