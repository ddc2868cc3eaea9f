"""The old XML API, `ws.do` (verisure-wsdo.md)."""
