"""A set-up against the simulated clouds: few tries, the right secrets kept, and a file that the program takes."""

import stat
from dataclasses import replace

import pytest

from emulator import clouds, doors
from emulator.app.alarms import Alarms
from emulator.app.login_store import JournalVault
from emulator.clouds.enrolment import CodeRefused
from emulator.config import credentials
from emulator.errors import ConfigError, LoginRefused, Unreachable
from emulator.model import ArmMode
from emulator.setup.account import CODES, AccountLogin, place_at
from emulator.setup.answers import AnswerRefused
from emulator.setup.bounds import LOGINS, PAUSE_S, REFUSALS, WITHIN_S, LoginBounds
from emulator.setup.set_up import SetUp
from emulator.simulator.accounts import Contract
from emulator.system import kept
from tests.setup.conftest import Make
from tests.setup.rig import PASSWORD, PIN, SECOND, WRONG, Bench, finish

ENVIRON: dict[str, str] = {}


def logged_in(bench: Bench, cloud: str = "owa", country: str = "ES") -> SetUp:
    one = bench.begin()
    one.choose_place(country, "es", cloud, bench.url)
    one.log_in("demo", PASSWORD)
    if one.login and one.login.needs_code:
        one.send_code(1)
        one.confirm(bench.code())
    return one


def secrets_in(bench: Bench) -> bytes:
    return b"".join(each.read_bytes() for each in bench.state.iterdir() if each.is_file())


def test_a_simulated_alarm(make: Make) -> None:
    bench = make()
    one = bench.begin()
    one.simulate("ES", "es")
    finish(one)
    found = bench.settings
    assert [str(each.on) for each in found.switches] == ["total", "day", "night", "perimeter"]
    assert [one.row.simulated for one in found.installations.values()] == [True]
    assert found.spoken.tag == "es"
    assert not (bench.state / kept.FILE).exists()


def test_a_real_one_is_logged_in_and_the_program_needs_nothing_else(make: Make) -> None:
    bench = make(api="owa")
    one = logged_in(bench)
    assert [(each.name, each.number) for each in one.answers.alarms] == [("casa", "2423443")]
    finish(one)
    assert one.login is None
    assert PASSWORD.encode() not in secrets_in(bench)
    assert stat.S_IMODE((bench.state / kept.FILE).stat().st_mode) == 0o600
    given = credentials.read(bench.settings.accounts, kept.environment(bench.state, ENVIRON))
    alarms = Alarms(bench.settings, given, bench.state, shared=True, clock=bench.clock)
    try:
        assert str(alarms.installation("casa").read_now()) == "disarmed"
    finally:
        alarms.close()


def test_only_what_is_fitted_is_proposed(make: Make) -> None:
    bench = make(api="owa", profile="es")
    one = logged_in(bench)
    [alarm] = one.answers.alarms
    choices = {str(each.switch.mode): (each.wanted, each.is_sure) for each in one.choices(alarm)}
    assert choices["night"] == (True, True)
    assert choices["perimeter"] == choices["total+perimeter"] == (False, False)


@pytest.mark.parametrize(
    ("profile", "country", "proposed"),
    [
        ("es-perimeter", "ES", {"total", "day", "night", "perimeter"}),
        ("gb-annex", "GB", {"total", "day", "night", "annex"}),
        ("it-owner", "IT", {"total", "day"}),  # which also has a perimeter, and does not tell
    ],
)
def test_what_an_alarm_tells_of_its_modes(make: Make, profile: str, country: str, proposed: set[str]) -> None:
    one = logged_in(make(api="owa", profile=profile), country=country)
    assert {str(each.switch.mode) for each in one.choices(one.answers.alarms[0]) if each.wanted} == proposed


