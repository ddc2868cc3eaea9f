"""devices.yaml: accepted settings, and the error text of every mistake."""

import re
from collections.abc import Callable, Iterable
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from emulator import clouds, doors
from emulator.alarm.switch import Narrowing
from emulator.app import alarm_settings, settings
from emulator.app.alarm_settings import InstallationSettings
from emulator.app.settings import Settings
from emulator.app.switch_settings import NOBODY
from emulator.config import devices_yaml
from emulator.errors import ConfigError
from emulator.model import ARM_WORDS, ArmMode, Interior

ROOT = Path(__file__).parents[2]
HOME = "installations: { home: { cloud: simulator } }\n"
TWO = "installations: { home: { cloud: simulator }, shed: { cloud: simulator } }\n"
NIGHT = "switches: [{ name: Night, on: night }]\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "devices.yaml"


def load(path: Path, text: str) -> Settings:
    path.write_text(text, encoding="utf-8")
    return Settings.load(path)


def problems(path: Path, text: str) -> list[str]:
    """Return the error texts, with the file's folder left out."""
    with pytest.raises(ConfigError) as caught:
        load(path, text)
    return [str(problem).replace(f"{path.parent}/", "") for problem in caught.value.problems]


def home(settings: str) -> str:
    return f"installations:\n  home: {{ {settings} }}\n{NIGHT}"


def switch(settings: str) -> str:
    return f"{HOME}switches:\n  - {{ {settings} }}\n"


# -- what is accepted -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("partial", [Interior.DAY, Interior.NIGHT])
def test_an_alarm_with_one_partial_mode_calls_it_as_its_switch_does(partial: Interior, tmp_path: Path) -> None:
    path = tmp_path / "devices.yaml"
    path.write_text(PAGES + f"switches: [{{ name: N, on: {partial} }}, {{ name: T, on: total }}]")
    assert Settings.load(path).partial_of("home") is partial
    path.write_text(PAGES + "switches: [{ name: T, on: total }]")
    assert Settings.load(path).partial_of("home") is Interior.NIGHT


def test_the_shipped_file_gives_the_four_switches() -> None:
    settings = Settings.load(ROOT / "devices.yaml")
    assert [(one.name, str(one.on), one.off, settings.installation_of(one)) for one in settings.switches] == [
        ("Total alarm", "total", "disarm", "home"),
        ("Day alarm", "day", "disarm", "home"),
        ("Night alarm", "night", "disarm", "home"),
        ("Perimeter alarm", "perimeter", "disarm", "home"),
    ]
    assert settings.installations["home"].cloud == "simulator"
    assert settings.doors.opened["wemo"].first_port == 49151


def test_the_least_that_is_needed_and_what_the_rest_is_then(path: Path) -> None:
    settings = load(path, HOME + NIGHT)
    alarm, switch = settings.installations["home"], settings.switches[0]
    assert (alarm.country, alarm.language, alarm.callby, alarm.number, alarm.panel) == ("ES", "es", "AND_61", "", "")
    assert (alarm.timeouts.request, alarm.timeouts.command) == (20.0, 90.0)
    assert (switch.off, switch.port, switch.doors) == (None, None, None)
    assert (settings.reply_within, settings.while_pending) == (0.8, "target")
    assert (settings.lan.interfaces, settings.lan.address) == (None, None)
    assert "dashboard" not in settings.doors.opened


def test_everything_that_can_be_said(path: Path) -> None:
    settings = load(
        path,
        """
installations:
  Home_1-a:
    cloud: wsdo
    country: GB
    lang: es
    url: https://example.org:12010/ws.do
    number: 0042
    panel: SDVECU
    callby: IPH_7
    poll_every: 2m
    timeouts: { request: 30s, command: 1.5m }
switches:
  - { name: " Total + perimeter ", installation: Home_1-a, on: perimeter + TOTAL, off: disarm, port: 5000, doors: [wemo] }
doors: { wemo: { first_port: 50000 }, dashboard: { port: 80 } }
lan: { interfaces: [eth0, wlan0], address: 192.168.1.10 }
reply_within: 500ms
while_pending: last
""",  # noqa: E501  # a line as long as a person would write it
    )
    alarm, switch = settings.installations["Home_1-a"], settings.switches[0]
    assert (alarm.language, alarm.number, alarm.panel, alarm.callby) == ("es", "0042", "SDVECU", "IPH_7")
    assert (alarm.poll_every_s, alarm.timeouts.request, alarm.timeouts.command) == (120.0, 30.0, 90.0)
    assert (switch.name, switch.on) == ("Total + perimeter", ArmMode(Interior.TOTAL, perimeter=True))
    assert (switch.off, switch.port, switch.doors) == ("disarm", 5000, ("wemo",))
    assert settings.lan.interfaces == ("eth0", "wlan0")
    assert str(settings.lan.address) == "192.168.1.10"
    assert (settings.reply_within, settings.while_pending) == (0.5, "last")
    assert settings.doors.opened["dashboard"].port == 80


