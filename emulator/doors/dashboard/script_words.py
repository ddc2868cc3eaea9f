"""The texts of the page's scripts, which the page brings along in its reader's language."""

import json

from emulator.words.language import Language
from emulator.words.text import Text, counted

TEXTS = {
    "live": Text("Live"),
    "lost": Text("Not connected"),
    "lost_title": Text("Not connected: {title}", title=""),
    "change": Text("{alarm}: {state}", alarm="", state=""),
    "close": Text("Close: {title}", title=""),
    "both": Text("{title}. {text}", title="", text=""),
    "s": Text("{s} s", s=""),
    "min": Text("{min} min", min=""),
    "h": Text("{h} h", h=""),
    "h_min": Text("{h} h {min} min", h="", min=""),
    "days": counted("{n} day", "{n} days", 2),
    "ago": Text("{length} ago", length=""),
    "slow": Text("This takes longer than usual."),
    "not_sent": Text("Not sent: no connection to the program"),
    "not_sent_why": Text("Tap again once it is back."),
    "no_answer": Text("No answer: it may have been done"),
    "no_answer_why": Text("The page says so once the program answers."),
    "moved": Text("Not taken: the page has just moved"),
    "moved_why": Text("Look, and tap again."),
}
"""Name in the scripts → text, with a `{name}` for what the script puts in."""


def script_words(language: Language) -> str:
    """Return the texts as JSON."""
    return json.dumps({name: language.template(text) for name, text in TEXTS.items()}, ensure_ascii=False)
