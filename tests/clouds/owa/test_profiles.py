"""Letters, profiles and the requests that lead from one state to another."""

from itertools import product

import pytest

from emulator.clouds.owa import profiles
from emulator.clouds.owa.profiles import ECU, GENERAL, IBERIAN, Profile, axes_of, candidates, effect, fitted
from emulator.model import DISARMED, Action, Arm, ArmMode, Axes, Disarm, Interior
from tests.clouds.owa.tokens import jwt

# verisure-owa.md §5.1, and ARMNIGHT1PERI1, which one client also sends.
ARM_CODES = {
    *("ARM1", "ARMDAY1", "ARMNIGHT1", "PERI1", "ARMANNEX1"),
    *("ARM1PERI1", "ARMDAY1PERI1", "ARMNIGHT1PERI1", "ARMINTEXT1"),
    *("ARMINTFPART1", "ARMPARTFINTDAY1", "ARMPARTFINTNIGHT1"),
}
DISARM_CODES = {"DARM1", "DARM1DARMPERI", "DARMANNEX1", "DARMPERI"}
MODES = [
    ArmMode(interior, perimeter=perimeter, annex=annex)
    for interior, perimeter, annex in product(
        (None, Interior.DAY, Interior.NIGHT, Interior.TOTAL), (False, True), (False, True)
    )
    if interior or perimeter or annex
]
STATES = [Axes(*axes) for axes in product((None, *Interior), (None, False, True), (None, False, True))]
KNOWN = [Axes(*axes) for axes in product(Interior, (False, True), (False, True))]
PROFILES = {"iberian": IBERIAN, "ecu": ECU, "general": GENERAL}


@pytest.mark.parametrize(
    ("letter", "axes"),
    [
        ("D", DISARMED),
        ("T", Axes(Interior.TOTAL, perimeter=False, annex=False)),
        ("A", Axes(Interior.TOTAL, perimeter=True, annex=False)),
        ("E", Axes(Interior.OFF, perimeter=True, annex=False)),
        ("S", Axes(Interior.NIGHT, perimeter=False, annex=True)),
        ("N", Axes()),
        ("?", Axes()),
        ("", Axes()),
    ],
)
def test_letters(letter: str, axes: Axes) -> None:
    assert axes_of(letter) == axes
    assert axes_of(letter).armed is (letter != "D")


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_every_way_is_made_of_requests_of_the_api(profile: Profile) -> None:
    for mode, axes in product(MODES, STATES):
        assert set(candidates(profile, frozenset(), Arm(mode), axes)) <= ARM_CODES
    for disarm, axes in product((Disarm(), Disarm(main=False, annex=True), Disarm(annex=True)), STATES):
        assert set(candidates(profile, frozenset(), disarm, axes)) <= DISARM_CODES


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_a_panel_that_does_as_asked_gets_there_and_nothing_is_sent_twice(profile: Profile) -> None:
    actions: list[Action] = [Arm(mode) for mode in MODES]
    actions += [Disarm(), Disarm(main=False, annex=True), Disarm(annex=True)]
    for action, start in product(actions, KNOWN):
        axes, sent = start, list[str]()
        while not sent or axes.reached(action) is False:
            request = candidates(profile, frozenset(), action, axes)[0]
            assert request not in sent
            sent.append(request)
            axes = axes.after(effect(request))
        assert axes.reached(action) is True, (action, start, sent)


def test_arming_never_disarms_first() -> None:
    for profile, mode, axes in product(PROFILES.values(), MODES, STATES):
        assert not set(candidates(profile, frozenset(), Arm(mode), axes)) & DISARM_CODES


OFF, TOTAL, NIGHT = (
    Axes(interior, perimeter=False, annex=False) for interior in (Interior.OFF, Interior.TOTAL, Interior.NIGHT)
)