@pytest.mark.parametrize(
    ("country", "lang"), [("ES", "es"), ("IT", "it"), ("FR", "fr"), ("GB", "en"), ("PT", "pt")]
)  # fmt: skip
def test_the_language_is_the_countrys(country: str, lang: str) -> None:
    assert InstallationSettings(cloud="wsdo", country=country).language == lang


@pytest.mark.parametrize("number", ["0042", "'0042'", "00", "42 "])
def test_an_installation_number_keeps_its_zeros(path: Path, number: str) -> None:
    assert load(path, home(f"cloud: wsdo, number: {number}")).installations["home"].number == number.strip(" '")


@pytest.mark.parametrize("name", ["off", "on", "yes", "No", "1", "0x1F", "1_000", "Ñandú & <Casa>", "é" * 60])
def test_a_spoken_name_is_any_text(path: Path, name: str) -> None:
    assert load(path, switch(f"name: {name}, on: night")).switches[0].name == name


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("120s", 120), ("2m", 120), ("1h", 3600), ("250ms", 0.25), ("1.5m", 90), ("20 s", 20), ("0.5h", 1800)],
)
def test_durations(path: Path, text: str, seconds: float) -> None:
    assert (
        load(path, home(f"cloud: wsdo, url: 'http://127.0.0.1/', poll_every: {text}")).installations["home"].poll_every
        == seconds
    )


@pytest.mark.parametrize(
    ("cloud", "url", "poll_every", "seconds"),
    [
        ("owa", "", "", 120.0),
        ("owa", "", "60s", 60.0),
        ("owa", "http://127.0.0.1:12010/owa-api/graphql", "1s", 1.0),
        ("wsdo", "", "", 60.0),
        ("simulator", "", "", 5.0),
        ("wsdo", "", "20s", 20.0),
        ("simulator", "", "1s", 1.0),
        ("wsdo", "http://127.0.0.1:12010/ws.do", "1s", 1.0),
        ("wsdo", "http://localhost/ws.do", "1s", 1.0),
        ("wsdo", "http://192.168.1.9/ws.do", "1s", 1.0),
    ],
)
def test_the_pace_of_polling(path: Path, cloud: str, url: str, poll_every: str, seconds: float) -> None:
    settings = load(path, home(f"cloud: {cloud}, url: '{url}', poll_every: {poll_every}"))
    assert settings.installations["home"].poll_every_s == seconds


@pytest.mark.parametrize(("country", "lang"), [("IE", "en"), ("BR", "pt"), ("CL", "es"), ("AR", "es"), ("PE", "es")])
def test_owa_knows_more_countries(path: Path, country: str, lang: str) -> None:
    assert load(path, home(f"cloud: owa, country: {country}")).installations["home"].language == lang


@pytest.mark.parametrize("force", ["true", "yes", "on", "1"])
def test_a_switch_of_an_owa_alarm_may_force(path: Path, force: str) -> None:
    text = f"installations: {{ home: {{ cloud: owa }} }}\nswitches: [{{ name: N, on: night, force: {force} }}]\n"
    assert load(path, text).switches[0].force


def test_who_may_disarm_and_when(path: Path) -> None:
    text = "name: N, on: night, off: disarm, disarm: { from: 192.168.1.0/24, doors: [hue], between: 7:00 - 22:30 }"
    found = load(path, switch(text)).switches[0].narrowing
    assert found == Narrowing((IPv4Network("192.168.1.0/24"),), frozenset({"hue"}), (420, 1350))
    assert load(path, switch("name: N, on: night, off: disarm")).switches[0].narrowing == Narrowing()


def test_an_account_without_a_file() -> None:
    assert alarm_settings.account_at("FR", "").country == "FR"
    with pytest.raises(ConfigError, match=r"--url.*use https"):
        alarm_settings.account_at("FR", "http://example.com/")


@pytest.mark.parametrize(
    ("doors", "wemo", "dashboard"),
    [
        ("", 49151, None),
        ("doors:", 49151, None),
        ("doors: { wemo: }", 49151, None),
        ("doors: { wemo: {} }", 49151, None),
        ("doors: { wemo: { first_port: } }", 49151, None),
        ("doors: { wemo: { first_port: 5000 } }", 5000, None),
        ("doors: { dashboard: }", None, 8099),
        ("doors: {}", None, None),
    ],
)
def test_a_door_is_open_when_it_is_named(path: Path, doors: str, wemo: int | None, dashboard: int | None) -> None:
    found = load(path, HOME + NIGHT + doors).doors.opened
    assert (("wemo" in found and found["wemo"].first_port) or None) == wemo
    assert (("dashboard" in found and found["dashboard"].port) or None) == dashboard


def test_a_switch_without_an_installation_belongs_to_the_only_one(path: Path) -> None:
    settings = load(path, HOME + NIGHT)
    assert settings.installation_of(settings.switches[0]) == "home"


def test_settings_cannot_be_changed(path: Path) -> None:
    settings = load(path, HOME + NIGHT)
    with pytest.raises(ValidationError, match="frozen"):
        settings.reply_within = 1.0


