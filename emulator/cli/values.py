"""Values of options and arguments: which one a mistyped one may have meant, and which ones a shell completes.

`emulator --help` imports this module: what only some values need is imported in the functions that need it.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emulator.errors import EmulatorError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from emulator.model import ArmMode


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that looks most like this one, if any does."""
    import difflib

    by_lower = {one.lower(): one for one in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1)
    return by_lower[close[0]] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a question to put behind an error, or nothing."""
    close = nearest(word, known)
    return f" Did you mean {close!r}?" if close else ""


class Words(click.Choice[str]):
    """One of some words; a mistyped one is answered with the nearest."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """Return click's list of the words, and the nearest one."""
        return super().get_invalid_choice_message(value, ctx) + did_you_mean(str(value), self.choices)


class ModeType(click.ParamType):  # type: ignore[type-arg]  # it has an argument only in newer versions of click
    """An arm mode, or a sum of some."""

    name = "mode"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> "ArmMode":
        """Parse the mode."""
        from emulator.model import ArmMode

        try:
            return value if isinstance(value, ArmMode) else ArmMode.parse(value)
        except ValueError as error:
            self.fail(f"{error}.{_meant(value)}", param, ctx)

    def shell_complete(self, _ctx: click.Context, _param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
        """Complete the last part of a sum by what may be added to the others."""
        from click.shell_completion import CompletionItem

        from emulator.model import ARM_WORDS

        before, plus, _ = incomplete.rpartition("+")
        modes = [f"{before}{plus}{word}" for word in ARM_WORDS]
        return [CompletionItem(mode) for mode in modes if mode.startswith(incomplete) and _is_mode(mode)]


def _is_mode(text: str) -> bool:
    from emulator.model import ArmMode

    try:
        ArmMode.parse(text)
    except ValueError:
        return False
    return True


def _meant(mode: str) -> str:
    """Return the question for another mode, several words of which may have been mistyped."""
    from emulator.model import ARM_WORDS

    meant = "+".join(nearest(word.strip(), ARM_WORDS) or "" for word in mode.split("+"))
    return f" Did you mean {meant!r}?" if _is_mode(meant) else ""


def complete_installations(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the names of alarms in devices.yaml; none where it cannot be read."""
    from emulator.config import devices_yaml, yaml_file

    config: Path | None = ctx.params.get("config") or ctx.find_root().params.get("config")
    try:
        path = devices_yaml.find(config)
        content = yaml_file.read(str(path), path.read_text(encoding="utf-8")).content
    except (EmulatorError, OSError, UnicodeError):
        return []
    found = content.get("installations") if isinstance(content, dict) else None
    return [name for name in found if name.startswith(incomplete)] if isinstance(found, dict) else []


def complete_interfaces(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the names of this machine's network interfaces."""
    from emulator.lan import network

    return sorted({nic.name for nic in network.nics() if nic.name.startswith(incomplete)})
