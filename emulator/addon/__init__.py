"""The program as an add-on of Home Assistant: its options and the house's broker become settings, and it starts."""