# -- what is refused --------------------------------------------------------------------------------------------

ONE = "needs at least one switch: what the smart home sees"
KEYS = "takes keys of its own, such as `key: value`"
LIST = "takes a list, such as [a, b]"
SINGLE = "takes a single value, not a list or a mapping"
MODES = "use day, night, total, perimeter, annex, or a sum such as total+perimeter"
SECRETS = "secrets never stand in this file; put them in the environment: VERISURE_USER, VERISURE_PASSWORD"
NO_DURATION = "is not a duration; write it with its unit, such as 120s or 2m"


def one_of(names: Iterable[str]) -> str:
    """Return how a choice is offered."""
    quoted = [f"'{name}'" for name in names]
    return f"use {', '.join(quoted[:-1])} or {quoted[-1]}"


COUNTRIES = one_of(clouds.countries())
CLOUDS = (
    "is missing: `owa` for the API of today's app, `wsdo` for the XML API before it, `mypages` for My Pages, in the "
    "Nordics and Benelux, or `simulator`"
)

PAGES = "installations: { home: { cloud: mypages, country: SE } }\n"

MISTAKES = [
    # The whole, on lines of its own.
    (NIGHT, ["1: installations: is missing: at least one alarm, each under a name of yours"]),
    (HOME, ["1: switches: is missing: at least one switch: what the smart home sees"]),
    (f"installations:\n{NIGHT}", ["1: installations: is missing: at least one alarm, each under a name of yours"]),
    (f"installations: {{}}\n{NIGHT}", ["1: installations: needs at least one alarm, each under a name of yours"]),
    (f"{HOME}switches: []", [f"2: switches: {ONE}"]),
    (f"installations: [x]\n{NIGHT}", [f"1: installations: {KEYS}"]),
    (f"{HOME}switches: {{ a: b }}", [f"2: switches: {LIST}"]),
    (f"{HOME}switches: [x]", [f"2: switches[0]: 'x' is not possible: {KEYS}"]),
    (f"{HOME}switches:\n  -\n", ["3: switches[0].name: is missing: what you say to the voice assistant",
                                 "3: switches[0].on: is missing: the arm mode: "
                                 "day, night, total, perimeter, annex, or a sum such as total+perimeter"]),
    (f"{HOME}{NIGHT}reply_within: 2", [f"3: reply_within: '2' {NO_DURATION}"]),
    (f"{HOME}{NIGHT}reply_within: [2s]", [f"3: reply_within: {SINGLE}"]),
    (f"{HOME}{NIGHT}while_pending: yes", ["3: while_pending: 'yes' is not possible: use 'target' or 'last'"]),
    (f"{HOME}{NIGHT}doors: [wemo]", [f"3: doors: {KEYS}"]),
    (
        f"{HOME}{NIGHT}doors: {{ tuya: {{ port: 80 }} }}",
        [f"3: doors.tuya: unknown key; known here: {', '.join(doors.DOORS)}"],
    ),
    (f"{HOME}{NIGHT}doors: {{ wemo: {{ port: 80 }} }}",
     ["3: doors.wemo.port: unknown key; known here: first_port, allow_sweep"]),
    (f"{HOME}{NIGHT}doors: {{ wemo: {{ first_port: 0 }} }}",
     ["3: doors.wemo.first_port: '0' is not possible: Input should be greater than or equal to 1"]),
    (f"{HOME}{NIGHT}lan: {{ interfaces: eth0 }}", [f"3: lan.interfaces: 'eth0' is not possible: {LIST}"]),
    (f"{HOME}{NIGHT}lan: {{ interfaces: [] }}",
     ["3: lan.interfaces: needs at least one; leave the key out for the default"]),
    (f"{HOME}{NIGHT}lan: {{ address: '::1' }}",
     ["3: lan.address: '::1' is not possible: takes an IPv4 address, such as 192.168.1.10"]),
    (f"{HOME}{NIGHT}lan: {{ interface: [eth0] }}", ["3: lan.interface: unknown key; did you mean 'interfaces'?"]),
    (f"{HOME}{NIGHT}swiches: []", ["3: swiches: unknown key; did you mean 'switches'?"]),
    (f"{HOME}{NIGHT}xyz: 1", ["3: xyz: unknown key; known here: "
                              "installations, switches, doors, lan, notify, language, reply_within, while_pending"]),
    (f"{HOME}{NIGHT}switches: []", ["3: 'switches' stands twice, first on line 2; keep one",
                                    f"2: switches: {ONE}"]),
    # Installations: the settings stand on line 2.
    (home(""), [f"2: installations.home.cloud: {CLOUDS}"]),
    (home("cloud: tuya"), [f"2: installations.home.cloud: 'tuya' is not possible: {one_of(clouds.CLOUDS)}"]),
    (home("cloud: wsdo, country: UK"),
     [f"2: installations.home.country: 'UK' is not possible: {COUNTRIES}"]),
    (home("cloud: wsdo, country: es"),
     [f"2: installations.home.country: 'es' is not possible: {COUNTRIES}"]),
    (home("cloud: wsdo, country: IE"),
     ["2: installations.home: country: IE is only known to `cloud: owa`; wsdo has ES, IT, FR, GB, PT"]),
    (home("cloud: owa, poll_every: 30s"),
     ["2: installations.home: poll_every: the cloud blocks who asks more often than every 60s"]),
    (switch("name: N, on: night, disarm: { between: 07:00-22:00 }"),
     ["3: switches[0].disarm: narrows `off: disarm`, which this switch lacks"]),
    (switch("name: N, on: night, off: disarm, disarm: { between: 7-22 }"),
     ["3: switches[0].disarm.between: '7-22' is no time of day; write it as 07:00-22:30"]),
    (switch("name: N, on: night, off: disarm, disarm: { from: 192.168.1.5/24 }"),
     ["3: switches[0].disarm.from: 192.168.1.5/24 has host bits set; "
      "write addresses as 192.168.1.20, networks as 192.168.1.0/24"]),
    (switch("name: N, on: night, off: disarm, disarm: { doors: [tuya] }"),
     [f"3: switches[0].disarm.doors[0]: 'tuya' is not possible: {one_of(doors.DOORS)}"]),
    (switch("name: N, on: night, force: yes"),
     ["3: switches[0].force: only `cloud: owa` or `mypages` can arm past open zones"]),
    (PAGES + "switches: [{ name: N, on: perimeter }]",
     ["2: switches[0].on: `cloud: mypages` has no perimeter; it has total, day or night"]),
    (PAGES + "switches: [{ name: N, on: total+perimeter }]",
     ["2: switches[0].on: `cloud: mypages` has no total+perimeter; it has total, day or night"]),
    (PAGES + "switches: [{ name: N, on: night }, { name: T, on: total }, { name: D, on: day }]",
     ["2: switches[2].on: `cloud: mypages` has one partial mode: call it night or day, and not both"]),
    (home("cloud: wsdo, lang: ES"),
     ["2: installations.home.lang: 'ES' is not possible: two small letters; left out: the country's"]),
    (home("cloud: wsdo, number: 12x"),
     ["2: installations.home.number: '12x' is not possible: digits, as the app shows them; left out: the only one"]),
    (home("cloud: wsdo, number: [1]"), [f"2: installations.home.number: {SINGLE}"]),
    (home("cloud: wsdo, panel: [1]"), [f"2: installations.home.panel: {SINGLE}"]),
    (home("cloud: wsdo, callby: AND"),
     ["2: installations.home.callby: 'AND' is not possible: the app that we call `wsdo` as, such as AND_61 or IPH_61"]),
    (home("cloud: wsdo, polevery: 60s"), ["2: installations.home.polevery: unknown key; did you mean 'poll_every'?"]),
    (home("cloud: wsdo, poll_every: 60"), [f"2: installations.home.poll_every: '60' {NO_DURATION}"]),
    (home("cloud: wsdo, poll_every: 0s"), [f"2: installations.home.poll_every: '0s' {NO_DURATION}"]),
    (home("cloud: wsdo, poll_every: 19s"),
     ["2: installations.home: poll_every: the cloud blocks who asks more often than every 20s"]),
    (home("cloud: wsdo, poll_every: 19s, url: 'https://8.8.8.8/ws.do'"),
     ["2: installations.home: poll_every: the cloud blocks who asks more often than every 20s"]),
    (home("cloud: wsdo, timeouts: 5s"), [f"2: installations.home.timeouts: '5s' is not possible: {KEYS}"]),
    (home("cloud: wsdo, timeouts: { reqest: 5s }"),
     ["2: installations.home.timeouts.reqest: unknown key; did you mean 'request'?"]),
    (home("cloud: wsdo, timeouts: { request: -5s }"), [f"2: installations.home.timeouts.request: '-5s' {NO_DURATION}"]),
    (home("cloud: simulator, url: 'http://127.0.0.1/'"),
     ["2: installations.home: `url` goes with `cloud: owa`, `wsdo` or `mypages`; the simulator brings its own"]),
    (f"installations:\n  my home: {{ cloud: simulator }}\n{NIGHT}",
     ["2: installations.my home: 'my home' is not possible: use letters, digits, - and _, beginning with a letter"]),
    # The names of installations may be words of ours.
    (f"installations:\n  lan: {{}}\n{NIGHT}",
     [f"2: installations.lan.cloud: {CLOUDS}"]),
    (f"installations:\n  doors: {{ clowd: x }}\n{NIGHT}",
     [f"2: installations.doors.cloud: {CLOUDS}",
      "2: installations.doors.clowd: unknown key; did you mean 'cloud'?"]),
    (f"installations:\n  switches: {{ cloud: wsdo, timeouts: {{ comand: 1s }} }}\n{NIGHT}",
     ["2: installations.switches.timeouts.comand: unknown key; did you mean 'command'?"]),
    # Switches: on line 3.
    (switch("name: Night"), ["3: switches[0].on: is missing: the arm mode: "
                             "day, night, total, perimeter, annex, or a sum such as total+perimeter"]),
    (switch("on: night"), ["3: switches[0].name: is missing: what you say to the voice assistant"]),
    (switch("name: '', on: night"), ["3: switches[0].name: '' is not possible: must not be empty"]),
    (switch("name: '  ', on: night"), ["3: switches[0].name: '  ' is not possible: must not be empty"]),
    (switch('name: "a\\nb", on: night'),
     ["3: switches[0].name: holds what cannot be spoken, such as a line break; use letters, digits and blanks"]),
    (switch(f"name: {'x' * 61}, on: night"),
     [f"3: switches[0].name: '{'x' * 61}' is not possible: String should have at most 60 characters"]),
    (switch("name: Night, on: nigth"), [f"3: switches[0].on: unknown arm mode 'nigth'; {MODES}"]),
    (switch("name: Night, on: off"), [f"3: switches[0].on: unknown arm mode 'off'; {MODES}"]),
    (switch("name: Night, on: night+day"),
     ["3: switches[0].on: 'night+day' asks for night and day at once; the interior has one mode at a time"]),
    (switch("name: Night, on: annex+annex"), ["3: switches[0].on: 'annex+annex' names a mode twice"]),
    (switch("name: Night, on: [night]"), [f"3: switches[0].on: {SINGLE}"]),
    (switch("name: Night, on: night, off: night"),
     ["3: switches[0].off: 'night' is not possible: use 'disarm'"]),
    (switch("name: Night, on: night, port: 0x10"),
     ["3: switches[0].port: '0x10' is not possible: takes a whole number"]),
    (switch("name: Night, on: night, port: 65536"),
     ["3: switches[0].port: '65536' is not possible: Input should be less than or equal to 65535"]),
    (switch("name: Night, on: night, doors: wemo"), [f"3: switches[0].doors: 'wemo' is not possible: {LIST}"]),
    (
        switch("name: Night, on: night, doors: [tuya]"),
        [f"3: switches[0].doors[0]: 'tuya' is not possible: {one_of(doors.bindable())}"],
    ),
    (switch("name: Night, on: night, mode: night"), ["3: switches[0].mode: unknown key; known here: "
                                                     "name, installation, on, off, disarm, force, port, doors"]),
    # What does not go together.
    (switch("name: Night, on: night, installation: shed"),
     ["3: switches[0].installation: no such installation; there is home"]),
    (f"{TWO}switches:\n  - {{ name: Night, on: night }}\n",
     ["3: switches[0].installation: is missing: which of home, shed?"]),
    (f"{TWO}switches:\n  - {{ name: Night, on: night, installation: attic }}\n",
     ["3: switches[0].installation: no such installation; there is home, shed"]),
    (f"{HOME}switches:\n  - {{ name: Night, on: night }}\n  - {{ name: ' NIGHT ', on: day }}\n",
     ["4: switches[1].name: 'NIGHT' is also the name of the switch on line 3"]),
    (f"{HOME}switches:\n  - {{ name: a, on: night, port: 5000 }}\n  - {{ name: b, on: day, port: 05000 }}\n",
     ["4: switches[1].port: 05000 is already the port of 'a'"]),
    (f"{switch('name: a, on: night')}reply_within: 11s", ["4: reply_within: 11s is not possible: use 1ms to 10s"]),
    (home("cloud: simulator, timeouts: { request: 500ms, command: 1h }"),
     ["2: installations.home.timeouts.request: 0.5s is not possible: use 1s to 2m",
      "2: installations.home.timeouts.command: 3600s is not possible: use 5s to 10m"]),
    (home("cloud: owa, poll_every: 99999999999h"),
     ["2: installations.home.poll_every: 3.6e+14s is not possible: use 1ms to 24h"]),
    (f"{switch('name: a, on: night')}notify: {{ silent_after: 5s }}",
     ["4: notify.silent_after: 5s is not possible: use 1m to 168h"]),
    *((switch(f"name: a, on: night, off: disarm, disarm: {narrow}"), [f"3: switches[0].disarm: {NOBODY}"])
      for narrow in ("{ from: [] }", "{ doors: [] }", "{ from: , between: 07:00-22:00 }", "{}")),
    (switch("name: a, on: night, off: disarm, disarm: { between: 07:00-07:00 }"),
     ["3: switches[0].disarm.between: '07:00-07:00' has no length; leave the key out for always"]),
    (f"{switch('name: a, on: night, doors: [hue]')}doors: {{ wemo: }}",
     ["3: switches[0].doors: hue is not open: add `hue:` to `doors`, or leave this out"]),
    (f"{switch('name: a, on: night, port: 8099')}doors: {{ wemo: , dashboard: }}",
     ["3: switches[0].port: 8099 is already the port of the dashboard"]),
    (f"{switch('name: a, on: night, port: 80')}doors: {{ wemo: , dashboard: {{ port: 80 }} }}",
     ["3: switches[0].port: 80 is already the port of the dashboard"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MISTAKES, ids=[expected[0] for _, expected in MISTAKES])
def test_a_mistake_is_named_with_its_line_and_what_would_be_right(path: Path, text: str, expected: list[str]) -> None:
    assert problems(path, text) == [f"devices.yaml:{line}" for line in expected]


@pytest.mark.parametrize(
    "url", ["http://example.org/ws.do", "ftp://127.0.0.1/", "https://", "example.org", "https://[x"]
)
def test_a_url_that_would_tell_the_password_to_strangers(path: Path, url: str) -> None:
    assert problems(path, home(f"cloud: wsdo, url: '{url}'")) == [
        f"devices.yaml:2: installations.home: url {url!r}: use https://…; plain http:// only to an address in the house"
    ]


def test_all_mistakes_are_told_at_once(path: Path) -> None:
    text = """\
installations:
  home: { cloud: simulatr }
  shed: { cloud: wsdo, country: UK, user: me }
switches:
  - { name: Night, on: nigth, installation: home, port: 5000 }
  - { name: night, on: night, installation: attic, port: 5000 }
  - { name: Day, on: day }
  - nothing
lann: {}
"""
    found = problems(path, text)
    for expected in (
        "2: installations.home.cloud: 'simulatr' is not possible",
        "3: installations.shed.country: 'UK' is not possible",
        f"3: installations.shed.user: {SECRETS}",
        "5: switches[0].on: unknown arm mode 'nigth'",
        "6: switches[1].name: 'night' is also the name of the switch on line 5",
        "6: switches[1].port: 5000 is already the port of 'Night'",
        "6: switches[1].installation: no such installation; there is home, shed",
        "7: switches[2].installation: is missing: which of home, shed?",
        "8: switches[3]: 'nothing' is not possible",
        "9: lann: unknown key; did you mean 'lan'?",
    ):
        assert [line for line in found if line.startswith(f"devices.yaml:{expected}")], expected
    assert len(found) == 10


PASSWORD = "hunter2"


@pytest.mark.parametrize(
    "text",
    [
        home(f"cloud: wsdo, password: {PASSWORD}"),
        home(f"cloud: wsdo, user: me, pwd: {PASSWORD}"),
        home(f"cloud: wsdo, VERISURE_PASSWORD: {PASSWORD}"),
        home(f"cloud: {{ wsdo: , password: {PASSWORD} }}"),
        home(f"cloud: wsdo, number: {{ password: {PASSWORD} }}"),
        home(f"cloud: wsdo, poll_every: {{ password: {PASSWORD} }}"),
        home(f"cloud: wsdo, country: [{PASSWORD}]"),
        home(f"cloud: wsdo, timeouts: [{PASSWORD}]"),
        home(f"cloud: wsdo, url: 'https://me:{PASSWORD}@example.org/ws.do'"),
        home(f"cloud: wsdo, url: 'http://me:{PASSWORD}@example.org/ws.do'"),
        switch(f"name: {{ password: {PASSWORD} }}, on: {{ password: {PASSWORD} }}, off: {{ password: {PASSWORD} }}"),
        f"{HOME}{NIGHT}password: {PASSWORD}\n",
        f"installations: [{{ password: {PASSWORD} }}]\n{NIGHT}",
    ],
)
def test_a_password_in_the_file_is_refused_and_not_echoed(path: Path, text: str) -> None:
    found = problems(path, text)
    assert found
    assert PASSWORD not in str(found)


@pytest.mark.parametrize("key", ["user", "password", "pwd"])
def test_a_secret_in_the_file_gets_the_way_out(path: Path, key: str) -> None:
    assert problems(path, home(f"cloud: wsdo, {key}: x")) == [f"devices.yaml:2: installations.home.{key}: {SECRETS}"]


@pytest.mark.parametrize("text", ["", "# nothing\n", "text\n", "- a\n"])
def test_a_file_without_settings(path: Path, text: str) -> None:
    assert problems(path, text) == [f"devices.yaml: has no settings; {devices_yaml.EXAMPLE}"]


def test_a_syntax_error_names_file_and_line(path: Path) -> None:
    assert problems(path, f"{HOME}switches: [\n")[0].startswith("devices.yaml:3: not valid YAML: ")


def test_a_file_in_another_encoding(path: Path) -> None:
    path.write_bytes("switches: [{ name: Señal }]".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"devices\.yaml:1: holds a letter that is not UTF-8; save it as UTF-8"):
        Settings.load(path)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read: .*Is a directory"):
        Settings.load(tmp_path)


SCALAR = st.sampled_from(["", "x", "home", "night", "disarm", "simulator", "5000", "20s", "[]", "{}"])
KEY = st.sampled_from([*Settings.model_fields, *InstallationSettings.model_fields, "home", "name", "on", "wemo", "x"])
TREE = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=4), max_leaves=12
)


