"""The contract of every door: a door is proved by inheriting this."""

import threading

from emulator.doors import Door
from tests.support.patience import PATIENCE_S


class DoorContract:
    def make(self) -> Door:
        """Make a door that is not started."""
        raise NotImplementedError

    def serves(self, door: Door, /) -> bool:
        """Return whether a client gets an answer."""
        raise NotImplementedError

    def test_making_it_starts_nothing(self) -> None:
        before = set(threading.enumerate())
        door = self.make()
        assert not self.serves(door)
        assert (list(door.urls()), list(door.obstacles())) == ([], [])
        assert set(threading.enumerate()) == before

    def test_it_serves_from_start_to_stop(self) -> None:
        before = set(threading.enumerate())
        door = self.make()
        door.start()
        try:
            assert self.serves(door)
        finally:
            door.stop()
        assert not self.serves(door)
        assert list(door.urls()) == []
        assert set(threading.enumerate()) == before

    def test_nothing_is_in_the_way_while_it_serves(self) -> None:
        door = self.make()
        door.start()
        try:
            assert list(door.obstacles()) == []
        finally:
            door.stop()

    def test_stop_without_start_is_nothing(self) -> None:
        self.make().stop()

    def test_both_may_be_repeated(self) -> None:
        before = set(threading.enumerate())
        door = self.make()
        for _ in range(2):
            door.start()
            door.start()
            try:
                assert self.serves(door)
            finally:
                door.stop()
                door.stop()
        assert set(threading.enumerate()) == before

    def test_it_may_be_stopped_from_another_thread(self) -> None:
        door = self.make()
        door.start()
        stopper = threading.Thread(target=door.stop)
        stopper.start()
        stopper.join(PATIENCE_S)
        assert not stopper.is_alive()
        assert not self.serves(door)
