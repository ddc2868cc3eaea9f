"""JWTs for tests, signed by nobody: clients never look (verisure-owa.md §2.4)."""

import base64
import json
from typing import Any


def jwt(**claims: Any) -> str:
    """A token that says this of itself."""
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    text = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return ".".join((*text, "signature"))
