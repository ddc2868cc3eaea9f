"""The steps of a set-up in their order, for the page and the terminal: title, and when there is something to ask."""

from collections.abc import Callable
from dataclasses import dataclass

from emulator.setup.set_up import SetUp
from emulator.words.text import Text


@dataclass(frozen=True, slots=True)
class Step:
    """One question, or a few that belong together."""

    name: str
    title: str
    why: str
    """Its use, in a sentence."""
    applies: Callable[[SetUp], bool] = lambda _: True
    is_optional: bool = False
    later: bool = False
    """True if it can be changed by itself, once there is a file."""


def _asks_login(one: SetUp) -> bool:
    return one.login is not None


def _asks_code(one: SetUp) -> bool:
    return one.login is not None and one.login.needs_code


def _asks_which(one: SetUp) -> bool:
    return one.login is not None and not one.login_of and len(one.login.found) > 1


STEPS = (
    Step("alarm", Text("Your alarm"), Text("Try everything on a simulated alarm, or set up your own."), later=True),
    Step(
        "login",
        Text("The account"),
        Text("User and password of the alarm's app. They are sent to the alarm's cloud, and to nobody else."),
        _asks_login,
    ),
    Step(
        "code",
        Text("A code by SMS or e-mail"),
        Text("The cloud wants to know that it is you. It asks only once."),
        _asks_code,
    ),
    Step(
        "alarms", Text("Which alarm"), Text("The account has several. Choose those that you want to use."), _asks_which
    ),
    Step(
        "switches",
        Text("Modes as switches"),
        Text("Each mode becomes a switch that you can say or tap: on arms, and off does what you choose here."),
        later=True,
    ),
    Step(
        "keypad",
        Text("The alarm's code"),
        Text(
            "This alarm wants one for each command: best that of a user of its own. It is kept on this machine alone."
        ),
        lambda one: bool(one.coded),
        is_optional=True,
    ),
    Step(
        "pin",
        Text("The PIN"),
        Text("It disarms from the page, and opens these settings. It is not the code of the alarm's keypad."),
        is_optional=True,
        later=True,
    ),
    Step("doors", Text("Who may reach it"), Text("What finds the switches in your home."), later=True),
    Step(
        "notices",
        Text("Who is told"),
        Text("Messages to your phone when something fails, and after each disarm."),
        is_optional=True,
        later=True,
    ),
    Step("review", Text("Save"), Text("This is the file that is written. Nothing secret stands in it.")),
)

BY_NAME = {step.name: step for step in STEPS}


ACCOUNT = ("alarm", "login", "code", "alarms")
"""Steps that choose the alarms; those after them depend on it."""


def path(one: SetUp) -> list[Step]:
    """Return the steps that this set-up has, as far as is known now."""
    return [step for step in STEPS if step.applies(one)]


def after(one: SetUp, name: str) -> Step:
    """Return the step behind another one."""
    names = [step.name for step in STEPS]
    rest = STEPS[names.index(name) + 1 :]
    return next(step for step in rest if step.applies(one))
