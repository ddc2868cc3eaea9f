"""What people and programs of the house look at: one page, and the local API behind it."""
