"""The table of countries in docs/your-alarm.md, from the rows of the clouds; see tests.support.tables."""

from emulator import clouds
from emulator.setup.proposals import COUNTRIES

HEAD = "| `country` | | `cloud` | how sure |\n|---|---|---|---|\n"


def table() -> str:
    """Return the whole table, as Markdown."""
    lines = [
        f"| {country} | {COUNTRIES[country]} | `{name}` | {row.countries[country].sure} |\n"
        for name, row in clouds.rows().items()
        if row.enrol
        for country in row.countries
    ]
    return HEAD + "".join(lines)
