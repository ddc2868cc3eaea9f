"""The simulated ws.do server. Shares no codec with the client."""