@pytest.mark.parametrize(
    ("profile", "mode", "axes", "wanted"),
    [
        # verisure-owa.md §5.3.
        (IBERIAN, "total+perimeter", OFF, ("ARMINTEXT1", "ARM1")),
        (IBERIAN, "night+perimeter", OFF, ("ARMNIGHT1",)),
        (ECU, "total+perimeter", OFF, ("ARM1PERI1", "ARM1")),
        (ECU, "day+perimeter", OFF, ("ARMDAY1PERI1", "ARMDAY1")),
        (GENERAL, "total+perimeter", OFF, ("ARMINTEXT1", "ARM1PERI1", "ARM1")),
        (GENERAL, "night+perimeter", OFF, ("ARMNIGHT1PERI1", "ARMNIGHT1")),
        (IBERIAN, "total+perimeter", TOTAL, ("PERI1",)),
        (IBERIAN, "total", NIGHT, ("ARMINTFPART1", "ARM1")),
        (IBERIAN, "night", TOTAL, ("ARMPARTFINTNIGHT1", "ARMNIGHT1")),
        (IBERIAN, "day", TOTAL, ("ARMPARTFINTDAY1", "ARMDAY1")),
        (IBERIAN, "day", NIGHT, ("ARMDAY1",)),
        (IBERIAN, "total", TOTAL, ("ARM1",)),
        (GENERAL, "annex", OFF, ("ARMANNEX1",)),
        (GENERAL, "total+annex", TOTAL, ("ARMANNEX1",)),
    ],
)
def test_arming(profile: Profile, mode: str, axes: Axes, wanted: tuple[str, ...]) -> None:
    assert candidates(profile, frozenset(), Arm(ArmMode.parse(mode)), axes) == wanted


BOTH = Axes(Interior.TOTAL, perimeter=True, annex=False)
OUTSIDE = Axes(Interior.OFF, perimeter=True, annex=False)
SECOND = Axes(Interior.OFF, perimeter=False, annex=True)


@pytest.mark.parametrize(
    ("profile", "action", "axes", "wanted"),
    [
        (IBERIAN, Disarm(), BOTH, ("DARM1", "DARM1DARMPERI")),
        (IBERIAN, Disarm(), TOTAL, ("DARM1",)),
        (ECU, Disarm(), BOTH, ("DARM1DARMPERI", "DARM1")),
        (ECU, Disarm(), OUTSIDE, ("DARMPERI", "DARM1")),
        (ECU, Disarm(), TOTAL, ("DARM1",)),
        (ECU, Disarm(), Axes(), ("DARM1DARMPERI", "DARM1")),
        (GENERAL, Disarm(), SECOND, ("DARM1",)),
        (GENERAL, Disarm(annex=True), SECOND, ("DARMANNEX1",)),
        (GENERAL, Disarm(annex=True), TOTAL, ("DARM1",)),
        (GENERAL, Disarm(main=False, annex=True), SECOND, ("DARMANNEX1",)),
    ],
)
def test_disarming(profile: Profile, action: Disarm, axes: Axes, wanted: tuple[str, ...]) -> None:
    assert candidates(profile, frozenset(), action, axes) == wanted


def test_requests_that_need_a_service_are_only_tried_where_it_is() -> None:
    change = Arm(ArmMode(Interior.TOTAL))
    assert candidates(IBERIAN, frozenset({"ARM", "ARMINTFPART"}), change, NIGHT) == ("ARMINTFPART1", "ARM1")
    assert candidates(IBERIAN, frozenset({"ARM"}), change, NIGHT) == ("ARM1",)


@pytest.mark.parametrize(
    ("country", "panel", "profile"),
    [
        ("ES", "SDVFAST", IBERIAN),
        ("PT", "SDVFAST", IBERIAN),
        ("IT", "SDVECU", ECU),
        ("IT", "SDVECU-W", ECU),
        ("FR", "SDVFAST", GENERAL),
        ("GB", "SDVFAST", GENERAL),
        ("PT", "SDVECU", ECU),
        ("IT", "CENT", GENERAL),
    ],
)
def test_the_profile_is_that_of_the_panel(country: str, panel: str, profile: Profile) -> None:
    assert profiles.profile_for(country, panel) is profile


def test_fitted_is_read_from_the_token_and_the_active_services() -> None:
    token = jwt(installations=[{"ins": "1", "cap": ["ARM"]}, {"ins": "2", "cap": ["PERI"]}])
    about = {
        "capabilities": token,
        "services": [{"request": "EST", "active": True}, {"request": "IMG", "active": False}],
    }
    assert fitted("2", about) == {"PERI", "EST"}
    assert fitted("7", {"capabilities": jwt(ins="7", cap=["ARM"]), "services": []}) == {"ARM"}
    # Without services nothing is known to be missing.
    assert fitted("7", {"capabilities": jwt(ins="7", cap=["ARM"]), "services": None}) == frozenset()
