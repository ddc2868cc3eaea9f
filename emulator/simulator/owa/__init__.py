"""The simulated OWA server. Shares no codec with the client."""