def test_user_and_password_of_the_older_api_are_kept_for_the_owner_alone(make: Make) -> None:
    bench = make(api="wsdo", profile="es-perimeter")
    one = logged_in(bench, "wsdo")
    finish(one)
    assert stat.S_IMODE((bench.state / kept.FILE).stat().st_mode) == 0o600
    found = credentials.read(bench.settings.accounts, kept.environment(bench.state, ENVIRON))
    assert found["casa"].password == PASSWORD
    assert PASSWORD not in bench.path.read_text()
    # The environment takes precedence, and both words come from the same place.
    given = {"VERISURE_USER": "other", "VERISURE_PASSWORD": "others"}
    assert credentials.read(bench.settings.accounts, kept.environment(bench.state, given))["casa"].user == "other"
    with pytest.raises(ConfigError, match="VERISURE_PASSWORD: is not set"):
        credentials.read(bench.settings.accounts, kept.environment(bench.state, {"VERISURE_USER": "other"}))


@pytest.mark.parametrize("cloud", ["owa", "wsdo"])
def test_a_wrong_password_is_sent_once_and_a_third_login_waits(make: Make, cloud: str) -> None:
    bench = make(api=cloud, profile="es-perimeter")
    request = "mkLoginToken" if cloud == "owa" else "LOGIN"
    one = bench.begin()
    one.choose_place("ES", "es", cloud, bench.url)
    with pytest.raises(LoginRefused):
        one.log_in("demo", WRONG)
    for _ in range(5):
        with pytest.raises(AnswerRefused, match="refused this password before"):
            one.log_in("demo", WRONG)
    assert bench.count(request) == 1
    with pytest.raises(LoginRefused):
        one.log_in("demo", f"{WRONG}0")
    again = bench.begin()  # as after a restart
    again.choose_place("ES", "es", cloud, bench.url)
    with pytest.raises(AnswerRefused, match="A third may lock the account, so nothing is sent for 30 min"):
        again.log_in("demo", PASSWORD)
    assert bench.count(request) == REFUSALS
    bench.clock.now += PAUSE_S
    again.log_in("demo", PASSWORD)
    assert WRONG.encode() not in secrets_in(bench)


def test_even_right_logins_are_few(make: Make) -> None:
    bench = make(api="owa")
    one = bench.begin()
    for _ in range(LOGINS):
        one.choose_place("ES", "es", "owa", bench.url)
        one.log_in("demo", PASSWORD)
        bench.clock.now += 60
    with pytest.raises(AnswerRefused, match="many logins"):
        one.log_in("demo", PASSWORD)
    bench.clock.now += WITHIN_S
    one.log_in("demo", PASSWORD)


@pytest.mark.parametrize("blank", [("", PASSWORD), ("demo", "  ")])
def test_a_blank_is_not_sent(make: Make, blank: tuple[str, str]) -> None:
    bench = make(api="owa")
    one = bench.begin()
    one.choose_place("ES", "es", "owa", bench.url)
    with pytest.raises(AnswerRefused, match="blank"):
        one.log_in(*blank)
    assert not bench.alarm.backend.requests.total()


def test_codes_are_few(make: Make) -> None:
    bench = make(api="owa")
    one = bench.begin()
    one.choose_place("ES", "es", "owa", bench.url)
    one.log_in("demo", PASSWORD)
    with pytest.raises(AnswerRefused, match="sent first"):
        one.confirm("123456")
    with pytest.raises(AnswerRefused, match="a phone of the list"):
        one.send_code(7)
    for _ in range(CODES):
        one.send_code(0)
        with pytest.raises(CodeRefused):
            one.confirm("000000")
    with pytest.raises(AnswerRefused, match="Enough codes"):
        one.send_code(0)
    with pytest.raises(AnswerRefused, match="Too many wrong codes"):
        one.confirm("000001")
    assert bench.count("mkSendOTP") == CODES


def test_two_alarms_of_one_account(make: Make) -> None:
    bench = make(api="owa", others=(SECOND,))
    one = logged_in(bench)
    assert one.answers.alarms == ()
    with pytest.raises(AnswerRefused, match="at least one"):
        one.choose_alarms(["1"])
    one.choose_alarms(["2423443", "7654321"])
    finish(one)
    found = bench.settings
    assert [(name, each.number) for name, each in found.installations.items()] == [
        ("casa", "2423443"),
        ("playa", "7654321"),
    ]
    names = [each.name for each in found.switches]
    assert len(set(names)) == len(names)
    assert any("Playa" in name for name in names)