@given(st.dictionaries(st.sampled_from(list(Settings.model_fields)), TREE))
def test_any_yaml_is_loaded_or_refused_with_a_place(tmp_path_factory: pytest.TempPathFactory, content: Any) -> None:
    path = tmp_path_factory.mktemp("any") / "devices.yaml"
    found: tuple[object, ...] = ()
    try:
        load(path, yaml.safe_dump(content))
    except ConfigError as error:
        found = error.problems
    assert all(re.match(rf"{re.escape(str(path))}(:\d+)?: .", str(problem)) for problem in found)


# -- where the file is ------------------------------------------------------------------------------------------


def put(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "devices.yaml"
    path.touch()
    return path


def test_the_search_order_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "system"))
    with pytest.raises(ConfigError) as caught:
        devices_yaml.find(None)
    [problem] = caught.value.problems
    places = f"devices.local.yaml, devices.yaml, {tmp_path}/user/verisure-emulator/devices.yaml, "
    places += f"{tmp_path}/system/verisure-emulator/devices.yaml"
    assert str(problem) == f"no settings file: looked for {places}; name one with --config; {devices_yaml.EXAMPLE}"
    system = put(tmp_path / "system" / "verisure-emulator")
    assert devices_yaml.find(None) == system
    user = put(tmp_path / "user" / "verisure-emulator")
    assert devices_yaml.find(None) == user
    put(here)
    assert devices_yaml.find(None) == Path("devices.yaml")


