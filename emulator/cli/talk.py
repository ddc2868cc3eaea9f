"""Questions and answers at a terminal, in the language of the person."""

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import click

from emulator.cli import failures
from emulator.cli.progress import Progress, waiting
from emulator.cli.prompt import prompt
from emulator.words.language import Language, of_house, of_terminal
from emulator.words.text import Text


@dataclass(frozen=True, slots=True)
class Talk:
    """A talk with a person, who is also told in this language how the command fails."""

    language: Language

    @classmethod
    def of(cls, setting: str | None, country: str) -> "Talk":
        """Begin in the language of the house; in that of the terminal where the house has none."""
        return cls(of_house(setting, country, of_terminal(os.environ)))

    def __post_init__(self) -> None:
        click.get_current_context().meta[failures.SAY] = self.language.say

    def tell(self, text: str) -> None:
        """Say something."""
        click.echo(self.language.say(text))

    def ask(self, what: str, *, hidden: bool = False) -> str:
        """Ask for a text; ask again after a blank, since it would count as a wrong one."""
        while True:
            typed = str(prompt(self.language.say(what), hide_input=hidden))
            if typed.strip():
                return typed

    def choose(self, what: str, offers: Sequence[str]) -> int:
        """Show numbered offers and ask for one, the first where nothing is typed; return its index."""
        for number, offer in enumerate(offers, 1):
            click.echo(f"  {number}  {self.language.say(offer)}")
        while True:
            typed = str(prompt(self.language.say(what), default="1")).strip()
            if typed.isascii() and typed.isdigit() and 1 <= int(typed) <= len(offers):
                return int(typed) - 1
            self.tell(Text("Type a number from 1 to {n}.", n=len(offers)))

    def asking_the_cloud(self) -> AbstractContextManager[Progress]:
        """Show that the cloud is asked, inside."""
        return waiting(self.language.say(Text("the cloud is asked")), quiet=False)