@pytest.mark.parametrize(
    ("names", "says"),
    [([""], "A name is"), (["x" * 61], "A name is"), (["a\nb"], "A name is"), (["Alarm", "ALARM"], "Two switches")],
)
def test_names_that_cannot_be_said(make: Make, names: list[str], says: str) -> None:
    one = make().begin()
    one.simulate("ES", "es")
    switch = one.choices(one.answers.alarms[0])[0].switch
    with pytest.raises(AnswerRefused, match=says):
        one.take_switches([replace(switch, name=name) for name in names])
    with pytest.raises(AnswerRefused, match="at least one mode"):
        one.take_switches([])


def test_the_pin_is_typed_twice(make: Make) -> None:
    bench = make()
    one = bench.begin()
    for pin, again in (("12", "12"), ("258036", "258037"), ("12ab", "12ab"), ("", "")):
        with pytest.raises(AnswerRefused, match="PIN"):
            one.take_pin(pin, again)
    one.take_pin(PIN, PIN)
    assert PIN.encode() not in secrets_in(bench)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "at least one"),
        ({"hue": {"port": "http"}}, "Hue bridge, port"),
        ({"hue": {"port": "70000"}}, "Hue bridge, port"),
        ({"mqtt": {}}, "MQTT door, broker"),
        ({"mqtt": {"broker": "mqtt://me:secret@broker"}}, "MQTT door, broker"),
        ({"mqtt": {}}, "broker: this is missing"),
        ({"dashboard": {"port": "80"}, "hue": {"port": "80"}}, ""),
    ],
)
def test_doors_that_cannot_be(make: Make, given: dict[str, dict[str, str]], says: str) -> None:
    one = make().begin()
    one.simulate("ES", "es")
    one.take_switches([one.choices(one.answers.alarms[0])[0].switch])
    if says:
        with pytest.raises(AnswerRefused, match=says):
            one.take_doors(given)
    else:
        one.take_doors(given)
        with pytest.raises(AnswerRefused, match="80 is already the port"):
            one.save()
        assert one.before == ""


def test_targets_are_kept_for_the_owner_alone(make: Make) -> None:
    bench = make()
    one = bench.begin()
    one.simulate("ES", "es")
    for url in ("", "two words", "nonsense"):
        with pytest.raises(AnswerRefused):
            one.add_target(url)
    one.add_target("json://127.0.0.1:9/topsecret")
    with pytest.raises(AnswerRefused, match="there already"):
        one.add_target("json://127.0.0.1:9/topsecret")
    finish(one)
    assert credentials.targets(kept.environment(bench.state, ENVIRON)) == ["json://127.0.0.1:9/topsecret"]
    assert "topsecret" not in bench.path.read_text()
    one.take_targets([])
    one.save()
    assert credentials.targets(kept.environment(bench.state, ENVIRON)) == []


