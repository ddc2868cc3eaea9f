"""The simulated customer API. The client shares no codec with it."""