def test_a_file_in_a_folder_that_may_not_be_entered_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "folder" / ("x" * 300) / "devices.yaml"  # a name that no file system takes fails like it
    with pytest.raises(ConfigError, match="no settings file"):
        devices_yaml.find(path)


def test_a_folder_in_its_place_is_told_from_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Docker makes one where a file that is to be mounted does not exist; set-up would then hide the mistake."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    mounted = tmp_path / "etc" / "verisure-emulator" / "devices.yaml"
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(mounted.parents[1]))
    mounted.mkdir(parents=True)
    with pytest.raises(ConfigError, match=rf"{mounted}: is a folder: Docker makes one"):
        devices_yaml.look(None)
    assert devices_yaml.look(None, put(tmp_path / "state").parent) == tmp_path / "state" / "devices.yaml"


def test_a_folder_of_a_person_is_not_to_be_removed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"^{tmp_path}: is a folder: name the file in it$"):
        devices_yaml.look(put(tmp_path).parent)


def test_without_xdg_variables_it_is_in_the_home_folder() -> None:
    assert (
        devices_yaml.find(put(Path.home() / ".config" / "verisure-emulator")).parent.parent == Path.home() / ".config"
    )


def test_a_file_that_was_asked_for_is_the_only_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(put(tmp_path).parent)
    other = put(tmp_path / "other")
    assert devices_yaml.find(other) == other
    with pytest.raises(ConfigError, match=r"looked for nowhere\.yaml; name one with --config"):
        devices_yaml.find(Path("nowhere.yaml"))