def test_targets_of_the_environment_stay_there(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERISURE_NOTIFY", "json://127.0.0.1:9/theirs")
    one = make().begin()
    with pytest.raises(AnswerRefused, match="in the environment"):
        one.add_target("json://127.0.0.1:9/ours")


def test_a_change_later_keeps_the_rest(make: Make) -> None:
    bench = make()
    bench.write("""\
        # mine
        installations: { home: { cloud: simulator } }
        switches:
          - { name: Night alarm, on: night, off: disarm, port: 5000 }   # Ana's
        """)
    one = bench.begin()
    assert not one.is_changed
    night, *_, perimeter = [each.switch for each in one.choices(one.answers.alarms[0])][:4]
    one.take_switches([replace(night, name="Noche"), perimeter])
    assert "+  - {" in one.difference()
    backup = one.save()
    assert backup
    assert "Night alarm" in backup.read_text()
    assert bench.settings.switches[0].port == 5000
    assert bench.settings.switches[1].on == ArmMode(perimeter=True)
    assert not one.is_changed


def test_a_login_made_anew(make: Make) -> None:
    bench = make(api="owa", others=(SECOND,))
    one = logged_in(bench)
    one.choose_alarms(["2423443"])
    finish(one)
    before = bench.path.read_text()
    one.log_in_again("casa")
    bench.clock.now += 3600
    one.log_in("demo", PASSWORD)
    one.save()
    assert bench.path.read_text() == before
    with pytest.raises(AnswerRefused, match="no such alarm"):
        one.log_in_again("home")


@pytest.mark.parametrize(
    ("country", "cloud", "url"),
    [("SE", "owa", ""), ("CL", "wsdo", ""), ("ES", "owa", "http://example.com/"), ("ES", "simulator", "")],
)
def test_places_that_there_are_not(make: Make, country: str, cloud: str, url: str) -> None:
    with pytest.raises(AnswerRefused):
        make().begin().choose_place(country, "es", cloud, url)


def test_every_country_has_a_cloud_that_is_taken_by_itself(make: Make) -> None:
    one = make().begin()
    for country in clouds.countries(*clouds.enrolling()):
        one.choose_place(country, "en")
        assert one.login
        assert one.login.place.row.enrol


def test_a_login_that_was_cut_off_counts_as_one(make: Make) -> None:
    bench = make(api="owa")
    with pytest.raises(KeyboardInterrupt):
        killed_at_its_login(bench, KeyboardInterrupt())
    again = bench.begin()
    again.choose_place("ES", "es", "owa", bench.url)
    with pytest.raises(LoginRefused):
        again.log_in("demo", WRONG)
    with pytest.raises(AnswerRefused, match="A third may lock the account"):
        again.log_in("demo", f"{WRONG}0")
    bench.clock.now -= 60  # set back, as without a battery
    with pytest.raises(AnswerRefused, match="nothing is sent for 30 min"):
        again.log_in("demo", f"{WRONG}0")
    assert bench.count("mkLoginToken") == 1


def test_what_cannot_have_arrived_counts_as_none(make: Make) -> None:
    bench = make(api="owa")
    for _ in range(REFUSALS):
        with pytest.raises(Unreachable):
            killed_at_its_login(bench, Unreachable("no route", sent=False))
    logged_in(bench)


def killed_at_its_login(bench: Bench, error: BaseException) -> None:
    """Log in with a program that ends as soon as it would look for the device that it sends."""

    class Ending(JournalVault):
        def load(self) -> None:
            raise error

    class Cut(AccountLogin):
        def _vault(self, user: str) -> JournalVault:
            return Ending(bench.journal, bench.state, "host", user)

    one = Cut(
        bench.journal,
        bench.state,
        place_at("owa", "ES", bench.url),
        bench.clock,
        LoginBounds(bench.journal, bench.clock),
    )
    one.log_in("demo", PASSWORD)


def test_the_pause_begins_with_the_last_refusal(make: Make) -> None:
    bench = make(api="owa")
    one = bench.begin()
    one.choose_place("ES", "es", "owa", bench.url)
    for tried in range(REFUSALS):
        bench.clock.now += PAUSE_S - 60
        with pytest.raises(LoginRefused):
            one.log_in("demo", f"{WRONG}{tried}")
    bench.clock.now += 120
    with pytest.raises(AnswerRefused, match="A third may lock the account, so nothing is sent for 28 min"):
        one.log_in("demo", PASSWORD)


def test_nothing_of_another_account_is_kept_for_an_alarm(make: Make) -> None:
    bench = make(api="owa")
    bench.write(f"""\
        installations: {{ home: {{ cloud: owa, country: ES, url: "{bench.url}", number: "999" }} }}
        switches: [{{ name: Night alarm, on: night }}]
        """)
    kept.change(bench.state, {"VERISURE_HOME_USER": "ana"})
    one = bench.begin()
    one.log_in_again("home")
    one.log_in("demo", PASSWORD)
    one.send_code(0)
    with pytest.raises(AnswerRefused, match="This account has other alarms"):
        one.confirm(bench.code())
    assert not one.is_changed
    one.save()
    assert kept.read(bench.state) == {"VERISURE_HOME_USER": "ana"}


def test_a_login_made_anew_is_that_of_one_account(make: Make) -> None:
    bench = make(api="owa")
    here = f'cloud: owa, country: ES, url: "{bench.url}"'
    bench.write(f"""\
        installations:
          casa: {{ {here} }}
          playa: {{ {here} }}
        switches:
          - {{ name: Night alarm, on: night, installation: casa }}
          - {{ name: Beach, on: night, installation: playa }}
        """)
    kept.change(bench.state, {"VERISURE_CASA_USER": "demo", "VERISURE_PLAYA_USER": "ana"})
    one = bench.begin()
    one.log_in_again("casa")
    one.log_in("demo", PASSWORD)
    one.send_code(0)
    one.confirm(bench.code())
    one.save()
    assert kept.read(bench.state) == {"VERISURE_CASA_USER": "demo", "VERISURE_PLAYA_USER": "ana"}


def test_secrets_stay_while_the_file_cannot_be_replaced(make: Make) -> None:
    bench = make(api="wsdo", profile="es-perimeter")
    one = logged_in(bench, "wsdo")
    one.take_switches([one.choices(one.answers.alarms[0])[0].switch])
    one.take_doors({"dashboard": {}})
    bench.write("# a person's\n")
    with pytest.raises(AnswerRefused, match="changed meanwhile"):
        one.save()
    assert kept.read(bench.state) == {}


def test_a_file_that_would_not_say_what_was_chosen_is_not_written(make: Make) -> None:
    bench = make()
    bench.write("""\
        installations:
          home: &one { cloud: simulator, country: ES }
          beach: *one
        switches:
          - { name: Night, on: night, off: disarm, installation: home }
        """)
    before = bench.path.read_text()
    one = bench.begin()
    one.simulate("IT", "it")
    one.answers = replace(one.answers, alarms=(replace(one.was.alarms[0], country="IT"), one.was.alarms[1]))
    one.take_switches([replace(one.was.switches[0])])
    with pytest.raises(AnswerRefused, match="written like this"):
        one.save()
    assert bench.path.read_text() == before


def test_alarms_that_are_called_the_same_are_told_apart(make: Make) -> None:
    bench = make(api="owa", others=(Contract("7654321", alias="CASA"), Contract("7654322", alias="null")))
    one = logged_in(bench)
    one.choose_alarms(["2423443", "7654321", "7654322"])
    assert [(each.name, each.title) for each in one.answers.alarms] == [
        ("casa", "Casa"),
        ("casa-2", "CASA 2"),
        ("null", "null"),
    ]
    finish(one)
    assert list(bench.settings.installations) == ["casa", "casa-2", "null"]


def test_a_door_that_no_line_has_opened_is_closed(make: Make) -> None:
    bench = make()
    bench.write("""\
        installations: { home: { cloud: simulator } }
        switches: [{ name: Night alarm, on: night }]
        """)
    one = bench.begin()
    assert set(one.was.doors) == {"wemo"}
    one.take_doors({"dashboard": {}})
    one.save()
    assert set(bench.settings.doors.opened) == {"dashboard"}


def test_a_house_in_brazil_can_be_tried_too(make: Make) -> None:
    bench = make()
    one = bench.begin()
    one.simulate("BR", "pt-BR")
    finish(one)
    assert bench.settings.spoken.tag == "pt-BR"


def test_a_broker_that_the_environment_names_is_proposed(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the add-on of Home Assistant does it."""
    bench = make()
    assert [door.name for door in bench.begin().door_choices() if door.wanted] == ["wemo", "dashboard"]
    monkeypatch.setenv("MQTT_BROKER", "mqtt://core-mosquitto:1883")
    one = bench.begin()
    one.simulate("ES", "es")
    [asked] = [door for door in one.door_choices() if door.wanted and door.name not in ("wemo", "dashboard")]
    assert [(key.key, key.value) for key in asked.keys] == [("broker", "mqtt://core-mosquitto:1883")]
    assert asked.name == "mqtt"


def test_what_this_machine_lacks_is_said_where_doors_are_chosen(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = make()
    monkeypatch.setenv("PATH", str(bench.state))
    lacking = {name: why for name, row in doors.rows().items() if (why := row.lacks(bench.state))}
    assert lacking
    said = {door.name: door.obstacle for door in bench.begin().door_choices()}
    assert lacking == {name: said[name] for name in lacking}
