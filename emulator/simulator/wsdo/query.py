"""Requests of ws.do as they arrive."""

from collections.abc import Mapping
from dataclasses import dataclass

from emulator.simulator import texts


@dataclass(frozen=True, slots=True)
class Query:
    """One request. `Country` and `country` are the same, and the case of its value and of lang does not matter
    (verisure-wsdo.md §8.1)."""

    name: str
    params: Mapping[str, str]

    @property
    def country(self) -> str:
        return (self.params.get("Country") or self.params.get("country") or "").upper()

    @property
    def texts(self) -> dict[str, str]:
        """The texts of the language asked for; Spanish if there is no such language."""
        return texts.TEXTS.get(self["lang"].lower(), texts.TEXTS["es"])

    def __getitem__(self, key: str) -> str:
        return self.params.get(key, "")


class PetError(Exception):
    """The answer to a request is an ERROR with this number and text."""

    def __init__(self, err: str, text: str, number: str = "") -> None:
        self.err, self.text, self.number = err, text, number
        super().__init__(err)
