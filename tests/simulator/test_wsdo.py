"""The ws.do face against the API document's samples and verisure-wsdo.md."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from emulator.model import Arm, ArmMode
from emulator.simulator import texts
from emulator.simulator.accounts import SECRETS, SimulatedAccount
from emulator.simulator.faults import ConnectionDropped, InjectedFault
from emulator.simulator.panel.equipment import ZONES, Equipment, Zone
from emulator.simulator.server import create_app
from emulator.simulator.wsdo.face import BOMB, PATH
from emulator.simulator.wsdo.options import WsdoOptions
from emulator.simulator.wsdo.service import MOST_OPERATIONS, NAMES
from emulator.simulator.wsdo.sessions import MOST_SESSIONS
from tests.simulator.conftest import START, Alarm, Clock, Maker, err

SAMPLES = Path(__file__).parent / "samples"


def sample(name: str) -> etree._Element:
    return etree.fromstring((SAMPLES / f"{name}.xml").read_bytes())


def shape(element: etree._Element) -> object:
    """Tags and attribute names, in order."""
    return element.tag, list(element.attrib), [shape(child) for child in element]


def same_text(pet: etree._Element, name: str, *tags: str) -> bool:
    return all(pet.findtext(tag) == sample(name).findtext(tag) for tag in tags)


def test_every_sample_of_the_document_has_its_double(make: Maker) -> None:
    alarm = make(options=WsdoOptions(flood_limit=0, zero_after_arm=True))
    login = alarm.ask("LOGIN", pwd="demo")
    assert shape(login) == shape(sample("login"))
    assert same_text(login, "login", "RES", "MSG", "LANG", "BLOQ")
    assert login.findtext("HASH", "").isdigit()
    assert len(login.findtext("HASH", "")) == len(sample("login").findtext("HASH", ""))
    alarm.params["hash"] = login.findtext("HASH", "")
    for base, name in (("EST", "est2"), ("ARMNIGHT", "armnight2"), ("DARM", "darm2")):
        first = alarm.ask(f"{base}1")
        assert shape(first) == shape(sample("x1"))
        assert same_text(first, "x1", "RES", "MSG", "BLOQ")
        alarm.clock.pass_by(3)
        second = alarm.ask(f"{base}2")
        assert shape(second) == shape(sample(name))
        assert same_text(second, name, "RES", "STATUS", "MSG", "NUMINST", "BLOQ")
    alarm.run("ARM")
    assert same_text(alarm.run("PERI"), "peri2", "RES", "STATUS", "MSG", "NUMINST", "BLOQ")
    alarm.face.options.zero_after_arm = False
    assert same_text(alarm.run("ARM"), "arm2", "RES", "STATUS", "MSG", "NUMINST", "BLOQ")
    logout = alarm.ask("CLS", numinst="(null)")
    assert shape(logout) == shape(sample("cls"))
    assert same_text(logout, "cls", "RES", "MSG", "BLOQ")


def test_the_installation_is_that_of_the_sample(make: Maker) -> None:
    theirs = sample("myinstallation")
    devices = [device.attrib for device in theirs.iter("DEVICE")]
    zones = tuple(Zone(*(str(one[key]) for key in ("alias", "code", "type"))) for one in devices)
    assert [(zone.code, zone.type) for zone in ZONES] == [(zone.code, zone.type) for zone in zones]
    alarm = make(equipment=Equipment(zones=zones))
    alarm.login()
    ours = alarm.ask("MYINSTALLATION")
    assert shape(ours) == shape(theirs)
    for tag in ("DEVICE", "SERVICE"):
        assert [dict(found.attrib) for found in ours.iter(tag)] == [dict(found.attrib) for found in theirs.iter(tag)]
    words = ours.find("INSTALLATION/CODEWORDS")
    assert words is not None
    assert "GRANITO-SECRETO" in words.attrib.values()
    document = etree.tostring(ours, encoding="unicode")
    assert all(secret in document for secret in SECRETS)


def test_the_declaration_is_the_document_s(alarm: Alarm) -> None:
    data = alarm.client.get(PATH, query_string={**alarm.params, "request": "INS"}).data
    assert data.startswith(b"<?xml version='1.0' encoding='UTF-8'?>\n<PET>")


@pytest.mark.parametrize("method", ["query of a GET", "query of a POST", "body of a POST", "both"])
def test_parameters_are_read_wherever_they_stand(alarm: Alarm, method: str) -> None:
    params = {**alarm.params, "request": "INS"}
    if method == "query of a GET":
        reply = alarm.client.get(PATH, query_string=params)
    elif method == "query of a POST":
        reply = alarm.client.post(PATH, query_string=params)
    elif method == "body of a POST":
        reply = alarm.client.post(PATH, data=params)
    else:
        reply = alarm.client.post(PATH, data=params, query_string={"request": "INS"})
    assert b"<NUMINST>2423443</NUMINST>" in reply.data


@pytest.mark.parametrize("method", ["head", "put", "options"])
def test_other_methods_do_nothing(alarm: Alarm, method: str) -> None:
    reply = getattr(alarm.client, method)(PATH, query_string={**alarm.params, "request": "ARM1"})
    assert reply.status_code == 405
    assert alarm.panel.pending is None


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"Country": None, "country": "es", "lang": "ES"}, ("OK", None)),  # the document's own slip, §8.1
        ({"Country": "GB", "lang": "es"}, ("ERROR", "60057")),
        ({"Country": "GB", "lang": "gb"}, ("ERROR", "60057")),
        ({"Country": "UK", "lang": "en"}, ("ERROR", "60057")),
        ({"Country": None}, ("ERROR", "60057")),
        ({"lang": None}, ("ERROR", "60057")),
        ({"pwd": "Demo"}, ("KO", "60091")),
        ({"pwd": None}, ("KO", "60091")),
        ({"user": "Demo"}, ("KO", "60091")),
        ({"Country": "FR", "lang": "fr"}, ("KO", "60091")),  # the account is a Spanish one
        ({"callby": None, "ID": None}, ("OK", None)),
    ],
)
def test_login(make: Maker, params: dict[str, str | None], expected: tuple[str, str | None]) -> None:
    alarm = make()
    pet = alarm.ask("LOGIN", **{"pwd": "demo", **params})
    assert err(pet) == expected
    assert (pet.find("HASH") is not None) == (expected[0] == "OK")


def test_three_bad_passwords_lock_the_account(make: Maker) -> None:
    alarm = make()
    assert err(alarm.ask("LOGIN", pwd="a")) == ("KO", "60091")
    assert err(alarm.ask("LOGIN", pwd="b")) == ("KO", "60091")
    assert err(alarm.ask("LOGIN", pwd="demo")) == ("OK", None)
    assert err(alarm.ask("LOGIN", pwd="a")) == ("KO", "60091")
    assert err(alarm.ask("LOGIN", pwd="b")) == ("KO", "60091")
    assert err(alarm.ask("LOGIN", pwd="c")) == ("LOCK", "60052")
    assert err(alarm.ask("LOGIN", pwd="demo")) == ("LOCK", "60052")
    assert alarm.backend.locked() == ["demo"]
    alarm.backend.forgive()
    assert err(alarm.ask("LOGIN", pwd="demo")) == ("OK", None)


@pytest.mark.parametrize(("country", "lang"), texts.LANGUAGES.items())
def test_every_country_speaks_its_language(make: Maker, country: str, lang: str) -> None:
    alarm = make(account=SimulatedAccount(country=country))
    alarm.params |= {"Country": country, "lang": lang}
    words = texts.TEXTS[lang]
    assert alarm.ask("LOGIN", pwd="no").findtext("MSG") == words["password"]
    alarm.login()
    assert alarm.ask("ARM1").findtext("MSG") == words["sent"]
    assert alarm.ask("ARM2").findtext("MSG") == words["wait"]
    alarm.clock.pass_by(3)
    assert alarm.ask("ARM2").findtext("MSG") == words["total"]
    assert alarm.run("ARMDAY").findtext("MSG") == words["other mode"]
    assert alarm.run("DARM").findtext("MSG") == words["disarmed"]
    assert alarm.run("EST").findtext("MSG") == words["off"]
    alarm.panel.window("Cocina", is_open=True)
    assert alarm.run("ARM").findtext("MSG") == words["open window"]
    aliases = [reg.get("alias") for reg in alarm.ask("ACT_V2").iter("REG")]
    wanted = ["row refused", "row check", "row disarmed", "row refused", "row armed"]
    assert aliases == [words[key] for key in wanted]


def test_the_languages_have_the_same_texts() -> None:
    assert {frozenset(words) for words in texts.TEXTS.values()} == {frozenset(texts.TEXTS["es"])}
    assert set(texts.TEXTS) == set(texts.LANGUAGES.values())


@pytest.mark.parametrize("name", ["EST1", "ARM2", "INS", "SRV", "MYINSTALLATION", "ACT_V2", "CLS", "NONSENSE"])
def test_everything_but_login_needs_a_session(alarm: Alarm, name: str) -> None:
    assert err(alarm.ask(name, hash=None)) == ("ERROR", "60067")
    assert err(alarm.ask(name, hash="12345678901")) == ("ERROR", "60067")
    assert err(alarm.ask(name, user="other")) == ("ERROR", "60067")
    alarm.face.sessions.kill()
    assert err(alarm.ask(name)) == ("ERROR", "60022")
    assert alarm.panel.pending is None


def test_sessions_expire_when_idle_and_do_not_disturb_each_other(alarm: Alarm) -> None:
    first = alarm.params["hash"]
    for _ in range(3):
        alarm.clock.pass_by(899)
        assert err(alarm.ask("INS")) == ("OK", None)
    second = alarm.login()
    assert second != first
    alarm.clock.pass_by(600)
    assert err(alarm.ask("INS", hash=first)) == ("OK", None)
    alarm.clock.pass_by(600)
    assert err(alarm.ask("INS", hash=second)) == ("ERROR", "60022")
    assert err(alarm.ask("CLS", hash=first, numinst=None)) == ("OK", None)
    assert err(alarm.ask("INS", hash=first)) == ("ERROR", "60067")
    assert alarm.face.sessions.living() == 0


def test_sessions_are_bounded(alarm: Alarm) -> None:
    for _ in range(MOST_SESSIONS):
        alarm.login()
    assert alarm.face.sessions.living() == MOST_SESSIONS


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"callby": None}, "60060"),
        ({"callby": None, "CALLBY": "AND_61"}, "60060"),
        ({"numinst": "1"}, "4"),
        ({"numinst": None}, "4"),
        ({"panel": "SDVECU"}, "4"),
        ({"panel": None}, "4"),
        ({"ID": None}, "4"),
    ],
)
def test_a_command_names_the_app_the_installation_and_itself(
    alarm: Alarm, changes: dict[str, str | None], expected: str
) -> None:
    pet = alarm.ask("ARM1", **changes)
    assert err(pet) == ("ERROR", expected)
    if expected == "60060":
        assert pet.findtext("NUMINST") == "2423443"
    assert alarm.panel.pending is None
    assert not alarm.backend.accepted


@pytest.mark.parametrize("name", ["SRV", "MYINSTALLATION", "ACT_V2"])
def test_single_requests_name_the_installation(alarm: Alarm, name: str) -> None:
    assert err(alarm.ask(name, panel=None)) == ("OK", None)
    for changes in ({"numinst": "1"}, {"numinst": None}, {"panel": "SDVECU"}):
        assert err(alarm.ask(name, **changes)) == ("ERROR", "4")


def test_an_operation_is_found_again_by_its_name_and_id_only(alarm: Alarm) -> None:
    assert err(alarm.ask("ARM2")) == ("ERROR", "4")
    assert err(alarm.ask("ARM1")) == ("OK", None)
    assert err(alarm.ask("ARM2", ID="AND_2")) == ("ERROR", "4")
    assert err(alarm.ask("EST2")) == ("ERROR", "4")
    assert err(alarm.ask("ARM2", callby=None)) == ("WAIT", None)
    alarm.clock.pass_by(2.9)
    assert err(alarm.ask("ARM2")) == ("WAIT", None)
    alarm.login()  # another session may ask, too
    alarm.clock.pass_by(0.1)
    for _ in range(3):
        assert alarm.ask("ARM2").findtext("STATUS") == "1"
    alarm.run("DARM")
    assert alarm.ask("ARM2").findtext("STATUS") == "1"
    assert (alarm.backend.requests["ARM1"], alarm.backend.accepted["ARM1"]) == (1, 1)


def test_operations_are_bounded(alarm: Alarm) -> None:
    alarm.panel.answer_after = 0
    for at in range(MOST_OPERATIONS + 1):
        alarm.run("EST", ID=f"AND_{at}")
    assert err(alarm.ask("EST2", ID="AND_0")) == ("ERROR", "4")
    assert err(alarm.ask("EST2", ID="AND_1")) == ("OK", None)


def test_an_overlapping_command_is_refused_and_not_counted_as_accepted(alarm: Alarm) -> None:
    assert err(alarm.ask("ARM1")) == ("OK", None)
    for name in ("ARM1", "DARM1", "EST1"):
        pet = alarm.ask(name, ID="AND_2")
        assert err(pet) == ("ERROR", "11")
        assert pet.findtext("MSG") == texts.TEXTS["es"]["busy"]
    assert alarm.backend.accepted == {"ARM1": 1}


@pytest.mark.parametrize(
    ("bases", "status", "words"),
    [
        ([], "0", "desconectada"),
        (["ARM"], "1", "Total"),
        (["ARMDAY"], "P", "Día"),
        (["ARMNIGHT"], "Q", "Noche"),
        (["PERI"], "3", "exterior"),
        (["ARM", "PERI"], "4", "Total y en el exterior"),
        (["PERI", "ARMDAY"], "B", "Día y en el exterior"),
        (["PERI", "ARMNIGHT"], "C", "Noche y en el exterior"),
        (["ARMANNEX"], "X", "Secundaria"),
        (["ARMDAY", "ARMANNEX"], "R", "Secundaria"),
        (["ARMNIGHT", "ARMANNEX"], "S", "Secundaria"),
        (["ARM", "ARMANNEX"], "O", "Total. Tu Alarma Secundaria"),
        (["PERI", "ARMANNEX"], "N", "exterior. Tu Alarma Secundaria"),
        (["ARM", "ARMANNEX", "DARMANNEX"], "1", "Total"),
        (["ARM", "ARMANNEX", "DARM"], "X", "Secundaria"),
    ],
)
def test_status_letters(make: Maker, bases: list[str], status: str, words: str) -> None:
    alarm = make(equipment=Equipment(annex=True))
    alarm.login()
    last = None
    for base in bases:
        last = alarm.run(base)
    pet = alarm.run("EST")
    assert pet.findtext("STATUS") == status
    assert words in pet.findtext("MSG", "")
    assert last is None or last.findtext("STATUS") == status


def test_disarming_says_what_was_disarmed(make: Maker) -> None:
    alarm = make(equipment=Equipment(annex=True))
    alarm.login()
    alarm.run("ARMANNEX")
    pet = alarm.run("DARM")
    assert pet.findtext("MSG") == "Tu Alarma ha sido desconectada. Tu Alarma Secundaria está conectada"
    assert alarm.run("DARMANNEX").findtext("MSG") == "Tu Alarma Secundaria ha sido desconectada"


def test_the_ambiguous_letter(alarm: Alarm) -> None:
    alarm.face.options.letter_a = True
    pet = alarm.run("ARM")
    assert pet.findtext("STATUS") == "A"
    assert "exterior" not in pet.findtext("MSG", "")
    assert alarm.run("PERI").findtext("STATUS") == "4"


def test_zero_after_arming_is_only_for_arming(alarm: Alarm) -> None:
    alarm.face.options.zero_after_arm = True
    pet = alarm.run("ARMDAY")
    assert (pet.findtext("STATUS"), pet.findtext("MSG")) == ("0", "Tu Alarma está conectada en modo Parcial Día")
    assert alarm.run("EST").findtext("STATUS") == "P"


@pytest.mark.parametrize(
    ("base", "expected", "text"),
    [("ARMDAY", "106", "other mode"), ("PERI", "102", "open window"), ("ARMANNEX", "4", "not fitted")],
)
def test_refusals_come_with_the_outcome(alarm: Alarm, base: str, expected: str, text: str) -> None:
    alarm.run("ARM")
    alarm.panel.window("Cocina", is_open=True)
    for pet in (alarm.run(base), alarm.ask(f"{base}2")):
        assert err(pet) == ("ERROR", expected)
        assert pet.findtext("MSG") == texts.TEXTS["es"][text]
        assert pet.findtext("NUMINST") == "2423443"
        assert pet.find("STATUS") is None


def test_installations_and_services(alarm: Alarm) -> None:
    found = alarm.ask("INS", numinst=None, panel=None).find("INSTALATIONS/INSTALATION")
    assert found is not None
    assert [(child.tag, child.text) for child in found] == [
        ("NUMINST", "2423443"),
        ("PANEL", "SDVFAST"),
        ("ALIAS", "Casa"),
    ]
    for name in ("SRV", "SVR"):
        service = alarm.ask(name).find("INSTALATION")
        assert service is not None
        assert [child.tag for child in service] == ["ALIAS", "INSTIBS", "SIM", "TIMEBOX"]


def test_the_activity_log(alarm: Alarm, clock: Clock) -> None:
    empty = alarm.ask("ACT_V2", timefilter="2", activityfilter="0").find("LIST")
    assert empty is not None
    assert (dict(empty.items()), len(empty)) == ({"totalreg": "0", "costtotal": "0"}, 0)
    alarm.run("ARMNIGHT", callby="IPH_61")
    clock.pass_by(60)
    alarm.panel.keypad(Arm(ArmMode(perimeter=True)))
    alarm.run("EST", callby="WEB")
    pet = alarm.ask("ACT_V2")
    assert [child.tag for child in pet] == ["RES", "LIST", "BLOQ"]
    rows = [dict(reg.attrib) for reg in pet.iter("REG")]
    assert rows[2] == {
        "type": "46",
        "signaltype": "46",
        "idsignal": "9400000001",
        "time": "191129040003",
        "alias": "Tu Alarma está conectada en modo Noche",
        "device": "",
        "source": "iPhone",
        "myverisureUser": "demo",
    }
    assert [(row["type"], row["source"], row["myverisureUser"], row["device"]) for row in rows] == [
        ("27", "Web", "demo", ""),
        ("204", "", "", "VK"),
        ("46", "iPhone", "demo", ""),
    ]
    listed = pet.find("LIST")
    assert listed is not None
    assert listed.get("totalreg") == "3"


def test_the_activity_log_reaches_back_as_far_as_asked(alarm: Alarm, clock: Clock) -> None:
    alarm.panel.keypad(Arm(ArmMode(perimeter=True)))
    clock.now = START + 8 * 86_400
    alarm.login()
    found = {at: len(list(alarm.ask("ACT_V2", timefilter=at).iter("REG"))) for at in "12345"}
    assert found == {"1": 0, "2": 0, "3": 1, "4": 1, "5": 1}
    assert err(alarm.ask("ACT_V2", timefilter="6")) == ("ERROR", "4")


def test_an_unknown_request_is_an_error_and_counted_as_such(alarm: Alarm) -> None:
    for name in ("arm1", "ARM3", "ARM", "", "IMG1"):
        assert err(alarm.ask(name)) == ("ERROR", "4")
    assert alarm.backend.requests == {"LOGIN": 1, "unknown": 5}


WORDS = st.sampled_from(["ES", "es", "GB", "en", "demo", "2423443", "SDVFAST", "AND_61", "00000000000"]) | st.text()


@given(
    name=st.sampled_from(sorted(NAMES)) | st.text(),
    params=st.dictionaries(
        st.sampled_from(["Country", "country", "lang", "user", "pwd", "hash", "ID", "numinst", "panel", "callby"]),
        WORDS,
    ),
    live=st.booleans(),
)
def test_whatever_is_asked_the_answer_is_a_pet(name: str, params: dict[str, str], live: bool) -> None:
    app = create_app(options=WsdoOptions(flood_limit=0))
    if live:
        token = app.extensions["face"].sessions.open("demo", "demo", "ES")
        params = {"Country": "ES", "lang": "es", "user": "demo", "callby": "AND_61", **params, "hash": token}
    reply = app.test_client().post(PATH, data={**params, "request": name})
    pet = etree.fromstring(reply.data)
    assert (reply.status_code, pet.tag) == (200, "PET")
    assert pet.findtext("RES") in {"OK", "WAIT", "ERROR", "KO", "LOCK"}
    assert live or pet.findtext("RES") != "OK" or name == "LOGIN"


def get(alarm: Alarm, name: str) -> tuple[int, str, bytes]:
    reply = alarm.client.get(PATH, query_string={**alarm.params, "request": name, "pwd": "demo"})
    return reply.status_code, reply.mimetype, reply.data


def test_a_flood_is_shut_out_for_a_while(make: Maker, clock: Clock) -> None:
    alarm = make(options=WsdoOptions())
    for _ in range(30):
        alarm.login()
        clock.pass_by(1)
    clock.pass_by(5)
    for _ in range(WsdoOptions().flood_limit):
        alarm.login()
    status, kind, page = get(alarm, "LOGIN")
    assert (status, kind) == (403, "text/html")
    assert b"403 Forbidden" in page
    clock.pass_by(59)
    assert get(alarm, "ARM1")[0] == 403
    assert alarm.panel.pending is None
    assert err(alarm.ask("LOGIN", user="somebody")) == ("KO", "60091")
    clock.pass_by(1)
    assert get(alarm, "LOGIN")[0] == 200


def test_floods_of_strangers_count_together(make: Maker) -> None:
    alarm = make(options=WsdoOptions(flood_limit=2))
    for user in ("a", "b"):
        assert err(alarm.ask("LOGIN", user=user)) == ("KO", "60091")
    alarm.params["user"] = "c"
    assert get(alarm, "LOGIN")[0] == 403


def test_the_cloud_is_down(alarm: Alarm) -> None:
    alarm.backend.faults.add(InjectedFault("down"))
    for _ in range(2):
        with pytest.raises(ConnectionDropped):
            get(alarm, "ARM1")
    alarm.backend.faults.clear("down")
    assert alarm.panel.pending is None
    assert err(alarm.ask("ARM1")) == ("OK", None)
    assert (alarm.backend.requests["ARM1"], alarm.backend.faults.hits["down"]) == (3, 2)


@pytest.mark.parametrize(
    ("kind", "status", "mimetype", "needle"),
    [
        ("unavailable", 503, "text/html", b"503"),
        ("html", 200, "text/html", b"<!DOCTYPE html>"),
        ("bomb", 200, "text/xml", b'<!ENTITY j "&i;&i;'),
        ("trouble", 200, "text/xml", b"<ERR>3000</ERR>"),
    ],
)
def test_faults_in_front_of_the_panel(alarm: Alarm, kind: str, status: int, mimetype: str, needle: bytes) -> None:
    alarm.backend.faults.add(InjectedFault(kind, "ARM1", times=1))
    assert err(alarm.ask("EST1")) == ("OK", None)
    alarm.clock.pass_by(3)
    found = get(alarm, "ARM1")
    assert found[:2] == (status, mimetype)
    assert needle in found[2]
    assert alarm.panel.pending is None
    assert err(alarm.ask("ARM1")) == ("OK", None)
    assert alarm.backend.faults.hits == {kind: 1}


def test_the_bomb_is_one() -> None:
    """The parser stops it for its entities, not for being no XML."""
    with pytest.raises(etree.XMLSyntaxError, match="entity amplification"):
        etree.fromstring(BOMB.encode())


def test_a_lost_answer_comes_after_the_deed(alarm: Alarm) -> None:
    alarm.backend.faults.add(InjectedFault("lost", "ARM1", times=1))
    with pytest.raises(ConnectionDropped):
        get(alarm, "ARM1")
    assert alarm.backend.accepted == {"ARM1": 1}
    alarm.clock.pass_by(3)
    assert alarm.ask("ARM2").findtext("STATUS") == "1"


def test_a_late_answer_comes_after_the_deed(alarm: Alarm, clock: Clock) -> None:
    alarm.backend.faults.add(InjectedFault("late", "ARM1", seconds=2))
    assert err(alarm.ask("ARM1")) == ("OK", None)
    assert clock.now == START + 2
    assert alarm.panel.pending
    assert alarm.panel.pending.due == START + 3
    assert err(alarm.ask("ARM2")) == ("WAIT", None)
    assert clock.now == START + 2


def test_the_outcome_never_comes(alarm: Alarm) -> None:
    alarm.backend.faults.add(InjectedFault("wait", "ARM2"))
    assert err(alarm.run("ARM")) == ("WAIT", None)
    alarm.clock.pass_by(800)
    assert err(alarm.ask("ARM2")) == ("WAIT", None)
    assert alarm.run("EST").findtext("STATUS") == "1"


def test_a_submission_is_refused(alarm: Alarm) -> None:
    alarm.backend.faults.add(InjectedFault("refuse", times=1))
    pet = alarm.ask("ARM1")
    assert err(pet) == ("ERROR", "5304")
    assert pet.findtext("MSG") == texts.TEXTS["es"]["failed"]
    assert alarm.panel.pending is None
    assert err(alarm.ask("ARM1")) == ("OK", None)


def test_the_account_has_moved(alarm: Alarm) -> None:
    alarm.backend.faults.add(InjectedFault("retired"))
    pet = alarm.ask("LOGIN", pwd="demo")
    assert err(pet) == ("ERROR", "60161")
    assert "nueva versión" in pet.findtext("MSG", "")


def test_the_session_dies_between_submission_and_outcome(alarm: Alarm) -> None:
    alarm.backend.faults.add(InjectedFault("expire", "ARM2", times=1))
    assert err(alarm.run("ARM")) == ("ERROR", "60022")
    alarm.login()
    assert alarm.ask("ARM2").findtext("STATUS") == "1"


def test_the_log_is_empty_for_once(alarm: Alarm) -> None:
    alarm.run("ARM")
    alarm.backend.faults.add(InjectedFault("empty_log", times=1))
    assert [len(list(alarm.ask("ACT_V2").iter("REG"))) for _ in range(2)] == [0, 1]
