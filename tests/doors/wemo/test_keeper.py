"""Subscriptions in the journal: when they are written, and a disk that is full."""

import asyncio
import logging
from collections.abc import Sequence

import pytest

from emulator.doors.wemo import keeper
from emulator.doors.wemo.keeper import Keeper
from emulator.errors import EmulatorError
from emulator.store.subscriptions import Kept, Subscriptions
from tests.doors.clockwork import advance, run
from tests.doors.rig import Inline

ONE = Kept("uuid:1", "key1", "basicevent", "192.168.7.9", "192.168.7.2", "192.168.7.9", 8989, "/x", 300.0, 7)


class Store(Subscriptions):
    """A store in memory; its disk may be full."""

    def __init__(self) -> None:
        self.written: list[Sequence[Kept]] = []
        self.full = False

    def load(self) -> list[Kept]:
        if self.full:
            raise EmulatorError("the journal cannot be read")
        return list(self.written[-1]) if self.written else []

    def save(self, kept: Sequence[Kept]) -> None:
        if self.full:
            raise EmulatorError("the journal cannot be written")
        self.written.append(kept)


def test_a_flood_costs_one_write_at_once_and_one_a_minute() -> None:
    async def main() -> None:
        store = Store()
        one = Keeper(store, Inline(), lambda: [ONE])
        for _ in range(1000):
            one.changed()
            await advance()
        assert store.written == []
        await advance(keeper.SOON_S)
        assert store.written == [[ONE]]
        for second in range(int(10 * keeper.EVERY_S)):
            one.changed()
            await advance(1)
            assert len(store.written) <= 2 + second // keeper.EVERY_S
        one.stop()
        one.changed()
        await advance(2 * keeper.EVERY_S)
        assert 9 <= len(store.written) <= 11

    run(main())


def test_without_a_change_nothing_is_written() -> None:
    async def main() -> None:
        store = Store()
        one = Keeper(store, Inline(), lambda: [ONE])
        await advance(1000)
        assert one.load() == []
        one.finish([])
        assert store.written == []
        one.finish([ONE])
        one.finish([])
        assert store.written == [[ONE], []]

    run(main())


def test_a_full_disk_is_told_once_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        store = Store()
        store.full = True
        one = Keeper(store, Inline(), lambda: [ONE])
        assert one.load() == []
        for _ in range(3):
            one.changed()
            await advance(keeper.EVERY_S)
        store.full = False
        one.changed()
        await advance(keeper.EVERY_S)
        assert store.written == [[ONE]]

    run(main())
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_a_door_of_its_own_keeps_nothing() -> None:
    async def main() -> None:
        one = Keeper(None, Inline(), lambda: [ONE])
        assert one.load() == []
        one.changed()
        one.finish([ONE])
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(main())
