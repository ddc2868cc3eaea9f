"""GraphQL documents of a cloud, in `operations.graphql` beside its code."""

import re
from importlib.resources import files

BEGIN = re.compile(r"^(?=query |mutation )", re.MULTILINE)
COMMENT = re.compile(r"^#.*", re.MULTILINE)


def load(package: str) -> dict[str, str]:
    """Return the documents of a package by the names of their operations, each in one line, as it is sent."""
    _, *found = BEGIN.split(COMMENT.sub("", files(package).joinpath("operations.graphql").read_text(encoding="utf-8")))
    lines = (" ".join(one.split()).replace("( ", "(").replace(" )", ")") for one in found)
    return {re.split(r"\W", one, maxsplit=2)[1]: one for one in lines}
