"""The GraphQL API of today's customers, OWA (verisure-owa.md)."""
