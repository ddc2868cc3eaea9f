"""The language of a page: each request's own, and how a template says a sentence in it.

A template has `say("Arm {mode}", mode=…)`, `say_counted("{n} window", "{n} windows", n)`, and `text|say` for a Text. A
value may be HTML that a macro has made, such as a `<code>`: the sentence around it is escaped all the same.
"""

from typing import Any

from flask import Flask, Response, g, request
from markupsafe import escape

from emulator.words.language import Language, accepted
from emulator.words.text import Text, counted, sense

SPOKEN = ("text/html", "text/csv", "application/manifest+json")
"""Types of answers that have a language."""


def teach(app: Flask, house: Language) -> None:
    """Let the templates of an app speak the language that the browser prefers, else the house's."""

    @app.before_request
    def listen() -> None:
        g.language = accepted(request.headers.get("Accept-Language", ""), house)

    @app.after_request
    def vary(reply: Response) -> Response:
        if reply.mimetype in SPOKEN:
            reply.vary.add("Accept-Language")
            reply.content_language.add(g.language.tag)
        return reply

    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters |= {"say": _said, "headline": headline}
    app.jinja_env.globals |= {"say": _say, "say_counted": _say_counted, "sense": sense, "spoken_in": spoken_in}


def spoken_in() -> Language:
    """Return the language of the present request."""
    found: Language = g.language
    return found


def headline(said: str) -> str:
    """Return a sentence that was said, with a capital at its begin."""
    return said[:1].upper() + said[1:]


def _say(template: str, /, **values: Any) -> str:
    return _said(Text.make(template, values))


def _say_counted(one: str, many: str, n: int, /, **values: Any) -> str:
    return _said(counted(one, many, n, **values))


def _said(text: str) -> str:
    if not isinstance(text, Text):
        return text
    if any(hasattr(value, "__html__") for value in text.values.values()):
        return escape(spoken_in().template(text)).format(**spoken_in().values(text))
    return spoken_in().say(text)
