"""Everything that outlives a restart, in SQLite in the state folder."""
