"""The switches as lights of a Philips Hue bridge (lan-emulation.md §3)."""
