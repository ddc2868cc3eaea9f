"""Renew the tables that the pages have from the program: `python -m tests.support.tables`."""

import re

from tests.support import commands_table, countries_table, settings_table
from tests.support.pages import DOCS

TABLES = {
    "commands.md": commands_table.table,
    "settings.md": settings_table.table,
    "your-alarm.md": countries_table.table,
}
"""A page → what makes the table below its mark."""

TABLE = re.compile(r"(?<=<!-- made by `python -m tests.support.tables` -->\n\n)\|.*?\n(?!\|)", re.DOTALL)


def renewed(name: str) -> str:
    """Return a page with its table as it is now."""
    text, found = TABLE.subn(lambda _: TABLES[name](), (DOCS / name).read_text())
    assert found == 1, f"{name} has {found} marks for a table"
    return text


if __name__ == "__main__":
    for name in TABLES:
        (DOCS / name).write_text(renewed(name))
