"""Clients of a bridge, whose pairing is open or by its button."""

import pytest

from emulator.store.journal import Journal
from tests.doors.hue.rig import (
    NOW,
    PEER,
    USER,
    Client,
)


@pytest.fixture
def client(journal: Journal) -> Client:
    made = Client(journal)
    made.users.add(USER, PEER, "app#phone", NOW)
    return made


@pytest.fixture
def locked(journal: Journal) -> Client:
    return Client(journal, mode="button")
