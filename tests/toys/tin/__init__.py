"""A cloud that only the tests have: this folder and a row."""
