"""Nothing may block a loop."""

from tests.support.loops import nothing_blocks_a_loop

__all__ = ["nothing_blocks_a_loop"]
