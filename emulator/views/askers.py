"""Names for people of what the journal has by bare words: commands, other requests, and results. Pure."""

from emulator.model import Result
from emulator.store.noise import OTHERS, OTHERS_DONE
from emulator.words import spoken
from emulator.words.text import Text

REQUESTS = {
    "press the link button": Text("press the link button"),
    "show the code for pairing": Text("show the code for pairing"),
    "set the PIN": Text("set the PIN"),
    "take the changed settings": Text("take the changed settings"),
    "name a device": Text("name a device"),
    "open the journal": Text("open the journal"),
    "connection": Text("a connection"),
    OTHERS: Text("other requests"),
    OTHERS_DONE: Text("unpair others"),
}
"""Words of the journal for all that is no command → words for people."""

LOOKING = ("GET ", "HEAD ")
CHANGING = ("POST ", "PUT ", "DELETE ", "PATCH ", "OPTIONS ")


def asked(written: str, past: tuple[str, ...] = ()) -> str:
    """Name what was asked for, as the journal has it, with the windows that a person let it arm past."""
    if action := spoken.parse_action(written):
        said = spoken.action(action)
        return Text("{action}, without {zones}", action=said, zones=past) if past else said
    if written.startswith(LOOKING):
        return Text("look at the page")
    if written.startswith(CHANGING):
        return Text("a command by another way")
    return REQUESTS.get(written, written)


def result(written: str | None) -> str:
    """Name the end of a command; a result of another version is itself."""
    if written is None:
        return spoken.UNDER_WAY
    return spoken.RESULTS[Result(written)] if written in set(Result) else written
