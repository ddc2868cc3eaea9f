"""The dashboard: a page for people, and the local API behind it."""
