"""Colours of words that say how something ended. The words say it without them."""

import os

import click

COLOURS = {
    "confirmed": "green",
    "ok": "green",
    "rejected": "red",
    "failed": "red",
    "refused": "red",
    "problem": "red",
    "unconfirmed": "yellow",
    "warning": "yellow",
    "under way": "cyan",
}
"""Word → colour: results of commands, and verdicts of `check`. Those that are missing need no eye drawn to them."""


def wanted() -> bool | None:
    """Return False if the environment ends all colours, else None: click then gives them to terminals alone."""
    return False if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" else None


def by_word(text: str) -> str:
    """Return a text in the colour of its word, which a comma ends."""
    colour = COLOURS.get(text.partition(",")[0])
    return click.style(text, fg=colour) if colour else text


def bold(text: str) -> str:
    """Return a text that stands out."""
    return click.style(text, bold=True)


def wrong(text: str) -> str:
    """Return the beginning of an error."""
    return click.style(text, fg="red")
