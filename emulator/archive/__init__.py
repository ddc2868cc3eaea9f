"""Backups: one file with the state folder's journal and the settings, made while the program runs, and put back."""
