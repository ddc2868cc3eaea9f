"""A simulated alarm: the demo, the embedded default and the test bench."""
