"""A toy door: a line of text for each command."""
