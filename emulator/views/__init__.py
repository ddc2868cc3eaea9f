"""The house as it is shown, to people and to programs. Reads hub and journal, changes nothing, and knows no HTTP."""
