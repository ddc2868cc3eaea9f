"""The dashboard: a page for people, and the local API behind it. The contents of both are made in `views/`."""
