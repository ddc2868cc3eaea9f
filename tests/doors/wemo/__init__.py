"""Each switch as a Belkin WeMo socket (lan-emulation.md §2)."""
