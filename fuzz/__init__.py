"""Attack every parser that a stranger's bytes reach. `python -m fuzz --help`."""
