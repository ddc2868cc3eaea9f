"""Each target of fuzz/, for a moment: any bytes, and mutated ones that mean something."""

import random
import re
from collections.abc import Sequence
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz.__main__ import main, mutated, names
from fuzz.targets import TARGETS, Target

INPUTS = 300


@pytest.mark.parametrize(("target", "seeds"), TARGETS.items(), ids=names())
@given(st.binary(max_size=300))
def test_any_bytes(target: Target, seeds: Sequence[bytes], data: bytes) -> None:
    target(data)
    for seed in seeds:
        target(seed)
        target(seed[: len(data)] + data + seed[len(data) :])


@pytest.mark.parametrize(("target", "seeds"), TARGETS.items(), ids=names())
def test_mutated_bytes(target: Target, seeds: Sequence[bytes]) -> None:
    for data in islice(mutated(random.Random(1), seeds), INPUTS):  # noqa: S311  reproducible
        target(data)


def test_every_target_can_be_named_and_says_what_must_hold(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert names() == [target.__name__ for target in TARGETS]
    assert all(target.__doc__ for target in TARGETS)
    monkeypatch.setattr("sys.argv", ["fuzz", "--bytes", "1000", names()[0]])
    assert main() == 0
    assert re.search(rf"\| {names()[0]} \| \d+ \| 0 s \| memory", capsys.readouterr().out)


def test_what_is_found_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def ssdp_search(_data: bytes) -> None:
        raise IndexError

    monkeypatch.setattr("fuzz.targets.TARGETS", {ssdp_search: (b"x",)})
    monkeypatch.setattr("sys.argv", ["fuzz", "--bytes", "1000", "ssdp_search"])
    assert main() == 1
    assert "ssdp_search did not stand b" in capsys.readouterr().out
