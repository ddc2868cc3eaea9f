"""The table of docs/commands.md, from the command line itself; `python -m tests.support.tables` renews it."""

from collections.abc import Iterator

import click

from emulator import cli

HEAD = "| type | what it does |\n|---|---|\n"
EVERYWHERE = {"--config", "--state-dir", "--log-level"}
"""Options that every command has; the page says so once."""

USUAL = {"Which alarm, where there are several.", "For programs."}
"""Help of options that mean the same wherever they are, and need no row of their own."""


def commands() -> Iterator[tuple[str, click.Command]]:
    """Yield each command and its name, in the order of the help."""
    for name in cli.COMMANDS:
        command = cli.main.get_command(click.Context(cli.main), name)
        assert command
        yield name, command


def rows(name: str, command: click.Command) -> Iterator[tuple[str, str]]:
    """Yield what is typed and what that does: of the command, then of each option of its own."""
    arguments = [one for one in command.params if isinstance(one, click.Argument)]
    usage = [one.human_readable_name if one.required else f"[{one.human_readable_name}]" for one in arguments]
    own = [one for one in command.params if isinstance(one, click.Option) and not EVERYWHERE & set(one.opts)]
    also = [f"`{shown(one, one.opts[0])}`" for one in own if one.help in USUAL]
    yield f"**`{' '.join(['emulator', name, *usage])}`**", " ".join([command.help or "", *also])
    for one in own:
        if one.help not in USUAL:
            yield ", ".join(f"`{shown(one, option)}`" for option in (*one.opts, *one.secondary_opts)), meaning(one)


def shown(option: click.Option, name: str) -> str:
    """Return an option with the place of its value, if it takes one."""
    return name if option.is_flag else f"{name} {option.metavar or option.human_readable_name.upper()}"


def meaning(option: click.Option) -> str:
    """Return the help of an option, with its choices and default."""
    notes = [", ".join(option.type.choices)] if isinstance(option.type, click.Choice) else []
    if not option.is_flag and option.default not in (None, "") and isinstance(option.default, int | float | str):
        notes.append(f"{option.default} if left out")
    text = option.help or ""
    return f"{text.rstrip('.')} ({'; '.join(notes)})." if notes else text


def table() -> str:
    """Return the whole table, as Markdown."""
    lines = (f"| {typed} | {does} |\n" for name, command in commands() for typed, does in rows(name, command))
    return HEAD + "".join(lines)
