"""Hooks of mkdocs: what the site takes from beside docs/, and that it loads nothing from anywhere else.

The README is the home of the site. A page of the repository that another one links to becomes a page of the site, and
any other file becomes a file of it; so a link leads to the same on GitHub, in a folder and on the site.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
HOME = "index.md"
README = "README.md"

LINK = re.compile(r"(?<=\]\()(?P<link>[^)\s#]+)(?=[)#])|(?<=\bsrc=\")(?P<picture>[^\"]+)")
NO_PROSE = re.compile(r"<(pre|code|h\d)\b.*?</\1>", re.DOTALL)
FETCHED = re.compile(
    r"<(?:script|img|iframe|source|video)\b[^>]*\bsrc=\"?(?:https?:)?//|<link\b[^>]*\bhref=\"?(?:https?:)?//"
)
RAW = re.compile(r"\|---|```|^\s*(?:[-*]|[1-9]\d?\.) \S", re.MULTILINE)
"""Marks of tables, code and lists, which a reader should never see as such."""


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the README as the home, and what it and the pages link to outside of docs/."""
    files.append(File.generated(config, HOME, abs_src_path=str(ROOT / README)))
    waiting = [file.src_uri for file in files.documentation_pages()]
    while waiting:
        origin = _origin(waiting.pop())
        for target in _targets(origin):
            uri = _uri(target)
            if files.get_file_from_path(uri) is None and (ROOT / target).is_file():
                files.append(File.generated(config, uri, abs_src_path=str(ROOT / target)))
                waiting += [uri] if uri.endswith(".md") else []
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    """Rewrite each link from where its target is in the repository to where it is on the site."""
    here = page.file.src_uri

    def moved(found: re.Match[str]) -> str:
        target = _target(_origin(here), found[0])
        return os.path.relpath(_uri(target), PurePosixPath(here).parent) if (ROOT / target).is_file() else found[0]

    return LINK.sub(moved, markdown)


def on_page_content(html: str, *, page: Page, **_: Any) -> None:
    """Refuse what Markdown of the site takes for text, and Markdown of GitHub for a list, a table or code."""
    if seen := RAW.search(re.sub(r"<[^>]+>", "", NO_PROSE.sub("", html))):
        raise PluginError(
            f"{page.file.src_uri}: a reader of the site sees {seen[0]!r}: is a blank line missing before it?"
        )


def on_post_page(output: str, *, page: Page, **_: Any) -> None:
    """Refuse a page that would fetch something from elsewhere."""
    if fetched := FETCHED.search(output):
        raise PluginError(f"{page.file.src_uri}: fetches from elsewhere: {fetched[0]}")


def _origin(uri: str) -> str:
    """Return where a page of the site lies in the repository."""
    if uri == HOME:
        return README
    return f"docs/{uri}" if (ROOT / "docs" / uri).exists() else uri


def _uri(path: str) -> str:
    """Return where a file of the repository lies on the site."""
    return HOME if path == README else path.removeprefix("docs/")


def _target(origin: str, link: str) -> str:
    """Return what a link of a file of the repository leads to, by its place there."""
    return os.path.normpath(PurePosixPath(origin).parent / link)


def _targets(origin: str) -> Iterator[str]:
    for found in LINK.finditer((ROOT / origin).read_text()):
        yield _target(origin, found[0])
