"""This machine: locks, logs, systemd, and the program as its own commands reach it."""
