"""The XML API of the app before today's, `ws.do` (verisure-wsdo.md)."""
