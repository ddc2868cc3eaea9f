"""A question at the terminal whose answer is text, whatever bytes were typed."""

from typing import Any

import click

NO_TEXT = "Error: that is not in UTF-8. Set this terminal to UTF-8, and type it again."


def prompt(question: str, **how: Any) -> Any:
    """Prompt as `click.prompt` does, which takes the same options; ask again after what is no text.

    Python hands on the bytes of a terminal in Latin-1 as half of a letter, or fails with them.
    """
    while True:
        try:
            typed = click.prompt(question, **how)
            str(typed).encode()
        except UnicodeError:
            click.echo(NO_TEXT, err=True)
        else:
            return typed
