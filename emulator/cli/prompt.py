"""Questions at the terminal whose answer is text, whatever bytes were typed."""

from collections.abc import Callable
from typing import Any

import click

NO_TEXT = "Error: that is not in UTF-8. Set this terminal to UTF-8, and type it again."


def prompt(question: str, **how: Any) -> Any:
    """Prompt as `click.prompt` does, which takes the same options; ask again after what is no text."""
    return _text(click.prompt, question, how)


def confirm(question: str, **how: Any) -> bool:
    """Ask for yes or no as `click.confirm` does; ask again after what is no text."""
    return bool(_text(click.confirm, question, how))


def _text(ask: Callable[..., Any], question: str, how: dict[str, Any]) -> Any:
    # Python hands on the bytes of a terminal in Latin-1 as half of a letter, or fails with them.
    while True:
        try:
            typed = ask(question, **how)
            str(typed).encode()
        except UnicodeError:
            click.echo(NO_TEXT, err=True)
        else:
            return typed
