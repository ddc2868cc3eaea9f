"""The program on this machine: its lock, logs, output and local API, and systemd."""