# -- the schema -------------------------------------------------------------------------------------------------

TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "null": type(None),
    "boolean": bool,
}  # fmt: skip


def accepts(schema: dict[str, Any], value: Any) -> bool:
    """Validate like an editor: the part of JSON Schema that ours uses; any other keyword is an error."""
    return all(RULES[keyword](argument, value, schema) for keyword, argument in schema.items() if keyword not in NOTES)


def only(kind: type, rule: Callable[[Any, Any], bool]) -> Callable[[Any, Any, dict[str, Any]], bool]:
    """A rule for one type of value; others pass."""
    return lambda argument, value, _schema: not isinstance(value, kind) or rule(argument, value)


def fields(_argument: Any, value: Any, schema: dict[str, Any]) -> bool:
    """`properties`, `patternProperties` and `additionalProperties` together."""
    if not isinstance(value, dict):
        return True
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for key, one in value.items():
        found = (
            [known[key]] if key in known else [rule for pattern, rule in patterns.items() if re.search(pattern, key)]
        )
        if not all(accepts(rule, one) for rule in found) or not (found or schema.get("additionalProperties", True)):
            return False
    return True


NOTES = ("$schema", "$defs", "title", "description", "default", "format")
RULES: dict[str, Callable[[Any, Any, dict[str, Any]], bool]] = {
    "$ref": lambda ref, value, _: accepts(SCHEMA["$defs"][ref.rpartition("/")[2]], value),
    "anyOf": lambda options, value, _: any(accepts(option, value) for option in options),
    "type": lambda names, value, _: any(
        isinstance(value, TYPES[name]) for name in ([names], names)[type(names) is list]
    ),
    "enum": lambda options, value, _: value in options,
    "const": lambda single, value, _: value == single,
    "pattern": only(str, lambda pattern, text: bool(re.search(pattern, text))),
    "minLength": only(str, lambda least, text: len(text) >= least),
    "maxLength": only(str, lambda most, text: len(text) <= most),
    "minimum": only(int, lambda least, number: number >= least),
    "maximum": only(int, lambda most, number: number <= most),
    "minItems": only(list, lambda least, items: len(items) >= least),
    "minProperties": only(dict, lambda least, mapping: len(mapping) >= least),
    "items": only(list, lambda rule, items: all(accepts(rule, item) for item in items)),
    "required": only(dict, lambda names, mapping: set(names) <= set(mapping)),
    **dict.fromkeys(("properties", "patternProperties", "additionalProperties"), fields),
}
SCHEMA: dict[str, Any] = settings.schema()


