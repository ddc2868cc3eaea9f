"""My Pages, the API of customers in the Nordics and Benelux (verisure-mypages.md)."""
