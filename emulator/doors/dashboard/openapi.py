"""The OpenAPI 3.1 document of the local API: templates/openapi.json, and the models that check requests and answers."""

import json
import re
from functools import cache

from flask import render_template
from pydantic.json_schema import models_json_schema

from emulator import __version__
from emulator.lan import news
from emulator.views.schema import Model

JOURNAL_DEFAULT, JOURNAL_LIMIT = 50, 500
"""Entries of a page; some screens, and what is still quick on a Raspberry Pi."""

LARGEST_ID = 2**63 - 1
"""Largest row number in SQLite."""

SINCE_LIMIT = 64
"""Characters of a revision; ours have some twenty."""

SUFFIX = re.compile(r'(?<=[a-z])(View|Request)(?=")')
"""Ends of class names, which tell them from what they are views of. Clients know the components without."""


@cache
def document() -> str:
    """Return the whole document as JSON; made at the first request for it."""
    _, schemas = models_json_schema(
        [(model, "validation") for model in Model.__subclasses__()], ref_template="#/components/schemas/{model}"
    )
    text = render_template(
        "openapi.json",
        version=__version__,
        schemas=json.dumps(schemas["$defs"]),
        wait_s=news.LONGEST_S,
        since_limit=SINCE_LIMIT,
        journal_default=JOURNAL_DEFAULT,
        journal_limit=JOURNAL_LIMIT,
        largest_id=LARGEST_ID,
    )
    return json.dumps(json.loads(SUFFIX.sub("", text)))
