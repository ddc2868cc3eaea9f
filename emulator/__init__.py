"""A Verisure / Securitas Direct alarm as switches on the home LAN."""

__version__ = "0.2.0"

APP_NAME = "verisure-emulator"
"""Name of the folders for settings and state."""
