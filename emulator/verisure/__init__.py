"""The far side: what speaks to Verisure."""
