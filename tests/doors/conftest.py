"""Fail a test that blocks a loop."""

from tests.support.loops import nothing_blocks_a_loop

__all__ = ["nothing_blocks_a_loop"]
