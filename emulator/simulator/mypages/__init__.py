"""The API of My Pages, for the Nordics and the Benelux (verisure-mypages.md)."""
