"""Settings that the pages show are taken; the tables of settings and commands are as the program has them."""

import json
import re
from pathlib import Path

import pytest
import yaml

from emulator.app import settings
from emulator.app.settings import Settings
from emulator.config import yaml_file
from tests.support import settings_table, tables
from tests.support.pages import PAGES, ROOT, page

BLOCKS = [(page.name, block) for page in PAGES for block in page.blocks("yaml")]
OF_OTHERS = {"automation", "groups", "scrape_configs", "services"}
"""What YAML of other programs begins with: Home Assistant, Prometheus, and Docker."""


@pytest.mark.parametrize("name", tables.TABLES)
def test_the_tables_are_as_generated(name: str) -> None:
    assert tables.renewed(name) == page(name).text, "renew it: python -m tests.support.tables"


def test_the_table_of_settings_misses_no_key() -> None:
    schema = settings.schema()
    sections = [schema, *schema["$defs"].values()]
    keys = [key.rpartition(".")[2] for key, _, _ in settings_table.rows(schema)]
    assert sorted(keys) == sorted(key for one in sections for key in one["properties"])


def test_every_key_says_what_it_means_and_may_hold() -> None:
    schema = settings.schema()
    fields = [item for one in (schema, *schema["$defs"].values()) for item in one["properties"].items()]
    for key, one in fields:
        assert one.get("description"), key
        values = re.findall(r"'enum': \[(.*?)\]", str(one))
        words = [word for group in values for word in re.findall(r"'(\w+)'", group)]
        assert [word for word in words if word not in one["description"]] == [], key


@pytest.mark.parametrize(("name", "block"), BLOCKS, ids=[f"{name}-{number}" for number, (name, _) in enumerate(BLOCKS)])
def test_settings_that_are_shown_are_taken(name: str, block: str, tmp_path: Path) -> None:
    """Checked alone, or in place of the same keys of devices.yaml."""
    if yaml.safe_load(block).keys() & OF_OTHERS:
        return
    usual = yaml_file.read("devices.yaml", (ROOT / "devices.yaml").read_text()).content
    shown = yaml_file.read(name, block).content
    path = tmp_path / "devices.yaml"
    path.write_text(json.dumps(usual | shown))  # which YAML takes as well
    assert Settings.load(path)
