"""devices.yaml and the environment: read once, checked as a whole."""
