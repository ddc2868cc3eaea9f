"""The cloud of today's app, as a new user meets it: login with the code that came, run, a WeMo client, a restart."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.netns.home import ALARM_PORT, EMULATOR, Home
from tests.netns.lan import Lan, until

SIMULATE = (EMULATOR, "simulate", "--api", "owa", "--host", "0.0.0.0", "--port", str(ALARM_PORT), "--answer-after", "2")
SETTINGS = f"""
installations:
  home: {{ cloud: owa, url: "http://127.0.0.1:{ALARM_PORT}/owa-api/graphql" }}
switches:
  - {{ name: Total alarm, on: total, off: disarm }}
  - {{ name: Night alarm, on: night, off: disarm }}
"""
TYPING_S = 60.0


class OwaHome(Home):
    """`emulator run` on an account that a person has logged in to."""

    def start(self) -> None:
        """Log in before the first start."""
        if not self.programs:
            self.log_in()
        super().start()

    def log_in(self) -> None:
        """Answer the prompts; the code is the one that the simulated alarm printed."""
        options = ["--config", str(self.config), "--state-dir", str(self.state_dir)]
        with self.lan.typing(self.host, [EMULATOR, "login", *options]) as person:
            assert person.stdin
            person.stdin.write("demo\ndemo\n1\n")
            person.stdin.flush()
            until(lambda: "SMS to" in self.simulator.text, "the code is sent")
            code = self.simulator.text.partition("SMS to")[2].split()[1]
            said, _ = person.communicate(f"{code}\n", timeout=TYPING_S)
        assert person.returncode == 0, said
        assert "devices.yaml" in said


@pytest.fixture
def cottage(lan: Lan, tmp_path: Path) -> Iterator[OwaHome]:
    made = OwaHome(lan, tmp_path, SIMULATE, host="cabin", settings=SETTINGS, user="", password="")
    yield made
    made.stop()


@pytest.mark.long
def test_a_new_user_logs_in_once_and_a_wemo_client_arms_and_disarms(lan: Lan, cottage: OwaHome) -> None:
    night = cottage.location("night")
    for restarted in (False, True):
        if restarted:
            assert cottage.program.stop() == 0
            cottage.start()
        cottage.reads("night", "0")
        assert lan.client("client", "wemo.py", "press", night, "on") == [{"error": "", "state": 1}]
        assert cottage.settle()["standing"] == "night"
        assert lan.client("client", "wemo.py", "press", night, "off") == [{"error": "", "state": 0}]
        assert cottage.settle()["standing"] == "disarmed"
        cottage.reads("night", "0")
    state = cottage.alarm.state()
    assert state["accepted"] == {"xSArmPanel": 2, "xSDisarmPanel": 2}
    assert (state["requests"]["mkLoginToken"], state["requests"]["mkSendOTP"]) == (2, 1)
    assert (state["refresh_reused"], state["client_faults"], state["banned_requests"]) == (0, [], 0)
    assert "CheckAlarm" not in state["requests"]
    ended = [(one["action"], one["result"]) for one in cottage.journal()]
    assert ended == [("arm night", "confirmed"), ("disarm", "confirmed")] * 2
    secrets = ("demo", "eyJ", cottage.simulator.text.partition("SMS to")[2].split()[1])
    assert not [secret for program in cottage.programs for secret in secrets if secret in program.text]
