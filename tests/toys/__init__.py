"""Doors and clouds that only tests know: what a new one takes."""
