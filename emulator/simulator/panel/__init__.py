"""The simulated panel: axes, windows, a keypad, and operations that take their time. Pure."""
