"""Set-up below a path of Home Assistant: its forms, its cookie, and the way back."""

import re
from typing import Any

from werkzeug.test import Client, TestResponse

from emulator.lan.ingress import SUPERVISOR, entrance
from tests.lan.test_ingress import ANNA, HOME, ROOT
from tests.setup.house import House, Open

HEADERS = {"Host": HOME, "X-Ingress-Path": ROOT, "X-Remote-User-Id": ANNA}


class SetUpPanel:
    """Home Assistant's side bar, in which set-up is shown; it keeps cookies as they are, path and all."""

    def __init__(self, house: House) -> None:
        self._client = Client(entrance(house.app), use_cookies=False)
        self.cookie = ""

    def ask(self, path: str, method: str = "GET", user: str = ANNA, **more: Any) -> TestResponse:
        headers = HEADERS | {"X-Remote-User-Id": user, "Cookie": self.cookie}
        headers |= {"Origin": f"http://{HOME}"} if method == "POST" else {}
        local = {"REMOTE_ADDR": SUPERVISOR}
        answer = self._client.open(path, method=method, headers=headers, environ_overrides=local, buffered=True, **more)
        if given := answer.headers.get("Set-Cookie"):
            self.given = given
            self.cookie = given.partition(";")[0]
        return answer


def test_set_up_is_claimed_and_walked_below_the_path(house: Open) -> None:
    home = house()
    panel = SetUpPanel(home)
    assert panel.ask("/").location == f"{ROOT}/setup/"
    form = panel.ask("/setup/").get_data(as_text=True)
    assert f'action="{ROOT}/setup/claim"' in form
    claimed = panel.ask("/setup/claim", "POST", data={"code": str(home.code)})
    assert claimed.location == f"{ROOT}/setup/"
    assert {"HttpOnly", "SameSite=Strict", f"Path={ROOT}/setup/"} <= set(panel.given.split("; "))
    following = panel.ask("/setup/").location
    assert following is not None
    assert following.startswith(f"{ROOT}/setup/")
    step = panel.ask(following.removeprefix(ROOT)).get_data(as_text=True)
    found = [one for one in re.findall(r'(?:href|src|action)="([^"#]*)"', step) if not one.startswith("http")]
    assert found
    assert all(one.startswith(f"{ROOT}/setup/") for one in found)


def test_home_assistants_login_is_not_the_code_and_the_session_is_one_persons(house: Open) -> None:
    home = house()
    panel = SetUpPanel(home)
    assert panel.ask("/setup/alarm").get_data(as_text=True).count('name="code"') == 1
    panel.ask("/setup/claim", "POST", data={"code": str(home.code)})
    assert panel.ask("/setup/").status_code == 303
    assert 'name="code"' in panel.ask("/setup/", user=ANNA[::-1]).get_data(as_text=True)


def test_the_wait_for_the_program_leads_to_its_page_there(house: Open) -> None:
    panel = SetUpPanel(house(is_over=True))
    shown = panel.ask("/")
    assert shown.status_code == 503
    assert f'href="{ROOT}/"' in shown.get_data(as_text=True)
    assert f"url={ROOT}/" in shown.get_data(as_text=True)
    script = panel.ask("/setup/static/wait.js").get_data(as_text=True)
    assert not re.search(r"""["'`]/[a-z"$]""", script)