def as_an_editor_reads(text: str) -> Any:
    """YAML 1.2: numbers are numbers, `on` and `off` are text."""

    def read(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: read(one) for key, one in value.items()}
        if isinstance(value, list):
            return [read(one) for one in value]
        return int(value) if value.isdecimal() else {"true": True, "false": False}.get(value, value or None)

    return read(yaml.load(text, yaml.BaseLoader))  # noqa: S506  # makes nothing but text


@pytest.mark.parametrize(
    "text",
    [
        (ROOT / "devices.yaml").read_text(),
        HOME + NIGHT,
        home("cloud: wsdo, number: 0042, poll_every: 2m, timeouts: { request: 30s }"),
        switch("name: a, on: total+perimeter, off: disarm, port: 5000, doors: [wemo]"),
        switch("name: a, on: night + annex"),
        switch("name: a, on: night, off: disarm, disarm: { from: [10.0.0.1], doors: [hue], between: 07:00-22:30 }"),
        home("cloud: owa, country: IE").replace("on: night", "on: night, force: true"),
        f"{HOME}{NIGHT}doors: {{ wemo: , dashboard: {{ port: 80 }} }}",
        f"{HOME}{NIGHT}lan: {{ interfaces: [eth0], address: 10.0.0.1 }}",
    ],
)
def test_the_schema_accepts_what_the_program_accepts(path: Path, text: str) -> None:
    load(path, text)
    assert accepts(SCHEMA, as_an_editor_reads(text))


