"""Print the lowest versions of the libraries that pyproject.toml allows, as constraints for pip."""

import re
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
EXTRAS = ("homekit", "mdns", "mqtt", "notify")
"""Extras that a home installs; those for work on the program are as new as they come."""


def lowest(text: str) -> Iterator[str]:
    """Yield `name==version` for each library of the text of a pyproject.toml. ValueError where one has no bound."""
    project = tomllib.loads(text)["project"]
    for line in chain(project["dependencies"], *(project["optional-dependencies"][extra] for extra in EXTRAS)):
        bound = re.fullmatch(r"([\w.-]+)>=([\d.]+)(,<[\d.]+)?", line)
        if not bound:
            raise ValueError(f"{line!r} has no lower bound: write name>=version")
        yield f"{bound[1]}=={bound[2]}"


if __name__ == "__main__":
    print("\n".join(lowest(PYPROJECT.read_text())))  # noqa: T201  it is asked for
