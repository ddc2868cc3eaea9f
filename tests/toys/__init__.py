"""Doors and clouds that only the tests have, to prove how little a new one takes."""