# Mistakes that no schema can tell: sums, contradictions between parts, and what a key's text means.
BEYOND_A_SCHEMA = re.compile(
    "poll_every: the|`url` goes|at once|twice|no such|which of|also the name|already|'0s'|cannot be spoken|'  '|::1"
    "|only known|only `cloud|narrows `off|host bits|is not possible: use|no length|is empty: name|is not open"
    "|`cloud: mypages` has"
)


@pytest.mark.parametrize("text", [text for text, [first, *_] in MISTAKES if not BEYOND_A_SCHEMA.search(first)])
def test_the_schema_refuses_what_the_program_refuses(text: str) -> None:
    assert not accepts(SCHEMA, as_an_editor_reads(text))


@pytest.mark.parametrize("word", ARM_WORDS)
def test_the_schema_knows_every_arm_mode(word: str) -> None:
    assert accepts(SCHEMA, as_an_editor_reads(switch(f"name: a, on: {word}")))


# -- the Hue door -----------------------------------------------------------------------------------------------


def test_a_hue_bridge_as_it_is_by_default(path: Path) -> None:
    hue = load(path, f"{HOME}{NIGHT}doors: {{ hue: }}").doors.opened["hue"]
    assert hue.model_dump() == {
        "port": 80,
        "light": "plug",
        "pairing": "open",
        "suffix": "",
        "ascii": True,
        "allow_sweep": False,
        "mdns": False,
    }


def test_all_that_can_be_said_of_a_hue_bridge(path: Path) -> None:
    hue = load(
        path,
        f"{HOME}switches: [{{ name: Night, on: night, doors: [wemo, hue] }}]\n"
        "doors: { hue: { port: 8080, light: extended, pairing: button, suffix: hue, ascii: false, "
        "allow_sweep: true, mdns: true } }",
    ).doors.opened["hue"]
    assert (hue.port, hue.light, hue.pairing, hue.suffix) == (8080, "extended", "button", "hue")
    assert (hue.ascii, hue.allow_sweep, hue.mdns) == (False, True, True)


@pytest.mark.parametrize(
    ("hue", "expected"),
    [
        ("port: 0", "doors.hue.port: '0' is not possible: Input should be greater than or equal to 1"),
        ("light: bulb", "doors.hue.light: 'bulb' is not possible: use 'plug', 'onoff', 'dimmable' or 'extended'"),
        ("pairing: always", "doors.hue.pairing: 'always' is not possible: use 'open' or 'button'"),
        ("allow_sweep: perhaps", "doors.hue.allow_sweep: 'perhaps' is not possible: takes true or false"),
        ("prot: 80", "doors.hue.prot: unknown key; did you mean 'port'?"),
        ("suffix: abcdefghijklmnopq", "String should have at most 16 characters"),
        ('suffix: "a\\nb"', "doors.hue.suffix: holds what cannot be spoken"),
        ("port: 8099", "doors.hue.port: 8099 is already the port of the dashboard"),
    ],
)
def test_a_mistake_about_the_hue_bridge(path: Path, hue: str, expected: str) -> None:
    (problem,) = problems(path, f"{HOME}{NIGHT}doors: {{ dashboard: {{ port: 8099 }}, hue: {{ {hue} }} }}")
    assert expected in problem


def test_a_switch_keeps_off_the_port_of_the_bridge(path: Path) -> None:
    (problem,) = problems(path, f"{switch('name: a, on: night, port: 80')}doors: {{ hue: , wemo: }}")
    assert "80 is already the port of the Hue bridge" in problem
