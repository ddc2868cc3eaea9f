"""One alarm and its rules. Knows neither the LAN nor a vendor."""
