"""A Verisure / Securitas Direct alarm as switches on the home LAN."""

__version__ = "0.1.0"
