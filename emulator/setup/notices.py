"""Targets of notices during set-up: added, tried and removed. Their URLs hold secrets, and are not shown again."""

from collections.abc import Sequence

from emulator.app.notify import TITLES
from emulator.app.targets import Send, apprise_target, called
from emulator.errors import ConfigError
from emulator.model import Notice
from emulator.setup.answers import AnswerRefused
from emulator.words.language import Language
from emulator.words.text import Text

MOST = 10
"""Targets of a house."""


def added(targets: Sequence[str], url: str) -> tuple[str, ...]:
    """Return the targets with another one; AnswerRefused if it cannot be used."""
    url = url.strip()
    if not url or url.split() != [url]:
        raise AnswerRefused(Text("An address of a target is one word, such as tgram://… or ntfy://…"))
    if url in targets:
        raise AnswerRefused(Text("That target is there already."))
    if len(targets) >= MOST:
        raise AnswerRefused(Text("{n} targets are enough.", n=MOST))
    _open(url)
    return (*targets, url)


def removed(targets: Sequence[str], at: int) -> tuple[str, ...]:
    """Return the targets without one of them."""
    return tuple(url for place, url in enumerate(targets) if place != at)


def names(targets: Sequence[str]) -> list[str]:
    """Return the names of targets for people."""
    return [called(number, url) for number, url in enumerate(targets, 1)]


def send_test(targets: Sequence[str], at: int, language: Language) -> str:
    """Send a message to a target; return what came of it. AnswerRefused if there is no such target."""
    if not 0 <= at < len(targets):
        raise AnswerRefused(Text("There is no such target."))
    title = language.say(TITLES[Notice.TEST])
    body = language.say(Text("This is how notices of your alarm will look."))
    name = names(targets)[at]
    if _open(targets[at])(f"{title}\n{body}"):
        return Text("{target}: sent. Is it there?", target=name)
    raise AnswerRefused(Text("{target}: it did not take the message.", target=name))


def _open(url: str) -> Send:
    try:
        return apprise_target(url)
    except ConfigError as error:
        raise AnswerRefused(error.problems[0].what) from None
