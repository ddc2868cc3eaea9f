"""Words for people: sentences that remember how they are made, and the languages that they are said in."""
